/*
 * combine.h - one segment of one round: from signed updates to the change of
 * the model. Scales of late updates, FedNova's scaling, pre-aggregators in
 * order, the rule, the server's optimiser.
 *
 * The ledger calls this once per segment, and an auditor again. The result and
 * the next state are functions of the arguments. Pure; allocates nothing.
 */
#ifndef QML_CONSENSUS_AGGREGATE_COMBINE_H
#define QML_CONSENSUS_AGGREGATE_COMBINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/aggregate/aggregate.h"
#include "consensus/aggregate/pre.h"
#include "consensus/aggregate/server.h"

#define COMBINE_MAX_PRE 4

struct combine_settings {
	uint8_t rule; /* enum aggregate_id */
	uint16_t f;
	uint8_t npre;
	uint8_t pre[COMBINE_MAX_PRE]; /* enum pre_id, first to last */
	struct aggregate_knobs knobs; /* of these; seed is set per round */
	bool scaled; /* an update may come with a scale below 1 */
	bool nova;
	uint32_t nova_cap; /* most local steps that may be claimed */
	int64_t nova_clip; /* L2, Q24, after scaling; 0: none */
	struct server_settings server;
};

/* Defaults: mean, no pre-aggregator, fedavg at rate 1, tau 1, nu 2^-10,
 * 8 iterations, clip 1, buckets of 2. */
struct combine_settings combine_defaults(void);

/* "arc+nnm+median": pre-aggregators in order, then the rule, into *s; the rest
 * of it stays. -EINVAL: a name is unknown. */
int combine_parse(const char *name, struct combine_settings *s)
    __attribute__((warn_unused_result));
/* The same text from settings that combine_check has passed. */
void combine_name(const struct combine_settings *s, char *out, size_t len);

/* 0, or -EINVAL with a sentence: a number unknown or out of range. */
int combine_check(const struct combine_settings *s, char *err, size_t errlen)
    __attribute__((warn_unused_result));

/* Fewest and most updates that these settings can combine; and the fewest for
 * which the rule's bound on f liars is proved. */
uint32_t combine_minimum(const struct combine_settings *s);
uint32_t combine_maximum(const struct combine_settings *s);
uint32_t combine_proved(const struct combine_settings *s);
/* Would combine_run take so many? Not all between those two: buckets leave
 * fewer to what comes after them. */
bool combine_takes(const struct combine_settings *s, uint32_t n);

/* int64s of state for a segment of dim: centered clipping's previous result
 * first (dim), then the server's moments. 0 for most settings. */
size_t combine_state_len(const struct combine_settings *s, uint32_t dim);
/* The state before the first round. */
void combine_state_start(const struct combine_settings *s, uint32_t dim,
    int64_t *state);

/* Bytes of scratch for at most n updates of dim: the distances, and up to two
 * copies of all updates. Aligned as malloc does. */
size_t combine_scratch_len(const struct combine_settings *s, uint16_t n,
    uint32_t dim);

struct combine { /* everything is borrowed for the call */
	const struct combine_settings *settings; /* combine_check passed */
	const int64_t *const *updates; /* [n], each at least at + dim long */
	const uint32_t *weights;       /* [n], registered; NULL: all equal */
	const int64_t *scales; /* [n] Q24, if settings say scaled, or NULL */
	const uint32_t *steps; /* [n], claimed; NULL without nova */
	uint16_t n;
	uint32_t at, dim;        /* the segment's place in an update */
	const int64_t *periods;  /* [dim] of the segment; NULL: none */
	const struct hash *seed; /* of this round; NULL without bucketing */
	void *scratch;           /* combine_scratch_len bytes */
};

/* The change of the model into delta[dim]; state (NULL where its length is 0)
 * becomes that of the next round. -EINVAL: too few or too many updates; delta
 * and state are then untouched. */
int combine_run(const struct combine *c, int64_t *state, int64_t *delta)
    __attribute__((warn_unused_result));

#endif
