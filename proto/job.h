/*
 * job.h - one training order: task, circuit, rounds, rule, bounds.
 *
 * The circuit is data: a template with sizes. dim and nangles are stated so
 * that consensus needs no compiler; a trainer refuses a job whose numbers are
 * not what its own compiler gives. The first nangles parameters are angles
 * with period 2 pi, the rest have none.
 */
#ifndef QML_PROTO_JOB_H
#define QML_PROTO_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/decimal.h"
#include "proto/hash.h"

enum job_task { JOB_VQC = 1, JOB_LINEAR = 2 };
enum job_encoding { JOB_ANGLE = 1, JOB_AMPLITUDE = 2 };
enum job_ansatz { JOB_STRONGLY_ENTANGLING = 1, JOB_HARDWARE_EFFICIENT = 2 };
enum job_readout { JOB_Z = 1, JOB_Z_ZZ = 2 };
enum job_rule { JOB_MEAN = 1, JOB_TRIMMED_MEAN = 2 };
enum job_weighting { JOB_UNWEIGHTED = 1, JOB_REGISTERED = 2 };

struct job {
	uint8_t task;
	uint8_t encoding; /* vqc only, as the next four; else 0 */
	uint8_t ansatz;
	uint8_t readout;
	uint8_t qubits;            /* 1..16 */
	uint16_t layers;           /* 1..512 */
	uint32_t dim;              /* parameters, 1..ANSWER_DIM_MAX */
	uint32_t nangles;          /* <= dim */
	uint32_t rounds;           /* 1..1000000 */
	struct hash seed;          /* of M_0, batches and splits */
	struct decimal init;       /* M_0 angles uniform in [-init, init] */
	struct decimal head_scale; /* the head sees observables times this */
	uint32_t steps;            /* local Adam steps per round */
	uint32_t batch;            /* rows per step */
	struct decimal rate;       /* Adam's, in the first round */
	struct decimal rate_last;  /* cosine from rate to this in the last */
	uint8_t rule;
	uint16_t trim; /* trimmed mean: dropped at each end */
	uint8_t weighting;
	struct decimal clip;  /* L2 bound of an update */
	struct decimal bound; /* of every coordinate of an update */
};

void job_put(struct bytes_writer *w, const struct job *j);
void job_get(struct bytes_reader *r, struct job *out);
struct hash job_hash(const struct job *j); /* H("qml.job", bytes) */
/* Ranges, and that no sum over nmembers and all rounds can overflow int64;
 * -EINVAL with a sentence that names the field. */
int job_check(const struct job *j, uint32_t weight_sum, char *err,
    size_t errlen) __attribute__((warn_unused_result));
/* What dim and nangles must be for data of this shape; the trainer's compiler
 * gives the same. -EINVAL: the encoding cannot hold nfeatures, or too large. */
int job_sizes(const struct job *j, uint32_t nfeatures, uint32_t nclasses,
    uint32_t *dim, uint32_t *nangles) __attribute__((warn_unused_result));
/* M_0 into model[dim]: angles from the seed, the rest zero. */
void job_start_model(const struct job *j, int64_t *model);

#endif
