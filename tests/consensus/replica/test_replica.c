/*
 * What the seeded federations of tests/cluster do not say in so many words:
 * that nothing leaves before its record is durable, that a restart repeats and
 * never contradicts, and what a peer's bytes get.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/bft/view.h"
#include "consensus/replica/replica.h"

#define WALL UINT64_C(1700000000000)
#define DIM 6
#define SEEN_MAX 256

struct site {
	struct federation f;
	struct sign_key *keys[4]; /* by member index */
	struct replica *r;
	uint64_t ms;
	uint64_t stored;                      /* highest STORE seq seen */
	struct replica_action seen[SEEN_MAX]; /* of the last step, data freed */
	struct wire_msg sent[SEEN_MAX];       /* decoded SENDs of it */
	size_t nseen, nsent;
	struct votelog_record records[64];
	size_t nrecords;
};

static void
found(struct federation *f, uint16_t n)
{
	*f = (struct federation){.version = FEDERATION_VERSION,
	    .name = "test",
	    .founded_ms = WALL,
	    .nmembers = n,
	    .ncolumns = 2,
	    .label = "label",
	    .nlabels = 2,
	    .timing = {2000, 8000, 5000, 600, 300, 300, 200, 5000, 500, 2000,
		10}};
	f->members = calloc(n, sizeof(*f->members));
	f->columns = calloc(2, sizeof(*f->columns));
	f->labels = calloc(2, sizeof(*f->labels));
	assert_true(f->members && f->columns && f->labels);
	for (uint16_t i = 0; i < 2; i++) {
		snprintf(f->columns[i].name, FEDERATION_TEXT_LEN, "x%d", i);
		f->columns[i].hi = (struct decimal){1, 0};
		snprintf(f->labels[i], FEDERATION_TEXT_LEN, "%d", i);
	}
	f->job = (struct job){.task = JOB_LINEAR,
	    .dim = DIM,
	    .rounds = 100,
	    .steps = 1,
	    .batch = 1,
	    .head_scale = {1, 0},
	    .rate = {1, -2},
	    .rate_last = {1, -2},
	    .rule = JOB_MEAN,
	    .weighting = JOB_UNWEIGHTED,
	    .clip = {1, 0},
	    .bound = {1, 0}};
}

static void
site_open(struct site *s, uint16_t n)
{
	struct sign_key *keys[4];
	char err[256];

	*s = (struct site){.ms = 1};
	found(&s->f, n);
	for (uint16_t i = 0; i < n; i++) {
		uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1)};
		struct member *m = &s->f.members[i];

		assert_int_equal(sign_key_new(seed, &keys[i]), 0);
		m->sign = sign_key_public(keys[i]);
		m->network[0] = (uint8_t)(i + 1);
		snprintf(m->name, sizeof(m->name), "m%d", i);
		m->power = m->weight = 1;
	}
	federation_sort(&s->f);
	assert_int_equal(federation_check(&s->f, err, sizeof(err)), 0);
	for (uint16_t i = 0; i < n; i++)
		for (uint16_t k = 0; k < n; k++) {
			struct sign_public pk = sign_key_public(keys[k]);

			if (memcmp(&pk, &s->f.members[i].sign, sizeof(pk)) == 0)
				s->keys[i] = keys[k];
		}
}

static void
site_boot(struct site *s)
{
	const struct replica_config cfg = {.federation = &s->f,
	    .key = s->keys[0],
	    .self = 0};

	assert_int_equal(replica_new(&cfg, &s->r), 0);
}

static void
site_forget(struct site *s)
{
	for (size_t i = 0; i < s->nsent; i++)
		wire_msg_close(&s->sent[i]);
	s->nsent = s->nseen = 0;
}

static void
site_close(struct site *s)
{
	site_forget(s);
	replica_free(s->r);
	for (uint16_t i = 0; i < s->f.nmembers; i++)
		sign_key_free(s->keys[i]);
	federation_close(&s->f);
}

static void
step(struct site *s, struct replica_event ev)
{
	struct replica_action a;

	site_forget(s);
	ev.now = (struct replica_now){s->ms, WALL + s->ms};
	replica_step(s->r, &ev);
	while (replica_next(s->r, &a)) {
		assert_true(s->nseen < SEEN_MAX);
		if (a.type == REPLICA_STORE) {
			assert_int_equal(a.seq, s->stored + 1);
			s->stored = a.seq;
			if (a.store == REPLICA_STORE_RECORD)
				s->records[s->nrecords++] = a.record;
		}
		if (a.type == REPLICA_SEND)
			assert_int_equal(wire_decode(a.data, a.len, DIM,
					     &s->sent[s->nsent++]),
			    WIRE_OK);
		replica_action_close(&a);
		s->seen[s->nseen++] = a;
	}
}

static void
simple(struct site *s, enum replica_event_type type)
{
	step(s, (struct replica_event){.type = type});
}

static void
durable(struct site *s)
{
	step(s,
	    (struct replica_event){.type = REPLICA_EV_STORED,
		.seq = s->stored});
}

