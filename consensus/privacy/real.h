/*
 * real.h - positive and negative reals of 128 bits, the same on any machine.
 *
 * What a step of noisy training costs needs exponentials far outside a double
 * (e^3150 at order 64) and must come out the same at every node, so floats and
 * libm are out. A real is a sign, 128 bits of mantissa and an exponent; every
 * operation truncates. Sums and products err by less than 2^-124 of the
 * result, exp and log by less than 2^-110: far below the nano that the ledger
 * counts in. Pure; no allocation.
 */
#ifndef QML_CONSENSUS_PRIVACY_REAL_H
#define QML_CONSENSUS_PRIVACY_REAL_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 real_mant;

/* (negative ? -1 : 1) * m * 2^exp; the top bit of m is set, but m = 0 is 0. */
struct real {
	real_mant m;
	int32_t exp;
	bool negative;
};

struct real real_int(int64_t x);
/* num / den; den > 0. */
struct real real_ratio(int64_t num, uint64_t den);
struct real real_neg(struct real a);
struct real real_add(struct real a, struct real b);
struct real real_sub(struct real a, struct real b);
struct real real_mul(struct real a, struct real b);
struct real real_div(struct real a, struct real b); /* b is not 0 */
/* |a| < 2^24. */
struct real real_exp(struct real a);
struct real real_log(struct real a); /* a > 0 */
/* a^n for n >= 0. */
struct real real_pow(struct real a, uint32_t n);
int real_cmp(struct real a, struct real b); /* < 0, 0, > 0 */

/* Largest integer <= a and smallest >= a, clamped to the range of int64. */
int64_t real_floor(struct real a);
int64_t real_ceil(struct real a);

#endif
