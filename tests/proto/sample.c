#include "tests/proto/sample.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void
sample_open(struct sample *s, uint64_t seed)
{
	uint8_t secret[SIGN_SEED_LEN];
	int rc;

	memset(secret, (int)(seed & 0xff), sizeof(secret));
	rc = sign_setup();
	assert(rc == 0);
	*s = (struct sample){.state = seed};
	rc = sign_key_new(secret, &s->key);
	assert(rc == 0);
	s->federation = sample_hash(s);
}

void
sample_close(struct sample *s)
{
	sign_key_free(s->key);
}

/* splitmix64 */
uint64_t
sample_u64(struct sample *s)
{
	uint64_t z = (s->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t
sample_below(struct sample *s, uint32_t n)
{
	return (uint32_t)(sample_u64(s) % n);
}

struct hash
sample_hash(struct sample *s)
{
	struct hash h;

	for (size_t i = 0; i < HASH_LEN; i++)
		h.b[i] = (uint8_t)sample_u64(s);
	return h;
}

struct vote
sample_vote(struct sample *s)
{
	struct vote v = {
	    .type = (uint8_t)(VOTE_PREVOTE + sample_below(s, 2)),
	    .height = sample_u64(s),
	    .round = (uint32_t)sample_u64(s),
	    .validator = (uint16_t)sample_below(s, VOTE_MAX_VALIDATORS),
	};

	if (sample_below(s, 4) > 0)
		v.block = sample_hash(s);
	vote_sign(&v, s->key, &s->federation);
	return v;
}

struct proposal
sample_proposal(struct sample *s)
{
	struct proposal p = {
	    .height = sample_u64(s),
	    .round = sample_below(s, 1000),
	    .valid_round = VOTE_NO_ROUND,
	    .block = sample_hash(s),
	    .proposer = (uint16_t)sample_below(s, VOTE_MAX_VALIDATORS),
	};

	if (p.round > 0 && sample_below(s, 2) > 0)
		p.valid_round = (int32_t)sample_below(s, p.round);
	proposal_sign(&p, s->key, &s->federation);
	return p;
}

struct commit
sample_commit(struct sample *s, uint64_t height)
{
	struct commit c = {
	    .height = height,
	    .round = sample_below(s, 9),
	    .block = sample_hash(s),
	};

	if (height == 0)
		return c;
	for (uint16_t i = 0; i < VOTE_MAX_VALIDATORS; i++) {
		if (i != 7 && sample_below(s, 16) > 0)
			continue;
		c.validators[c.nsigs] = i;
		c.sigs[c.nsigs] = sample_vote(s).sig;
		c.nsigs++;
	}
	return c;
}

struct attest
sample_attest(struct sample *s)
{
	struct attest a = {
	    .job = sample_hash(s),
	    .round = sample_u64(s),
	    .seq = sample_below(s, 5),
	    .validator = (uint16_t)sample_below(s, VOTE_MAX_VALIDATORS),
	};

	for (uint16_t i = 0; i < VOTE_MAX_VALIDATORS; i++) {
		if (sample_below(s, 24) > 0)
			continue;
		a.member[a.nheld] = i;
		a.held[a.nheld] = sample_hash(s);
		a.nheld++;
	}
	attest_sign(&a, s->key, &s->federation);
	return a;
}

struct answer *
sample_answer(struct sample *s, uint16_t member)
{
	uint32_t dim = sample_below(s, 4) > 0 ? 1 + sample_below(s, 20) : 0;
	struct answer *a = answer_new(dim);

	assert(a != NULL);
	a->kind = dim > 0 ? ANSWER_UPDATE : ANSWER_NO_UPDATE;
	if (dim == 0)
		a->reason = (uint8_t)(1 + sample_below(s, 4));
	a->flags = (uint16_t)sample_below(s, 8);
	a->member = member;
	a->job = sample_hash(s);
	a->round = sample_u64(s);
	a->base_model = sample_hash(s);
	a->data_asset = sample_hash(s);
	a->trainer_state = sample_hash(s);
	a->seed_commit = sample_hash(s);
	a->privacy.mechanism = (uint8_t)sample_below(s, 256);
	a->privacy.clip_q24 = sample_u64(s);
	a->privacy.q_ppb = (uint32_t)(a->privacy.clip_q24 >> 32);
	a->privacy.sigma_milli = (uint32_t)(a->privacy.clip_q24 >> 16);
	a->privacy.steps = (uint32_t)a->privacy.clip_q24;
	a->clip_q24 = sample_u64(s);
	a->rows = sample_below(s, 1000);
	a->loss_before_q24 = (int64_t)sample_u64(s);
	a->loss_after_q24 = (int64_t)sample_u64(s);
	a->correct = sample_below(s, a->rows + 1);
	a->steps = sample_below(s, 1000);
	a->control_loss_q24 = (int64_t)sample_u64(s);
	a->control_correct = sample_below(s, a->rows + 1);
	a->valid_rows = sample_below(s, 1000);
	a->valid_loss_q24 = (int64_t)sample_u64(s);
	a->valid_correct = sample_below(s, a->valid_rows + 1);
	a->valid_control_loss_q24 = (int64_t)sample_u64(s);
	a->valid_control_correct = sample_below(s, a->valid_rows + 1);
	for (uint32_t i = 0; i < dim; i++)
		a->delta[i] = (int64_t)sample_u64(s);
	answer_sign(a, s->key, &s->federation);
	return a;
}

static void
fill_header(struct sample *s, struct header *h)
{
	h->federation = s->federation;
	h->height = sample_below(s, 5);
	h->round = sample_below(s, 3);
	h->kind = (uint8_t)sample_below(s, 3);
	h->time_ms = sample_u64(s);
	h->prev = sample_hash(s);
	h->history_size = h->height;
	h->history_root = sample_hash(s);
	h->validators = sample_hash(s);
	h->next_validators = sample_hash(s);
	h->params = sample_hash(s);
	h->fl_round = sample_u64(s);
	h->aggregate = sample_hash(s);
	h->model = sample_hash(s);
	h->state_root = sample_hash(s);
	h->proposer = (uint16_t)sample_below(s, VOTE_MAX_VALIDATORS);
}

struct tx *
sample_tx(struct sample *s)
{
	struct tx *t = tx_new(sample_below(s, 200));

	assert(t != NULL);
	t->kind = (uint8_t)(1 + sample_below(s, TX_KINDS - 1));
	t->nonce = sample_u64(s);
	t->fee = sample_u64(s);
	t->expires = sample_u64(s);
	for (uint32_t i = 0; i < t->len; i++)
		t->body[i] = (uint8_t)sample_below(s, 256);
	tx_sign(t, s->key, &s->federation);
	return t;
}

struct block *
sample_block(struct sample *s)
{
	uint16_t nattests = (uint16_t)sample_below(s, 4);
	uint16_t nanswers = (uint16_t)sample_below(s, 4);
	uint16_t ntxs = (uint16_t)sample_below(s, 4);
	struct block *b = block_new(nattests, nanswers, ntxs);
	int rc;

	assert(b != NULL);
	fill_header(s, &b->header);
	if (b->header.height > 1) {
		b->last_commit = malloc(sizeof(*b->last_commit));
		assert(b->last_commit != NULL);
		*b->last_commit = sample_commit(s, b->header.height - 1);
	}
	for (uint16_t i = 0; i < nattests; i++) {
		b->attests[i] = sample_attest(s);
		b->attests[i].validator = i;
		attest_sign(&b->attests[i], s->key, &s->federation);
	}
	for (uint16_t i = 0; i < nanswers; i++) {
		b->answers[i] = sample_answer(s, i);
		b->answer_ids[i] = b->answers[i]->id;
	}
	for (uint16_t i = 0; i < ntxs; i++)
		b->txs[i] = sample_tx(s);
	rc = block_seal(b);
	assert(rc == 0);
	return b;
}

static void
fill_bitmap(struct sample *s, uint8_t *map)
{
	for (unsigned i = 0; i < VOTE_MAX_VALIDATORS; i++)
		map[i / 8] |= (uint8_t)(sample_below(s, 2) << i % 8);
}

static void
fill_status(struct sample *s, struct wire_status *t)
{
	t->head = sample_u64(s);
	t->head_id = sample_hash(s);
	t->height = sample_u64(s);
	t->round = (int32_t)sample_below(s, 100) - 1;
	t->step = (uint8_t)sample_below(s, 256);
	t->has_proposal = (uint8_t)sample_below(s, 2);
	fill_bitmap(s, t->prevotes);
	fill_bitmap(s, t->precommits);
	t->fl_round = sample_below(s, 3);
	fill_bitmap(s, t->answers);
	fill_bitmap(s, t->attests);
	t->wall_ms = sample_u64(s);
	t->polka_round = (int32_t)sample_below(s, 100) - 1;
	fill_bitmap(s, t->polka);
	t->polka_round = (int32_t)sample_below(s, 100) - 1;
	fill_bitmap(s, t->polka);
}

/* As it is on the wire: a block by reference has no answers. */
static struct block *
block_by_reference(struct sample *s)
{
	struct block *b = sample_block(s);

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		answer_unref(b->answers[i]);
		b->answers[i] = NULL;
	}
	return b;
}

static struct evidence *
evidence_sample(struct sample *s)
{
	struct vote a = sample_vote(s), b = a;
	struct evidence *e = NULL;
	int rc;

	b.block = sample_hash(s);
	vote_sign(&b, s->key, &s->federation);
	rc = evidence_of_votes(&a, &b, &e);
	assert(rc == 0);
	return e;
}

static struct attest *
attest_on_heap(struct sample *s)
{
	struct attest *a = malloc(sizeof(*a));

	assert(a != NULL);
	*a = sample_attest(s);
	return a;
}

static void
sample_guest(struct sample *s, struct wire_msg *m)
{
	if (m->type == WIRE_JOIN) {
		snprintf(m->u.join.m.name, sizeof(m->u.join.m.name), "epsilon");
		snprintf(m->u.join.m.address, sizeof(m->u.join.m.address), "%s",
		    sample_below(s, 2) == 0 ? "" : "a.example:7100");
		for (size_t i = 0; i < 32; i++) {
			m->u.join.m.sign.b[i] = (uint8_t)sample_u64(s);
			m->u.join.m.network[i] = (uint8_t)sample_u64(s);
		}
		m->u.join.proof.alg = SIGN_ED25519;
		for (size_t i = 0; i < SIGN_LEN; i++)
			m->u.join.proof.b[i] = (uint8_t)sample_u64(s);
	} else if (m->type == WIRE_JOINED) {
		m->u.joined.ok = (uint8_t)sample_below(s, 2);
		snprintf(m->u.joined.text, sizeof(m->u.joined.text), "%s",
		    m->u.joined.ok ? "" : "the name is taken");
	} else {
		m->u.founding = (struct wire_founding){.height = sample_u64(s),
		    .end = sample_u64(s),
		    .state = (uint8_t)sample_below(s, 9),
		    .member = (uint8_t)sample_below(s, 2),
		    .yes = (uint16_t)sample_below(s, 100),
		    .of = 100,
		    .len = 5};
		m->u.founding.data = malloc(5);
		assert_non_null(m->u.founding.data);
		memcpy(m->u.founding.data, "bytes", 5);
		if (sample_below(s, 2) == 0)
			return;
		m->u.founding.again_len = 4;
		m->u.founding.again = malloc(4);
		assert_non_null(m->u.founding.again);
		memcpy(m->u.founding.again, "more", 4);
	}
}

struct wire_msg
sample_wire(struct sample *s, enum wire_type type)
{
	struct wire_msg m = {.type = type};

	switch (type) {
	case WIRE_STATUS:
		fill_status(s, &m.u.status);
		break;
	case WIRE_PROPOSAL:
		m.u.proposal.head = sample_proposal(s);
		m.u.proposal.block = block_by_reference(s);
		break;
	case WIRE_VOTE:
		m.u.vote = sample_vote(s);
		break;
	case WIRE_ANSWER:
		m.u.answer = sample_answer(s, 3);
		break;
	case WIRE_ATTEST:
		m.u.attest = attest_on_heap(s);
		break;
	case WIRE_ANSWER_REQ:
	case WIRE_TX_IDS:
	case WIRE_TX_REQ:
		m.u.ids.n = (uint16_t)sample_below(s, 9);
		for (uint16_t i = 0; i < m.u.ids.n; i++)
			m.u.ids.ids[i] = sample_hash(s);
		break;
	case WIRE_BLOCK_REQ:
		m.u.range.from = sample_u64(s);
		m.u.range.count =
		    (uint16_t)(1 + sample_below(s, WIRE_BLOCKS_MAX));
		break;
	case WIRE_BLOCK:
		m.u.decided.block = sample_block(s);
		m.u.decided.commit = sample_commit(s, 1);
		break;
	case WIRE_PING:
	case WIRE_PONG:
		m.u.nonce = sample_u64(s);
		break;
	case WIRE_FOUNDING:
	case WIRE_JOIN:
	case WIRE_JOINED:
		sample_guest(s, &m);
		break;
	case WIRE_TX:
		m.u.tx = sample_tx(s);
		break;
	case WIRE_EVIDENCE:
		m.u.evidence = evidence_sample(s);
		break;
	case WIRE_BYE:
		m.u.reason = sample_below(s, 9);
		break;
	}
	return m;
}

static int64_t *
vector(struct sample *s, uint32_t dim)
{
	int64_t *x = malloc(dim * sizeof(*x));

	assert(x != NULL);
	for (uint32_t i = 0; i < dim; i++)
		x[i] = (int64_t)sample_u64(s);
	return x;
}

static void
fill_setup(struct sample *s, struct trainwire_setup *p)
{
	struct hash h = sample_hash(s);

	snprintf(p->build, sizeof(p->build), "0.1.0-%u", sample_below(s, 99));
	snprintf(p->data, sizeof(p->data), "/srv/data/%u.csv",
	    sample_below(s, 99));
	if (sample_below(s, 2))
		snprintf(p->labels, sizeof(p->labels), "/srv/%u-labels.gz",
		    sample_below(s, 99));
	if (sample_below(s, 2)) {
		char *words[] = {(char *)"/usr/bin/psql", (char *)"-c",
		    (char *)"table rows", NULL};

		assert(trainwire_put_command(p, words) == 0);
	}
	memcpy(p->salt, h.b, sizeof(p->salt));
	p->threads = (uint16_t)sample_below(s, 99);
	p->confine = (uint8_t)sample_below(s, 2);
	p->one_class = (uint8_t)sample_below(s, 2);
	p->federation_len = 1 + sample_below(s, 50);
	p->federation = malloc(p->federation_len);
	assert(p->federation != NULL);
	for (size_t i = 0; i < p->federation_len; i++)
		p->federation[i] = (uint8_t)sample_u64(s);
}

static void
fill_trained(struct sample *s, struct trainwire_trained *t)
{
	t->round = sample_u64(s);
	t->dim = 1 + sample_below(s, 20);
	t->delta = vector(s, t->dim);
	t->rows = sample_below(s, 1000);
	t->correct = sample_below(s, t->rows + 1);
	t->steps = sample_below(s, 1000);
	t->control_loss_q24 = (int64_t)sample_u64(s);
	t->control_correct = sample_below(s, t->rows + 1);
	t->valid_rows = sample_below(s, 1000);
	t->valid_loss_q24 = (int64_t)sample_u64(s);
	t->valid_correct = sample_below(s, t->valid_rows + 1);
	t->valid_control_loss_q24 = (int64_t)sample_u64(s);
	t->valid_control_correct = sample_below(s, t->valid_rows + 1);
	t->loss_before_q24 = (int64_t)sample_u64(s);
	t->loss_after_q24 = (int64_t)sample_u64(s);
	t->trainer_state = t->seed_commit = sample_hash(s);
	t->flags = (uint16_t)sample_below(s, 8);
}

static void
fill_scored(struct sample *s, struct trainwire_scored *p)
{
	p->round = sample_u64(s);
	p->rows = 1000;
	p->correct = sample_below(s, 1001);
	p->loss_q24 = (int64_t)sample_u64(s);
	p->nclasses = (uint16_t)(1 + sample_below(s, 5));
	if (sample_below(s, 2) == 0)
		return;
	p->confusion =
	    calloc((size_t)p->nclasses * p->nclasses, sizeof(*p->confusion));
	assert(p->confusion != NULL);
	for (unsigned i = 0; i < p->nclasses; i++)
		p->confusion[i] = sample_below(s, 100);
}

static void
fill_worth(struct sample *s, struct trainwire_worth *x)
{
	static const char rows[] = "a,b,c\n1,2,x\n";

	x->round = sample_u64(s);
	x->aggregated = sample_u64(s);
	x->players = (uint16_t)(1 + sample_below(s, 5));
	x->seed = sample_hash(s);
	x->dim = 1 + sample_below(s, 10);
	x->model = vector(s, x->dim);
	x->update = 1 + sample_below(s, 10);
	x->updates = vector(s, x->players * x->update);
	x->shard_len = sizeof(rows) - 1;
	x->shard = malloc(x->shard_len);
	assert(x->shard != NULL);
	memcpy(x->shard, rows, x->shard_len);
}

struct trainwire_msg
sample_train(struct sample *s, enum trainwire_type type)
{
	struct trainwire_msg m = {.type = type};

	switch (type) {
	case TRAINWIRE_SETUP:
		fill_setup(s, &m.u.setup);
		break;
	case TRAINWIRE_READY:
		m.u.ready.dim = sample_below(s, 1000);
		m.u.ready.rows = sample_below(s, 1000);
		m.u.ready.data_asset = sample_hash(s);
		m.u.ready.confined = (uint8_t)sample_below(s, 2);
		break;
	case TRAINWIRE_REFUSED:
	case TRAINWIRE_FAILED:
		m.u.failed.round = sample_u64(s);
		m.u.failed.reason = (uint8_t)sample_below(s, 5);
		snprintf(m.u.failed.text, sizeof(m.u.failed.text),
		    "data.csv:%u: a cell is empty", sample_below(s, 99));
		break;
	case TRAINWIRE_TRAIN:
	case TRAINWIRE_SCORE:
		m.u.model.round = sample_u64(s);
		m.u.model.member = (uint16_t)sample_below(s, 100);
		m.u.model.aggregated = sample_u64(s);
		m.u.model.kept = sample_u64(s);
		m.u.model.dim = 1 + sample_below(s, 20);
		m.u.model.model = vector(s, m.u.model.dim);
		break;
	case TRAINWIRE_TRAINED:
		fill_trained(s, &m.u.trained);
		break;
	case TRAINWIRE_SCORED:
		fill_scored(s, &m.u.scored);
		break;
	case TRAINWIRE_WORTH:
		fill_worth(s, &m.u.worth);
		break;
	case TRAINWIRE_WORTHED:
		m.u.worthed.round = sample_u64(s);
		m.u.worthed.n = (uint16_t)sample_below(s, 20);
		if (m.u.worthed.n > 0)
			m.u.worthed.utility = vector(s, m.u.worthed.n);
		else
			snprintf(m.u.worthed.text, sizeof(m.u.worthed.text),
			    "the validation rows: line 3");
		break;
	}
	return m;
}

/* Is b accepted? If so it must be the encoding of what it decodes to. */
static bool
codec_accepts(const struct sample_codec *c, const uint8_t *b, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r = bytes_reader_of(b, len);
	void *x = malloc(c->size);

	assert_non_null(x);
	c->get(&r, x);
	if (bytes_reader_done(&r)) {
		c->put(&w, x);
		assert_int_equal(w.error, 0);
		assert_int_equal(w.len, len);
		assert_memory_equal(w.data, b, len);
	}
	bytes_writer_close(&w);
	free(x);
	return bytes_reader_done(&r);
}

void
sample_check_codec(const struct sample_codec *c, const void *x)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	size_t len;

	c->put(&w, x);
	bytes_put_u8(&w, 0);
	assert_int_equal(w.error, 0);
	len = w.len - 1;
	assert_true(codec_accepts(c, w.data, len));
	assert_false(codec_accepts(c, w.data, len + 1));
	for (size_t n = 0; n < len; n++)
		assert_false(codec_accepts(c, w.data, n));
	for (size_t i = 0; i < len; i++) {
		w.data[i] ^= (uint8_t)(1u << i % 8);
		(void)codec_accepts(c, w.data, len);
		w.data[i] ^= (uint8_t)(1u << i % 8);
	}
	bytes_writer_close(&w);
}
