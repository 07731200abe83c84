/*
 * program_gradient.h - d<S>/d(input) of a program, or of its fidelity with a
 * state, in four ways.
 *
 * Every gate with an angle counts by itself, so one input may drive several
 * gates, by any affine form. Adjoint: one run and one sweep back, unitary
 * programs only. Shift: two or four runs per gate, by the differences of its
 * generator's eigenvalues; also with measurements and feedback.
 */
#ifndef QML_SIM_GRADIENT_PROGRAM_GRADIENT_H
#define QML_SIM_GRADIENT_PROGRAM_GRADIENT_H

#include <stdint.h>

#include "sim/circuit/program.h"
#include "sim/observable/pauli.h"
#include "sim/state/vector.h"

struct program_problem {
	struct program *p; /* changed on the way, restored at the end */
	const struct pauli_sum *sum;
	/* If not NULL, |<other|psi>|^2 instead of <sum>: of p's qubits. */
	const struct vector *other;
	const struct vector_room *room; /* may be NULL */
	struct pool *pool;              /* may be NULL */
};

/* <S> at the inputs' values, over all branches. -EFBIG: too many of them, or
 * too large a state; -ENOMEM. */
int program_expect(const struct program_problem *q, double *value);

/* grad[p->ninputs]; value may be NULL. -ENOTSUP: not unitary. */
int program_adjoint(const struct program_problem *q, double *value,
    double *grad);

int program_shift(const struct program_problem *q, double *grad);

/* Central differences of every input by h. */
int program_difference(const struct program_problem *q, double h, double *grad);

/* The mean over draws of a simultaneous perturbation of all inputs by +-h:
 * two runs each. */
struct program_spsa {
	uint64_t seed;
	uint32_t draws;
	double h;
};

int program_spsa(const struct program_problem *q,
    const struct program_spsa *how, double *grad);

/* Gives each constant angle of a gate an input of its own, so that a program
 * without inputs has a gradient. Names: the gate's name and a number. */
int program_free_angles(struct program *p);

#endif
