/*
 * fidelity.h - |<phi(y)|phi(x)>|^2 of a circuit's states for eight pairs of
 * samples, and its gradient: entries of a fidelity kernel that is trained, or
 * features that are looked for. Two sweeps, one from each side.
 */
#ifndef QML_SIM_GRADIENT_FIDELITY_H
#define QML_SIM_GRADIENT_FIDELITY_H

#include "sim/gradient/adjoint.h"

struct fidelity {
	struct adjoint side[2]; /* phi(x), phi(y) */
	double *work;           /* rows: overlaps, gradients */
};

#define FIDELITY_INIT                                  \
	{                                              \
		.side = { ADJOINT_INIT, ADJOINT_INIT } \
	}

/* Keeps both. Memory: twice adjoint_init_whole(). -ENOMEM. */
int fidelity_init(struct fidelity *f, const struct plan *p,
    const struct lanes *lanes);
void fidelity_close(struct fidelity *f);

/* LANES prepared rows of each side, as for adjoint_forward(); lanes without
 * rows get 0. value[LANES]. */
struct fidelity_pair {
	const double *const *x;
	const double *const *y;
	double *value;
};
void fidelity_value(struct fidelity *f, const struct bind *b,
    const struct fidelity_pair *pair);

/* And grad[nparams * LANES], lane i of parameter k at k * LANES + i. The
 * features' gradients are in side[0].each.dx and side[1].each.dx, as in
 * adjoint_want_inputs(), which fidelity_init() has called. */
void fidelity_gradient(struct fidelity *f, const struct bind *b,
    const struct fidelity_pair *pair, double *grad);

#endif
