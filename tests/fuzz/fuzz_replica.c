/*
 * fuzz_replica.c - one node and a member who sends it what it likes.
 *
 * The input is a script: bytes out of the pool before the start, then raw
 * messages, and votes, proposals, answers, attestations and transactions with
 * fields of the input under the good signature of member 3 (or, with an odd
 * first byte, of members 1 to 3, of whom nothing good can be hoped). Members 1
 * to 3, a quorum without us, may also have agreed on the next block, with a
 * transaction of the input in it: then the node fetches that and goes on from
 * there. Nothing ends the process, the state checks of the core hold after
 * every event, and one liar of four never brings the node to a halt.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/bft/bft.h"
#include "consensus/replica/replica.h"
#include "tests/fuzz/village.h"

#define EVENTS_MAX 64
#define KEPT 16 /* of our messages, to be sent back */
#define HEARTBEAT_MS 5000
#define BEHIND_MS 250 /* one block, and the node asks for it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 1000;

struct site {
	const struct village *v;
	struct replica *r;
	struct bytes_reader in;
	uint64_t ms, stored;
	bool one; /* liar */
	struct block *offered[4];
	uint8_t *kept[KEPT];
	size_t kept_len[KEPT], nkept;
	/* What the others agreed on, of the next height or of the head. */
	struct wire_decided due;
};

static void
keep(struct site *s, struct replica_action *a)
{
	size_t i = s->nkept++ % KEPT;

	free(s->kept[i]);
	s->kept[i] = a->data;
	s->kept_len[i] = a->len;
	a->data = NULL;
}

static void
step(struct site *s, struct replica_event ev)
{
	struct replica_action a;

	ev.now = (struct replica_now){s->ms, VILLAGE_FOUNDED_MS + s->ms};
	replica_step(s->r, &ev);
	while (replica_next(s->r, &a)) {
		assert(a.type != REPLICA_HALT || !s->one);
		if (a.type == REPLICA_STORE) {
			assert(a.seq == s->stored + 1);
			s->stored = a.seq;
		}
		if (a.type == REPLICA_SEND)
			keep(s, &a);
		replica_action_close(&a);
	}
	bft_check(replica_bft(s->r));
}

static uint16_t
author(struct site *s)
{
	const uint16_t i = bytes_get_u8(&s->in) % 3;

	return s->one ? 3 : (uint16_t)(1 + i);
}

static uint16_t
any_peer(struct site *s)
{
	return (uint16_t)(1 + bytes_get_u8(&s->in) % 3);
}

static void
send_bytes(struct site *s, uint16_t peer, const uint8_t *data, size_t len)
{
	step(s,
	    (struct replica_event){.type = REPLICA_EV_MSG,
		.peer = peer,
		.msg = {data, len}});
}

static void
send_from(struct site *s, uint16_t peer, const struct wire_msg *m)
{
	uint8_t *data;
	size_t len;
	int rc = wire_encode(m, &data, &len);

	if (rc < 0)
		return; /* not what a codec of ours would make */
	send_bytes(s, peer, data, len);
	free(data);
}

static void
send_msg(struct site *s, const struct wire_msg *m)
{
	send_from(s, any_peer(s), m);
}

/* As many bytes of the input as the next two say. */
static const uint8_t *
rest(struct site *s, size_t *len)
{
	*len = bytes_get_u16(&s->in);
	if (*len > bytes_reader_left(&s->in))
		*len = bytes_reader_left(&s->in);
	return bytes_get_slice(&s->in, *len);
}

/* A block that was offered, or none. */
static struct hash
some_block(struct site *s)
{
	const uint8_t i = bytes_get_u8(&s->in);

	if (i < 4 && s->offered[i] != NULL)
		return s->offered[i]->id;
	return (struct hash){{i < 8 ? 0 : i}};
}

static uint64_t
some_height(struct site *s)
{
	return ledger_height(replica_ledger(s->r)) + bytes_get_u8(&s->in) % 4;
}

static void
do_raw(struct site *s)
{
	size_t len;
	const uint8_t *data = rest(s, &len);

	if (!s->in.bad)
		send_bytes(s, any_peer(s), data, len);
}

