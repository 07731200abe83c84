/*
 * pre.h - what may be done to updates before a rule sees them.
 *
 * Each gives new updates from n of them, with the guarantees of aggregate.h:
 * integers, no dependence on order. Pure; allocates nothing.
 */
#ifndef QML_CONSENSUS_AGGREGATE_PRE_H
#define QML_CONSENSUS_AGGREGATE_PRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/aggregate/aggregate.h"

enum pre_id {
	PRE_CLIP = 1,
	PRE_ARC = 2,
	PRE_NNM = 3,
	PRE_BUCKETING = 4,
};

struct pre_rule {
	uint8_t id;       /* enum pre_id */
	const char *name; /* as in federation.yaml */
	bool scratch;     /* needs in->scratch */
	bool mixes; /* an output is no single member's: weights end here */
	/* Updates that come out of n, at least 1. */
	uint16_t (*outputs)(const struct aggregate_input *in);
	void (*run)(const struct aggregate_input *in, int64_t *const *out);
};

const struct pre_rule *pre_find(uint8_t id); /* NULL: no such */
const struct pre_rule *pre_named(const char *name);
const struct pre_rule *pre_at(size_t i); /* NULL after the last */

/*
 * clip:      an update longer than knobs->clip is shortened to it.
 * arc:       the floor(2 f (n - f) / n) longest are shortened to the length
 *            of the longest of the others (adaptive robust clipping).
 * nnm:       each becomes the mean of its n - f nearest, itself among them.
 * bucketing: shuffled by knobs->seed, then the means of `bucket` at a time;
 *            the last bucket may be smaller.
 *
 * out has room for pre_rule.outputs rows of [dim], none of them an input.
 * Returns how many were written, or -EINVAL: unknown, f >= n, n out of range
 * or a knob out of range.
 */
int pre_run(uint8_t id, const struct aggregate_input *in, int64_t *const *out)
    __attribute__((warn_unused_result));

/* Update i times scales[i], Q24 in (0, 1]; the shorter way round a period. */
void pre_scale(const struct aggregate_input *in, const int64_t *scales,
    int64_t *const *out);

/*
 * FedNova: update i, made in steps[i] local steps, times the weighted mean of
 * the steps over steps[i]. What a member claims is taken as at least 1 and at
 * most cap; the result is shortened to an L2 of clip (Q24; 0: not), so a lie
 * about steps gains no more than the job allows anybody.
 */
void pre_nova(const struct aggregate_input *in, const uint32_t *steps,
    uint32_t cap, int64_t clip, int64_t *const *out);

#endif
