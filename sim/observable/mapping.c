#include "sim/observable/mapping.h"

#include <assert.h>

#include "sim/observable/pauli.h"

uint32_t
mapping_qubits(const struct mapping *m)
{
	return 2 * m->norbitals - (m->kind == MAPPING_PARITY ? 2 : 0);
}

/* Bit i becomes the parity of bits 0 .. i. */
static uint64_t
prefix(uint64_t x, uint32_t n)
{
	uint64_t out = 0, sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		sum ^= x >> i & 1;
		out |= sum << i;
	}
	return out;
}

/* Without bits k - 1 and 2 k - 1. */
static uint64_t
squeeze(uint64_t x, uint32_t k)
{
	uint64_t low = (UINT64_C(1) << (k - 1)) - 1;

	return (x & low) | (x >> k & low) << (k - 1);
}

/* X^x Z^z of occupations is X^(B x) Z^(B^-T z) of their prefix sums; the
 * factors i of the Ys go with the count of bits in both. */
bool
mapping_string(const struct mapping *m, struct pauli_term *t)
{
	uint32_t k = m->norbitals, ys = mapping_ones(t->x & t->z);
	uint64_t x, z, up = UINT64_C(1) << (k - 1), all = up << k;

	if (m->kind == MAPPING_JW)
		return true;
	x = prefix(t->x, 2 * k);
	z = t->z ^ t->z >> 1;
	if (x & (up | all))
		return false;
	if (z & up && m->alpha % 2 == 1)
		t->coef = -t->coef;
	if (z & all && (m->alpha + m->beta) % 2 == 1)
		t->coef = -t->coef;
	t->x = squeeze(x, k);
	t->z = squeeze(z, k);
	ys -= mapping_ones(t->x & t->z);
	assert(ys % 2 == 0);
	if (ys % 4 == 2)
		t->coef = -t->coef;
	return true;
}

uint64_t
mapping_state(const struct mapping *m, uint64_t occupied)
{
	if (m->kind == MAPPING_JW)
		return occupied;
	return squeeze(prefix(occupied, 2 * m->norbitals), m->norbitals);
}

uint64_t
mapping_occupied(const struct mapping *m, uint64_t state, bool *fits)
{
	uint32_t k = m->norbitals;
	uint64_t low = (UINT64_C(1) << k) - 1, n = state;

	if (m->kind == MAPPING_PARITY) {
		uint64_t half = low >> 1, sums;

		sums = (state & half) | (state >> (k - 1) & half) << k;
		if (m->alpha % 2 == 1)
			sums |= UINT64_C(1) << (k - 1);
		if ((m->alpha + m->beta) % 2 == 1)
			sums |= UINT64_C(1) << (2 * k - 1);
		n = sums ^ sums << 1;
		n &= k == 32 ? UINT64_MAX : (UINT64_C(1) << 2 * k) - 1;
	}
	*fits = mapping_ones(n & low) == m->alpha &&
	    mapping_ones(n >> k) == m->beta;
	return n;
}
