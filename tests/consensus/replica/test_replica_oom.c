/*
 * The k-th allocation of a node fails, k = 1, 2, ... until none does: what it
 * has no memory to look at it neither votes against nor blames on anybody; it
 * is silent or stops, says so, and with memory again it goes on as the others.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/bft/view.h"
#include "tests/consensus/replica/past.h"
#include "tests/consensus/replica/site.h"
#include "tests/oom.h"

/* What came of the steps since the last look. */
struct seen {
	unsigned punished, halted, short_of_memory, asked;
	unsigned prevotes, others; /* for the block, and for anything else */
};

/* What the replica wants done, with memory enough to see to it. */
static void
take(struct site *s, const struct hash *block, struct seen *out)
{
	struct replica_action a;
	struct wire_msg m;

	oom_pause(true);
	while (replica_next(s->r, &a)) {
		out->punished += a.type == REPLICA_PUNISH;
		out->halted += a.type == REPLICA_HALT;
		if (a.type == REPLICA_NOTICE)
			out->short_of_memory +=
			    strstr(a.text, "out of memory") != NULL;
		if (a.type == REPLICA_STORE)
			s->stored = a.seq;
		if (a.type == REPLICA_SEND) {
			assert_int_equal(wire_decode(a.data, a.len, SITE_DIM,
					     &m),
			    WIRE_OK);
			out->asked += m.type == WIRE_BLOCK_REQ;
			if (m.type == WIRE_VOTE &&
			    hash_equal(&m.u.vote.block, block))
				out->prevotes++;
			else
				out->others += m.type == WIRE_VOTE;
			wire_msg_close(&m);
		}
		replica_action_close(&a);
	}
	oom_pause(false);
}

static void
step(struct site *s, struct replica_event ev, const struct hash *block,
    struct seen *out)
{
	uint64_t before;

	ev.now = (struct replica_now){s->ms, SITE_WALL + s->ms};
	replica_step(s->r, &ev);
	take(s, block, out);
	do {
		before = s->stored;
		ev.type = REPLICA_EV_STORED;
		ev.seq = s->stored;
		replica_step(s->r, &ev);
		take(s, block, out);
	} while (s->stored > before);
}

static void
say(struct site *s, uint16_t from, const struct wire_msg *m, struct seen *out)
{
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = from};
	const struct hash *block = m->type == WIRE_PROPOSAL
	    ? &m->u.proposal.block->id
	    : &m->u.decided.block->id;
	uint8_t *data;

	oom_pause(true);
	assert_int_equal(wire_encode(m, &data, &ev.msg.len), 0);
	oom_pause(false);
	ev.msg.data = data;
	step(s, ev, block, out);
	free(data);
}

static void
start(struct site *s)
{
	site_simple(s, REPLICA_EV_START);
	for (uint16_t i = 1; i < 4; i++)
		site_peer(s, i, true);
}

/* Nobody is blamed, and who did not stop has told of it. */
static void
is_honest(const struct site *s, const struct seen *got, bool struck)
{
	assert_int_equal(got->punished, 0);
	if (struck && got->halted == 0)
		assert_true(got->short_of_memory > 0 ||
		    replica_counts(s->r).dropped > 0);
}

/* True: memory failed on the way. */
static bool
block_is_proposed(size_t k)
{
	struct wire_msg m = {.type = WIRE_PROPOSAL};
	struct seen got = {.halted = 0};
	struct chain x;
	struct site s;
	uint16_t by;
	bool struck;

	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 7000;
	start(&s);
	by = x.b[0]->header.proposer;
	assert_int_not_equal(by, s.self);
	m.u.proposal.block = x.b[0];
	m.u.proposal.head = (struct proposal){.height = 1,
	    .valid_round = VOTE_NO_ROUND,
	    .block = x.b[0]->id,
	    .proposer = by};
	proposal_sign(&m.u.proposal.head, s.keys[by], &x.fed);
	oom_arm(k);
	say(&s, by, &m, &got);
	struck = oom_disarm();
	is_honest(&s, &got, struck);
	assert_int_equal(got.others, 0);
	/* It comes again, and is looked at again. */
	if (got.halted == 0) {
		say(&s, by, &m, &got);
		step(&s, (struct replica_event){.type = REPLICA_EV_TIME},
		    &x.b[0]->id, &got);
		assert_true(
		    got.prevotes > 0 || replica_counts(s.r).dropped > 0);
		assert_int_equal(got.others, 0);
		assert_true(
		    bft_votes(replica_bft(s.r), 0, VOTE_PREVOTE, &x.b[0]->id)
			.w[0] &
		    1);
	}
	site_close(&s);
	chain_close(&x);
	return struck;
}

