#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/body.h"
#include "consensus/ledger/image.h"
#include "consensus/votes/payload.h"
#include "proto/q24.h"

static void
found_members(struct town *t, const struct town_setup *s)
{
	struct sign_key *keys[TOWN_MAX];
	struct sign_public pk;

	t->f.nmembers = s->n;
	t->f.members = calloc(s->n, sizeof(*t->f.members));
	assert_non_null(t->f.members);
	for (uint16_t i = 0; i < s->n; i++) {
		struct member *m = &t->f.members[i];
		uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1), 7};

		assert_int_equal(sign_key_new(seed, &keys[i]), 0);
		m->sign = sign_key_public(keys[i]);
		memset(m->network, i + 1, sizeof(m->network));
		snprintf(m->name, sizeof(m->name), "m%d", i);
		m->power = s->powers[i] ? s->powers[i] : 1;
		m->weight = s->weighted ? i + 1u : 1;
	}
	federation_sort(&t->f);
	for (uint16_t i = 0; i < s->n; i++)
		for (uint16_t k = 0; k < s->n; k++) {
			pk = sign_key_public(keys[k]);
			if (memcmp(&pk, &t->f.members[i].sign, sizeof(pk)) == 0)
				t->keys[i] = keys[k];
		}
}

static void
found_schema(struct federation *f)
{
	if (f->job.main.kind == JOB_VQE)
		return; /* it has no data */
	f->ncolumns = 2;
	f->columns = calloc(2, sizeof(*f->columns));
	f->nlabels = 2;
	f->labels = calloc(2, sizeof(*f->labels));
	assert_non_null(f->columns);
	assert_non_null(f->labels);
	for (int i = 0; i < 2; i++) {
		snprintf(f->columns[i].name, FEDERATION_TEXT_LEN, "x%d", i);
		f->columns[i].hi = (struct decimal){1, 0};
		snprintf(f->labels[i], FEDERATION_TEXT_LEN, "c%d", i);
	}
	snprintf(f->label, sizeof(f->label), "label");
}

static void
found_job(struct job *j, const struct town_setup *s)
{
	job_default(j, JOB_LINEAR);
	j->main.dim = j->main.update = 6; /* 2 classes, 2 features, constant */
	j->dim = j->update = 6;
	j->rounds = s->rounds;
	j->seed = hash_bytes("test", "seed", 4);
	memset(j->combine.pre, 0, sizeof(j->combine.pre));
	j->combine.rule = s->rule ? s->rule : JOB_MEAN;
	j->combine.faults = s->trim;
	j->combine.weighting = s->weighted ? JOB_REGISTERED : JOB_UNWEIGHTED;
	j->clip = (struct decimal){4, 0};
	j->bound = (struct decimal){3, 0};
	if (s->edit == NULL)
		return;
	s->edit(j);
	assert_int_equal(job_sizes(j, 2, 2), 0);
}

void
town_open(struct town *t, const struct town_setup *s)
{
	char err[200] = "";

	*t = (struct town){.now_ms = TOWN_FOUNDED_MS, .rng = 42};
	assert_int_equal(sign_setup(), 0);
	t->f.version = FEDERATION_VERSION;
	snprintf(t->f.name, sizeof(t->f.name), "town");
	t->f.founded_ms = TOWN_FOUNDED_MS;
	found_members(t, s);
	found_job(&t->f.job, s);
	found_schema(&t->f);
	t->f.answers_min = s->answers_min;
	if (s->economy)
		t->f.economy = *s->economy;
	t->f.timing = (struct timing){
	    .collect = TOWN_COLLECT_MS,
	    .straggler = TOWN_STRAGGLER_MS,
	    .heartbeat = TOWN_HEARTBEAT_MS,
	    .propose = 100,
	    .prevote = 100,
	    .precommit = 100,
	    .round_step = 10,
	    .timeout_max = 1000,
	    .precision = 100,
	    .delay = 100,
	    .interval = TOWN_INTERVAL_MS,
	};
	if (federation_check(&t->f, err, sizeof(err)) < 0)
		fail_msg("fixture: %s", err);
	assert_int_equal(federation_id(&t->f, &t->fid), 0);
	assert_int_equal(ledger_new(&t->f, &t->l), 0);
}

static void
forget_pool(struct town *t)
{
	for (unsigned i = 0; i < t->npool; i++)
		answer_unref(t->pool[i]);
	t->npool = 0;
	memset(t->given, 0, sizeof(t->given));
}

