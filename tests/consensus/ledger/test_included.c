/*
 * The included set against a slow oracle, and the two properties that it is
 * for: a proposer can neither keep out what all honest validators held nor put
 * in what only faulty ones vouch for, whichever quorum it picks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/ledger/included.h"

#define N_MAX 13
#define IDS 3 /* different answers that a member may have signed */

static uint64_t rng = 88172645463325252u;

static uint32_t
below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 16) % n);
}

struct scene {
	uint16_t n;
	uint32_t power[N_MAX];
	uint64_t total;
	struct attest attest[N_MAX];
	const struct attest *given[N_MAX];
	bool faulty[N_MAX];
};

static struct hash
id_of(uint16_t member, uint32_t k)
{
	return (struct hash){{1, (uint8_t)member, (uint8_t)k}};
}

static void
hold(struct attest *a, uint16_t member, uint32_t k)
{
	a->member[a->nheld] = member;
	a->held[a->nheld++] = id_of(member, k);
}

static uint64_t
faulty_power(const struct scene *s)
{
	uint64_t p = 0;

	for (uint16_t v = 0; v < s->n; v++)
		p += s->faulty[v] ? s->power[v] : 0;
	return p;
}

/* Faulty power below a third; everybody's power is random. */
static void
draw(struct scene *s)
{
	*s = (struct scene){.n = (uint16_t)(1 + below(N_MAX))};
	for (uint16_t v = 0; v < s->n; v++) {
		s->power[v] = below(2) ? 1 : 1 + below(5);
		s->total += s->power[v];
	}
	for (uint16_t k = 0; k < s->n; k++) {
		uint16_t v = (uint16_t)below(s->n);

		if (s->faulty[v])
			continue;
		s->faulty[v] = true;
		if (3 * faulty_power(s) >= s->total)
			s->faulty[v] = false;
	}
}

static void
attest_at_random(struct scene *s, uint16_t v)
{
	struct attest *a = &s->attest[v];

	*a = (struct attest){.validator = v};
	for (uint16_t m = 0; m < s->n; m++)
		if (below(4))
			hold(a, m, below(3) ? 0 : below(IDS));
}

/* A random subset, grown until it is a quorum. */
static void
pick_quorum(struct scene *s)
{
	uint64_t power = 0;

	memset(s->given, 0, sizeof(s->given));
	while (3 * power <= 2 * s->total) {
		uint16_t v = (uint16_t)below(s->n);

		if (s->given[v])
			continue;
		s->given[v] = &s->attest[v];
		power += s->power[v];
	}
}

static uint64_t
power_for(const struct scene *s, const struct hash *id, uint16_t member)
{
	uint64_t power = 0;

	for (uint16_t v = 0; v < s->n; v++) {
		const struct attest *a = s->given[v];

		for (uint16_t i = 0; a && i < a->nheld; i++)
			if (a->member[i] == member &&
			    hash_equal(&a->held[i], id))
				power += s->power[v];
	}
	return power;
}

static int
index_of(const struct included *set, uint16_t member)
{
	for (uint16_t i = 0; i < set->n; i++)
		if (set->member[i] == member)
			return i;
	return -1;
}

static bool
in_list(const uint16_t *list, uint16_t n, uint16_t member)
{
	for (uint16_t i = 0; i < n; i++)
		if (list[i] == member)
			return true;
	return false;
}

static void
check_member(const struct scene *s, const struct included *set, uint16_t m)
{
	uint32_t nqualify = 0;
	struct hash which = {{0}};
	int i = index_of(set, m);

	for (uint32_t k = 0; k < IDS; k++) {
		struct hash id = id_of(m, k);

		if (3 * power_for(s, &id, m) <= s->total)
			continue;
		nqualify++;
		which = id;
	}
	assert_int_equal(i >= 0, nqualify == 1);
	assert_int_equal(in_list(set->equivocal, set->nequivocal, m),
	    nqualify > 1);
	if (i >= 0)
		assert_true(hash_equal(&which, &set->id[i]));
}

static void
against_oracle(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct scene s;
		struct included set;
		uint64_t power = 0;

		draw(&s);
		for (uint16_t v = 0; v < s.n; v++) {
			attest_at_random(&s, v);
			s.given[v] = below(4) ? &s.attest[v] : NULL;
			power += s.given[v] ? s.power[v] : 0;
		}
		included_compute(&set, s.given, s.power, s.n);
		assert_int_equal(set.power, power);
		assert_int_equal(set.quorum, 3 * power > 2 * s.total);
		for (uint16_t i = 1; i < set.n; i++)
			assert_true(set.member[i] > set.member[i - 1]);
		for (uint16_t m = 0; m < s.n; m++)
			check_member(&s, &set, m);
	}
}

/* All honest validators hold id 0 of member 0; the faulty ones attest what
 * they like, and the proposer picks any quorum. */
static void
no_censorship(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct scene s;
		struct included set;

		draw(&s);
		for (uint16_t v = 0; v < s.n; v++) {
			struct attest *a = &s.attest[v];

			a->validator = v;
			if (!s.faulty[v])
				hold(a, 0, 0);
			else if (below(2))
				hold(a, 0, 1 + below(2));
		}
		pick_quorum(&s);
		included_compute(&set, s.given, s.power, s.n);
		assert_true(set.quorum);
		assert_int_equal(index_of(&set, 0), 0);
		assert_int_equal(set.id[0].b[2], 0);
		assert_int_equal(set.nequivocal, 0);
	}
}

/* Only faulty validators vouch for member 0. */
static void
no_favouring(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct scene s;
		struct included set;

		draw(&s);
		for (uint16_t v = 0; v < s.n; v++) {
			s.attest[v].validator = v;
			if (s.faulty[v])
				hold(&s.attest[v], 0, 0);
		}
		pick_quorum(&s);
		included_compute(&set, s.given, s.power, s.n);
		assert_int_equal(set.n, 0);
	}
}

/* Whatever is in the set is held by an honest validator. */
static void
available(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct scene s;
		struct included set;

		draw(&s);
		for (uint16_t v = 0; v < s.n; v++)
			attest_at_random(&s, v);
		pick_quorum(&s);
		included_compute(&set, s.given, s.power, s.n);
		for (uint16_t v = 0; v < s.n; v++)
			if (s.faulty[v])
				s.given[v] = NULL;
		for (uint16_t i = 0; i < set.n; i++)
			assert_true(
			    power_for(&s, &set.id[i], set.member[i]) > 0);
	}
}

/* More attestations than a quorum can only be picked, not weighed: the order
 * and the fullest size work too. */
static void
hundred_validators(void **state)
{
	struct attest *all = calloc(INCLUDED_MAX, sizeof(*all));
	const struct attest *given[INCLUDED_MAX];
	uint32_t power[INCLUDED_MAX];
	struct included set;

	(void)state;
	assert_non_null(all);
	for (uint16_t v = 0; v < INCLUDED_MAX; v++) {
		power[v] = 1u << 20;
		all[v].validator = v;
		for (uint16_t m = 0; m < INCLUDED_MAX; m++)
			if (v < 33 + m % 2)
				hold(&all[v], m, 0);
		given[v] = &all[v];
	}
	included_compute(&set, given, power, INCLUDED_MAX);
	assert_true(set.quorum);
	assert_int_equal(set.n, 50); /* 34 of 100 do, 33 do not */
	assert_int_equal(set.member[0], 1);
	assert_int_equal(set.member[49], 99);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(against_oracle),
	    cmocka_unit_test(no_censorship),
	    cmocka_unit_test(no_favouring),
	    cmocka_unit_test(available),
	    cmocka_unit_test(hundred_validators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