static size_t
count(const struct site *s, enum replica_action_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nseen; i++)
		n += s->seen[i].type == type;
	return n;
}

static const struct wire_msg *
sent(const struct site *s, enum wire_type type)
{
	for (size_t i = 0; i < s->nsent; i++)
		if (s->sent[i].type == type)
			return &s->sent[i];
	return NULL;
}

static void
peer(struct site *s, uint16_t i, bool up)
{
	step(s,
	    (struct replica_event){.type = up ? REPLICA_EV_PEER_UP
					      : REPLICA_EV_PEER_DOWN,
		.peer = i});
}

static void
message(struct site *s, uint16_t from, const struct wire_msg *m)
{
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = from};
	uint8_t *data;

	assert_int_equal(wire_encode(m, &data, &ev.msg.len), 0);
	ev.msg.data = data;
	step(s, ev);
	free(data);
}

static struct answer *
draft(uint64_t round)
{
	struct answer *a = answer_new(DIM);

	assert_non_null(a);
	a->kind = ANSWER_UPDATE;
	a->round = round;
	a->rows = 1;
	for (uint32_t i = 0; i < DIM; i++)
		a->delta[i] = (int64_t)i * 1000 - 2000;
	return a;
}

/* A federation of one goes round after round on its own votes. */
static void
one_member(void **state)
{
	struct site s;
	uint64_t applied = 0;

	(void)state;
	site_open(&s, 1);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	for (int k = 0; k < 400 && applied < 6; k++) {
		bool train = count(&s, REPLICA_TRAIN) > 0;
		uint64_t before = s.stored;

		applied += count(&s, REPLICA_APPLIED);
		s.ms += 5;
		if (train)
			step(&s,
			    (struct replica_event){.type = REPLICA_EV_TRAINED,
				.answer =
				    draft(replica_progress(s.r).fl_round)});
		else if (s.stored > 0 && before == s.stored && k % 2 == 0)
			durable(&s);
		else
			simple(&s, REPLICA_EV_TIME);
	}
	assert_true(applied >= 6);
	assert_true(ledger_round(replica_ledger(s.r))->aggregated >= 4);
	site_close(&s);
}

/* Neither our answer nor a vote is on the wire before it is on the disk. */
static void
durable_before_sent(void **state)
{
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	assert_int_equal(count(&s, REPLICA_TRAIN), 1);
	for (uint16_t i = 1; i < 4; i++)
		peer(&s, i, true);
	s.ms += 10;
	step(&s,
	    (struct replica_event){.type = REPLICA_EV_TRAINED,
		.answer = draft(0)});
	assert_true(count(&s, REPLICA_STORE) >= 2); /* pool and record */
	assert_null(sent(&s, WIRE_ANSWER));
	assert_false(replica_holds_answer(s.r, 0));
	durable(&s);
	assert_non_null(sent(&s, WIRE_ANSWER));
	assert_true(replica_holds_answer(s.r, 0));
	/* Block 1 is due: sooner or later a timeout makes us prevote nil. */
	for (int k = 0;
	     k < 100 && s.records[s.nrecords - 1].type != VOTELOG_BFT; k++) {
		s.ms += 50;
		simple(&s, REPLICA_EV_TIME);
		assert_null(sent(&s, WIRE_VOTE));
		assert_null(sent(&s, WIRE_PROPOSAL));
	}
	assert_int_equal(s.records[s.nrecords - 1].type, VOTELOG_BFT);
	durable(&s);
	assert_true(sent(&s, WIRE_VOTE) || sent(&s, WIRE_PROPOSAL));
	site_close(&s);
}

/* After a restart the same vote goes out again, and no other one. */
static void
restart_repeats(void **state)
{
	struct site s;
	struct vote first, again;
	const struct wire_msg *m = NULL;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	peer(&s, 1, true);
	for (int k = 0; k < 100 && m == NULL; k++) {
		s.ms += 50;
		simple(&s, REPLICA_EV_TIME);
		durable(&s);
		m = sent(&s, WIRE_VOTE);
	}
	assert_non_null(m);
	first = m->u.vote;
	replica_free(s.r);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, s.records, s.nrecords), 0);
	s.stored = 0;
	peer(&s, 1, true);
	simple(&s, REPLICA_EV_START);
	assert_int_equal(first.round, 0);
	for (int k = 0; k < 10; k++) {
		m = sent(&s, WIRE_VOTE);
		if (m != NULL && m->u.vote.type == first.type &&
		    m->u.vote.round == first.round)
			break;
		durable(&s);
	}
	m = sent(&s, WIRE_VOTE);
	if (m != NULL) {
		again = m->u.vote;
		assert_true(hash_equal(&first.block, &again.block));
		assert_memory_equal(&first.sig, &again.sig, sizeof(first.sig));
	}
	assert_true(bft_votes(replica_bft(s.r), first.round,
			(enum vote_type)first.type, &first.block)
			.w[0] &
	    1);
	site_close(&s);
}

