/*
 * Those who left a round can bring those along who did not, whoever lost what
 * in between: four nodes, a power cut of all of them, one vote log lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/bft/view.h"
#include "tests/consensus/replica/site.h"

#define NODES 4
#define QUEUE 4096
#define NIGHT_MS 120000 /* time enough for any number of rounds */

struct letter {
	uint16_t from, to;
	uint8_t *data;
	size_t len;
};

struct town {
	struct site s[NODES];
	/* Does this message arrive? */
	bool (*way)(uint16_t from, uint16_t to, const struct wire_msg *m);
	struct letter queue[QUEUE];
	size_t n;
	uint64_t ms;
};

static void
post(struct town *t, uint16_t from, uint16_t peer, const struct wire_msg *m)
{
	for (uint16_t to = 0; to < NODES; to++) {
		struct letter *l = &t->queue[t->n];

		if (to == from || (peer != REPLICA_ALL && peer != to) ||
		    !t->way(from, to, m) || t->n == QUEUE)
			continue;
		*l = (struct letter){.from = from, .to = to};
		assert_int_equal(wire_encode(m, &l->data, &l->len), 0);
		t->n++;
	}
}

/* Posts what came of the last step, and makes it durable until that is all. */
static void
settle(struct town *t, uint16_t i)
{
	struct site *s = &t->s[i];

	for (;;) {
		size_t k = 0;

		for (size_t j = 0; j < s->nseen; j++)
			if (s->seen[j].type == REPLICA_SEND)
				post(t, i, s->seen[j].peer, &s->sent[k++]);
		assert_int_equal(site_count(s, REPLICA_HALT), 0);
		assert_int_equal(site_count(s, REPLICA_PUNISH), 0);
		if (site_count(s, REPLICA_STORE) == 0)
			break;
		site_durable(s);
	}
}

static void
deliver(struct town *t)
{
	for (size_t k = 0; k < t->n; k++) {
		struct letter l = t->queue[k];
		struct replica_event ev = {.type = REPLICA_EV_MSG,
		    .peer = l.from,
		    .msg = {l.data, l.len}};

		site_step(&t->s[l.to], ev);
		free(l.data);
		settle(t, l.to);
	}
	t->n = 0;
}

static void
pass(struct town *t, uint64_t ms)
{
	for (uint64_t end = t->ms + ms; t->ms < end;) {
		t->ms += 10;
		for (uint16_t i = 0; i < NODES; i++) {
			t->s[i].ms = t->ms;
			if (replica_deadline(t->s[i].r) > t->ms)
				continue;
			site_simple(&t->s[i], REPLICA_EV_TIME);
			settle(t, i);
		}
		deliver(t);
	}
}

static void
begin(struct town *t, uint16_t i)
{
	struct site *s = &t->s[i];

	s->ms = t->ms;
	site_simple(s, REPLICA_EV_START);
	settle(t, i);
	for (uint16_t k = 0; k < NODES; k++) {
		if (k == i)
			continue;
		site_peer(s, k, true);
		settle(t, i);
	}
}

static struct town *
found(bool (*way)(uint16_t, uint16_t, const struct wire_msg *))
{
	struct town *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->way = way;
	t->ms = 1;
	for (uint16_t i = 0; i < NODES; i++) {
		site_open(&t->s[i], NODES);
		t->s[i].self = i;
		site_boot(&t->s[i]);
	}
	for (uint16_t i = 0; i < NODES; i++)
		begin(t, i);
	return t;
}

static void
leave(struct town *t)
{
	for (size_t k = 0; k < t->n; k++)
		free(t->queue[k].data);
	for (uint16_t i = 0; i < NODES; i++)
		site_close(&t->s[i]);
	free(t);
}

static void
power_cut(struct town *t, uint16_t loses_log)
{
	for (size_t k = 0; k < t->n; k++)
		free(t->queue[k].data);
	t->n = 0;
	for (uint16_t i = 0; i < NODES; i++) {
		struct site *s = &t->s[i];

		replica_free(s->r);
		site_boot(s);
		if (i == loses_log)
			s->nrecords = 0;
		site_load(s);
		if (i == loses_log)
			replica_quarantine(s->r);
	}
	for (uint16_t i = 0; i < NODES; i++)
		begin(t, i);
}

/* The newest record that signed at height 1. */
static const struct bft_record *
last(const struct site *s)
{
	for (size_t k = s->nrecords; k-- > 0;)
		if (s->records[k].type == VOTELOG_BFT)
			return &s->records[k].bft;
	return NULL;
}

