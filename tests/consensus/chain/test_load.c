/*
 * What a start makes of a pool that a height of many rounds has filled, or a
 * member that signed many answers: the block that we are locked on is there,
 * whole. All who vote may have stopped at once, and then nobody else has it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/replica/store.h"
#include "proto/wire.h"
#include "simdisk.h"
#include "tests/consensus/ledger/fixture.h"

#define MEMBERS 4
#define ROUNDS 40 /* more than there is room for bodies */
#define ANSWERS 5 /* that one member signed */

static const struct hash node = {.b = {1}};

struct site {
	struct simdisk disk;
	struct town town;
	struct store s;
	struct replica *r;
	uint64_t ms, stored;
	size_t nblocks, nproposals; /* of the last steps */
};

static void
open_store(struct site *x)
{
	struct store_report rep;

	assert_int_equal(store_open(&x->s, &x->disk.disk, &x->town.f, &node,
			     &rep),
	    0);
}

static void
site_open(struct site *x)
{
	const struct town_setup setup = {.n = MEMBERS, .rounds = 12};

	*x = (struct site){.ms = 1};
	simdisk_init(&x->disk, 5);
	town_open(&x->town, &setup);
	assert_int_equal(votelog_create(&x->disk.disk, VOTELOG_NAME, &node), 0);
	open_store(x);
}

static void
site_close(struct site *x)
{
	replica_free(x->r);
	store_close(&x->s);
	town_close(&x->town);
	simdisk_close(&x->disk);
}

static void
put(struct site *x, enum replica_store what, const struct hash *id,
    struct bytes_writer *w)
{
	const struct replica_action a = {.type = REPLICA_STORE,
	    .store = what,
	    .id = *id,
	    .data = w->data,
	    .len = w->len};

	assert_int_equal(w->error, 0);
	assert_int_equal(store_perform(&x->s, &a), 0);
	bytes_writer_close(w);
}

static void
put_body(struct site *x, const struct block *b)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	block_put(&w, b);
	put(x, REPLICA_STORE_BODY, &b->id, &w);
}

static void
put_precommit(struct site *x, uint64_t height, const struct bft_mark *mark)
{
	struct replica_action a = {.type = REPLICA_STORE,
	    .store = REPLICA_STORE_RECORD};

	a.record.type = VOTELOG_BFT;
	a.record.has_bft = true;
	a.record.bft = (struct bft_record){.type = BFT_RECORD_PRECOMMIT,
	    .height = height,
	    .round = (uint32_t)mark->round,
	    .valid_round = BFT_NO_ROUND,
	    .block = mark->block,
	    .locked = *mark,
	    .valid = *mark};
	assert_int_equal(store_perform(&x->s, &a), 0);
}

/* We precommitted this block, and named this answer; NULL: none. */
static void
put_lock(struct site *x, const struct hash *block, uint32_t round,
    const struct hash *answer)
{
	const struct bft_mark mark = {*block, (int32_t)round};
	struct replica_action a = {.type = REPLICA_STORE,
	    .store = REPLICA_STORE_RECORD};

	a.record =
	    (struct votelog_record){.type = VOTELOG_ANSWER, .has_answer = true};
	if (answer != NULL) {
		a.record.answer.id = *answer;
		assert_int_equal(store_perform(&x->s, &a), 0);
	}
	put_precommit(x, 1, &mark);
}

static void
step(struct site *x, struct replica_event ev)
{
	struct replica_action a;
	struct wire_msg m;

	ev.now = (struct replica_now){++x->ms, x->town.now_ms + x->ms};
	replica_step(x->r, &ev);
	while (replica_next(x->r, &a)) {
		if (a.type == REPLICA_STORE)
			x->stored = a.seq;
		x->nblocks +=
		    a.type == REPLICA_STORE && a.store == REPLICA_STORE_BLOCK;
		if (a.type == REPLICA_SEND &&
		    wire_decode(a.data, a.len, ANSWER_DIM_MAX, &m) == WIRE_OK) {
			x->nproposals += m.type == WIRE_PROPOSAL;
			wire_msg_close(&m);
		}
		replica_action_close(&a);
	}
}

/* Killed, and started from what is on the disk. */
static void
start(struct site *x)
{
	const struct replica_config cfg = {.federation = &x->town.f,
	    .key = x->town.keys[0]};
	uint64_t height;

	store_close(&x->s);
	open_store(x);
	assert_int_equal(replica_new(&cfg, &x->r), 0);
	assert_int_equal(store_load(&x->s, x->r, &height), 0);
	step(x, (struct replica_event){.type = REPLICA_EV_START});
	for (uint16_t i = 1; i < MEMBERS; i++)
		step(x,
		    (struct replica_event){.type = REPLICA_EV_PEER_UP,
			.peer = i});
}

