/*
 * each.h - angles of a group that differ from lane to lane, and what a
 * gradient says about features. One struct per thread; part of an adjoint.
 */
#ifndef QML_SIM_GRADIENT_EACH_H
#define QML_SIM_GRADIENT_EACH_H

#include <stdbool.h>
#include <stddef.h>

struct bind;
struct circuit_angle;
struct lanes;
struct plan;

struct each {
	double *x;     /* nfeatures rows: the group's features */
	double *half;  /* signed half angles: rotations, then phases */
	double *cs;    /* their cosines and sines, two rows each */
	double *table; /* of the spread in hand */
	double *work;
	double *own;   /* 2^n rows: a step's turns of this group alone */
	double *mixed; /* nparams rows: gradients through lanewise angles */
	double *dx;    /* nfeatures rows, or NULL: not asked for */
	double one;    /* the factor of what has none */
};

#define EACH_INIT         \
	{                 \
		.x = NULL \
	}

/* Allocates only what the plan needs. -ENOMEM. */
int each_init(struct each *e, const struct plan *p);
/* From now on dx is kept too. -ENOMEM. */
int each_want_inputs(struct each *e, const struct plan *p);
void each_close(struct each *e);

/* Features of LANES rows (NULL: 0), each nfeatures long, and all angles. */
void each_load(struct each *e, const struct plan *p, const struct bind *b,
    const struct lanes *lanes, const double *const *rows);

/* The step's lanewise diagonal, and its rotations. */
void each_diag(struct each *e, const struct plan *p, const struct lanes *lanes,
    size_t step, double *const amp[2]);
void each_ry(struct each *e, const struct plan *p, const struct lanes *lanes,
    size_t step, double *const amp[2]);

struct each_pair {
	double *const *psi;
	double *const *lambda;
	double *meets; /* a row for each rotation of the plan */
};
void each_ry_undo(struct each *e, const struct plan *p,
    const struct lanes *lanes, size_t step, const struct each_pair *pair);
void each_diag_undo(struct each *e, const struct plan *p,
    const struct lanes *lanes, size_t step, const struct each_pair *pair);

/* Whether turns of the step must be looked at before groups are added up. */
bool each_looks(const struct each *e, const struct plan *p, size_t step);

/* After the step's rotations: their meets go to mixed and dx, and are 0. */
void each_credit_rots(struct each *e, const struct plan *p,
    const struct bind *b, size_t step, double *meets);
/* From own, transformed. */
void each_credit_phases(struct each *e, const struct plan *p,
    const struct bind *b, size_t step);

/* mixed and dx += row * d angle / d parameter or feature, lane by lane. */
void each_credit(struct each *e, const struct bind *b,
    const struct circuit_angle *a, double factor, const double *row);

/* Phase of address x in lane 0 from the step's lanewise phases. */
double each_phase(const struct each *e, const struct plan *p, size_t step,
    size_t x);

#endif
