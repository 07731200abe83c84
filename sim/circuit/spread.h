/*
 * spread.h - phases of their own for each lane, as few as there are.
 *
 * k phases on parity masks take at most 2^rank values, named by y, the parities
 * of rank independent masks among them. A table over y is filled by doubling
 * and walked beside x: y ^= turn[trailing zeros of x + 1].
 */
#ifndef QML_SIM_CIRCUIT_SPREAD_H
#define QML_SIM_CIRCUIT_SPREAD_H

#include <stddef.h>
#include <stdint.h>

#include "sim/state/lanes.h"

struct spread {
	uint32_t rank;
	uint32_t turn[LANES_MAX_QUBITS]; /* what x + 1 changes in y */
	uint32_t *mask;                  /* owned; of each phase, over y */
};

/* masks[n] over x < 2^nqubits. -ENOMEM. */
int spread_init(struct spread *s, const uint32_t *masks, size_t n,
    uint32_t nqubits);

void spread_close(struct spread *s);

/* table[y] = exp(i sum_k +-h_k), rows of cosines and sines: half[k] the row of
 * h_k, cs[k] its cosine and sine rows, minus where parity(mask_k & y) is odd.
 * work: 2^rank rows. */
struct spread_rows {
	const double *half;
	const double *cs;
	size_t n;
	double *work;
};
void spread_table(const struct spread *s, const struct lanes *lanes,
    const struct spread_rows *r, double *table);

#endif