void
town_close(struct town *t)
{
	forget_pool(t);
	for (uint16_t i = 0; i < t->f.nmembers; i++)
		sign_key_free(t->keys[i]);
	for (unsigned i = 0; i < t->nmore; i++)
		sign_key_free(t->more[i]);
	ledger_free(t->l);
	ledger_free(t->image);
	federation_close(&t->f);
}

/* xorshift64*: good enough to choose subsets with. */
uint64_t
town_random(struct town *t)
{
	t->rng ^= t->rng >> 12;
	t->rng ^= t->rng << 25;
	t->rng ^= t->rng >> 27;
	return t->rng * 0x2545f4914f6cdd1du >> 16;
}

struct answer *
town_draft(struct town *t, uint16_t member, uint8_t kind)
{
	const struct ledger_round *r = ledger_round(t->l);
	bool update = kind == ANSWER_UPDATE;
	struct answer *a = answer_new(update ? ledger_update_dim(t->l) : 0);

	assert_non_null(a);
	a->kind = kind;
	a->reason = update ? ANSWER_REASON_NONE : ANSWER_REASON_NO_DATA;
	a->member = member;
	a->job = r->job;
	a->round = r->number;
	a->base_model = r->base_model;
	if (!update)
		return a;
	a->clip_q24 = (uint64_t)ledger_clip_q24(t->l);
	a->rows = 10u + member;
	if (job_private(ledger_job(t->l))) {
		a->privacy = job_claim(ledger_job(t->l));
		a->steps = job_private_steps(ledger_job(t->l));
		a->seed_commit = hash_bytes("x", "seed", 4);
	} else {
		a->correct = member;
		a->loss_before_q24 = 3 * Q24_ONE;
		a->loss_after_q24 = 2 * Q24_ONE;
	}
	for (uint32_t j = 0; j < a->dim; j++)
		a->delta[j] =
		    (int64_t)(town_random(t) % (2 * Q24_ONE)) - Q24_ONE;
	return a;
}

struct sign_key *
town_key(struct town *t, uint16_t seat)
{
	const struct sign_public *want = &ledger_member(t->l, seat)->sign;
	struct sign_public k;

	for (unsigned i = 0; i < t->nmore; i++) {
		k = sign_key_public(t->more[i]);
		if (memcmp(k.b, want->b, sizeof(k.b)) == 0)
			return t->more[i];
	}
	assert_true(seat < t->f.nmembers);
	return t->keys[seat];
}

struct tx *
town_name(struct town *t, const struct answer *a)
{
	const struct body_commit b = {a->job, a->round, a->id};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *x;

	body_commit_put(&w, &b);
	assert_int_equal(w.error, 0);
	x = tx_new((uint32_t)w.len);
	assert_non_null(x);
	memcpy(x->body, w.data, w.len);
	bytes_writer_close(&w);
	x->kind = TX_COMMIT;
	x->expires = ledger_height(t->l) + 100;
	tx_sign(x, t->keys[a->member], &t->fid);
	return x;
}

unsigned
town_keep(struct town *t, struct answer *a)
{
	assert_true(t->npool < TOWN_POOL);
	answer_sign(a, town_key(t, a->member), &t->fid);
	t->pool[t->npool] = a;
	return t->npool++;
}

unsigned
town_answer(struct town *t, uint16_t member, uint8_t kind)
{
	return town_keep(t, town_draft(t, member, kind));
}

void
town_attest(struct town *t, uint16_t validator, uint64_t pool_bits)
{
	struct attest *a = &t->attest[validator];
	uint32_t seq = a->seq + 1;

	*a = (struct attest){
	    .job = ledger_round(t->l)->job,
	    .round = ledger_round(t->l)->number,
	    .seq = seq,
	    .validator = validator,
	};
	for (uint16_t m = 0; m < ledger_nmembers(t->l); m++)
		for (unsigned i = 0; i < t->npool; i++)
			if ((pool_bits >> i & 1) && t->pool[i]->member == m) {
				a->member[a->nheld] = m;
				a->held[a->nheld++] = t->pool[i]->id;
				break;
			}
	attest_sign(a, town_key(t, validator), &t->fid);
	t->given[validator] = a;
}

