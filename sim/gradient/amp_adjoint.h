/*
 * amp_adjoint.h - run a bound plan on one sample with amplitudes in the lanes,
 * for registers that do not fit a cache eight at a time. Two states, no copy.
 *
 * All diagonals, the gradient of all phases, and all observables go by chunks
 * that stay in L1; sums are per lane over rows, chunks in order, so results do
 * not depend on the ISA. One struct per thread.
 */
#ifndef QML_SIM_GRADIENT_AMP_ADJOINT_H
#define QML_SIM_GRADIENT_AMP_ADJOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct amp_bind;
struct amp_plan;
struct lanes;
struct zstring;

/* Told of each large array, to ask for huge pages. */
typedef void amp_advise_fn(void *mem, size_t bytes);

struct amp_adjoint {
	const struct amp_plan *of; /* kept */
	const struct lanes *lanes; /* kept */
	double *psi[2];
	double *lambda[2]; /* NULL without gradients */
	double *work;      /* four chunks */
	double *meets;     /* nrots rows of lanes */
	double *turns;     /* nphases */
	double *starts;    /* nqubits rows of lanes */
	bool inputs;       /* set by the caller: backward goes to the start */
};

#define AMP_ADJOINT_INIT   \
	{                  \
		.of = NULL \
	}

struct amp_adjoint_options {
	const struct lanes *lanes;
	bool gradients;
	amp_advise_fn *advise; /* may be NULL */
};

/* 16 B x 2^n, twice that with gradients, and about 32 KiB. -ENOMEM. */
int amp_adjoint_init(struct amp_adjoint *a, const struct amp_plan *of,
    const struct amp_adjoint_options *o);
void amp_adjoint_close(struct amp_adjoint *a);

/* What amp_adjoint_init() allocates for n qubits. */
uint64_t amp_adjoint_bytes(uint32_t nqubits, bool gradients);

/* row: as adjoint_prepare() makes it. All steps but the last diagonal. */
void amp_adjoint_forward(struct amp_adjoint *a, const struct amp_bind *b,
    const double *row);

/* out[z->count] = expectations; psi is kept. */
void amp_adjoint_expect(struct amp_adjoint *a, const struct amp_bind *b,
    const struct zstring *z, double *out);

/* out[2 y], out[2 y + 1]: re, im of basis state y, last diagonal included, up
 * to a global phase; after amp_adjoint_forward(). */
void amp_adjoint_state(struct amp_adjoint *a, const struct amp_bind *b,
    double *out);

/* Both states backwards from lambda = sum_k weight[k] O_k psi, psi is undone;
 * then grad[nparams] = d(sum_k weight[k] <O_k>) / d(theta), and, with inputs,
 * dx[nfeatures] by features, amplitudes as if they were not normalised. */
void amp_adjoint_backward(struct amp_adjoint *a, const struct amp_bind *b,
    const struct zstring *z, const double *weight);
void amp_adjoint_collect(const struct amp_adjoint *a, const struct amp_bind *b,
    double *grad, double *dx);

#endif
