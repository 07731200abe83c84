/*
 * amp_plan.h - a plan for executors with amplitudes in the lanes (amp.h): its
 * rotations in blocks whose columns are independent beyond the lanes, its
 * diagonals by chunks, so that no table need be as long as the state.
 */
#ifndef QML_SIM_CIRCUIT_AMP_PLAN_H
#define QML_SIM_CIRCUIT_AMP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/bind.h"
#include "sim/state/amp.h"

struct plan;

#define AMP_PLAN_MIN_QUBITS 4
#define AMP_CHUNK_QUBITS 10
#define AMP_TABLE_QUBITS 16 /* up to here diagonals are kept as tables */

struct amp_plan {
	const struct plan *plan;  /* kept */
	struct amp_block *blocks; /* owned */
	size_t *block0;           /* nsteps + 1: those of step k */
	bool product;             /* step 0 leaves a product state */
};

#define AMP_PLAN_INIT        \
	{                    \
		.plan = NULL \
	}

/* -ENOTSUP: under AMP_PLAN_MIN_QUBITS; -ENOMEM. */
int amp_plan_init(struct amp_plan *a, const struct plan *p);
void amp_plan_close(struct amp_plan *a);

/* An amp_plan with its parameters put in, and, where angles depend on features
 * (plan->lanewise), those of one sample. */
struct amp_bind {
	const struct amp_plan *of; /* kept */
	const struct amp *amp;     /* kept */
	struct bind angles;        /* no tables */
	double *phase;             /* nphases: coefficient of (-1)^parity */
	double *tables;            /* nsteps x 2 x 2^n, or NULL */
};

#define AMP_BIND_INIT      \
	{                  \
		.of = NULL \
	}

/* A few KiB; up to AMP_TABLE_QUBITS qubits also 16 B x nsteps x 2^n if all
 * samples share them. */
int amp_bind_init(struct amp_bind *b, const struct amp_plan *of,
    const struct amp *amp);
void amp_bind_close(struct amp_bind *b);
void amp_bind_set(struct amp_bind *b, const struct lanes *lanes,
    const double *theta);

/* Only, and always, of lanewise plans. */
void amp_bind_set_sample(struct amp_bind *b, const struct lanes *lanes,
    const double *theta, const double *x);

/* Bytes of the tables of diagonals. */
uint64_t amp_bind_table_bytes(const struct plan *p);

/* Chunks of a state: 2^amp_chunk_qubits() amplitudes each. */
uint32_t amp_chunk_qubits(const struct plan *p);

/* tab[0], tab[1]: cosines and sines of step k's diagonal in chunk h, cosines
 * of its rotations included; in work[3 chunks] or in a table. */
void amp_bind_chunk(const struct amp_bind *b, size_t k, size_t h, double *work,
    double *tab[2]);

/* v[4 q ..]: re, im of |0>, re, im of |1> of qubit q after step 0, from cs[2 q]
 * = cos, cs[2 q + 1] = sin. Only if of->product. */
void amp_bind_product(const struct amp_bind *b, const double *cs, double *v);

#endif