void
town_all(struct town *t, uint8_t kind)
{
	uint16_t n = ledger_nmembers(t->l);

	for (uint16_t m = 0; m < n; m++)
		if (ledger_asked(t->l, m))
			town_answer(t, m, kind);
	for (uint16_t v = 0; v < n; v++)
		if (ledger_active(t->l, v))
			town_attest(t, v, UINT64_MAX);
}

static struct answer *
find(void *arg, const struct hash *id)
{
	struct town *t = arg;

	for (unsigned i = 0; i < t->npool; i++)
		if (hash_equal(&t->pool[i]->id, id))
			return t->pool[i];
	return NULL;
}

struct ledger_inputs
town_inputs(struct town *t, uint32_t bft_round)
{
	return (struct ledger_inputs){
	    .now_ms = t->now_ms,
	    .round = bft_round,
	    .proposer = ledger_proposer(t->l, bft_round),
	    .last_commit = t->has_commit ? &t->commit : NULL,
	    .attests = t->given,
	    .find = find,
	    .arg = t,
	};
}

struct block *
town_build(struct town *t)
{
	struct ledger_inputs in = town_inputs(t, 0);
	struct hash missing;
	struct block *b = NULL;

	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	return b;
}

void
town_certify(struct town *t, struct commit *c, uint64_t height,
    const struct hash *block)
{
	*c = (struct commit){.height = height, .block = *block};
	for (uint16_t v = 0; v < ledger_nmembers(t->l); v++) {
		struct vote vote = {
		    .type = VOTE_PRECOMMIT,
		    .height = height,
		    .block = *block,
		    .validator = v,
		};

		if (!ledger_active(t->l, v))
			continue;
		vote_sign(&vote, town_key(t, v), &t->fid);
		c->validators[c->nsigs] = v;
		c->sigs[c->nsigs++] = vote.sig;
	}
}

/* A ledger that was read from its image goes on like the one it is of: the
 * same again after every block of every test. */
static void
follow_image(struct town *t, const struct block *b)
{
	struct bytes_writer now = BYTES_WRITER_INIT, then = BYTES_WRITER_INIT;
	struct federation f = t->f; /* borrowed: never closed */
	struct hash state = ledger_state(t->l), same;

	f.nrefounded = ledger_federation(t->l)->nrefounded;
	f.refounded = ledger_federation(t->l)->refounded;
	ledger_image(t->l, &now);
	assert_int_equal(now.error, 0);
	/* A test may have gone on with another ledger. */
	if (t->image && ledger_height(t->image) + 1 == b->header.height &&
	    hash_equal(ledger_federation_id(t->image), &b->header.federation)) {
		/* It has seen none of what the block is made of. */
		assert_int_equal(ledger_check(t->image, b), LEDGER_OK);
		assert_int_equal(ledger_replay(t->image, b), 0);
		ledger_image(t->image, &then);
		assert_int_equal(now.len, then.len);
		assert_memory_equal(now.data, then.data, now.len);
		bytes_writer_close(&then);
	}
	ledger_free(t->image);
	assert_int_equal(ledger_of_image(&f, now.data, now.len, &t->image), 0);
	same = ledger_state(t->image);
	assert_true(hash_equal(&state, &same));
	bytes_writer_close(&now);
}

void
town_commit(struct town *t, const struct block *b)
{
	struct commit c;

	/* By those who vote on it, not by those who come after it. */
	town_certify(t, &c, b->header.height, &b->id);
	assert_int_equal(ledger_apply(t->l, b), 0);
	follow_image(t, b);
	t->commit = c;
	t->has_commit = true;
	forget_pool(t);
}

uint8_t
town_step(struct town *t)
{
	struct block *b = town_build(t);
	uint8_t kind = b->header.kind;

	town_commit(t, b);
	block_free(b);
	return kind;
}

void
town_begin(struct town *t)
{
	t->now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(t), BLOCK_ORDINARY);
	assert_int_equal(ledger_height(t->l), 1);
}

struct bytes_writer
town_rule_body(const struct town *t, uint8_t rule)
{
	struct bytes_writer w = BYTES_WRITER_INIT, x = BYTES_WRITER_INIT;
	struct payload p = {.rule = {ledger_job(t->l)->combine, {3, 0}}};
	struct body_propose b = {.kind = PROPOSAL_RULE, .title = "rule"};

	p.rule.combine.rule = rule;
	payload_put(&x, b.kind, &p);
	b.payload = x.data;
	b.len = (uint32_t)x.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&x);
	return w;
}
