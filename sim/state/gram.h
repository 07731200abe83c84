/*
 * gram.h - loops for the states of a kernel matrix, eight samples in the lanes
 * as in lanes.h, one table per ISA. The same bits on all of them.
 */
#ifndef QML_SIM_STATE_GRAM_H
#define QML_SIM_STATE_GRAM_H

#include <stddef.h>

#include "sim/state/lanes.h"

#define GRAM_GROUPS 4

/* Groups of samples, n amplitudes each: a group is n rows of real parts, then
 * n rows of imaginary parts. */
struct gram_tile {
	const double *a[GRAM_GROUPS];
	const double *b;
	size_t ngroups; /* of a */
	size_t n;
};

struct gram {
	/* out[x] = in[x] f, complex; f one row of re, one of im. */
	void (*spin)(double *const out[2], double *const in[2], const double *f,
	    size_t n);
	/* a[x] *= b[x], complex. */
	void (*join)(double *const a[2], double *const b[2], size_t n);
	/* |<a|b>|^2: out[(group * LANES + lane of b) * LANES + lane of a],
	 * aligned. */
	void (*overlaps)(const struct gram_tile *t, double *out);
};

/* NULL if this CPU or this build has it not. */
const struct gram *gram_pick(enum lanes_isa isa);

const struct gram *gram_plain(void);
const struct gram *gram_avx2(void);
const struct gram *gram_avx512(void);

#endif
