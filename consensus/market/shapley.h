/*
 * shapley.h - what each update of a round contributed, in integers.
 *
 * A game of n players has a utility v(S), an integer, for every set S of them:
 * the number of public validation rows that the model with the mean of the
 * updates in S classifies rightly. Player i's Shapley value is its average
 * marginal v(S + i) - v(S) over all orders of joining.
 *
 * Up to SHAPLEY_EXACT_MAX players it is exact and kept as the integer
 * n! phi_i; above, it is the sum of marginals over permutations drawn from a
 * seed that nobody knew when the updates were committed. In both forms the
 * values add up exactly to a multiple of v(all) - v(none). Pure.
 *
 * Permutations: Fisher-Yates from the back; 32-bit words of SHA-256(seed || m
 * || counter), big-endian, by rejection (reference trust.md 3.2).
 */
#ifndef QML_CONSENSUS_MARKET_SHAPLEY_H
#define QML_CONSENSUS_MARKET_SHAPLEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"

#define SHAPLEY_EXACT_MAX 8
#define SHAPLEY_PLAYERS_MAX 100
#define SHAPLEY_UTILITY_MAX INT64_C(1000000000000) /* of |v| */

/* value[n] = n! phi. v[2^n], indexed by the set: bit i is player i.
 * 1 <= n <= SHAPLEY_EXACT_MAX. */
void shapley_exact(const int64_t *v, unsigned n, int64_t *value);

/* How many permutations a game of n players takes: min(4n, 64). */
unsigned shapley_permutations(unsigned n);
/* The m-th order of joining, out[n]. n <= SHAPLEY_PLAYERS_MAX. */
void shapley_order(const struct hash *seed, uint32_t m, unsigned n,
    uint8_t *out);

/* Utilities along one order: along[k] is v of its first k players, k = 0..n.
 * Adds the marginals to value[n]. A prefix whose utility is within
 * `tolerance` of the whole's ends the order: the rest adds nothing and what
 * was left over is returned, for the treasury. */
int64_t shapley_add_order(const uint8_t *order, unsigned n,
    const int64_t *along, int64_t tolerance, int64_t *value);

#endif
