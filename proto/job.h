/*
 * job.h - one training order: tasks, rounds, how updates are combined, bounds.
 *
 * The model vector is a list of segments: stage, main, control (those there
 * are, in this order), then with SCAFFOLD the control variates of the main
 * task. An update is a list of the same segments, zero where one is not
 * active. The rule runs on each segment alone.
 */
#ifndef QML_PROTO_JOB_H
#define QML_PROTO_JOB_H

#include "proto/hash.h"
#include "proto/job_privacy.h"
#include "proto/job_settings.h"
#include "proto/job_task.h"

#define JOB_TASKS 3
#define JOB_SEGMENTS_MAX 4
#define JOB_VQE_BOUND 3 /* power of ten: a vqe's bounds energies, too */

struct job {
	struct job_task stage; /* kind 0: none; qpca only */
	struct job_task main;
	struct job_task control; /* kind 0: none; linear only */
	uint32_t dim;            /* of the model: all segments */
	uint32_t update;         /* of an update */
	uint32_t rounds;         /* 1..1000000 */
	uint32_t stage_rounds;   /* aggregated ones; 0 without a stage */
	struct hash seed;        /* of M_0, batches, splits, who is asked */
	struct hash start;       /* a model to start from; zero: M_0 */
	char *start_params;      /* its Q24 integers, a line each; owned */
	struct job_local local;
	struct job_combine combine;
	struct job_privacy privacy;
	struct decimal validation; /* share of a member's rows, [0, 0.5] */
	uint32_t validation_every; /* rounds; 0: never */
	uint32_t checkpoint_every; /* aggregated rounds; 0: at the end only */
	uint32_t patience; /* validated rounds without progress; 0: no end */
	struct decimal progress; /* the least that counts, of the loss */
	struct decimal clip;     /* L2 bound of an update */
	struct decimal bound;    /* of every coordinate of an update */
};

struct job_segment {
	const struct job_task *task;
	enum job_role role;
	uint32_t first, dim; /* in the model */
	uint32_t at, update; /* in an update */
	uint32_t nangles;    /* the first of dim */
	bool variates;       /* SCAFFOLD's, of the main task */
};

void job_put(struct bytes_writer *w, const struct job *j);
/* *out is to be closed also when r is bad. */
void job_get(struct bytes_reader *r, struct job *out);
void job_close(struct job *j); /* accepts zeros */
/* Texts are copied. -ENOMEM leaves *to closed. */
int job_copy(struct job *to, const struct job *from)
    __attribute__((warn_unused_result));
struct hash job_hash(const struct job *j); /* zero: no memory */
/* What federation.yaml gives a job that says no more than its main task; dim,
 * nangles, rounds, seed and qubits are left zero. */
void job_default(struct job *j, enum job_kind kind);
void job_task_default(struct job_task *t, enum job_kind kind);
/* Ranges, and that no sum over nmembers and all rounds can overflow int64;
 * -EINVAL with a sentence that names the field. */
int job_check(const struct job *j, uint32_t weight_sum, char *err,
    size_t errlen) __attribute__((warn_unused_result));
/* Fills the sizes of every task and of the whole; see job_task_sizes. */
int job_sizes(struct job *j, uint32_t nfeatures, uint32_t nlabels)
    __attribute__((warn_unused_result));
/* Their number; in the order of the model. */
unsigned job_segments(const struct job *j,
    struct job_segment out[static JOB_SEGMENTS_MAX]);
/* Is it learnt when so many rounds were aggregated before? */
bool job_active(const struct job *j, const struct job_segment *s,
    uint64_t aggregated);
/* Has a block, which goes in one message of WIRE_MSG_MAX, room for the updates
 * of so many? */
bool job_fits_block(const struct job *j, uint16_t nmembers);
uint16_t job_faults(const struct job *j, uint16_t nmembers);
/* Is start_params the model that start names? -EINVAL with a sentence. */
int job_check_start(const struct job *j, char *err, size_t errlen)
    __attribute__((warn_unused_result));
/* M_0 into model[dim]: start_params, or angles from the seed, the rest zero. */
void job_start_model(const struct job *j, int64_t *model);

#endif
