/*
 * arm.h - one task of a job at one member: its circuit and what its trainer
 * keeps between rounds.
 *
 * The kept state is that after the member's last update that is on the chain,
 * so it follows from the chain and the rows alone and a replay has it too: an
 * update that came too late leaves no trace. One thread.
 */
#ifndef QML_DAEMON_TRAINER_ARM_H
#define QML_DAEMON_TRAINER_ARM_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/federation.h"
#include "sim/learn/dataset.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/train_state.h"
#include "sim/state/noise_model.h"

struct arm {
	enum job_role role;
	struct task task;
	bool noisy; /* the circuit runs under noise */
	struct noise_model noise;
	bool keeps;   /* the job wants a state from round to round */
	bool moments; /* the optimiser's are part of it */
	struct train_state state;
	uint8_t *base; /* bytes: where a training begins; owned */
	uint8_t *last; /* after the last training */
	bool fresh;    /* base is the state of nobody's round */
};

#define ARM_INIT                                              \
	{                                                     \
		.task = TASK_INIT, .state = TRAIN_STATE_INIT, \
		.noise = NOISE_MODEL_INIT,                    \
	}

/* -EINVAL with a sentence, -ENOMEM; *a is closed then. */
int arm_open(struct arm *a, const struct federation *f, enum job_role role,
    char *err, size_t errlen) __attribute__((warn_unused_result));
void arm_close(struct arm *a); /* accepts ARM_INIT */
/* The last training's update is on the chain. */
void arm_keep(struct arm *a);
/* Back to the state of nobody's round. */
void arm_forget(struct arm *a);

/* NULL: none. */
const struct noise_model *arm_noise(const struct arm *a);

/* job's task, noise and state are the arm's; the rest is the caller's. As
 * train_local. */
int arm_train(struct arm *a, struct train_job *job, int64_t *delta,
    struct train_metrics *metrics) __attribute__((warn_unused_result));

#endif
