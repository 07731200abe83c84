/*
 * bases.h - the models that an update may start from.
 *
 * A job that drops its stragglers knows one: the open round's. One that carries
 * them keeps those of its last aggregations, the newest first, so that an
 * update which came too late for its own round counts in a later one: once,
 * in place of the member's update of that round, and times 1 / sqrt(1 + age),
 * age = aggregations since (FedBuff, arXiv:2106.06639). A model is known by
 * the round that opened with it first; a training's seed follows from that, so
 * a skipped round changes nothing for who is still at work. Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_BASES_H
#define QML_CONSENSUS_LEDGER_BASES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/federation.h"
#include "proto/hash.h"

#define BASES_MAX (JOB_CARRY_MAX + 1)

struct bases_one {
	struct hash model;
	uint64_t round; /* the first that opened with it */
};

struct bases {
	uint8_t carry;                   /* the oldest age; 0: dropped */
	uint8_t n;                       /* 1..carry + 1 */
	struct bases_one one[BASES_MAX]; /* by age */
	/* By member: 1 + round of the model that its last update in an
	 * aggregate started from; 0: none yet. */
	uint64_t used[FEDERATION_MAX_MEMBERS];
};

/* Before the first round of a job. */
void bases_start(struct bases *b, const struct job *j, const struct hash *model,
    uint64_t round);
/* Round `round` opens after one that was aggregated into this model, or after
 * one that was skipped. */
void bases_aggregated(struct bases *b, const struct hash *model,
    uint64_t round);
void bases_skipped(struct bases *b, uint64_t round);

/* The age of a model, or of the one that opened a round; -1: none of them. */
int bases_age(const struct bases *b, const struct hash *model);
int bases_age_of(const struct bases *b, uint64_t round);
/* Is an update of this member from this model, or a newer one, in already? */
bool bases_used(const struct bases *b, uint16_t member, int age);
void bases_use(struct bases *b, uint16_t member, int age);

/* floor(2^24 / sqrt(1 + age)): how much of an update counts, Q24. */
int64_t bases_weight(int age);

/* Of all that is in it; zero for a job that drops, whose state says it all. */
struct hash bases_hash(const struct bases *b, uint16_t nmembers);

#endif
