/*
 * rule.h - gradients of any function of angles from its values alone, exact,
 * sampled or noisy: shift rules, SPSA, differences.
 *
 * shift.h shifts a program's gates one by one; here only values are asked for.
 * As a function of one parameter an expectation is a sum of waves; rule_shift()
 * is exact when their frequencies are known: differences of the generator's
 * eigenvalues, 1 for a Pauli rotation, 1/2 and 1 for a controlled one, 1 .. R
 * for R equal rotations by the same parameter.
 */
#ifndef QML_SIM_GRADIENT_RULE_H
#define QML_SIM_GRADIENT_RULE_H

#include <stddef.h>
#include <stdint.h>

#define RULE_MAX_WAVES 32

struct rng;

/* f(theta) into *value; call counts from 0, as a stream of random numbers.
 * 0, or an error that ends the gradient. */
typedef int rule_eval(void *arg, const double *theta, uint64_t call,
    double *value);

struct rule {
	rule_eval *eval;
	void *arg;
	size_t nparams;
	uint64_t calls; /* so far */
};

/* Rising frequencies above 0 of one parameter. */
struct rule_waves {
	const double *frequency;
	size_t n;
};

/* The shifts and weights: f'(a) = sum_r weight[r] (f(a + s[r]) - f(a - s[r])).
 * -EINVAL: none, too many, not rising; -EDOM: no rule with these shifts. */
int rule_weights(const struct rule_waves *w, double *s, double *weight);

/* theta is moved and set back. waves[nparams]; NULL: frequency 1 for all, the
 * two-term rule. 2 n calls a parameter. -EINVAL, -EDOM, what eval returned. */
int rule_shift(struct rule *r, double *theta, const struct rule_waves *waves,
    double *grad);

/* Central differences of step h. */
int rule_differences(struct rule *r, double *theta, double h, double *grad);

/* Simultaneous perturbation, the mean of repeats draws of two calls each:
 * unbiased up to h^2, its variance grows with nparams. */
struct rule_spsa {
	double h;
	uint32_t repeats;
	struct rng *rng;
};
int rule_spsa(struct rule *r, const double *theta, const struct rule_spsa *o,
    double *grad);

#endif
