/*
 * scrub.h - look through everything that is stored, a piece at a time.
 *
 * A bit that rots in a file that nobody reads is found when it is needed, and
 * by then in two members' files. So each node reads all of its own again every
 * period: the segments with their padding, both halves of the vote log, the
 * pool, the pages of the index. A start reads the first two itself; the first
 * pass, right after it, is of the rest. Time comes in from outside. The disk's
 * thread.
 */
#ifndef QML_CONSENSUS_CHAIN_SCRUB_H
#define QML_CONSENSUS_CHAIN_SCRUB_H

#include <stdint.h>

#include "consensus/chain/pool.h"
#include "consensus/chain/segments.h"
#include "consensus/chain/votelog.h"

#define SCRUB_PIECE (1u << 20) /* bytes a step reads; more for large records */
#define SCRUB_REST_MS 20       /* between two pieces: the disk is for votes */

enum scrub_part {
	SCRUB_CHAIN,
	SCRUB_VOTES,
	SCRUB_POOL,
	SCRUB_INDEX,
	SCRUB_PARTS /* between two passes */
};

/* Borrowed for a step. */
struct index;
struct scrub_files {
	struct segments *segments;
	struct votelog *log;
	struct pool *pool;
	struct index *index; /* NULL: not open; then it is passed over */
};

/* Damage. */
struct scrub_finding {
	enum scrub_part part;
	/* Of the chain: where. */
	enum record_verdict verdict;
	uint32_t segment;
	uint64_t offset, height;
	/* Of the vote log: pages that were written again from their copies;
	 * 0: both copies of one are damaged. Of the pool: objects dropped. */
	unsigned npages, nobjects;
};

struct scrub {
	uint64_t period_ms;
	uint64_t due_ms;
	uint64_t rest_ms;     /* no piece before */
	enum scrub_part part; /* of the pass under way */
	uint32_t segment;     /* SCRUB_CHAIN: the next record */
	uint64_t offset, height;
	struct hash prev;
	uint64_t passes; /* whole ones, of all parts */
	uint64_t began_ms;
	uint64_t bytes; /* of segments, in this pass */
};

/* The pool and the index are due now, everything after period_ms; 0: never. */
void scrub_begin(struct scrub *s, uint64_t period_ms, uint64_t now_ms);
/* Until there is a piece to look at: 0: now; UINT64_MAX: never. */
uint64_t scrub_wait_ms(const struct scrub *s, uint64_t now_ms);
/* 0: sound, or nothing is due; 1: *out says what is not. Negative: the disk
 * failed; the pass begins again when the next one is due. */
int scrub_step(struct scrub *s, const struct scrub_files *f, uint64_t now_ms,
    struct scrub_finding *out) __attribute__((warn_unused_result));

#endif
