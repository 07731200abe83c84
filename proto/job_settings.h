/*
 * job_settings.h - how a job's members train and how updates are combined.
 *
 * Numbers as in federation.yaml; consensus/ and the trainer say what each does.
 */
#ifndef QML_PROTO_JOB_SETTINGS_H
#define QML_PROTO_JOB_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/decimal.h"

#define JOB_PRE_MAX 3
#define JOB_FAULTS_AUTO UINT16_MAX /* floor((n - 1) / 3) */
#define JOB_CARRY_MAX 8
#define JOB_SERVER_BOUNDS 16 /* a server step is at most so many bounds */

enum job_optimiser {
	JOB_SGD = 1, /* with momentum, if beta is not zero */
	JOB_ADAM,
	JOB_ADAMW,
	JOB_RMSPROP,
	JOB_SPSA,
	JOB_NATURAL, /* quantum natural gradient */
	JOB_ROTOSOLVE,
};
enum job_schedule { JOB_COSINE = 1, JOB_CONSTANT, JOB_STEP };
enum job_order { JOB_SHUFFLED = 1, JOB_FILE_ORDER };
enum job_gradient { JOB_ADJOINT = 1, JOB_SHIFT, JOB_PERTURB };
enum job_mitigation {
	JOB_UNMITIGATED = 1,
	JOB_READOUT,
	JOB_ZNE,
	JOB_READOUT_ZNE
};
enum job_rule {
	JOB_MEAN = 1,
	JOB_TRIMMED_MEAN,
	JOB_MEDIAN,
	JOB_KRUM,
	JOB_MULTI_KRUM,
	JOB_GEOMETRIC_MEDIAN,
	JOB_CENTERED_CLIPPING,
	JOB_MDA,
	JOB_MEAMED,
};
enum job_pre { JOB_CLIP = 1, JOB_ARC, JOB_NNM, JOB_BUCKETING };
enum job_server {
	JOB_SERVER_ADD = 1, /* model + aggregate */
	JOB_SERVER_MOMENTUM,
	JOB_SERVER_ADAGRAD,
	JOB_SERVER_ADAM,
	JOB_SERVER_YOGI,
};
enum job_weighting { JOB_UNWEIGHTED = 1, JOB_REGISTERED };
enum job_stragglers { JOB_DROP = 1, JOB_CARRY };

/* What a member does in a round. */
struct job_local {
	uint8_t optimiser;
	uint8_t schedule;
	uint32_t warmup; /* rounds; with JOB_STEP the rate is multiplied by */
	uint32_t every;  /* `factor` after every so many rounds */
	struct decimal factor;
	uint32_t epochs; /* over the rows; 0: steps says how long */
	uint32_t steps;  /* 0: epochs says */
	uint32_t batch;  /* rows of a step */
	uint8_t order;
	bool carry;          /* trainer state is kept between rounds */
	struct decimal beta; /* of the optimiser's momentum */
	struct decimal prox; /* FedProx's mu; 0: off */
	bool scaffold;       /* control variates */
	bool nova;           /* FedNova: updates per step, times their mean */
	struct decimal worker_momentum; /* of the updates sent; 0: off */
	uint8_t gradient;
	uint32_t shots;     /* 0: exact expectation values */
	uint8_t mitigation; /* of evaluations */
	char *noise;        /* a noise model's text, owned; NULL: none */
};

/* What everybody does with the updates. */
struct job_combine {
	uint8_t rule;
	uint16_t faults;          /* f, or JOB_FAULTS_AUTO */
	uint8_t pre[JOB_PRE_MAX]; /* in this order; 0: no more */
	struct decimal radius;    /* of clip and of centered clipping */
	uint16_t bucket;          /* updates in a bucket */
	uint8_t server;
	struct decimal server_rate;
	struct decimal server_beta;  /* first moment */
	struct decimal server_beta2; /* second moment */
	struct decimal server_tau;   /* adaptivity, added to the root */
	uint8_t weighting;
	uint32_t weight_cap;          /* of a registered weight; 0: none */
	struct decimal participation; /* share asked in a round, (0, 1] */
	uint8_t stragglers;
	/* With JOB_CARRY, and in the bytes only then: a late update counts in
	 * a later round, less, if its model is at most so many aggregations
	 * old. */
	uint8_t carry_rounds;
};

void job_local_put(struct bytes_writer *w, const struct job_local *l);
void job_local_get(struct bytes_reader *r, struct job_local *l);
void job_combine_put(struct bytes_writer *w, const struct job_combine *c);
void job_combine_get(struct bytes_reader *r, struct job_combine *c);

#endif
