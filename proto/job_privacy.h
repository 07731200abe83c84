/*
 * job_privacy.h - the noise that a job's members train with, and what an
 * update claims of it.
 *
 * Record-level differential privacy: in every local step each row is taken by
 * its own coin, its gradient is clipped, and the sum gets discrete Gaussian
 * noise of noise * clip on every coordinate. consensus/privacy/ says what a
 * step costs. Claims are integers, as the ledger counts them. Pure.
 */
#ifndef QML_PROTO_JOB_PRIVACY_H
#define QML_PROTO_JOB_PRIVACY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/decimal.h"

#define JOB_PRIVACY_ROWS 32 /* least rows, where the file says nothing */

struct job;

/* All of a job's trainings together. */
struct job_privacy {
	struct decimal noise; /* multiplier of clip, 0.3..1000; 0: no noise */
	struct decimal rate;  /* of rows in a step, (0, 1], in 1e-9 */
	struct decimal clip;  /* L2 of one row's gradient */
	uint32_t min_rows;    /* of a member; fewer: it does not answer */
};

enum privacy_mechanism {
	PRIVACY_NONE = 0,
	/* Poisson sampling, per-row clipping, discrete Gaussian. */
	PRIVACY_SAMPLED_GAUSSIAN = 1,
};

/* What one round of a job takes of a record's budget. All zero: nothing was
 * added, nothing is claimed. */
struct privacy_claim {
	uint8_t mechanism;    /* enum privacy_mechanism */
	uint32_t q_ppb;       /* sampling rate, 1e-9 */
	uint32_t sigma_milli; /* noise multiplier, 1e-3 */
	uint32_t steps;       /* noisy ones of a round, of all tasks */
	uint64_t clip_q24;    /* of one row's gradient */
};

void job_privacy_put(struct bytes_writer *w, const struct job_privacy *p);
void job_privacy_get(struct bytes_reader *r, struct job_privacy *p);
/* Ranges, and that every task of the job can train so. -EINVAL with a sentence
 * that begins "privacy.field: ". */
int job_privacy_check(const struct job *j, char *err, size_t errlen)
    __attribute__((warn_unused_result));
bool job_private(const struct job *j);
/* Noisy steps of one task in a round; of a job that passed the check. */
uint32_t job_private_steps(const struct job *j);
/* What an update of this job must claim: all of a round's tasks together. */
struct privacy_claim job_claim(const struct job *j);

void privacy_claim_put(struct bytes_writer *w, const struct privacy_claim *c);
void privacy_claim_get(struct bytes_reader *r, struct privacy_claim *c);
bool privacy_claim_equal(const struct privacy_claim *a,
    const struct privacy_claim *b);

#endif
