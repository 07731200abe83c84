/*
 * q24.h - the numbers of consensus: int64 with 24 fraction bits.
 *
 * Everything that ends in a hash, a vote or a model is one of these or a plain
 * integer. Only q24_from_double sees a float; it runs in the trainer, once per
 * update. Rounding is half to even, also for negative numbers. Pure.
 */
#ifndef QML_PROTO_Q24_H
#define QML_PROTO_Q24_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"

/* 128-bit integers are a GNU extension; these two names keep -Wpedantic quiet
 * wherever the header is used. */
__extension__ typedef __int128 q24_wide;
__extension__ typedef unsigned __int128 q24_uwide;

#define Q24_ONE ((int64_t)1 << 24)
#define Q24_TWO_PI ((int64_t)105414357) /* round(2 pi 2^24) */

/* round_half_even(a / b), b > 0. No overflow for any a. */
int64_t q24_div(int64_t a, int64_t b);
/* The same for a 128-bit sum; saturates to int64. */
int64_t q24_div128(q24_wide a, int64_t b);
/* a + b, saturating at the ends of int64. */
int64_t q24_add_sat(int64_t a, int64_t b);
/* Into (-period/2, period/2]; period > 0. */
int64_t q24_wrap(int64_t a, int64_t period);
/* Sum of squares of n values as an unsigned 128-bit number, saturating. */
q24_uwide q24_norm2(const int64_t *x, size_t n);
/* True if the L2 norm of x is at most clip (Q24); exact. */
bool q24_within(const int64_t *x, size_t n, int64_t clip);

/* -ERANGE for NaN, infinity or beyond +-2^62; *out untouched then. */
int q24_from_double(double v, int64_t *out) __attribute__((warn_unused_result));
double q24_to_double(int64_t v); /* exact for |v| < 2^53 */

/* Big-endian image of n values, and its hash under the given tag. */
void q24_store(uint8_t *out, const int64_t *x, size_t n);
void q24_load(int64_t *out, const uint8_t *bytes, size_t n);
struct hash q24_hash(const char *tag, const int64_t *x, size_t n);

/* A stream of integers from a seed: element i is uniform in [-bound, bound],
 * a function of (seed, i) only. M_0 is made of it. bound < 2^62. */
void q24_stream(const struct hash *seed, int64_t bound, int64_t *out, size_t n);

#endif
