/*
 * aggregate.h - from n updates to one: the rules, on int64 Q24.
 *
 * A result depends on the set of values only, never on the order of the
 * updates, the CPU or the compiler. Sums have 128 bits and are divided once,
 * half to even; results saturate. Where a rule must prefer one of several, it
 * looks at the updates in the order of their values (first coordinate first,
 * then weight) and takes the first: ties never depend on who sent what.
 *
 * A coordinate with a period is read as its representative in
 * (-period/2, period/2], and distances wrap: an update that differs from
 * another by whole periods is that update. Means of chosen updates are taken
 * around one of them, so that no mean falls between two windings.
 *
 * f is the number of updates that may be lies. Pure; any thread; allocates
 * nothing.
 */
#ifndef QML_CONSENSUS_AGGREGATE_AGGREGATE_H
#define QML_CONSENSUS_AGGREGATE_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"
#include "proto/job.h"
#include "proto/q24.h"

#define AGGREGATE_MAX_UPDATES 100
#define AGGREGATE_MDA_MAX 20 /* MDA looks at every subset of n - f */

/* The numbers that a job states; the first two are as in enum job_rule. */
enum aggregate_id {
	AGGREGATE_MEAN = 1,
	AGGREGATE_TRIMMED_MEAN = 2,
	AGGREGATE_MEDIAN = 3,
	AGGREGATE_KRUM = 4,
	AGGREGATE_MULTI_KRUM = 5,
	AGGREGATE_GEOMETRIC_MEDIAN = 6,
	AGGREGATE_CENTERED_CLIPPING = 7,
	AGGREGATE_MDA = 8,
	AGGREGATE_MEAMED = 9,
};

/* What some rules and pre-aggregators need beside f. */
struct aggregate_knobs {
	int64_t tau;         /* centered clipping: radius, Q24, > 0 */
	int64_t nu;          /* geometric median: least distance, Q24, > 0 */
	uint16_t iterations; /* of these two, 1..64 */
	int64_t clip;        /* static clipping: L2 radius, Q24, > 0 */
	uint16_t bucket;     /* bucketing: updates in one bucket, >= 1 */
	struct hash seed;    /* bucketing: of the shuffle, new each round */
};

/* Room for the distances of a rule or of NNM; contents mean nothing between
 * two calls. 160,000 bytes: the caller's heap, not a stack. */
struct aggregate_scratch {
	q24_uwide distance[AGGREGATE_MAX_UPDATES * AGGREGATE_MAX_UPDATES];
};

struct aggregate_input {               /* everything is borrowed for the call */
	const int64_t *const *updates; /* [n], each [dim] */
	const uint32_t *weights;       /* [n], each >= 1; NULL: all equal */
	const int64_t *periods;        /* [dim], 0: none; NULL: none at all */
	const int64_t *previous;       /* centered clipping: [dim]; NULL: 0 */
	const struct aggregate_knobs *knobs; /* NULL where none is needed */
	struct aggregate_scratch *scratch;   /* NULL where none is needed */
	uint16_t n;                          /* 1..AGGREGATE_MAX_UPDATES */
	uint16_t f;
	uint32_t dim;
};

struct aggregate_rule {
	uint8_t id;       /* enum aggregate_id */
	const char *name; /* as in federation.yaml */
	/* Fewest updates for which it is defined, and for which the published
	 * bound on what f liars can do holds. */
	uint32_t (*minimum)(uint16_t f);
	uint32_t (*proved)(uint16_t f);
	uint16_t maximum;
	bool scratch; /* needs in->scratch */
	/* minimum <= n <= maximum; out[dim] may not overlap an update, but may
	 * be in->previous. */
	void (*run)(const struct aggregate_input *in, int64_t *out);
};

/* NULL: no such rule. */
const struct aggregate_rule *aggregate_find(uint8_t id);
const struct aggregate_rule *aggregate_named(const char *name);
/* The i-th row of the table, NULL after the last. */
const struct aggregate_rule *aggregate_at(size_t i);

/*
 * mean:              sum(w x) / sum(w). Withstands nothing.
 * trimmed_mean:      per coordinate, without the f smallest and f largest.
 * median:            per coordinate; of an even n the mean of the two middle.
 * meamed:            per coordinate, the mean of the n - f values nearest the
 *                    median; of two as near the smaller first.
 * krum:              the update with the least sum of squared distances to its
 *                    n - f - 1 nearest others.
 * multi_krum:        the mean of the n - f updates that krum likes best.
 * mda:               the mean of the n - f updates of least diameter.
 * geometric_median:  `iterations` steps of Weiszfeld's, from zero (the model
 *                    stays), distances below nu counted as nu.
 * centered_clipping: `iterations` times v += mean(x - v, each shortened to
 *                    tau), from v = previous.
 * Only mean looks at weights: elsewhere one member has one voice.
 *
 * -EINVAL: unknown rule, too few or too many updates, a knob out of range.
 */
int aggregate_run(uint8_t id, const struct aggregate_input *in, int64_t *out)
    __attribute__((warn_unused_result));

#endif
