#include "tests/cluster/latency.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_sign_ed25519.h>

#include "consensus/books/view.h"
#include "consensus/replica/txpool.h"
#include "tests/cluster/fakesign.h"
#include "tests/cluster/state.h"

#define LATENCY_SYNCS 200
#define LATENCY_OPEN 64 /* proposals and transactions looked after */
#define LATENCY_PACKET 1400
#define LATENCY_TXS_PER_S 4
#define LATENCY_SETTLE 5  /* first heights that are not counted */
#define LATENCY_RTT_LO 80 /* ms */
#define LATENCY_RTT_HI 300
#define LATENCY_LOSS 10 /* permille of packets */

struct latency_sample {
	uint32_t *ms;
	size_t n, cap;
};

struct latency_open {
	struct hash id;
	uint64_t at;
	uint16_t slot;
};

struct latency {
	uint32_t interval_ms;
	double sign_us, verify_us, kib_us; /* measured */
	double sync_us[LATENCY_SYNCS];     /* ascending */
	struct fakesign_work before;
	double busy_us[WORLD_MAX], disk_us[WORLD_MAX], cpu_us[WORLD_MAX];
	struct latency_open proposal[LATENCY_OPEN], tx[LATENCY_OPEN];
	size_t nproposals, ntxs;
	struct latency_sample commit, submit;
	uint64_t messages, bytes, first, last;
};

static double
clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
compare_ms(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* CPU time, so that a busy machine changes little. */
static void
measure_crypto(struct latency *l)
{
	static uint8_t kib[1024];
	uint8_t pk[32], sk[64], sig[64], out[32];
	const unsigned n = 500;
	double t;

	crypto_sign_ed25519_keypair(pk, sk);
	t = clock_us(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < n; i++) {
		kib[i % 64]++;
		crypto_sign_ed25519_detached(sig, NULL, kib, 80, sk);
	}
	l->sign_us = (clock_us(CLOCK_THREAD_CPUTIME_ID) - t) / n;
	t = clock_us(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < n; i++)
		if (crypto_sign_ed25519_verify_detached(sig, kib, 80, pk) != 0)
			abort();
	l->verify_us = (clock_us(CLOCK_THREAD_CPUTIME_ID) - t) / n;
	t = clock_us(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < 8 * n; i++) {
		kib[i % 1024]++;
		crypto_generichash_blake2b(out, sizeof(out), kib, sizeof(kib),
		    NULL, 0);
	}
	l->kib_us = (clock_us(CLOCK_THREAD_CPUTIME_ID) - t) / (8 * n);
}

static int
measure_disk(struct latency *l)
{
	const char *dir = getenv("TMPDIR");
	static uint8_t page[4096];
	char name[256];
	int fd, rc = 0;

	snprintf(name, sizeof(name), "%s/latency-XXXXXX",
	    dir != NULL ? dir : "/tmp");
	fd = mkstemp(name);
	if (fd < 0)
		return -1;
	unlink(name);
	for (unsigned i = 0; i < LATENCY_SYNCS && rc == 0; i++) {
		double t = clock_us(CLOCK_MONOTONIC);

		page[0]++;
		if (pwrite(fd, page, sizeof(page), (off_t)(i % 64) * 4096) !=
			(ssize_t)sizeof(page) ||
		    fdatasync(fd) < 0)
			rc = -1;
		l->sync_us[i] = clock_us(CLOCK_MONOTONIC) - t;
	}
	close(fd);
	qsort(l->sync_us, LATENCY_SYNCS, sizeof(l->sync_us[0]), compare);
	return rc;
}

static void
add(struct latency_sample *s, uint64_t ms)
{
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? 2 * s->cap : 1024;
		s->ms = realloc(s->ms, s->cap * sizeof(*s->ms));
		assert(s->ms != NULL);
	}
	s->ms[s->n++] = (uint32_t)ms;
}

static uint32_t
percentile(struct latency_sample *s, unsigned p)
{
	if (s->n == 0)
		return 0;
	qsort(s->ms, s->n, sizeof(*s->ms), compare_ms);
	return s->ms[(s->n - 1) * p / 100];
}

