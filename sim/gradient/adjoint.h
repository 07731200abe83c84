/*
 * adjoint.h - run a bound plan on a group and take weighted gradients.
 *
 * With lambda = (sum_k w_k O_k) psi, one sweep back through the steps gives
 * d(sum_k w_k <O_k>)/d(angle) for all angles: Im <lambda| P |psi> for a gate
 * exp(-i a P / 2). Sums over samples stay per lane until adjoint_collect(), so
 * weights per sample cost nothing. One struct per thread.
 */
#ifndef QML_SIM_GRADIENT_ADJOINT_H
#define QML_SIM_GRADIENT_ADJOINT_H

#include <stddef.h>

#include "sim/gradient/each.h"
#include "sim/state/batch.h"

struct bind;
struct lanes;
struct plan;

struct adjoint {
	const struct plan *plan;   /* kept */
	const struct lanes *lanes; /* kept */
	struct batch psi;
	double *lambda[2];
	double *diag;  /* 2^n rows: probabilities, then weights */
	double *meets; /* nrots rows, summed over groups */
	double *turns; /* (nsteps - 1) x 2^n rows, likewise */
	struct each each;
	size_t nsteps; /* all of the plan's if whole, else one less */
};

#define ADJOINT_INIT         \
	{                    \
		.plan = NULL \
	}

/* Room: (nsteps + 4) 2^n LANES doubles and little more. -ENOMEM. */
int adjoint_init(struct adjoint *a, const struct plan *plan,
    const struct lanes *lanes);

/* For states and fidelities, to which the last diagonal matters: forward runs
 * it and backward starts behind it. */
int adjoint_init_whole(struct adjoint *a, const struct plan *plan,
    const struct lanes *lanes);

/* Backward leaves a->each.dx, too: nfeatures rows, the gradient of this group
 * alone by its features. -ENOMEM. */
int adjoint_want_inputs(struct adjoint *a);

void adjoint_close(struct adjoint *a);

/* Doubles of a prepared row: amplitudes, or 2 per qubit; then the features, if
 * angles depend on them. */
size_t adjoint_row_size(const struct plan *plan);

/* out[n * row_size] from features[n * plan->nfeatures]. */
void adjoint_prepare(const struct plan *plan, const struct lanes *lanes,
    const double *features, size_t n, double *out);

/* Loads LANES prepared rows (NULL: lane not used), runs all steps but the last
 * diagonal, and leaves |psi|^2 in a->diag. A lane not used holds zeros. */
void adjoint_forward(struct adjoint *a, const struct bind *b,
    const double *const *rows);

/* a->diag holds sum_k w_k O_k(x) per lane. Adds to the sums; psi is undone. */
void adjoint_backward(struct adjoint *a, const struct bind *b);

/* The same from a lambda that the caller put there. */
void adjoint_sweep(struct adjoint *a, const struct bind *b);

/* grad[plan->nparams] += the sums over lanes and groups; forgets them. */
void adjoint_collect(struct adjoint *a, const struct bind *b, double *grad);

/* The same per lane: grad[plan->nparams * LANES] is overwritten, parameter k
 * of lane i at k * LANES + i. Sums over groups since the last collect. */
void adjoint_collect_lanes(struct adjoint *a, const struct bind *b,
    double *grad);

/* Lane 0's amplitudes, last diagonal included, in logical order; right up to
 * a global phase. out[2 y], out[2 y + 1]: re, im of basis state y. For tests
 * and export; after adjoint_forward(). */
void adjoint_state(struct adjoint *a, const struct bind *b, double *out);

#endif
