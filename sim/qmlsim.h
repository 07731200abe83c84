/*
 * qmlsim.h - libqmlsim: expectations and gradients of variational quantum
 * circuits on batches of samples. The only header a program needs.
 *
 *     cc prog.c $(pkg-config --cflags --libs qmlsim)
 *
 * Angles are in radians, RP(a) = exp(-i a P / 2). Qubit 0 is the least
 * significant bit of a basis state's index. Arrays are row-major doubles and
 * belong to the caller, who may free them after the call. Results do not depend
 * on threads, on the instruction set or on what else is in the batch: they are
 * the same to the last bit. Functions that return int give 0 or a negative
 * errno; -ENOMEM may come from any. No output, no signals, no globals.
 */
#ifndef QML_SIM_QMLSIM_H
#define QML_SIM_QMLSIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QMLSIM_MAX_QUBITS 24

/* RZZ(a) = exp(-i a Z Z / 2), likewise RXX and RYY. Of CNOT, CZ, CR*, CPHASE =
 * diag(1, 1, 1, exp(i a)), q[0] controls q[1]. */
/* clang-format off */
enum qmlsim_op {
	QMLSIM_RX, QMLSIM_RY, QMLSIM_RZ, QMLSIM_RZZ, QMLSIM_H, QMLSIM_X,
	QMLSIM_Y, QMLSIM_Z, QMLSIM_S, QMLSIM_SDG, QMLSIM_T, QMLSIM_TDG,
	QMLSIM_CNOT, QMLSIM_CZ, QMLSIM_SWAP, QMLSIM_RXX, QMLSIM_RYY,
	QMLSIM_CRX, QMLSIM_CRY, QMLSIM_CRZ, QMLSIM_CPHASE
};
/* clang-format on */

enum qmlsim_value {
	QMLSIM_NONE,   /* the angle is its offset */
	QMLSIM_PARAM,  /* theta[index] */
	QMLSIM_FEATURE /* x[index] of the sample */
};

/* coef * value * by + offset; by counts as 1 if it is NONE. A sum of several is
 * several gates, which become one again. */
struct qmlsim_angle {
	enum qmlsim_value value;
	uint32_t index;
	double coef;
	double offset;
	enum qmlsim_value by;
	uint32_t by_index;
};

struct qmlsim_gate {
	enum qmlsim_op op;
	uint32_t q[2]; /* q[1] of two-qubit gates only */
	struct qmlsim_angle angle;
};

struct qmlsim_circuit;

/* 1 .. QMLSIM_MAX_QUBITS, starts from |0...0>. -EINVAL. */
int qmlsim_circuit_new(struct qmlsim_circuit **c, uint32_t nqubits);
void qmlsim_circuit_free(struct qmlsim_circuit *c); /* NULL is fine */

/* -EINVAL: no such gate or qubit, a qubit twice, an angle not finite. */
int qmlsim_circuit_add(struct qmlsim_circuit *c, const struct qmlsim_gate *g);

/* Each sample's features, count of them, are its amplitudes, normalised.
 * -EINVAL: gates were added, or count is not 1 .. 2^nqubits. */
int qmlsim_circuit_amplitudes(struct qmlsim_circuit *c, uint32_t count);

/* One more than the largest index in use. */
uint32_t qmlsim_circuit_params(const struct qmlsim_circuit *c);
uint32_t qmlsim_circuit_features(const struct qmlsim_circuit *c);

struct qmlsim;

enum qmlsim_isa {
	QMLSIM_AUTO, /* the widest this CPU has */
	QMLSIM_PLAIN,
	QMLSIM_AVX2,
	QMLSIM_AVX512,
	QMLSIM_NEON
};

struct qmlsim_options {
	uint32_t threads; /* 0 counts as 1; at most 64; they end in free */
	enum qmlsim_isa isa;
};

/*
 * Compiles; *c may be freed afterwards. options may be NULL. Memory, with L the
 * layers of RX, RY, H: up to 11 qubits per thread 64 B x 2^nqubits x (L + 8);
 * above, 32 B x 2^nqubits; up to 16 for all 16 B x 2^nqubits x L. -ENOTSUP:
 * this CPU has not the ISA; -EINVAL: too many threads.
 */
int qmlsim_new(struct qmlsim **s, const struct qmlsim_circuit *c,
    const struct qmlsim_options *options);
void qmlsim_free(struct qmlsim *s); /* NULL is fine */

const char *qmlsim_isa_name(const struct qmlsim *s);

/* Observable k is the product of Z over the qubits in masks[k]; 0 is 1. */
struct qmlsim_batch {
	const double *theta;    /* [params] */
	const double *features; /* [n][features] */
	size_t n;
	const uint32_t *masks; /* [nmasks] */
	size_t nmasks;
};

/* out[n][nmasks]. -EINVAL: a mask names a qubit that is not there. */
int qmlsim_expect(struct qmlsim *s, const struct qmlsim_batch *b, double *out);

/* What is wanted; any may be NULL. f(sample) = sum_k weights[sample][k] O_k. */
struct qmlsim_gradient {
	double *values; /* [n][nmasks], the expectations */
	double *sum;    /* [params], d sum over samples of f / d theta */
	double *each;   /* [n][params], each sample's d f / d theta */
	double *inputs; /* [n][features], d f / d features of its own sample;
			 * amplitudes as if they were not normalised */
};

/* weights[n][nmasks]; NULL: all 1. One pass whatever nmasks is. */
int qmlsim_gradient(struct qmlsim *s, const struct qmlsim_batch *b,
    const double *weights, const struct qmlsim_gradient *g);

/* out[n][2^nqubits][2]: amplitudes as re, im; each sample's global phase is not
 * defined. Of *b masks are not read. */
int qmlsim_states(struct qmlsim *s, const struct qmlsim_batch *b, double *out);

/* Fidelities |<phi(y)|phi(x)>|^2 of n pairs of rows, the entries of a fidelity
 * kernel, and their gradients; what is NULL is not wanted. On one thread, in
 * memory of its own, 128 B x 2^nqubits x (L + 8). */
struct qmlsim_pairs {
	const double *theta; /* [params] */
	const double *x, *y; /* [n][features] */
	size_t n;
	double *value;   /* [n] */
	double *grad;    /* [n][params] */
	double *dx, *dy; /* [n][features]; amplitudes as above */
};
int qmlsim_fidelity(struct qmlsim *s, const struct qmlsim_pairs *p);

#ifdef __cplusplus
}
#endif

#endif