/* The product's own, as config/federation_rows.c has them. */
void
latency_found(struct world *w)
{
	w->fed.timing = (struct timing){.collect = 60000,
	    .straggler = 300000,
	    .heartbeat = 60000,
	    .propose = 3000,
	    .prevote = 1000,
	    .precommit = 1000,
	    .round_step = 500,
	    .timeout_max = 60000,
	    .precision = 1000,
	    .delay = 4000,
	    .interval = w->setup.latency->interval_ms};
}

bool
latency_busy(struct world *w, const struct world_event *e)
{
	const double busy = w->setup.latency->busy_us[e->node];
	struct world_event later = *e;

	if (busy < ((double)w->now + 1) * 1000)
		return false;
	later.at = (uint64_t)(busy / 1000);
	world_push(w, later);
	return true;
}

void
latency_begin(struct world *w)
{
	w->setup.latency->before = fakesign_work;
}

void
latency_end(struct world *w, uint16_t slot)
{
	struct latency *l = w->setup.latency;
	const struct fakesign_work *a = &l->before, *b = &fakesign_work;
	double now = (double)w->now * 1000, cost;

	cost = (double)(b->signs - a->signs) * l->sign_us +
	    (double)(b->verifies - a->verifies) * l->verify_us +
	    (double)(b->bytes - a->bytes) / 1024 * l->kib_us;
	l->busy_us[slot] =
	    (l->busy_us[slot] > now ? l->busy_us[slot] : now) + cost;
	l->cpu_us[slot] += cost;
}

/* Of this pair, both ways the same. */
static uint64_t
rtt_of(const struct world *w, uint16_t a, uint16_t b)
{
	const uint64_t lo = a < b ? a : b, hi = a < b ? b : a;
	struct rng r = rng_of(w->setup.seed ^ (lo << 16 | hi) << 8);

	return LATENCY_RTT_LO +
	    rng_below(&r, LATENCY_RTT_HI - LATENCY_RTT_LO + 1);
}

uint64_t
latency_arrival(struct world *w, uint16_t from, uint16_t to, size_t len)
{
	struct latency *l = w->setup.latency;
	const uint64_t rtt = rtt_of(w, from, to);
	uint64_t *last = &w->nodes[from].served_at[to];
	uint64_t at = w->now, busy = (uint64_t)(l->busy_us[from] / 1000);

	at = (busy > at ? busy : at) + rtt / 2 + rng_below(&w->rng, rtt / 20);
	/* Found missing by a probe after two round trips, and sent again. */
	for (size_t k = 0; k < 1 + len / LATENCY_PACKET; k++)
		for (unsigned i = 2; rng_chance(&w->rng, LATENCY_LOSS); i *= 2)
			at += i * rtt;
	at = at > *last ? at : *last;
	*last = at;
	l->messages++;
	l->bytes += len;
	return at;
}

/* How often a file or a directory is synced. */
uint64_t
latency_durable(struct world *w, uint16_t slot, enum replica_store store)
{
	struct latency *l = w->setup.latency;
	double now = (double)w->now * 1000;
	unsigned n =
	    store == REPLICA_STORE_RECORD || store == REPLICA_STORE_BLOCK ? 1
									  : 2;

	now = now > l->busy_us[slot] ? now : l->busy_us[slot];
	now = now > l->disk_us[slot] ? now : l->disk_us[slot];
	while (n-- > 0)
		now += l->sync_us[rng_below(&w->rng, LATENCY_SYNCS)];
	l->disk_us[slot] = now;
	return (uint64_t)(now / 1000) + 1;
}

void
latency_proposed(struct world *w, const struct replica_action *a)
{
	struct latency *l = w->setup.latency;
	struct latency_open *o = &l->proposal[l->nproposals % LATENCY_OPEN];
	struct wire_msg m;

	if (a->peer != REPLICA_ALL || a->class != REPLICA_CLASS_VOTE ||
	    wire_decode(a->data, a->len, WORLD_DIM, &m) != WIRE_OK)
		return;
	if (m.type == WIRE_PROPOSAL && m.u.proposal.head.valid_round < 0) {
		*o = (struct latency_open){m.u.proposal.head.block, w->now, 0};
		l->nproposals++;
	}
	wire_msg_close(&m);
}

static const struct latency_open *
find(const struct latency_open *all, const struct hash *id)
{
	for (size_t i = 0; i < LATENCY_OPEN; i++)
		if (hash_equal(&all[i].id, id))
			return &all[i];
	return NULL;
}

