/*
 * train_hyper.h - how a node trains: optimiser, schedule, batches, bounds. All
 * of it is public; nothing but threads and isa is free of consequences.
 */
#ifndef QML_SIM_LEARN_TRAIN_HYPER_H
#define QML_SIM_LEARN_TRAIN_HYPER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/learn/optimiser.h"
#include "sim/state/lanes.h"

#define TRAIN_SEED_BYTES 32
#define TRAIN_MAX_THREADS 64

enum train_schedule {
	TRAIN_COSINE,   /* lr to lr_end over the rounds; nrounds 0: lr */
	TRAIN_CONSTANT, /* lr */
	TRAIN_STEP      /* lr x factor after every `every` rounds */
};

enum train_order {
	TRAIN_SHUFFLED, /* every epoch anew; a remainder is left out */
	TRAIN_IN_ORDER  /* as they lie; the last batch of an epoch has what is
			 * left, then from the start. Goes on from the carried
			 * state, if there is one */
};

enum train_method {
	TRAIN_ADJOINT, /* exact; neither noise nor shots */
	TRAIN_SHIFT,   /* parameter shift: values only */
	TRAIN_PERTURB  /* SPSA: two values for any number of parameters */
};

/* On evaluation alone. */
enum train_mitigation {
	TRAIN_UNMITIGATED,
	TRAIN_READOUT, /* errors of reading undone, qubit by qubit */
	TRAIN_ZNE,     /* gates folded 1, 3, 5 times, followed back to none */
	TRAIN_READOUT_ZNE
};

struct train_hyper {
	double lr;          /* step at round 0 */
	double lr_end;      /* cosine: at the last round */
	uint32_t round;     /* 0 .. nrounds-1: where on the schedule */
	uint32_t nrounds;   /* 0: lr as it is */
	uint32_t steps;     /* optimiser steps of this call */
	uint32_t batch;     /* rows of a step; fewer if there are fewer */
	uint32_t threads;   /* 1 .. TRAIN_MAX_THREADS; never changes bits */
	enum lanes_isa isa; /* never changes bits */
	double beta1;
	double beta2;
	double eps;
	double l2;       /* decay on head or linear weights, in the gradient */
	int64_t clip_l2; /* Q24; largest L2 norm of delta, 0 = none */
	int64_t bound;   /* Q24; largest |delta[i]|, 0 = none */
	uint8_t seed[TRAIN_SEED_BYTES];

	enum optimiser_kind optimiser;
	double momentum; /* SGD's, 0 .. below 1 */
	double decay;    /* AdamW's, of the head's weights */
	enum train_schedule schedule;
	uint32_t warmup; /* rounds: lr rises from lr / (warmup + 1) */
	uint32_t every;  /* TRAIN_STEP */
	double factor;   /* TRAIN_STEP, above 0, at most 1 */
	uint32_t epochs; /* > 0: so many passes instead of steps */
	enum train_order order;
	bool layerwise;     /* layers released in turn; needs nrounds */
	double proximal;    /* FedProx: mu / 2 |theta - params|^2 */
	double worker;      /* momentum of updates beta: what is sent is the
			     * mean, weighed by beta^age, of the state's deltas
			     * and (1 - beta) (params then - now); 0 = off,
			     * else a state is needed */
	uint32_t score_max; /* rows scored before and after; 0: all. The first
			     * ones that are trained on */
	enum train_method method;
	uint32_t shots;         /* per circuit and row; 0: exact */
	double perturb;         /* SPSA's step h, of all but the head */
	uint32_t perturbations; /* SPSA: draws averaged per step */
	double damping;         /* natural gradient: added to the metric */
	enum train_mitigation mitigation;
};

/* The demo's values; the seed is zero. */
void train_hyper_default(struct train_hyper *h);

/* NULL if all fields are in range, else a sentence naming the field. */
const char *train_hyper_check(const struct train_hyper *h);

/* The step size at h->round. */
double train_rate(const struct train_hyper *h);

/* Steps of a call on n rows. */
uint64_t train_steps(const struct train_hyper *h, uint64_t n);

#endif
