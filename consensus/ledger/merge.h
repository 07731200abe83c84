/*
 * merge.h - a round's updates to the next model, segment by segment.
 *
 * Which segments are learnt follows from how many rounds were aggregated; each
 * has its rule and its part of the moments, int64s that are ledger state. Pure
 * but for memory; one thread per struct merge.
 */
#ifndef QML_CONSENSUS_LEDGER_MERGE_H
#define QML_CONSENSUS_LEDGER_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/aggregate/combine.h"
#include "consensus/aggregate/group_median.h"
#include "proto/answer.h"
#include "proto/federation.h"

struct merge {
	const struct job *job; /* borrowed, as long as this lives */
	uint16_t nmembers;     /* indices below this */
	uint16_t nactive;
	uint16_t faults;
	unsigned nsegments;
	struct job_segment segment[JOB_SEGMENTS_MAX];
	struct combine_settings how[JOB_SEGMENTS_MAX];
	size_t moments_at[JOB_SEGMENTS_MAX];
	size_t nmoments;  /* int64s of all segments together */
	int64_t *periods; /* [job->dim], owned */
	void *scratch;    /* owned */
};

/* -EINVAL with a sentence, -ENOMEM. */
int merge_init(struct merge *m, const struct federation *f, char *err,
    size_t errlen) __attribute__((warn_unused_result));
/* Other members: so many seats, of which so many are taken. -ENOMEM changes
 * nothing. */
int merge_seats(struct merge *m, uint16_t nseats, uint16_t nmembers)
    __attribute__((warn_unused_result));
void merge_close(struct merge *m); /* accepts zeros */
/* The same job at another place: what it was made for is let go. */
void merge_bind(struct merge *m, const struct job *j);
/* The job's rule, and all around it, for a federation of this size; -ERANGE: a
 * number of the job's is not a Q24 one. */
int merge_settings(const struct job *j, uint16_t nmembers,
    struct combine_settings *out) __attribute__((warn_unused_result));
/* Can so many updates of a federation of n be combined as the job says? */
bool merge_possible(const struct job *j, uint16_t n, uint32_t updates);
/* Before the first round. */
void merge_start(const struct merge *m, int64_t *moments);
/* Fewest updates of a round, after so many aggregated ones. */
uint32_t merge_minimum(const struct merge *m, uint64_t aggregated);

struct merge_round {
	uint64_t number;
	uint64_t aggregated;                 /* rounds before */
	const struct answer *const *updates; /* [n], of kind UPDATE */
	const uint32_t *weights;             /* [n], registered */
	const int64_t *scales; /* [n] Q24, by age; NULL: none is late */
	uint16_t n;
	const bool *asked; /* [FEDERATION_MAX_MEMBERS]; NULL: all there are */
};

/* Is every segment at most clip long (L2)? A vqe's parts are not bounded so:
 * their medians are. */
bool merge_within(const struct merge *m, const int64_t *update, int64_t clip);

/* Whether a member's update is zero wherever it must be: segments that are not
 * learnt now, parts of a Hamiltonian that it was not given. */
bool merge_fits(const struct merge *m, const struct merge_round *r,
    const struct answer *a);
/* Would merge_run combine these? Of each only its member is looked at. */
bool merge_can(const struct merge *m, const struct merge_round *r);
/* delta[job->dim], to be added to the model, and the moments of the next
 * round in place. False: the updates cannot be combined, nothing changed. */
bool merge_run(const struct merge *m, const struct merge_round *r,
    const int64_t *model, int64_t *moments, int64_t *delta);
/* To whom parts are dealt. */
struct merge_asked {
	uint16_t n; /* 1.. */
	/* job_faults() of all members: as many may lie among fewer, too. */
	uint16_t faults;
};

/* What is measured of a vqe's parts by each of those who are asked:
 * assigned[asked->n * parts]. The trainer does the same. */
void merge_assign(const struct job *job, const struct merge_asked *asked,
    uint64_t round, uint8_t *assigned);

struct ledger;

/* A member's place among those whom the open round asks, by seat; UINT16_MAX:
 * it is not asked. Parts of a vqe are dealt out to them and not to seats of
 * those who have left, nor of candidates, who would leave parts unmeasured. */
uint16_t ledger_place(const struct ledger *l, uint16_t member,
    struct merge_asked *asked);

#endif
