/*
 * vqe_solve.h - angles of low energy on one machine: exactly by L-BFGS from
 * several starts, or with values as a machine measures them by Adam.
 */
#ifndef QML_SIM_LEARN_VQE_SOLVE_H
#define QML_SIM_LEARN_VQE_SOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/learn/vqe.h"

struct vqe_model;
struct vqe_sampled;

struct vqe_solve {
	enum vqe_ansatz ansatz;
	uint32_t starts; /* exact: the ansatz's own, then random ones */
	uint32_t steps;
	uint64_t seed;
	/* NULL: exact. Its parts are set here; theta's gradient by the shift
	 * rule or SPSA as it says. */
	const struct vqe_sampled *sampled;
	double rate; /* Adam's, falling to a tenth on a cosine */
};

struct vqe_solution {
	double energy, variance; /* exact, of theta */
	double gradient;         /* its length */
	uint32_t steps, evals;   /* of the best start */
	bool converged;
};

/* Of the ansatz: zero for uccsd and the found ones for adapt, 0.1 for hva,
 * random for hea. */
void vqe_start(const struct vqe_model *m, const struct vqe_solve *o,
    double *theta);

/* theta[c.nparams]. -ENOMEM, what vqe_sampled_gradients() returns. */
int vqe_solve(const struct vqe_model *m, const struct vqe_solve *o,
    double *theta, struct vqe_solution *out);

#endif