void
latency_applied(struct world *w, uint16_t slot, const struct block *b)
{
	struct latency *l = w->setup.latency;
	const struct latency_open *o;

	assert(l != NULL);
	o = find(l->proposal, &b->id);
	if (b->header.height <= LATENCY_SETTLE)
		return;
	if (o != NULL)
		add(&l->commit, w->now - o->at);
	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		o = find(l->tx, &b->txs[i]->id);
		if (o != NULL && o->slot == slot)
			add(&l->submit, w->now - o->at);
	}
	if (l->first == 0)
		l->first = w->now;
	l->last = w->now;
}

void
latency_tx(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	struct latency *l = w->setup.latency;
	const struct ledger *g = replica_ledger(n->replica);
	const struct sign_public self = sign_key_public(w->keys[slot]);
	struct body_transfer body = {.amount = 1,
	    .to = w->fed.members[(slot + 1) % w->n].sign};
	const struct replica_now now = {w->now + 1, WORLD_WALL0 + w->now};
	struct replica_event ev = {.type = REPLICA_EV_TIME};
	struct bytes_writer out = BYTES_WRITER_INIT;
	struct tx *t;

	world_push(w,
	    (struct world_event){.type = WORLD_TX,
		.node = slot,
		.at = w->now + 1 +
		    rng_below(&w->txrng, 2000u * w->n / LATENCY_TXS_PER_S)});
	if (!n->up)
		return;
	body_transfer_put(&out, &body);
	t = tx_new((uint32_t)out.len);
	assert(t != NULL && out.error == 0);
	memcpy(t->body, out.data, out.len);
	bytes_writer_close(&out);
	t->kind = TX_TRANSFER;
	t->fee = books_totals(ledger_books(g)).fee;
	t->expires = ledger_height(g) + 100;
	t->nonce = txpool_nonce(replica_txpool(n->replica), g, &self);
	tx_sign(t, w->keys[slot], &w->fed_id);
	l->tx[l->ntxs++ % LATENCY_OPEN] =
	    (struct latency_open){t->id, w->now, slot};
	latency_begin(w);
	(void)!replica_submit(n->replica, &now, t);
	latency_end(w, slot);
	node_step(w, slot, &ev);
}

int
latency_run(uint16_t n, uint64_t heights, uint32_t interval_ms)
{
	static struct world_result r;
	struct latency *l = calloc(1, sizeof(*l));
	const struct world_setup s = {.seed = n,
	    .n = n,
	    .heights = heights,
	    .calm = true,
	    .steady = true,
	    .liars = WORLD_LIARS_NONE,
	    .latency = l};
	double cpu = 0, blocks;
	int rc;

	assert(l != NULL);
	l->interval_ms = interval_ms;
	measure_crypto(l);
	rc = measure_disk(l);
	if (rc == 0)
		rc = world_run(&s, &r);
	for (uint16_t i = 0; i < n; i++)
		cpu += l->cpu_us[i] / n;
	blocks = r.heights > 0 ? (double)r.heights : 1;
	printf("n %u interval %u ms: propose to commit p50 %u ms p99 %u ms,"
	       " submit to commit p50 %u ms p99 %u ms; %" PRIu64
	       " blocks, %" PRIu64 " of a later round, %.1f blocks/min;"
	       " per node and block %.0f messages, %.0f KiB sent,"
	       " %.1f ms of CPU\n",
	    n, interval_ms, percentile(&l->commit, 50),
	    percentile(&l->commit, 99), percentile(&l->submit, 50),
	    percentile(&l->submit, 99), r.heights, r.slow,
	    blocks * 60000 / (double)r.virtual_ms,
	    (double)l->messages / n / blocks,
	    (double)l->bytes / 1024 / n / blocks, cpu / 1000 / blocks);
	printf("# sign %.1f us, verify %.1f us, BLAKE2b %.2f us/KiB,"
	       " fdatasync p50 %.0f us p99 %.0f us%s%s\n",
	    l->sign_us, l->verify_us, l->kib_us, l->sync_us[LATENCY_SYNCS / 2],
	    l->sync_us[LATENCY_SYNCS * 99 / 100],
	    r.failure[0] != '\0' ? "; " : "", r.failure);
	free(l->commit.ms);
	free(l->submit.ms);
	free(l);
	return rc;
}
