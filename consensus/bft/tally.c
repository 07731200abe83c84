#include "consensus/bft/tally.h"

#include <assert.h>

#include "consensus/bft/quorum.h"

void
tally_clear(struct bft_tally *t)
{
	static const struct bft_bits none;
	static const struct hash nil;

	t->have = none;
	t->twice = none;
	t->any = 0;
	t->blocks = 0;
	t->majority = false;
	t->winner = nil;
}

const struct bft_ballot *
tally_find(const struct bft_tally *t, uint16_t i, const struct hash *block)
{
	if (bft_bits_has(&t->have, i) &&
	    hash_equal(&t->ballots[0][i].block, block))
		return &t->ballots[0][i];
	if (bft_bits_has(&t->twice, i) &&
	    hash_equal(&t->ballots[1][i].block, block))
		return &t->ballots[1][i];
	return NULL;
}

uint64_t
tally_power(const struct bft_tally *t, const struct bft_set *set,
    const struct hash *block)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < set->n; i++) {
		if (tally_find(t, i, block) != NULL)
			sum += set->power[i];
	}
	return sum;
}

bool
tally_won(const struct bft_tally *t, const struct hash *block)
{
	return t->majority && hash_equal(&t->winner, block);
}

/* At most one block can win while less than a third is faulty; beyond that
 * the first one stands. */
static void
find_winner(struct bft_tally *t, const struct bft_set *set,
    const struct hash *block)
{
	if (t->majority)
		return;
	if (!quorum_reached(tally_power(t, set, block), set->total))
		return;
	t->majority = true;
	t->winner = *block;
}

/* Power behind block of those that have not voted twice. */
static uint64_t
single_power(const struct bft_tally *t, const struct bft_set *set,
    const struct hash *block)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < set->n; i++) {
		if (bft_bits_has(&t->have, i) && !bft_bits_has(&t->twice, i) &&
		    hash_equal(&t->ballots[0][i].block, block))
			sum += set->power[i];
	}
	return sum;
}

/*
 * A third value of one validator replaces the second if more of those that
 * vote once stand behind it; else a faulty validator could fill both places
 * of some nodes with nonsense. A block X that won a quorum somewhere always
 * gets its place: with f_X faulty power in that quorum, more than
 * 2N/3 - f_X > N/3 honest power is behind X, and what is left for any other
 * block, without those who voted twice, is less than N/3. (Comparing all
 * votes, the faulty ones back each other: swarm seed 507 with n 4.)
 */
static bool
better_second(const struct bft_tally *t, const struct bft_set *set,
    const struct vote *v)
{
	const struct hash *held = &t->ballots[1][v->validator].block;

	return !tally_won(t, held) &&
	    single_power(t, set, &v->block) > single_power(t, set, held);
}

enum tally_result
tally_add(struct bft_tally *t, const struct bft_set *set, const struct vote *v)
{
	uint16_t i = v->validator;
	enum tally_result result = TALLY_NEW;
	unsigned place = 0;

	assert(i < set->n);
	if (tally_find(t, i, &v->block) != NULL)
		return TALLY_SAME;
	if (bft_bits_has(&t->twice, i)) {
		if (!better_second(t, set, v))
			return TALLY_CONFLICT_OLD;
		result = TALLY_CONFLICT_OLD;
		place = 1;
	} else if (bft_bits_has(&t->have, i)) {
		result = TALLY_CONFLICT;
		place = 1;
	}
	t->ballots[place][i].block = v->block;
	t->ballots[place][i].sig = v->sig;
	if (place == 1) {
		bft_bits_add(&t->twice, i);
	} else {
		bft_bits_add(&t->have, i);
		t->any += set->power[i];
		if (!hash_is_zero(&v->block))
			t->blocks += set->power[i];
	}
	find_winner(t, set, &v->block);
	return result;
}

/* Of word k: the bits of validators 0 .. n - 1. */
static uint64_t
bits_below(uint16_t n, unsigned k)
{
	if (n >= 64 * (k + 1))
		return UINT64_MAX;
	return n > 64 * k ? (UINT64_C(1) << (n - 64 * k)) - 1 : 0;
}

void
tally_check(const struct bft_tally *t, const struct bft_set *set)
{
	uint64_t any = 0, blocks = 0;

	for (unsigned k = 0; k < 2; k++) {
		assert((t->have.w[k] & ~bits_below(set->n, k)) == 0);
		assert((t->twice.w[k] & ~t->have.w[k]) == 0);
	}
	for (uint16_t i = 0; i < set->n; i++) {
		if (!bft_bits_has(&t->have, i))
			continue;
		any += set->power[i];
		if (!hash_is_zero(&t->ballots[0][i].block))
			blocks += set->power[i];
		if (bft_bits_has(&t->twice, i))
			assert(!hash_equal(&t->ballots[0][i].block,
			    &t->ballots[1][i].block));
	}
	assert(t->any == any && t->blocks == blocks);
	if (t->majority)
		assert(quorum_reached(tally_power(t, set, &t->winner),
		    set->total));
}
