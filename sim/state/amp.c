#include "sim/state/amp.h"

#include <assert.h>

#include "sim/state/amp_isa.h"

const struct amp *
amp_pick(enum lanes_isa isa)
{
	const struct lanes *l = lanes_pick(isa);

	if (l == NULL)
		return NULL;
	if (l == lanes_pick(LANES_PLAIN) || l == lanes_pick(LANES_NEON))
		return amp_plain();
	return l == lanes_pick(LANES_AVX2) ? amp_avx2() : amp_avx512();
}

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

/* Reduces v by the rows of lead that have a leading bit; keeps what is left
 * and says whether there was anything beyond the lanes. */
static bool
independent(uint32_t *lead, uint32_t v)
{
	uint32_t i;

	v >>= AMP_LANE_QUBITS;
	for (i = 32; i-- > 0;) {
		if ((v >> i & 1) != 0)
			v ^= lead[i];
	}
	if (v != 0)
		lead[31 - __builtin_clz(v)] = v;
	return v != 0;
}

/*
 * Bases: a unit vector beyond the lanes loses its odd rows by xoring columns;
 * keep those that with the columns and the lanes stay independent.
 */
static void
span(struct amp_block *b, uint32_t nqubits, const uint32_t *row)
{
	uint32_t lead[32] = {0};
	uint32_t k, r;

	for (r = 0; r < b->nrots && !b->inner; r++) {
		bool fresh = independent(lead, b->col[r]);

		assert(fresh);
	}
	b->nbasis = 0;
	for (k = AMP_LANE_QUBITS; k < nqubits; k++) {
		uint32_t v = UINT32_C(1) << k;

		if (!independent(lead, v))
			continue;
		for (r = 0; r < b->nrots; r++) {
			if ((row[r] >> k & 1) != 0)
				v ^= b->col[r];
		}
		b->basis[b->nbasis++] = v;
	}
	b->basis[b->nbasis] = 0; /* read, not used, after the last */
}

void
amp_block_set(struct amp_block *b, uint32_t nqubits, const uint32_t *row,
    const uint32_t *col)
{
	uint32_t i, r, low = 0;

	b->inner = col[0] >> AMP_LANE_QUBITS == 0;
	for (r = 0; r < b->nrots; r++) {
		b->col[r] = col[r];
		for (i = 0; i < AMP_LANES; i++)
			b->sign[r][i] = odd(row[r] & i) ? -1.0 : 1.0;
	}
	for (i = 0; i < UINT32_C(1) << AMP_RY_ROTS; i++) {
		b->off[i] = 0;
		for (r = 0; r < b->nrots; r++) {
			if ((i >> r & 1) != 0)
				b->off[i] ^= col[r];
		}
	}
	span(b, nqubits, row);
	for (r = 0; r < b->nrots; r++)
		low |= col[r];
	for (i = 0; i < b->nbasis; i++)
		low |= b->basis[i];
	b->straight = (low & (AMP_LANES - 1)) == 0;
}
