/*
 * optimiser.h - one step down a gradient; +, -, *, / and sqrt only.
 *
 * Adam (arXiv:1412.6980) with bias correction; AdamW: decay apart from the
 * gradient (arXiv:1711.05101); RMSProp without momentum; SGD with heavy-ball
 * momentum. SPSA, the natural gradient and Rotosolve differ in what they ask
 * the circuit (train_search.h); the former two end in an SGD step.
 */
#ifndef QML_SIM_LEARN_OPTIMISER_H
#define QML_SIM_LEARN_OPTIMISER_H

#include <stddef.h>

enum optimiser_kind {
	OPTIMISER_ADAM,
	OPTIMISER_ADAMW,
	OPTIMISER_SGD,
	OPTIMISER_RMSPROP,
	OPTIMISER_SPSA,
	OPTIMISER_NATURAL,  /* quantum natural gradient */
	OPTIMISER_ROTOSOLVE /* angles one by one to their minimum */
};

struct moments {
	size_t n;
	double *m;   /* first moments, or velocity; owned */
	double *v;   /* second moments; owned */
	double pow1; /* beta1^t, beta2^t; 1 before the first step */
	double pow2;
};

#define MOMENTS_INIT   \
	{              \
		.n = 0 \
	}

struct optimiser_rate {
	enum optimiser_kind kind;
	double lr;
	double beta1; /* Adam's; RMSProp has only beta2 */
	double beta2;
	double eps;
	double momentum; /* SGD's */
	double decay;    /* AdamW's, of all parameters it is told of */
};

/* Zero moments. -ENOMEM. */
int moments_init(struct moments *a, size_t n);

void moments_close(struct moments *a);

/* One step down grad[a->n]. decayed: the first parameter that decays. */
void optimiser_step(struct moments *a, const struct optimiser_rate *rate,
    const double *grad, size_t decayed, double *theta);

#endif