static size_t
passages(const struct site *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->npool; i++)
		n += s->pool[i].store == REPLICA_STORE_PASSAGE;
	return n;
}

static uint64_t
height(const struct site *s)
{
	return ledger_height(replica_ledger(s->r));
}

static bool
all(uint16_t from, uint16_t to, const struct wire_msg *m)
{
	(void)from, (void)to, (void)m;
	return true;
}

/* 0, 1 and 3 hear one another's prevotes of round 0 and nothing else; 2 hears
 * their precommits. */
static bool
two_goes_on(uint16_t from, uint16_t to, const struct wire_msg *m)
{
	if (m->type != WIRE_VOTE || m->u.vote.round != 0 || from == 2)
		return false;
	return (m->u.vote.type == VOTE_PREVOTE) == (to != 2);
}

static void
check_moves(struct town *t)
{
	for (int k = 0; k < NIGHT_MS / 100 && height(&t->s[0]) == 0; k++)
		pass(t, 100);
	assert_int_equal(height(&t->s[0]), 1);
}

/* By a quorum of precommits (L47). Seed 1051312 at 3a6b26e. */
static void
precommits_lead_on(void **state)
{
	struct town *t = found(two_goes_on);

	(void)state;
	for (int k = 0; k < 600; k++) {
		const struct bft_record *r = last(&t->s[2]);

		pass(t, 100);
		if (r != NULL && r->round == 1 && r->type == VOTE_PREVOTE)
			break;
	}
	assert_int_equal(last(&t->s[2])->round, 1);
	assert_int_equal(last(&t->s[0])->round, 0);
	assert_int_equal(last(&t->s[0])->type, VOTE_PRECOMMIT);
	assert_int_equal(last(&t->s[3])->round, 0);
	assert_int_equal(last(&t->s[3])->type, VOTE_PRECOMMIT);
	/* In round 0 it costs nothing. */
	assert_int_equal(passages(&t->s[0]), 0);
	assert_int_equal(passages(&t->s[2]), 1);
	t->way = all;
	power_cut(t, 1);
	check_moves(t);
	leave(t);
}

static bool
nothing(uint16_t from, uint16_t to, const struct wire_msg *m)
{
	(void)from, (void)to, (void)m;
	return false;
}

static bool
zero_and_two(uint16_t from, uint16_t to, const struct wire_msg *m)
{
	(void)m;
	return from % 2 == 0 && to % 2 == 0;
}

static void
say(struct town *t, uint16_t from, uint16_t to, uint32_t round)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash fed;

	assert_int_equal(federation_id(&t->s[0].f, &fed), 0);
	m.u.vote = (struct vote){.type = VOTE_PREVOTE,
	    .height = 1,
	    .round = round,
	    .validator = from};
	vote_sign(&m.u.vote, t->s[0].keys[from], &fed);
	site_message(&t->s[to], from, &m);
	settle(t, to);
}

/* By votes of a third and more (L55), of a round that was not followed, so the
 * core counts none of them. 2 alone has them. */
static struct town *
two_is_led_on(void)
{
	struct town *t = found(nothing);

	say(t, 1, 2, 5);
	assert_int_equal(replica_bft(t->s[2].r)->round, BFT_NO_ROUND);
	say(t, 3, 2, 5);
	assert_int_equal(replica_bft(t->s[2].r)->round, 5);
	for (int k = 0; k < 600 && last(&t->s[2]) == NULL; k++)
		pass(t, 100);
	assert_int_equal(last(&t->s[2])->round, 5);
	assert_int_equal(passages(&t->s[2]), 1);
	assert_true(last(&t->s[0]) == NULL || last(&t->s[0])->round == 0);
	return t;
}

/* To who is behind, though they are in no tally. */
static void
votes_of_a_third_are_shown(void **state)
{
	struct town *t = two_is_led_on();

	(void)state;
	t->way = zero_and_two;
	pass(t, 2000);
	assert_int_equal(replica_bft(t->s[0].r)->round, 5);
	leave(t);
}

static void
votes_of_a_third_lead_on(void **state)
{
	struct town *t = two_is_led_on();

	(void)state;
	t->way = zero_and_two;
	power_cut(t, 1);
	pass(t, 1000);
	assert_int_equal(replica_bft(t->s[0].r)->round, 5);
	leave(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(precommits_lead_on),
	    cmocka_unit_test(votes_of_a_third_are_shown),
	    cmocka_unit_test(votes_of_a_third_lead_on),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
