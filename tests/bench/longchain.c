#include "tests/bench/longchain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/disk_posix.h"
#include "proto/q24.h"

#define FOUNDED_MS UINT64_C(1700000000000)
#define HEARTBEAT_EVERY 10

static int
found_members(struct federation *f, struct sign_key **keys, uint16_t n)
{
	struct sign_key *made[LONGCHAIN_MEMBERS];
	struct sign_public pk;
	int rc = 0;

	f->members = calloc(n, sizeof(*f->members));
	if (f->members == NULL)
		return -ENOMEM;
	f->nmembers = n;
	for (uint16_t i = 0; i < n && rc == 0; i++) {
		struct member *m = &f->members[i];
		uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1), 11};

		rc = sign_key_new(seed, &made[i]);
		if (rc < 0)
			return rc;
		m->sign = sign_key_public(made[i]);
		memset(m->network, i + 1, sizeof(m->network));
		snprintf(m->name, sizeof(m->name), "m%d", i);
		m->power = m->weight = 1;
	}
	federation_sort(f);
	for (uint16_t i = 0; i < n; i++)
		for (uint16_t k = 0; k < n; k++) {
			pk = sign_key_public(made[k]);
			if (memcmp(&pk, &f->members[i].sign, sizeof(pk)) == 0)
				keys[i] = made[k];
		}
	return 0;
}

static int
found_job(struct federation *f)
{
	f->columns = calloc(4, sizeof(*f->columns));
	f->labels = calloc(2, sizeof(*f->labels));
	if (f->columns == NULL || f->labels == NULL)
		return -ENOMEM;
	f->ncolumns = 4;
	f->nlabels = 2;
	for (int i = 0; i < 4; i++) {
		snprintf(f->columns[i].name, FEDERATION_TEXT_LEN, "x%d", i);
		f->columns[i].hi = (struct decimal){1, 0};
	}
	for (int i = 0; i < 2; i++)
		snprintf(f->labels[i], FEDERATION_TEXT_LEN, "c%d", i);
	snprintf(f->label, sizeof(f->label), "label");
	job_default(&f->job, JOB_LINEAR);
	f->job.rounds = 1000000;
	f->job.seed = hash_bytes("bench", "seed", 4);
	f->job.combine.rule = JOB_MEAN;
	f->job.combine.faults = 0;
	memset(f->job.combine.pre, 0, sizeof(f->job.combine.pre));
	f->job.combine.weighting = JOB_UNWEIGHTED;
	f->job.clip = (struct decimal){4, 0};
	f->job.bound = (struct decimal){3, 0};
	return job_sizes(&f->job, 4, 2);
}

int
longchain_found(struct federation *f, struct sign_key **keys, uint16_t n)
{
	char err[200] = "";
	int rc;

	*f = FEDERATION_INIT;
	f->version = FEDERATION_VERSION;
	snprintf(f->name, sizeof(f->name), "long");
	f->founded_ms = FOUNDED_MS;
	f->timing = (struct timing){
	    .collect = 1000,
	    .straggler = 4000,
	    .heartbeat = 60000,
	    .propose = 100,
	    .prevote = 100,
	    .precommit = 100,
	    .round_step = 10,
	    .timeout_max = 1000,
	    .precision = 100,
	    .delay = 100,
	    .interval = 10,
	};
	rc = found_members(f, keys, n);
	if (rc == 0)
		rc = found_job(f);
	if (rc == 0 && federation_check(f, err, sizeof(err)) < 0) {
		fprintf(stderr, "longchain: %s\n", err);
		rc = -EINVAL;
	}
	return rc;
}

int
longchain_open(struct longchain *c, const struct federation *f,
    struct sign_key *const *keys)
{
	*c = (struct longchain){.f = f, .now_ms = f->founded_ms, .rng = 42};
	if (f->nmembers > LONGCHAIN_MEMBERS)
		return -EINVAL;
	memcpy(c->keys, keys, f->nmembers * sizeof(*keys));
	return ledger_new(f, &c->l);
}

void
longchain_close(struct longchain *c)
{
	ledger_free(c->l);
	c->l = NULL;
}

/* xorshift64*: updates need not be good. */
static uint64_t
draw(struct longchain *c)
{
	c->rng ^= c->rng >> 12;
	c->rng ^= c->rng << 25;
	c->rng ^= c->rng >> 27;
	return c->rng * 0x2545f4914f6cdd1du >> 16;
}

/* What the members sent before a block; by member. */
struct sent {
	struct answer *answer[LONGCHAIN_MEMBERS];
	struct attest attest[LONGCHAIN_MEMBERS];
	const struct attest *given[FEDERATION_MAX_MEMBERS];
	uint16_t n;
};

static struct answer *
find(void *arg, const struct hash *id)
{
	struct sent *s = arg;

	for (uint16_t i = 0; i < s->n; i++)
		if (s->answer[i] != NULL && hash_equal(&s->answer[i]->id, id))
			return s->answer[i];
	return NULL;
}

