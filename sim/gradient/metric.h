/*
 * metric.h - the Fubini-Study metric of a circuit's states, for the quantum
 * natural gradient: g_ij = Re(<d_i|d_j> - <d_i|psi><psi|d_j>), d_i = d psi /
 * d theta_i; a quarter of the quantum Fisher information.
 *
 * State vectors, gate by gate, exact phases: nparams + 1 of them for the full
 * metric, those of one block for a block-diagonal one, which costs nparams /
 * nblocks as much.
 */
#ifndef QML_SIM_GRADIENT_METRIC_H
#define QML_SIM_GRADIENT_METRIC_H

#include <stddef.h>
#include <stdint.h>

struct circuit;
struct pool;

struct metric {
	const double *theta;    /* nparams */
	const double *features; /* of one sample; may be NULL if none */
	/* The block of each parameter, for the others g is 0; NULL: one. All
	 * gates of a parameter must be done before any of a later block starts:
	 * layers number their parameters so. */
	const uint32_t *block;
	struct pool *pool; /* or NULL */
};

/* g[nparams * nparams]. 16 B x 2^nqubits x (parameters of the largest block +
 * 2). -EINVAL: blocks overlap; -ENOMEM. */
int metric_compute(const struct circuit *c, const struct metric *m, double *g);

#endif
