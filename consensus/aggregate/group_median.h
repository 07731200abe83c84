/*
 * group_median.h - the rule of the vqe task: each part of the Hamiltonian is
 * measured by several members, its median counts, and the parts are summed.
 *
 * An update is nparts blocks of nangles + 1 numbers, Q24: the step that this
 * part asks for (minus rate times gradient), then its energy. The last part is
 * the variance <H^2> - <H>^2: its step is 0, its last number the variance. A
 * block that the member was not assigned is all 0.
 * The model's segment is nangles angles, then energy and variance of the
 * angles before the last step; what group_median_run() gives is added to it.
 *
 * With 2 f + 1 members on each part and all honest ones of them heard, f that
 * lie or are silent change nothing where honest reports are equal, and stay
 * between honest values where shots make these differ.
 * Integers only; no order of updates matters. Pure; any thread; allocates
 * nothing.
 */
#ifndef QML_CONSENSUS_AGGREGATE_GROUP_MEDIAN_H
#define QML_CONSENSUS_AGGREGATE_GROUP_MEDIAN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/hash.h"

#define GROUP_MEDIAN_MAX_MEMBERS 100
#define GROUP_MEDIAN_MAX_PARTS 65 /* the variance included */
#define GROUP_MEDIAN_MAX_ANGLES 4096
#define GROUP_MEDIAN_MAX_DIM (1u << 18)

struct group_median_shape {
	uint16_t nmembers; /* 1..GROUP_MEDIAN_MAX_MEMBERS */
	uint16_t faults;   /* f */
	uint32_t nparts;   /* 2..; the variance included */
	uint32_t nangles;  /* 1.. */
};

/* -EINVAL: out of range, or a dimension over GROUP_MEDIAN_MAX_DIM. */
int group_median_check(const struct group_median_shape *s)
    __attribute__((warn_unused_result));

/* Of an update: nparts (nangles + 1). */
uint32_t group_median_dim(const struct group_median_shape *s);

/* Of the model's segment: nangles + 2. */
uint32_t group_median_model_dim(const struct group_median_shape *s);

/* How many measure each part: 2 f + 1, or all there are. */
uint16_t group_median_copies(const struct group_median_shape *s);

/* assigned[m * nparts + p] = 1 if member m measures part p, else 0. Members
 * are numbered as in the round's list; the seed (of the job and round) shuffles
 * them, then part p goes to the next `copies` in a ring: loads differ by one at
 * most. */
void group_median_assign(const struct group_median_shape *s,
    const struct hash *seed, uint8_t *assigned);

/* Whether member m's update has zeros wherever it must: blocks not assigned,
 * the variance's step. */
bool group_median_fits(const struct group_median_shape *s,
    const uint8_t *assigned, uint16_t m, const int64_t *update);

struct group_median_input {
	struct group_median_shape shape;
	const uint8_t *assigned;       /* of group_median_assign() */
	const int64_t *const *updates; /* [nmembers]; NULL: none came */
	const int64_t *model;          /* the segment now */
};

/* out[nangles + 2], to be added to the model. Fewer than f + 1 reports of a
 * part: -ENODATA, *out is 0, and the round changes nothing. */
int group_median_run(const struct group_median_input *in, int64_t *out)
    __attribute__((warn_unused_result));

#endif
