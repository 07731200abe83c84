/*
 * vector.h - one state vector of n qubits: amp[0] the real, amp[1] the
 * imaginary parts, 2^n each, 64-byte aligned; bit q of the index is qubit q.
 *
 * Portable loops that compilers vectorise; over 2^15 amplitudes they share the
 * work with v->pool, if there is one. All sums are per block of 2^12 and then
 * in block order: they do not depend on threads.
 */
#ifndef QML_SIM_STATE_VECTOR_H
#define QML_SIM_STATE_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VECTOR_MAX_QUBITS 40
#define VECTOR_MAX_TARGETS 6

struct pool;

/* What the caller, who may ask the machine, knows. */
struct vector_room {
	uint64_t bytes_max;                  /* 0: no limit of ours */
	void (*advise)(void *mem, size_t n); /* huge pages; may be NULL */
};

struct vector {
	uint32_t nqubits;
	double *amp[2];
	double *memory;    /* owned */
	struct pool *pool; /* kept; NULL: one thread */
};

#define VECTOR_INIT            \
	{                      \
		.memory = NULL \
	}

/* y = M x on the targets where every control qubit, a bit of mask, equals its
 * bit of value. matrix: rows of re, im pairs, bit j of an index is target j;
 * ntargets 0: one number. It need not be unitary. */
struct vector_gate {
	uint32_t ntargets;
	uint32_t target[VECTOR_MAX_TARGETS];
	uint64_t mask, value;
	const double *matrix; /* 2 x 4^ntargets */
};

/* 16 B x 2^n and a page or two. UINT64_MAX when n is beyond the maximum. */
uint64_t vector_bytes(uint32_t nqubits);

/* |0...0>. -EINVAL: n > VECTOR_MAX_QUBITS; -EFBIG: more than room->bytes_max;
 * -ENOMEM. room may be NULL. */
int vector_init(struct vector *v, uint32_t nqubits,
    const struct vector_room *room);
void vector_close(struct vector *v);

void vector_zero(struct vector *v); /* |0...0> again */
void vector_copy(struct vector *v, const struct vector *from);

void vector_apply(struct vector *v, const struct vector_gate *g);

double vector_norm(const struct vector *v); /* <v|v> */
/* out[0] + i out[1] = <a|b>. */
void vector_inner(const struct vector *a, const struct vector *b,
    double out[static 2]);
/* <a| M |b> of a gate without writing anywhere; controls as in vector_gate:
 * where they are not met M counts as 0. */
void vector_inner_gate(const struct vector *a, const struct vector *b,
    const struct vector_gate *g, double out[static 2]);

/* |amplitudes with qubit q = 1|^2. */
double vector_one(const struct vector *v, uint32_t q);
/* Keeps the part with qubit q = bit, times scale. */
void vector_project(struct vector *v, uint32_t q, bool bit, double scale);

/* out[2^n] += weight |amp|^2. */
void vector_probs(const struct vector *v, double weight, double *out);

/* The basis states at which the running sum of probabilities first exceeds
 * u[i] * <v|v>, 0 <= u[i] < 1. One pass when u ascends; -EINVAL if not. */
int vector_sample(const struct vector *v, const double *u, size_t n,
    uint64_t *out);

#endif