static void
do_vote(struct site *s)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	const uint16_t who = author(s);

	m.u.vote =
	    (struct vote){.type = bytes_get_u8(&s->in) % 2 ? VOTE_PREVOTE
							   : VOTE_PRECOMMIT,
		.height = some_height(s),
		.round = bytes_get_u8(&s->in) % 20,
		.block = some_block(s),
		.validator = who};
	vote_sign(&m.u.vote, s->v->keys[who], &s->v->id);
	send_msg(s, &m);
}

/* The block that anybody would build now, as this member's. */
static struct block *
build(struct site *s, uint32_t round, uint16_t who)
{
	const struct attest *none[VILLAGE_N] = {NULL};
	const struct ledger_inputs in = {.now_ms = VILLAGE_FOUNDED_MS + s->ms +
		bytes_get_u8(&s->in),
	    .round = round,
	    .proposer = who,
	    .attests = none};
	struct block *b = NULL;
	struct hash missing;

	if (ledger_height(replica_ledger(s->r)) > 0)
		return NULL; /* wants the certificate */
	if (ledger_build(replica_ledger(s->r), &in, &b, &missing) < 0)
		return NULL;
	return b;
}

static void
do_proposal(struct site *s)
{
	struct wire_msg m = {.type = WIRE_PROPOSAL};
	const uint32_t round = bytes_get_u8(&s->in) % 20;
	const uint16_t who = s->one ? 3 : (uint16_t)(1 + round % 3);
	const uint8_t slot = bytes_get_u8(&s->in) % 4;
	struct block *b = build(s, round, who);

	if (b == NULL)
		return;
	m.u.proposal.head = (struct proposal){.height = some_height(s),
	    .round = round,
	    .valid_round = (int32_t)(bytes_get_u8(&s->in) % 4) - 1,
	    .block = b->id,
	    .proposer = who};
	m.u.proposal.block = b;
	proposal_sign(&m.u.proposal.head, s->v->keys[who], &s->v->id);
	send_msg(s, &m);
	block_free(s->offered[slot]);
	s->offered[slot] = b;
}

/* The head's fields come from the input, the signature is good. */
static void
do_answer(struct site *s)
{
	const struct ledger_round *r = ledger_round(replica_ledger(s->r));
	struct wire_msg m = {.type = WIRE_ANSWER};
	const uint16_t who = author(s);
	const uint8_t how = bytes_get_u8(&s->in);
	struct answer *a = answer_new(how & 1 ? VILLAGE_DIM : 0);

	assert(a != NULL);
	a->kind = how & 1 ? ANSWER_UPDATE : ANSWER_NO_UPDATE;
	a->reason = how & 1 ? ANSWER_REASON_NONE : (how >> 1) % 6;
	a->member = who;
	a->job = *ledger_job_id(replica_ledger(s->r));
	a->round = r->number + (how >> 4) % 3;
	a->base_model = r->base_model;
	a->clip_q24 = bytes_get_u32(&s->in);
	a->rows = bytes_get_u8(&s->in);
	a->loss_after_q24 = bytes_get_i64(&s->in);
	for (uint32_t i = 0; i < a->dim; i++)
		a->delta[i] = bytes_get_i64(&s->in);
	answer_sign(a, s->v->keys[who], &s->v->id);
	m.u.answer = a;
	send_msg(s, &m);
	answer_unref(a);
}

static void
do_attest(struct site *s)
{
	struct wire_msg m = {.type = WIRE_ATTEST};
	struct attest a = {.job = *ledger_job_id(replica_ledger(s->r)),
	    .round = ledger_round(replica_ledger(s->r))->number,
	    .seq = bytes_get_u8(&s->in)};

	a.validator = author(s);
	a.nheld = bytes_get_u8(&s->in) % (VILLAGE_N + 1);
	for (uint16_t i = 0; i < a.nheld; i++) {
		a.member[i] = i;
		a.held[i] = (struct hash){{bytes_get_u8(&s->in)}};
	}
	attest_sign(&a, s->v->keys[a.validator], &s->v->id);
	m.u.attest = &a;
	send_msg(s, &m);
}

