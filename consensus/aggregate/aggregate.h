/*
 * aggregate.h - from n updates to one: the rules, on int64 Q24.
 *
 * A result depends on the values only, never on the order of the updates, the
 * CPU or the compiler: 128-bit sums, one division, rounded half to even. The
 * bounds of the job keep every sum far from overflow; if they did not, results
 * saturate. Pure; any thread; allocates nothing.
 */
#ifndef QML_CONSENSUS_AGGREGATE_AGGREGATE_H
#define QML_CONSENSUS_AGGREGATE_AGGREGATE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/job.h"

#define AGGREGATE_MAX_UPDATES 100

struct aggregate_input {
	const int64_t *const *updates; /* [n], each [dim]; borrowed */
	const uint32_t *weights;       /* [n], each >= 1; NULL: all equal */
	uint16_t n;                    /* 1..AGGREGATE_MAX_UPDATES */
	uint16_t trim;                 /* trimmed mean: dropped per end */
	uint32_t dim;
};

struct aggregate_rule {
	enum job_rule id;
	const char *name; /* as in federation.yaml */
	/* Fewest updates that the rule can combine. */
	uint32_t (*minimum)(uint16_t trim);
	/* n >= minimum; out[dim] may not overlap an update. */
	void (*run)(const struct aggregate_input *in, int64_t *out);
};

/* NULL: no such rule. */
const struct aggregate_rule *aggregate_find(uint8_t id);

/*
 * mean:         sum(w x) / sum(w) per coordinate.
 * trimmed_mean: per coordinate the `trim` smallest and largest values are
 *               dropped, the rest averaged. Weights are ignored: with them
 *               the result of a tie would depend on the order.
 *
 * -EINVAL: unknown rule, too few or too many updates.
 */
int aggregate_run(uint8_t id, const struct aggregate_input *in, int64_t *out)
    __attribute__((warn_unused_result));

#endif