static void
cast(struct site *x, uint16_t by, struct vote v)
{
	struct wire_msg m = {.type = WIRE_VOTE, .u.vote = v};
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = by};
	uint8_t *data;

	m.u.vote.height = 1;
	m.u.vote.validator = by;
	vote_sign(&m.u.vote, x->town.keys[by], &x->town.fid);
	assert_int_equal(wire_encode(&m, &data, &ev.msg.len), 0);
	ev.msg.data = data;
	step(x, ev);
	free(data);
}

static struct block *
heartbeat(struct site *x, uint32_t round)
{
	const struct ledger_inputs in = town_inputs(&x->town, round);
	struct block *b = NULL;
	struct hash missing;

	assert_int_equal(ledger_build(x->town.l, &in, &b, &missing), 0);
	return b;
}

/* In each of many rounds another block was valid; we are locked on one. */
static void
locked_among_many(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < ROUNDS; k++) {
		uint32_t turn = ROUNDS;
		struct site x;

		site_open(&x);
		x.town.now_ms += 1000;
		for (uint32_t round = 0; round < ROUNDS; round++) {
			struct block *b = heartbeat(&x, round);

			put_body(&x, b);
			if (round == k)
				put_lock(&x, &b->id, ROUNDS - 1, NULL);
			block_free(b);
		}
		start(&x);
		while (ledger_proposer(x.town.l, turn) != 0)
			turn++;
		for (uint16_t by = 1; by < 3; by++)
			cast(&x, by,
			    (struct vote){.type = VOTE_PREVOTE, .round = turn});
		step(&x,
		    (struct replica_event){.type = REPLICA_EV_STORED,
			.seq = x.stored});
		assert_int_equal(x.nproposals, 1);
		site_close(&x);
	}
}

/* Of all that a member signed the block has one. */
static void
one_of_many_answers(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ANSWERS; k++) {
		uint64_t bits = UINT64_C(1) << (MEMBERS - 1 + k);
		struct block *b;
		struct site x;

		site_open(&x);
		x.town.now_ms += 1000;
		for (uint16_t m = 0; m + 1 < MEMBERS; m++)
			bits |= UINT64_C(1)
			    << town_answer(&x.town, m, ANSWER_UPDATE);
		for (unsigned i = 0; i < ANSWERS; i++) {
			struct answer *a =
			    town_draft(&x.town, MEMBERS - 1, ANSWER_UPDATE);

			a->delta[0] = (int64_t)i;
			(void)town_keep(&x.town, a);
		}
		for (uint16_t m = 0; m < MEMBERS; m++)
			town_attest(&x.town, m, bits);
		b = town_build(&x.town);
		assert_int_equal(b->header.nanswers, MEMBERS);
		for (unsigned i = 0; i < x.town.npool; i++) {
			struct bytes_writer w = BYTES_WRITER_INIT;

			answer_put(&w, x.town.pool[i]);
			put(&x, REPLICA_STORE_ANSWER, &x.town.pool[i]->id, &w);
		}
		put_body(&x, b);
		put_lock(&x, &b->id, 0, &x.town.pool[0]->id);
		start(&x);
		for (uint16_t by = 1; by < MEMBERS; by++)
			cast(&x, by,
			    (struct vote){.type = VOTE_PRECOMMIT,
				.block = b->id});
		assert_int_equal(x.nblocks, 1);
		block_free(b);
		site_close(&x);
	}
}

/* The chain may have lost blocks that we have signed beyond. While they come
 * back the prevotes behind our lock stay; else a block ends its height. */
static void
prevotes_of_a_later_height(void **state)
{
	const struct bft_mark mark = {{{3}}, 0};
	const struct hash id = {{7}};

	(void)state;
	for (uint64_t height = 1; height <= 2; height++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct replica_action a = {.type = REPLICA_STORE,
		    .store = REPLICA_STORE_BLOCK,
		    .height = 1};
		struct commit commit = {.height = 1};
		struct block *b;
		struct site x;
		uint8_t *data = NULL;
		uint32_t len;

		site_open(&x);
		bytes_put_u8(&w, 9);
		put(&x, REPLICA_STORE_POLKA, &id, &w);
		put_precommit(&x, height, &mark);
		x.town.now_ms += 1000;
		b = heartbeat(&x, 0);
		block_put(&w, b);
		a.id = b->id;
		a.data = w.data;
		a.len = w.len;
		a.commit = &commit;
		assert_int_equal(store_perform(&x.s, &a), 0);
		assert_int_equal(pool_get(&x.s.pool, POOL_POLKA, &id, &data,
				     &len),
		    height > 1 ? 0 : -ENOENT);
		free(data);
		bytes_writer_close(&w);
		block_free(b);
		site_close(&x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(locked_among_many),
	    cmocka_unit_test(one_of_many_answers),
	    cmocka_unit_test(prevotes_of_a_later_height),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
