/*
 * recipe.h - a federation's job in the simulator's terms.
 *
 * The only place where the two vocabularies meet: proto's job (decimals, Q24,
 * hashed) and sim's task and hyper-parameters (doubles). What a round's
 * training is must not depend on anything else, or it could not be replayed.
 * Pure.
 */
#ifndef QML_DAEMON_TRAINER_RECIPE_H
#define QML_DAEMON_TRAINER_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/federation.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

/* Compiles one of the job's tasks. -EINVAL with a sentence in err when it
 * cannot be run here or its sizes are not the compiler's; -ENOMEM. */
int recipe_task(const struct federation *f, enum job_role role, struct task *t,
    char *err, size_t errlen) __attribute__((warn_unused_result));

/* The noise that this task's circuit runs under. 1; 0: none; -EINVAL with a
 * sentence in err, -ENOMEM: *m is closed. */
struct noise_model;
int recipe_noise(const struct federation *f, enum job_role role,
    struct noise_model *m, char *err, size_t errlen)
    __attribute__((warn_unused_result));

struct recipe_turn {
	uint64_t round;   /* of the job, from 0 */
	uint16_t member;  /* its index in the federation */
	uint16_t threads; /* 0: one */
	enum job_role role;
};

/* A training scores at most so many of the rows it saw, before and after: what
 * a round costs must not grow with rows that it never looks at. */
#define RECIPE_SCORE_MAX 1024

/* Hyper-parameters of one member's training in one round. -EINVAL: the job's
 * numbers are out of the simulator's range, said in err. */
int recipe_hyper(const struct federation *f, const struct recipe_turn *turn,
    struct train_hyper *h, char *err, size_t errlen)
    __attribute__((warn_unused_result));

/* What a private job asks of a training. The public number of rows and the seed
 * are the caller's. */
struct train_privacy;
void recipe_privacy(const struct federation *f, enum job_role role,
    struct train_privacy *out);

/* Scales rows in place by the federation's ranges. The rows were checked
 * against them when they were read: -EINVAL only for the federation's fault. */
int recipe_scale(const struct federation *f, struct dataset *rows)
    __attribute__((warn_unused_result));

#endif
