/*
 * samples.h - Z strings and their gradients for every sample of a batch.
 *
 * Small registers run eight samples at a time, one a lane (adjoint.h); larger
 * ones run one sample at a time with amplitudes in the lanes (amp_adjoint.h),
 * each with its own angles where those depend on features.
 * Each sample's numbers do not depend on the others, on the ISA or on threads.
 */
#ifndef QML_SIM_GRADIENT_SAMPLES_H
#define QML_SIM_GRADIENT_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/state/lanes.h"

struct plan;
struct pool;

enum samples_executor {
	SAMPLES_AUTO, /* by the number of qubits */
	SAMPLES_LANES,
	SAMPLES_AMPS
};

struct samples_options {
	struct pool *pool; /* kept */
	enum lanes_isa isa;
	enum samples_executor executor;
	bool gradients;                          /* values alone need less */
	void (*advise)(void *mem, size_t bytes); /* huge pages; may be NULL */
};

struct samples;

/*
 * n rows of plan->nfeatures in; value[n] and grad[n * plan->nparams] out. mask:
 * bit q set if Z acts on qubit q. Or, with masks, nmasks of them: then
 * value[n * nmasks], and gradients of their sum with weights[n * nmasks], all 1
 * if NULL. dx[n * plan->nfeatures]: by each sample's own features, amplitudes
 * as if they were not normalised. grad and dx may be NULL.
 */
struct samples_batch {
	const double *features;
	size_t n;
	uint32_t mask;
	double *value;
	double *grad;
	const uint32_t *masks; /* may be NULL */
	size_t nmasks;
	const double *weights; /* may be NULL */
	double *dx;
};

/* The plan is kept. Memory for each thread: eight samples' states and tables
 * of (nsteps + 4) 2^n LANES doubles (adjoint.h), or one sample's states
 * (amp_adjoint.h); for all: the tables of bind.h or amp_plan.h, or one state
 * (large.h). -ENOTSUP: the CPU lacks the ISA, or the executor cannot run the
 * plan; -ENOMEM, -EINVAL. */
int samples_new(struct samples **s, const struct plan *p,
    const struct samples_options *o);
void samples_free(struct samples *s);

/* Parameters in radians. Allocates nothing. */
void samples_bind(struct samples *s, const double *theta);

/* -ENOMEM. */
int samples_run(struct samples *s, const struct samples_batch *b);

/* out[n][2^nqubits][2]: amplitudes of basis states as re, im, each sample's up
 * to a global phase. One thread. -ENOTSUP: an executor that keeps none, which
 * SAMPLES_AUTO with gradients never is. */
int samples_states(struct samples *s, const double *features, size_t n,
    double *out);

const char *samples_isa(const struct samples *s);

/* Bytes that samples_new() would take at most, or UINT64_MAX. */
uint64_t samples_bytes(const struct plan *p, const struct samples_options *o);

#endif