/* A trainer gone mad costs its round's update, not the node's word. */
static void
bad_update_is_refused(void **state)
{
	struct answer *a = draft(0);
	const struct wire_msg *m;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	peer(&s, 1, true);
	a->delta[0] = INT64_MAX;
	step(&s,
	    (struct replica_event){.type = REPLICA_EV_TRAINED, .answer = a});
	durable(&s);
	m = sent(&s, WIRE_ANSWER);
	assert_non_null(m);
	assert_int_equal(m->u.answer->kind, ANSWER_NO_UPDATE);
	assert_int_equal(m->u.answer->reason, ANSWER_REASON_NUMERIC);
	simple(&s, REPLICA_EV_TIME);
	assert_int_equal(count(&s, REPLICA_TRAIN), 0);
	site_close(&s);
}

static void
log_ahead_of_chain(void **state)
{
	struct votelog_record rec = {.type = VOTELOG_BFT, .has_bft = true};
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	rec.bft.height = 2;
	assert_int_equal(replica_load_records(s.r, &rec, 1), -EBADMSG);
	rec.bft.height = 1;
	rec.bft.locked.round = rec.bft.valid.round = BFT_NO_ROUND;
	assert_int_equal(replica_load_records(s.r, &rec, 1), 0);
	site_close(&s);
}

static void
bad_bytes(void **state)
{
	static const uint8_t junk[] = {0xff, 0x00, 0x13, 0x37};
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = 2};
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash fed;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	peer(&s, 2, true);
	ev.msg.data = junk;
	ev.msg.len = sizeof(junk);
	step(&s, ev);
	assert_int_equal(count(&s, REPLICA_PUNISH), 1);
	assert_int_equal(replica_counts(s.r).bad_messages, 1);
	/* A vote of member 1, signed by member 3. */
	assert_int_equal(federation_id(&s.f, &fed), 0);
	m.u.vote =
	    (struct vote){.type = VOTE_PREVOTE, .height = 1, .validator = 1};
	vote_sign(&m.u.vote, s.keys[3], &fed);
	message(&s, 2, &m);
	assert_int_equal(count(&s, REPLICA_PUNISH), 1);
	/* The real one is welcome, also a second time. */
	vote_sign(&m.u.vote, s.keys[1], &fed);
	message(&s, 2, &m);
	message(&s, 2, &m);
	assert_int_equal(count(&s, REPLICA_PUNISH), 0);
	/* Of a height far away: honest, and of no use. */
	m.u.vote.height = 1000;
	vote_sign(&m.u.vote, s.keys[1], &fed);
	message(&s, 2, &m);
	assert_int_equal(count(&s, REPLICA_PUNISH), 0);
	assert_int_equal(replica_counts(s.r).bad_messages, 2);
	site_close(&s);
}

/* A claimed head is a hint: one peer's alone changes nothing, blocks are
 * asked of somebody who claims to have them. */
static void
heights_are_hints(void **state)
{
	struct wire_msg m = {.type = WIRE_STATUS};
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	peer(&s, 1, true);
	peer(&s, 2, true);
	m.u.status = (struct wire_status){.head = 1000,
	    .height = 1001,
	    .round = VOTE_NO_ROUND,
	    .polka_round = VOTE_NO_ROUND};
	message(&s, 1, &m);
	assert_false(replica_progress(s.r).syncing);
	message(&s, 2, &m);
	assert_true(replica_progress(s.r).syncing);
	assert_int_equal(replica_progress(s.r).target, 1000);
	assert_non_null(sent(&s, WIRE_BLOCK_REQ));
	assert_int_equal(sent(&s, WIRE_BLOCK_REQ)->u.range.from, 1);
	/* While we are behind we sign nothing. */
	for (int k = 0; k < 40; k++) {
		size_t before = s.nrecords;

		s.ms += 50;
		simple(&s, REPLICA_EV_TIME);
		assert_int_equal(s.nrecords, before);
	}
	site_close(&s);
}

/* What comes for the next height waits; a flood does not grow. */
static void
early_votes_are_bounded(void **state)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash fed;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	simple(&s, REPLICA_EV_START);
	peer(&s, 1, true);
	assert_int_equal(federation_id(&s.f, &fed), 0);
	for (uint32_t k = 0; k < 2000; k++) {
		m.u.vote = (struct vote){.type = VOTE_PREVOTE,
		    .height = 2,
		    .round = k,
		    .validator = 1};
		vote_sign(&m.u.vote, s.keys[1], &fed);
		message(&s, 1, &m);
		assert_int_equal(count(&s, REPLICA_PUNISH), 0);
	}
	site_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_member),
	    cmocka_unit_test(durable_before_sent),
	    cmocka_unit_test(restart_repeats),
	    cmocka_unit_test(bad_update_is_refused),
	    cmocka_unit_test(log_ahead_of_chain),
	    cmocka_unit_test(bad_bytes),
	    cmocka_unit_test(heights_are_hints),
	    cmocka_unit_test(early_votes_are_bounded),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
