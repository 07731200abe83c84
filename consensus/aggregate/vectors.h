/*
 * vectors.h - what the rules of this folder share: canonical values and order,
 * distances, roots. For the files of this folder and its tests.
 */
#ifndef QML_CONSENSUS_AGGREGATE_VECTORS_H
#define QML_CONSENSUS_AGGREGATE_VECTORS_H

#include <stdint.h>

#include "consensus/aggregate/aggregate.h"

#define VECTORS_FACTOR_BITS 50

/* floor(sqrt(x)). */
uint64_t vectors_root(q24_uwide x);
q24_uwide vectors_add(q24_uwide a, q24_uwide b); /* saturates */

/* a - b, wrapped into (-period/2, period/2] if period > 0. */
q24_wide vectors_gap(int64_t a, int64_t b, int64_t period);

static inline int64_t
vectors_period(const struct aggregate_input *in, uint32_t j)
{
	return in->periods ? in->periods[j] : 0;
}

/* Coordinate j of an update in its canonical winding. */
static inline int64_t
vectors_value(const struct aggregate_input *in, uint16_t i, uint32_t j)
{
	return (
	    int64_t)vectors_gap(in->updates[i][j], 0, vectors_period(in, j));
}

/* The indices 0..n-1 in the order of values, then of weights. */
void vectors_order(const struct aggregate_input *in, uint16_t *order);
/* Ascending by key, equal keys in the order given. */
void vectors_sort(uint16_t *order, uint16_t n, const q24_uwide *key);

/* Squared distance of update i to x[dim] (NULL: zero); saturates. */
q24_uwide vectors_distance(const struct aggregate_input *in, uint16_t i,
    const int64_t *x);
/* All pairs into in->scratch->distance[a * n + b]. */
void vectors_distances(const struct aggregate_input *in);

/* a / b as a fraction of 2^VECTORS_FACTOR_BITS, for a <= b the squares of two
 * lengths: how much to shorten what is sqrt(b) long to sqrt(a). */
int64_t vectors_factor(q24_uwide a, q24_uwide b);

/* The mean of updates pick[0..k-1] around update pick[0]. */
void vectors_mean(const struct aggregate_input *in, const uint16_t *pick,
    uint16_t k, int64_t *out);

#endif
