/*
 * phase.h - principal components by phase estimation on density-matrix
 * exponentiation (Lloyd, Mohseni, Rebentrost 2014), simulated exactly: what a
 * quantum computer with copies of rho would measure. Analysis only. It needs
 * rho in full, so it shows the method and saves nothing.
 *
 * U = exp(2 pi i rho), the system starts in rho, `bits` ancillas: outcome k
 * reads the eigenvalue k / 2^bits and leaves its eigenvectors behind.
 */
#ifndef QML_SIM_LEARN_PHASE_H
#define QML_SIM_LEARN_PHASE_H

#include <stddef.h>
#include <stdint.h>

#define PHASE_MAX_BITS 12
#define PHASE_MAX_COPY_BITS 7
#define PHASE_MAX_STATES 64 /* of phase_lmr_distance() */

/* |2^-bits sum_m exp(2 pi i m (value - k / 2^bits))|^2: the chance of outcome k
 * on an eigenvector. */
double phase_chance(double value, unsigned bits, size_t k);

/* out[2^bits] for rho with values[n]. -EINVAL: bits 1 to PHASE_MAX_BITS. */
int phase_outcomes(const double *values, size_t n, unsigned bits, double *out);

/* share[n]: of each eigenvector in the state that outcome k leaves; they sum to
 * 1 where the outcome can happen at all, else are 0. */
void phase_left(const double *values, size_t n, unsigned bits, size_t k,
    double *share);

/*
 * The same when U is made of `copies` copies of rho a power of one: each step
 * is exp(i S 2 pi / copies), S the swap with a fresh copy, controlled by an
 * ancilla. (2^bits - 1) copies in all. Worked in rho's eigenbasis, in which
 * these channels keep every block diagonal. -EINVAL: bits above
 * PHASE_MAX_COPY_BITS, copies 1 to 65536; -ENOMEM.
 */
int phase_outcomes_by_copies(const double *values, size_t n, unsigned bits,
    uint32_t copies, double *out);

/* One run of exponentiation. */
struct phase_lmr {
	const double *rho; /* n * n, symmetric */
	size_t n;
	double time;
	uint32_t steps;
};

/* sigma[n * n] of re, im pairs becomes Tr_1[exp(-i S time / steps)
 * (rho x sigma) exp(i S time / steps)], so many times. -EINVAL, -ENOMEM. */
int phase_lmr_run(const struct phase_lmr *l, double *sigma);

/* sigma becomes exp(-i rho time) sigma exp(i rho time). Also -EDOM. */
int phase_lmr_exact(const struct phase_lmr *l, double *sigma);

/* Half the trace norm of a - b, Hermitian n * n of re, im pairs, n up to
 * PHASE_MAX_STATES. -EINVAL, -EDOM, -ENOMEM. */
int phase_distance(const double *a, const double *b, size_t n, double *out);

#endif
