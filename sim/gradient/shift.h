/*
 * shift.h - gradients of a program by the parameter-shift rule, from values
 * alone: so they hold for exact, sampled and noisy evaluators alike.
 *
 * Rotations have two terms, f(a + pi/2) - f(a - pi/2) over 2; controlled
 * rotations, whose generators have the gaps 1/2 and 1, have four. Each place
 * where an input appears is shifted by itself, times its slope.
 */
#ifndef QML_SIM_GRADIENT_SHIFT_H
#define QML_SIM_GRADIENT_SHIFT_H

#include <stddef.h>
#include <stdint.h>

struct program;

/* The values of n observables for p, which is shifted now; draw counts the
 * calls, as a stream of random numbers. Returns 0, or an error that ends the
 * gradient. */
typedef int shift_eval(void *arg, const struct program *p, uint64_t draw,
    double *values);

struct shift {
	shift_eval *eval;
	void *arg;
	size_t nvalues;
	uint64_t ndraws; /* calls so far; set it to go on from there */
};

/* grad[nvalues x ninputs], row by row: by inputs of the program at its present
 * values. *p is changed on the way and set back. -ENOMEM; what eval
 * returned. */
int shift_gradient(struct shift *s, struct program *p, double *grad);

/* How often eval will be called. */
uint64_t shift_calls(const struct program *p);

/* Central differences of step h: the oracle, not for sampled values. */
int shift_differences(struct shift *s, struct program *p, double h,
    double *grad);

#endif
