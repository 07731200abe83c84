/*
 * The bench, block by block: three misses send out, four of ten certificates
 * bring back, never a third of the power.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "consensus/bft/proposer.h"
#include "consensus/ledger/bench.h"

static const uint32_t ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* A federation in which some are dead: they neither propose nor sign. */
struct play {
	struct bench b;
	struct bench_set set;
	uint64_t height;
	unsigned slow; /* blocks of a later round */
	uint32_t dead; /* bit by validator */
};

static bool
is_dead(const struct play *p, uint16_t i)
{
	return (p->dead >> i) & 1u;
}

static void
play(struct play *p, unsigned blocks)
{
	uint32_t turns[10];

	for (unsigned k = 0; k < blocks; k++) {
		struct commit last = {.height = p->height};
		struct bench_block at = {.height = ++p->height, .last = &last};

		for (uint16_t i = 0; i < p->set.n; i++)
			if (!is_dead(p, i))
				last.validators[last.nsigs++] = i;
		bench_turns(&p->b, &p->set, turns);
		do
			at.proposer = bft_proposer(turns, p->set.n, at.height,
			    at.round++);
		while (is_dead(p, at.proposer));
		at.round--;
		p->slow += at.round > 0;
		bench_block(&p->b, &p->set, &p->set, &at);
	}
}

static struct play
play_of(const uint32_t *power, uint16_t n)
{
	return (struct play){.set = {power, n}};
}

/* Row 8 of the issue: three slow blocks, then none. */
static void
one_dead_of_four_costs_three_blocks(void **state)
{
	(void)state;
	for (uint16_t who = 0; who < 4; who++) {
		struct play p = play_of(ones, 4);

		play(&p, 40 + who);
		assert_int_equal(p.slow, 0);
		p.dead = 1u << who;
		play(&p, 11);
		play(&p, 1);
		assert_true(p.b.out[who]);
		assert_int_equal(p.slow, 3);
		play(&p, 5000);
		assert_int_equal(p.slow, 3);
	}
}

/* It comes back after four certificates, and with a clean slate. */
static void
who_signs_again_plays_again(void **state)
{
	struct play p = play_of(ones, 4);

	(void)state;
	p.dead = 1u << 2;
	play(&p, 100);
	assert_true(p.b.out[2]);
	p.dead = 0;
	play(&p, 3);
	assert_true(p.b.out[2]);
	play(&p, 1);
	assert_false(p.b.out[2]);
	assert_int_equal(p.b.miss[2], 0);
	play(&p, 100);
	assert_int_equal(p.slow, 3);
	/* Dead again: it costs three again. */
	p.dead = 1u << 2;
	play(&p, 100);
	assert_int_equal(p.slow, 6);
}

static void
only_less_than_a_third_sits_out(void **state)
{
	static const uint32_t uneven[4] = {3, 1, 1, 4};
	struct play p;

	(void)state;
	for (uint16_t n = 1; n <= 10; n++) {
		unsigned out = 0;

		p = play_of(ones, n);
		p.dead = ((1u << n) - 1) & ~1u; /* all but one */
		play(&p, 200);
		for (uint16_t i = 0; i < n; i++)
			out += p.b.out[i];
		assert_int_equal(out, (n - 1) / 3);
		assert_false(p.b.out[0]);
	}
	/* Power, not heads: of nine, two may sit out, not three or four. */
	p = play_of(uneven, 4);
	p.dead = 1u | 2u | 4u;
	play(&p, 200);
	assert_false(p.b.out[0]);
	assert_true(p.b.out[1]);
	assert_true(p.b.out[2]);
}

/* Who sits out while others leave, until there is no room for it. */
static void
fewer_members_have_less_room(void **state)
{
	static const uint32_t six[7] = {1, 1, 1, 1, 1, 1, 0},
			      three[7] = {0, 0, 0, 0, 1, 1, 1},
			      one[7] = {0, 0, 0, 0, 0, 1, 0};
	const struct bench_set few = {six, 7}, fewer = {three, 7},
			       alone = {one, 7};
	struct bench_block at = {.proposer = 0};
	struct play p = play_of(ones, 7);
	struct bench b;

	(void)state;
	p.dead = 1u << 4 | 1u << 5;
	play(&p, 100);
	assert_true(p.b.out[4]);
	assert_true(p.b.out[5]);
	/* Two of six are a third: the later seat has its turn back, and with
	 * its next miss it is still in. */
	at.height = p.height + 1;
	b = p.b;
	bench_block(&b, &p.set, &few, &at);
	assert_true(b.out[4]);
	assert_false(b.out[5]);
	assert_int_equal(b.miss[5], BENCH_MISSES);
	at.height = 5;
	at.round = 1;
	bench_block(&b, &few, &few, &at);
	assert_false(b.out[5]);
	/* As soon as there is room again it sits out. */
	bench_block(&b, &few, &p.set, &at);
	assert_true(b.out[5]);
	/* None of three, and who is left alone has all turns. */
	b = p.b;
	bench_fit(&b, &fewer);
	assert_false(b.out[4]);
	assert_false(b.out[5]);
	b = p.b;
	bench_fit(&b, &alone);
	assert_false(b.out[5]);
	/* With room for all, nothing is changed. */
	b = p.b;
	bench_fit(&b, &p.set);
	assert_memory_equal(&b, &p.b, sizeof(b));
}

/* Two misses, then a block of its own: no harm in the end. */
static void
an_own_block_wipes_the_slate(void **state)
{
	struct play p = play_of(ones, 4);

	(void)state;
	for (unsigned k = 0; k < 20; k++) {
		p.dead = 1u << 1;
		play(&p, 8);
		assert_int_equal(p.b.miss[1], 2);
		p.dead = 0;
		play(&p, 4);
		assert_int_equal(p.b.miss[1], 0);
		assert_false(p.b.out[1]);
	}
}

static void
hash_covers_everything(void **state)
{
	struct bench b = {.miss = {0}};
	const struct hash none = bench_hash(&b, 4);
	struct hash h;

	(void)state;
	b.miss[3] = 1;
	h = bench_hash(&b, 4);
	assert_false(hash_equal(&h, &none));
	b.miss[3] = 0;
	b.out[3] = true;
	h = bench_hash(&b, 4);
	assert_false(hash_equal(&h, &none));
	b.out[3] = false;
	b.signs[3] = 0x200;
	h = bench_hash(&b, 4);
	assert_false(hash_equal(&h, &none));
	b.signs[3] = 0;
	b.miss[4] = 1;
	h = bench_hash(&b, 4);
	assert_true(hash_equal(&h, &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_dead_of_four_costs_three_blocks),
	    cmocka_unit_test(who_signs_again_plays_again),
	    cmocka_unit_test(only_less_than_a_third_sits_out),
	    cmocka_unit_test(fewer_members_have_less_room),
	    cmocka_unit_test(an_own_block_wipes_the_slate),
	    cmocka_unit_test(hash_covers_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
