/*
 * mitigation.h - zero-noise extrapolation: run with the noise made larger,
 * and follow the values back to none.
 */
#ifndef QML_SIM_STATE_MITIGATION_H
#define QML_SIM_STATE_MITIGATION_H

#include <stddef.h>
#include <stdint.h>

struct program;

#define MITIGATION_MAX_POINTS 16

/* out = U (U^dagger U)^((scale - 1) / 2), measurements at the end: every gate
 * is there scale times. It helps only against noise of gates, not of reading.
 * -EINVAL: scale is even or 0; -ENOTSUP: not program_is_unitary(); -ENOMEM.
 * out: PROGRAM_INIT. */
int mitigation_fold(const struct program *p, uint32_t scale,
    struct program *out);

/* A point of the curve and the standard error of its value (0: exact). */
struct mitigation_point {
	double scale, value, error;
};

struct mitigation_fit {
	double value; /* at scale 0 */
	double error; /* propagated from the points */
};

/* The polynomial through all n points. -EINVAL: n or equal scales. */
int mitigation_richardson(const struct mitigation_point *p, size_t n,
    struct mitigation_fit *out);
/* The least-squares line. */
int mitigation_linear(const struct mitigation_point *p, size_t n,
    struct mitigation_fit *out);
/* limit + b exp(-c scale): a line through log |value - limit|. -EDOM: values
 * on both sides of the limit, or on it. */
int mitigation_exponential(const struct mitigation_point *p, size_t n,
    double limit, struct mitigation_fit *out);

#endif
