/*
 * adam.h - Adam (arXiv:1412.6980) with bias correction; +, -, *, / and sqrt
 * only.
 */
#ifndef QML_SIM_LEARN_ADAM_H
#define QML_SIM_LEARN_ADAM_H

#include <stddef.h>

struct adam {
	size_t n;
	double *m;   /* first moments, owned */
	double *v;   /* second moments, owned */
	double pow1; /* beta1^t, beta2^t; 1 before the first step */
	double pow2;
};

#define ADAM_INIT      \
	{              \
		.n = 0 \
	}

struct adam_rate {
	double lr;
	double beta1;
	double beta2;
	double eps;
};

/* Zero moments. -ENOMEM. */
int adam_init(struct adam *a, size_t n);

void adam_close(struct adam *a);

/* One step down grad[a->n]. */
void adam_step(struct adam *a, const struct adam_rate *rate, const double *grad,
    double *theta);

#endif