/* Its body, kind and nonce come from the input. NULL: they do not fit. */
static struct tx *
some_tx(struct site *s)
{
	const uint16_t who = author(s);
	const uint8_t kind = bytes_get_u8(&s->in);
	const uint64_t nonce = bytes_get_u8(&s->in);
	size_t len;
	const uint8_t *data = rest(s, &len);
	struct tx *t;

	if (s->in.bad || len > TX_BODY_MAX)
		return NULL;
	t = tx_new((uint32_t)len);
	assert(t != NULL);
	t->kind = (uint8_t)(1 + kind % (TX_KINDS - 1));
	t->nonce = nonce;
	t->fee = 1000;
	t->expires = 1 + nonce * 10;
	if (len > 0)
		memcpy(t->body, data, len);
	tx_sign(t, s->v->keys[who], &s->v->id);
	return t;
}

static void
do_tx(struct site *s)
{
	struct wire_msg m = {.type = WIRE_TX, .u.tx = some_tx(s)};

	if (m.u.tx != NULL)
		send_msg(s, &m);
	tx_unref(m.u.tx);
}

/* One of ours, with a byte changed, comes back. */
static void
do_echo(struct site *s)
{
	const size_t i = bytes_get_u8(&s->in) % KEPT;
	const uint16_t at = bytes_get_u16(&s->in);
	uint8_t *copy;

	if (s->kept[i] == NULL || s->kept_len[i] == 0)
		return;
	copy = malloc(s->kept_len[i]);
	assert(copy != NULL);
	memcpy(copy, s->kept[i], s->kept_len[i]);
	copy[at % s->kept_len[i]] ^= bytes_get_u8(&s->in);
	send_bytes(s, any_peer(s), copy, s->kept_len[i]);
	free(copy);
}

static void
do_time(struct site *s)
{
	s->ms += bytes_get_u16(&s->in);
	step(s, (struct replica_event){.type = REPLICA_EV_TIME});
}

static void
do_durable(struct site *s)
{
	step(s,
	    (struct replica_event){.type = REPLICA_EV_STORED,
		.seq = s->stored});
}

static void
do_link(struct site *s)
{
	const uint8_t how = bytes_get_u8(&s->in);

	step(s,
	    (struct replica_event){.type = how & 1 ? REPLICA_EV_PEER_UP
						   : REPLICA_EV_PEER_DOWN,
		.peer = (uint16_t)(1 + (how >> 1) % 3)});
}

/* Of two votes by the liar. NULL: they were the same. */
static struct evidence *
some_evidence(struct site *s)
{
	struct vote v[2];
	struct evidence *e = NULL;
	int rc;

	for (unsigned i = 0; i < 2; i++) {
		v[i] = (struct vote){.type = VOTE_PREVOTE,
		    .height = ledger_height(replica_ledger(s->r)) + 1,
		    .round = 1,
		    .block = some_block(s),
		    .validator = 3};
		vote_sign(&v[i], s->v->keys[3], &s->v->id);
	}
	rc = evidence_of_votes(&v[0], &v[1], &e);
	assert(rc == 0 || rc == -EINVAL);
	return e;
}

/* At the next heartbeat there is always one. By one of them: we are asked for
 * nothing. */
static struct block *
agree(struct site *s, struct ledger_inputs *in)
{
	const struct ledger *l = replica_ledger(s->r);
	const struct attest *none[VILLAGE_N] = {NULL};
	struct block *b = NULL;
	struct hash missing;

	in->attests = none;
	while (ledger_proposer(l, in->round) == 0)
		in->round++;
	in->proposer = ledger_proposer(l, in->round);
	for (unsigned i = 0; i < 2 && b == NULL; i++, s->ms += HEARTBEAT_MS) {
		in->now_ms = VILLAGE_FOUNDED_MS + s->ms;
		if (ledger_build(l, in, &b, &missing) < 0)
			b = NULL;
	}
	in->attests = NULL;
	return b;
}

/* The next block, unless they agreed on it before: once is enough for those
 * of them who are honest. */
