#include "tests/cluster/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/fakesign.h"
#include "tests/cluster/orders.h"
#include "tests/cluster/state.h"
#include "tests/cluster/txs.h"
#include "tests/cluster/worth.h"

#define WORLD_STALL_MS 45000    /* without a block in good weather (I11) */
#define WORLD_EVENTS_MAX 400000 /* messages and timers under way (I10) */
#define WORLD_HEAL_MS 10000     /* two halves, one again: first block */
#define WORLD_AFTER 3           /* heights after the storm */

void
world_fail(struct world *w, const char *fmt, ...)
{
	char *out = w->result->failure;
	va_list ap;

	if (out[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(out, sizeof(w->result->failure), fmt, ap);
	va_end(ap);
}

/* FNV-1a, by words, over what happened: two runs of a seed must agree. */
void
world_note(struct world *w, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = w->result->trace;

	while (len > 0) {
		const size_t n = len < sizeof(h) ? len : sizeof(h);
		uint64_t word = 0;

		memcpy(&word, p, n);
		h = (h ^ h >> 32 ^ word) * UINT64_C(0x100000001b3);
		p += n;
		len -= n;
	}
	w->result->trace = h;
}

/* events: a binary heap ordered by time, then by creation */

static bool
before(const struct world_event *a, const struct world_event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void
world_push(struct world *w, struct world_event e)
{
	size_t i;

	if (w->nheap == w->cap) {
		w->cap = w->cap > 0 ? 2 * w->cap : 256;
		w->heap = realloc(w->heap, w->cap * sizeof(*w->heap));
		assert(w->heap != NULL);
	}
	if (w->nheap == WORLD_EVENTS_MAX && w->setup.latency == NULL)
		world_fail(w, "%zu events under way (I10)", w->nheap);
	e.seq = w->seq++;
	e.life = w->nodes[e.node].life;
	for (i = w->nheap++; i > 0; i = (i - 1) / 2) {
		if (!before(&e, &w->heap[(i - 1) / 2]))
			break;
		w->heap[i] = w->heap[(i - 1) / 2];
	}
	w->heap[i] = e;
}

static struct world_event
pop(struct world *w)
{
	struct world_event top = w->heap[0], last = w->heap[--w->nheap];
	size_t i = 0, c;

	/* Its data is the caller's now. */
	w->heap[w->nheap].data = NULL;
	while ((c = 2 * i + 1) < w->nheap) {
		if (c + 1 < w->nheap && before(&w->heap[c + 1], &w->heap[c]))
			c++;
		if (!before(&w->heap[c], &last))
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	if (w->nheap > 0)
		w->heap[i] = last;
	return top;
}

/* the federation */

static void
add_member(struct world *w, uint16_t i)
{
	uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1), (uint8_t)(i >> 8)};
	struct member *m = &w->fed.members[i];
	int rc = sign_key_new(seed, &w->keys[i]);

	assert(rc == 0);
	m->sign = sign_key_public(w->keys[i]);
	m->network[0] = (uint8_t)(i + 1);
	m->network[1] = (uint8_t)(i >> 8);
	snprintf(m->name, sizeof(m->name), "node%u", i);
	m->power = m->weight = 1;
}

static void
found(struct world *w)
{
	struct federation *f = &w->fed;

	*f = (struct federation){.version = FEDERATION_VERSION,
	    .name = "cluster",
	    .founded_ms = WORLD_WALL0,
	    .nmembers = w->n,
	    .ncolumns = 3,
	    .label = "label",
	    .nlabels = 2,
	    .timing = {.collect = 2000,
		.straggler = 8000,
		.heartbeat = 5000,
		.propose = 600,
		.prevote = 300,
		.precommit = 300,
		.round_step = 200,
		.timeout_max = 5000,
		.precision = 500,
		.delay = 2000,
		.interval = 10}};
	f->members = calloc(f->nmembers, sizeof(*f->members));
	f->columns = calloc(f->ncolumns, sizeof(*f->columns));
	f->labels = calloc(f->nlabels, sizeof(*f->labels));
	assert(f->members != NULL && f->columns != NULL && f->labels != NULL);
	for (uint16_t i = 0; i < 3; i++) {
		snprintf(f->columns[i].name, FEDERATION_TEXT_LEN, "x%u", i);
		f->columns[i].hi = (struct decimal){1, 0};
		if (i < 2)
			snprintf(f->labels[i], FEDERATION_TEXT_LEN, "%u", i);
	}
	if (w->setup.steady || w->setup.dead)
		f->timing.heartbeat = f->timing.interval;
	job_default(&f->job, JOB_LINEAR);
	f->job.main.dim = f->job.main.update = WORLD_DIM;
	f->job.dim = f->job.update = WORLD_DIM;
	f->job.rounds = w->setup.steady || w->setup.dead ? 1 : 1000000;
	if (orders_has(w))
		f->job.rounds = ORDERS_ROUNDS;
	f->job.combine.rule = JOB_MEAN;
	memset(f->job.combine.pre, 0, sizeof(f->job.combine.pre));
	f->job.combine.faults = 0;
	f->job.clip = f->job.bound = (struct decimal){1, 0};
	/* Every fourth: late updates count later. No draw, so that the other
	 * seeds stay what they were. */
	if (w->setup.seed % 4 == 3) {
		f->job.combine.stragglers = JOB_CARRY;
		f->job.combine.carry_rounds =
		    1 + (uint8_t)(w->setup.seed / 4 % JOB_CARRY_MAX);
	}
	worth_found(w);
	members_found(w);
	if (w->setup.latency != NULL)
		latency_found(w);
	for (uint16_t i = 0; i < f->nmembers; i++)
		add_member(w, i);
}

/* Members are sorted by id; keys must follow. */
static void
sort_keys(struct world *w)
{
	struct sign_key *keys[WORLD_MAX] = {NULL};
	char err[256];
	int rc;

	federation_sort(&w->fed);
	for (uint16_t i = 0; i < w->n; i++)
		for (uint16_t j = 0; j < w->n; j++) {
			struct sign_public p = sign_key_public(w->keys[j]);

			if (memcmp(&p, &w->fed.members[i].sign, sizeof(p)) == 0)
				keys[i] = w->keys[j];
		}
	memcpy(w->keys, keys, sizeof(keys));
	if (federation_check(&w->fed, err, sizeof(err)) < 0)
		world_fail(w, "federation: %s", err);
	rc = federation_id(&w->fed, &w->fed_id);
	assert(rc == 0);
}

/* How many members, and which of them misbehave. */
static void
draw_members(struct world *w)
{
	static const uint16_t other[] = {1, 2, 3, 5, 7, 10};
	enum world_liars liars = w->setup.liars;

	w->n = w->setup.n;
	if (w->n == 0)
		w->n =
		    rng_chance(&w->rng, 800) ? 4 : other[rng_below(&w->rng, 6)];
	w->nfaulty = (uint16_t)((w->n - 1) / 3);
	w->nslots = (uint16_t)(w->n + (members_has(w) ? MEMBERS_LATER : 0));
	w->mute_liars = rng_chance(&w->rng, 500);
	if (liars == WORLD_LIARS_DRAWN) {
		uint64_t coin = rng_below(&w->rng, 100);

		liars = coin < 60 ? WORLD_LIARS_SOME
		    : coin < 70   ? WORLD_LIARS_TWIN
				  : WORLD_LIARS_NONE;
	}
	if (w->nfaulty == 0 || w->setup.calm || w->setup.halves)
		return;
	if (members_has(w) && liars == WORLD_LIARS_TWIN)
		liars = WORLD_LIARS_NONE;
	w->has_twin = liars == WORLD_LIARS_TWIN;
	w->nslots = (uint16_t)(w->nslots + w->has_twin);
	if (liars == WORLD_LIARS_SOME)
		w->nliars = 1 + (unsigned)rng_below(&w->rng, w->nfaulty);
}

static void
make_nodes(struct world *w)
{
	int rc;

	w->nodes = calloc(w->nslots, sizeof(*w->nodes));
	assert(w->nodes != NULL);
	for (uint16_t i = 0; i < w->nslots; i++) {
		struct world_node *n = &w->nodes[i];

		n->member = i < w->n ? i : REPLICA_NOBODY;
		if (i == w->n && w->has_twin) {
			n->member = (uint16_t)rng_below(&w->rng, w->n);
			n->liar = w->nodes[n->member].liar = true;
			world_count(w, COUNT_TWIN);
		}
		simdisk_init(&n->disk);
		rc = votelog_create(&n->disk.disk, VOTELOG_NAME,
		    &world_machine(w, i)->id);
		assert(rc == 0);
		world_push(w,
		    (struct world_event){.type = WORLD_RESTART,
			.node = i,
			.at = rng_below(&w->rng, 1000) *
			    !(w->setup.steady || w->setup.dead)});
	}
}

/* the run */

static void
happen_to(struct world *w, struct world_event *e)
{
	struct replica_event ev = {.type = REPLICA_EV_TIME};
	struct world_node *n = &w->nodes[e->node];
	int peer;

	if (!n->up || e->life != n->life)
		return;
	if (w->setup.latency != NULL && latency_busy(w, e)) {
		e->data = NULL;
		return;
	}
	if (e->type == WORLD_TIMER && e->number == n->timer) {
		node_step(w, e->node, &ev);
	} else if (e->type == WORLD_DELIVER) {
		ev.type = REPLICA_EV_MSG;
		peer = members_peer(w, e->node, e->from);
		if (peer < 0)
			return; /* its link is down meanwhile */
		ev.peer = (uint16_t)peer;
		ev.msg.data = e->data;
		ev.msg.len = e->len;
		node_step(w, e->node, &ev);
	} else if (e->type == WORLD_STORED) {
		node_job(w, e->node);
	} else if (e->type == WORLD_TRAINED) {
		node_trained(w, e->node, e->number);
	}
}

static void
happen(struct world *w, struct world_event *e)
{
	switch (e->type) {
	case WORLD_RESTART:
		node_start(w, e->node);
		break;
	case WORLD_CRASH:
		faults_crash(w);
		break;
	case WORLD_SPLIT:
		net_split(w);
		break;
	case WORLD_HALVES:
		net_halves(w);
		break;
	case WORLD_LINKS:
		net_links(w);
		break;
	case WORLD_JUMP:
		faults_jump(w);
		break;
	case WORLD_LIE:
		liar_tick(w, e->node);
		break;
	case WORLD_TX:
		if (w->setup.latency != NULL)
			latency_tx(w, e->node);
		else
			txs_tick(w, e->node);
		break;
	case WORLD_TIMER:
	case WORLD_DELIVER:
	case WORLD_STORED:
	case WORLD_TRAINED:
		happen_to(w, e);
		break;
	}
	for (uint16_t i = 0; i < w->nslots; i++)
		if (w->nodes[i].doomed)
			node_stop(w, i);
}

/* A round that is open in good weather has to close. */
static bool
is_open_round(const struct world *w, const struct world_node *n)
{
	return w->closed_ms < w->faults.calm_at && n->replica != NULL &&
	    !ledger_round(replica_ledger(n->replica))->finished;
}

static bool
is_finished(const struct world *w)
{
	if (!world_is_calm(w))
		return false;
	for (uint16_t i = 0; i < w->nslots; i++)
		if (!w->nodes[i].liar && i != world_dead(w) &&
		    members_needed(w, i) &&
		    (!w->nodes[i].up || is_open_round(w, &w->nodes[i]) ||
			w->nodes[i].head < w->setup.heights ||
			w->nodes[i].head < w->calm_head + WORLD_AFTER))
			return false;
	return true;
}

/* I11: in good weather blocks come, and everybody gets them. */
static void
check_alive(struct world *w)
{
	uint64_t since = w->progress_ms, limit;

	if (!world_is_calm(w)) {
		w->calm_head = w->result->heights;
		return;
	}
	if (since < w->faults.calm_at)
		since = w->faults.calm_at;
	if (w->now > since + WORLD_STALL_MS)
		world_fail(w, "no block for %" PRIu64 " ms (I11)",
		    w->now - since);
	if (w->setup.halves && w->progress_ms < w->faults.calm_at &&
	    w->now > w->faults.calm_at + WORLD_HEAL_MS)
		world_fail(w, "no block within %d ms of healing",
		    WORLD_HEAL_MS);
	limit =
	    w->faults.calm_at + 60000 + (w->setup.heights + WORLD_AFTER) * 6000;
	if (w->now > limit)
		world_fail(w, "somebody is left behind (I11)");
}

/* Where everybody stands: what a person needs to see why nothing moves. */
static void
describe(const struct world *w)
{
	for (uint16_t i = 0; i < w->nslots; i++) {
		struct replica_progress p;
		struct bft_status b;

		if (!w->nodes[i].up)
			continue;
		p = replica_progress(w->nodes[i].replica);
		bft_status(replica_bft(w->nodes[i].replica), &b);
		printf("node %u%s height %" PRIu64
		       " round %d step %d fl %" PRIu64
		       " answers %u attests %u answered %d training %d"
		       " target %" PRIu64 " prevotes %" PRIu64
		       " precommits %" PRIu64
		       " proposal %d known %d locked %d valid %d\n",
		    i, w->nodes[i].liar ? " (liar)" : "", b.height, b.round,
		    (int)b.step, p.fl_round, p.answers, p.attests, p.answered,
		    p.training, p.target, b.prevote_power, b.precommit_power,
		    b.have_proposal, (int)b.known, b.locked.round,
		    b.valid.round);
	}
}

static void
close_world(struct world *w)
{
	for (uint16_t i = 0; i < w->nslots; i++) {
		if (w->nodes[i].up)
			node_stop(w, i);
		simdisk_close(&w->nodes[i].disk);
		free(w->nodes[i].jobs);
	}
	members_close(w);
	for (uint16_t i = 0; i < w->n; i++)
		sign_key_free(w->keys[i]);
	for (size_t i = 0; i < w->nheap; i++)
		free(w->heap[i].data);
	for (unsigned i = 0; i < w->nliars; i++)
		liar_close(&w->liars[i]);
	free(w->heap);
	free(w->nodes);
	watch_close(&w->watch);
	federation_close(&w->fed);
	free(w);
}

static void
go(struct world *w)
{
	struct world_event e;

	while (
	    w->nheap > 0 && w->result->failure[0] == '\0' && !is_finished(w)) {
		e = pop(w);
		w->now = e.at > w->now ? e.at : w->now;
		w->result->steps++;
		world_note(w, &w->now, sizeof(w->now));
		world_note(w, &e.node, sizeof(e.node));
		world_note(w, &e.len, sizeof(e.len));
		check_alive(w);
		happen(w, &e);
		free(e.data);
	}
	if (w->result->failure[0] == '\0')
		audit_disks(w);
}

int
world_run(const struct world_setup *setup, struct world_result *out)
{
	struct world *w = calloc(1, sizeof(*w));
	bool real;

	assert(w != NULL && setup->n < WORLD_MAX);
	memset(out, 0, sizeof(*out));
	out->trace = UINT64_C(0xcbf29ce484222325);
	w->setup = *setup;
	w->result = out;
	w->rng = rng_of(setup->seed);
	real = rng_chance(&w->rng, 50);
	fakesign_use_ed25519(real);
	draw_members(w);
	found(w);
	sort_keys(w);
	members_open(w);
	make_nodes(w);
	if (real)
		world_count(w, COUNT_ED25519);
	liar_draw(w);
	faults_draw(w);
	txs_draw(w);
	go(w);
	out->virtual_ms = w->now;
	if (setup->trace) {
		describe(w);
		printf("%" PRIu64 " ms, %" PRIu64 " steps\n", w->now,
		    out->steps);
	}
	close_world(w);
	return out->failure[0] == '\0' ? 0 : -1;
}
