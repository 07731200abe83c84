/*
 * bind.h - a plan with its parameters put in: what the lane loops read.
 *
 * Rotations by more than a quarter turn give a Pauli away, so every stored
 * |tangent| <= 1; its Z goes into the step's diagonal, its X shows as a sign
 * on all that comes after. The cosines of a step's RYs are multiplied into its
 * diagonal, so states are normalised after each step.
 */
#ifndef QML_SIM_CIRCUIT_BIND_H
#define QML_SIM_CIRCUIT_BIND_H

#include <stdint.h>

struct lanes;
struct plan;

struct bind {
	double *tables;     /* nsteps x 2^n x (re, im), or NULL */
	double *tangent;    /* nrots */
	double *rot_sign;   /* nrots: d stored angle / d angle, +-1 */
	double *phase_sign; /* nphases, +-1 */
	double *rot_cos;    /* nrots */
	double *shrink;     /* nsteps: product of the RYs' cosines */
	uint32_t *zmask;    /* nsteps: Paulis given to the diagonal */
	double *work;       /* scratch */
	uint32_t moved;     /* x stands for x ^ moved at the end */
};

#define BIND_INIT              \
	{                      \
		.tables = NULL \
	}

/* Room for one set of parameters: 16 (nsteps + 12) 2^n bytes and little more.
 * -ENOMEM. */
int bind_init(struct bind *b, const struct plan *p);

/* Without tables: for bind_set_angles() alone. -ENOMEM. */
int bind_init_angles(struct bind *b, const struct plan *p);

void bind_close(struct bind *b);

/* theta[p->nparams] in radians. Allocates nothing. */
void bind_set(struct bind *b, const struct plan *p, const struct lanes *lanes,
    const double *theta);

/* All but the tables. */
void bind_set_angles(struct bind *b, const struct plan *p,
    const struct lanes *lanes, const double *theta);

#endif