static void
decide(struct site *s)
{
	const uint64_t head = ledger_height(replica_ledger(s->r));
	struct commit *c = &s->due.commit;
	struct tx *t = some_tx(s);
	struct evidence *e = some_evidence(s);
	struct ledger_inputs in = {.last_commit = head > 0 ? c : NULL,
	    .txs = &t,
	    .ntxs = t != NULL,
	    .evidence = &e,
	    .nevidence = e != NULL};
	struct block *b = NULL;

	if (s->due.block == NULL || s->due.block->header.height == head)
		b = agree(s, &in);
	tx_unref(t);
	evidence_unref(e);
	if (b == NULL)
		return;
	block_free(s->due.block);
	s->due.block = b;
	*c = (struct commit){.height = head + 1, .block = b->id, .nsigs = 3};
	for (uint16_t i = 0; i < 3; i++) {
		struct vote v;

		c->validators[i] = (uint16_t)(i + 1);
		v = commit_vote(c, i);
		vote_sign(&v, s->v->keys[i + 1], &s->v->id);
		c->sigs[i] = v.sig;
	}
}

/* All three say that they have it; it is late enough to ask one of them; he,
 * whoever it is, sends it. */
static void
do_decided(struct site *s)
{
	struct wire_msg m = {.type = WIRE_BLOCK}, st = {.type = WIRE_STATUS};

	decide(s);
	if (s->due.block == NULL)
		return;
	st.u.status = (struct wire_status){.head = s->due.commit.height,
	    .head_id = s->due.block->id,
	    .height = s->due.commit.height + 1,
	    .round = VOTE_NO_ROUND,
	    .wall_ms = VILLAGE_FOUNDED_MS + s->ms,
	    .polka_round = VOTE_NO_ROUND};
	for (uint16_t i = 1; i < VILLAGE_N; i++) {
		step(s,
		    (struct replica_event){.type = REPLICA_EV_PEER_UP,
			.peer = i});
		send_from(s, i, &st);
	}
	s->ms += BEHIND_MS;
	step(s, (struct replica_event){.type = REPLICA_EV_TIME});
	m.u.decided = s->due;
	for (uint16_t i = 1; i < VILLAGE_N; i++)
		send_from(s, i, &m);
	do_durable(s);
}

typedef void do_fn(struct site *s);

static do_fn *const todo[] = {do_raw, do_vote, do_proposal, do_answer,
    do_attest, do_tx, do_echo, do_time, do_durable, do_link, do_decided};

/* Out of the pool: what was kept there may be anything by now. */
static void
load(struct site *s)
{
	const uint8_t *data;
	size_t len;
	int rc;

	for (uint8_t n = bytes_get_u8(&s->in) % 4; n > 0; n--) {
		const uint8_t kind = bytes_get_u8(&s->in) % 4;

		data = rest(s, &len);
		if (s->in.bad)
			break;
		if (kind == 0)
			replica_load_answer(s->r, data, len);
		else if (kind == 1)
			replica_load_body(s->r, data, len);
		else if (kind == 2)
			replica_load_votes(s->r, data, len);
		else
			replica_load_proof(s->r, data, len);
	}
	rc = replica_load_records(s->r, NULL, 0);
	assert(rc == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct site s = {.v = village_get(),
	    .in = bytes_reader_of(data, len),
	    .ms = 1000};
	const struct replica_config cfg = {.federation = &s.v->f,
	    .key = s.v->keys[0],
	    .self = 0};
	int rc = replica_new(&cfg, &s.r);

	assert(rc == 0);
	s.one = bytes_get_u8(&s.in) % 2 == 0;
	load(&s);
	step(&s, (struct replica_event){.type = REPLICA_EV_START});
	for (unsigned i = 0; i < EVENTS_MAX && !s.in.bad; i++)
		todo[bytes_get_u8(&s.in) % (sizeof(todo) / sizeof(todo[0]))](
		    &s);
	replica_free(s.r);
	block_free(s.due.block);
	for (unsigned i = 0; i < 4; i++)
		block_free(s.offered[i]);
	for (unsigned i = 0; i < KEPT; i++)
		free(s.kept[i]);
	return 0;
}