static struct answer *
update(struct longchain *c, uint16_t member)
{
	const struct ledger_round *r = ledger_round(c->l);
	struct answer *a = answer_new(ledger_update_dim(c->l));

	if (a == NULL)
		return NULL;
	a->kind = ANSWER_UPDATE;
	a->reason = ANSWER_REASON_NONE;
	a->member = member;
	a->job = r->job;
	a->round = r->number;
	a->base_model = r->base_model;
	a->clip_q24 = (uint64_t)ledger_clip_q24(c->l);
	a->rows = 10u + member;
	a->correct = member;
	a->loss_before_q24 = 3 * Q24_ONE;
	a->loss_after_q24 = 2 * Q24_ONE;
	for (uint32_t j = 0; j < a->dim; j++)
		a->delta[j] = (int64_t)(draw(c) % (Q24_ONE / 8)) - Q24_ONE / 16;
	answer_sign(a, c->keys[member], ledger_federation_id(c->l));
	return a;
}

static int
answer_all(struct longchain *c, struct sent *s)
{
	const struct ledger_round *r = ledger_round(c->l);

	for (uint16_t i = 0; i < s->n; i++) {
		s->answer[i] = update(c, i);
		if (s->answer[i] == NULL)
			return -ENOMEM;
	}
	for (uint16_t v = 0; v < s->n; v++) {
		struct attest *a = &s->attest[v];

		*a = (struct attest){.job = r->job,
		    .round = r->number,
		    .seq = 1,
		    .validator = v,
		    .nheld = s->n};
		for (uint16_t i = 0; i < s->n; i++) {
			a->member[i] = i;
			a->held[i] = s->answer[i]->id;
		}
		attest_sign(a, c->keys[v], ledger_federation_id(c->l));
		s->given[v] = a;
	}
	return 0;
}

static void
certify(struct longchain *c, const struct block *b)
{
	c->commit = (struct commit){.height = b->header.height, .block = b->id};
	for (uint16_t v = 0; v < ledger_nmembers(c->l); v++) {
		struct vote vote = {.type = VOTE_PRECOMMIT,
		    .height = b->header.height,
		    .block = b->id,
		    .validator = v};

		vote_sign(&vote, c->keys[v], ledger_federation_id(c->l));
		c->commit.validators[v] = v;
		c->commit.sigs[v] = vote.sig;
		c->commit.nsigs++;
	}
}

int
longchain_next(struct longchain *c, struct block **out)
{
	const struct timing *t = &ledger_federation(c->l)->timing;
	const uint64_t height = ledger_height(c->l) + 1;
	const bool beat =
	    c->heartbeats || height == 1 || height % HEARTBEAT_EVERY == 0;
	struct sent *s = calloc(1, sizeof(*s));
	struct hash missing;
	int rc = 0;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->n = ledger_nmembers(c->l);
	c->now_ms += beat ? t->heartbeat : t->interval + 1;
	if (!beat)
		rc = answer_all(c, s);
	if (rc == 0)
		rc = ledger_build(c->l,
		    &(struct ledger_inputs){.now_ms = c->now_ms,
			.proposer = ledger_proposer(c->l, 0),
			.last_commit = height > 1 ? &c->commit : NULL,
			.attests = s->given,
			.find = find,
			.arg = s},
		    out, &missing);
	if (rc == 0)
		certify(c, *out);
	if (rc == 0)
		rc = ledger_apply(c->l, *out);
	for (uint16_t i = 0; i < s->n; i++)
		answer_unref(s->answer[i]);
	free(s);
	return rc;
}

static int
found_log(const struct federation *f, struct disk *d)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash id;
	int rc = federation_id(f, &id);

	federation_put(&w, f);
	if (rc == 0)
		rc = w.error;
	if (rc == 0)
		rc = segments_create(d, SEGMENTS_DIR, &id, w.data,
		    (uint32_t)w.len);
	bytes_writer_close(&w);
	return rc;
}

int
longchain_write(struct longchain *c, struct disk *d, uint64_t n)
{
	struct segments log = SEGMENTS_INIT;
	struct bytes_writer w;
	struct block *b;
	int rc = found_log(c->f, d);

	if (rc == 0)
		rc =
		    segments_open(&log, d, SEGMENTS_DIR, SEGMENTS_REPAIR, NULL);
	while (rc == 0 && segments_head(&log) < n) {
		w = BYTES_WRITER_INIT;
		rc = longchain_next(c, &b);
		if (rc < 0)
			break;
		block_put_full(&w, b);
		commit_put(&w, &c->commit);
		rc = w.error;
		if (rc == 0)
			rc = segments_append(&log, &b->id, w.data,
			    (uint32_t)w.len);
		bytes_writer_close(&w);
		block_free(b);
	}
	segments_close(&log);
	return rc;
}

static int
no_sync(struct disk_file *f)
{
	(void)f;
	return 0;
}

static int
no_sync_dir(struct disk *d, const char *dir)
{
	(void)d;
	(void)dir;
	return 0;
}

int
longchain_fast(struct disk_posix *d, const char *home)
{
	static struct disk_ops fast;
	int rc = disk_posix_open(d, home);

	if (rc < 0)
		return rc;
	fast = *d->disk.ops;
	fast.sync = no_sync;
	fast.sync_dir = no_sync_dir;
	d->disk.ops = &fast;
	return 0;
}
