/*
 * bind.h - a plan with its parameters put in: what the lane loops read.
 *
 * Rotations by more than a quarter turn give a Pauli away, so every stored
 * |tangent| <= 1; its Z goes into the step's diagonal, its X shows as a sign
 * on all that comes after. The cosines of a step's RYs are multiplied into its
 * diagonal, so states are normalised after each step. What depends on features
 * is left to the executor, here only its signs, unless one sample's are put in.
 */
#ifndef QML_SIM_CIRCUIT_BIND_H
#define QML_SIM_CIRCUIT_BIND_H

#include <stddef.h>
#include <stdint.h>

struct circuit_angle;
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
	double *theta;      /* nparams, as they were put in */
	double *x;          /* nfeatures of the one sample, or NULL */
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

/* Likewise, with room for a sample's features: for bind_set_sample(). */
int bind_init_sample(struct bind *b, const struct plan *p);

void bind_close(struct bind *b);

/* theta[p->nparams] in radians. Allocates nothing. */
void bind_set(struct bind *b, const struct plan *p, const struct lanes *lanes,
    const double *theta);

/* An angle; one of features only after bind_set_sample(). */
double bind_value(const struct bind *b, const struct circuit_angle *a);

/* grad[] += d f / d theta of an angle without features, d = d f / d angle; of
 * row i of several if stride > 1: grad[index * stride]. */
void bind_chain(const struct bind *b, const struct circuit_angle *a, double d,
    double *grad, size_t stride);

/* grad[] and dx[] += the same of any angle, by parameters and by features of
 * the one sample; dx may be NULL. */
void bind_credit(const struct bind *b, const struct circuit_angle *a, double d,
    double *grad, double *dx);

/* All but the tables. */
void bind_set_angles(struct bind *b, const struct plan *p,
    const struct lanes *lanes, const double *theta);

/* Angles of features, too: they are those of x[p->nfeatures]. */
void bind_set_sample(struct bind *b, const struct plan *p,
    const struct lanes *lanes, const double *theta, const double *x);

#endif