static void
a_proposal(void **state)
{
	size_t k = 1;

	(void)state;
	while (block_is_proposed(k))
		k++;
	assert_true(k > 20);
}

/* The decided block of a peer that we asked. */
static bool
block_is_fetched(size_t k)
{
	struct wire_msg m = {.type = WIRE_STATUS};
	struct seen got = {.halted = 0};
	struct chain x;
	struct site s;
	uint16_t peer = 0;
	bool struck;

	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 20000;
	start(&s);
	m.u.status = (struct wire_status){.head = CHAIN_LEN,
	    .height = CHAIN_LEN + 1,
	    .round = VOTE_NO_ROUND,
	    .polka_round = VOTE_NO_ROUND};
	for (uint16_t i = 1; i < 4 && peer == 0; i++) {
		site_message(&s, i, &m);
		peer = site_sent(&s, WIRE_BLOCK_REQ) != NULL ? i : 0;
	}
	assert_int_not_equal(peer, 0);
	for (size_t i = 0; i < s.nseen; i++)
		if (s.seen[i].type == REPLICA_SEND &&
		    s.seen[i].peer != REPLICA_ALL)
			peer = s.seen[i].peer;
	m = (struct wire_msg){.type = WIRE_BLOCK};
	m.u.decided.block = x.b[0];
	m.u.decided.commit = x.c[0];
	oom_arm(k);
	say(&s, peer, &m, &got);
	struck = oom_disarm();
	is_honest(&s, &got, struck);
	if (!struck)
		assert_int_equal(ledger_height(replica_ledger(s.r)), 1);
	for (uint64_t end = s.ms + 20000; got.halted == 0 && s.ms < end &&
	     ledger_height(replica_ledger(s.r)) == 0;
	     s.ms += 500) {
		step(&s, (struct replica_event){.type = REPLICA_EV_TIME},
		    &x.b[0]->id, &got);
		for (uint16_t i = 1; got.asked > 0 && i < 4; i++)
			say(&s, i, &m, &got);
	}
	if (got.halted == 0)
		assert_int_equal(ledger_height(replica_ledger(s.r)), 1);
	assert_int_equal(got.punished, 0);
	site_close(&s);
	chain_close(&x);
	return struck;
}

static void
a_decided_block(void **state)
{
	size_t k = 1;

	(void)state;
	while (block_is_fetched(k))
		k++;
	assert_true(k > 20);
}

/* What we locked may be in what cannot be read: nothing starts without it. */
static bool
node_starts(size_t k)
{
	struct bytes_writer body = BYTES_WRITER_INIT;
	struct bytes_writer votes = BYTES_WRITER_INIT;
	struct vote v = {.type = VOTE_PREVOTE, .height = 2};
	struct chain x;
	struct site s;
	bool struck;
	int rc;

	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	block_put(&body, x.b[1]);
	v.block = x.b[1]->id;
	v.validator = 1;
	vote_sign(&v, s.keys[1], &x.fed);
	vote_put(&votes, &v);
	assert_int_equal(body.error | votes.error, 0);
	s.ms = 20000;
	oom_arm(k);
	rc = replica_replay(s.r, x.b[0], &x.c[0], true);
	if (rc == 0) {
		replica_load_body(s.r, body.data, body.len);
		replica_load_votes(s.r, votes.data, votes.len);
		rc = replica_load_records(s.r, NULL, 0);
	}
	struck = oom_disarm();
	assert_int_equal(rc, struck ? -ENOMEM : 0);
	bytes_writer_close(&body);
	bytes_writer_close(&votes);
	site_close(&s);
	chain_close(&x);
	return struck;
}

static void
a_start(void **state)
{
	size_t k = 1;

	(void)state;
	while (node_starts(k))
		k++;
	assert_true(k > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_proposal),
	    cmocka_unit_test(a_decided_block),
	    cmocka_unit_test(a_start),
	};

	return sign_setup() == 0 ? cmocka_run_group_tests(tests, NULL, NULL)
				 : 1;
}
