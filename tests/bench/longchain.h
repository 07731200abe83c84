/*
 * longchain.h - a long chain of a small federation, made without its daemons.
 *
 * All members' keys are in one hand here, so a block costs its signatures and
 * nothing else: the same bytes on the disk as four nodes would have agreed on.
 * Nine blocks of ten close a round with an update of every member, each tenth
 * is a heartbeat; in a chain of heartbeats all are.
 */
#ifndef QML_TESTS_BENCH_LONGCHAIN_H
#define QML_TESTS_BENCH_LONGCHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/segments.h"
#include "consensus/ledger/ledger.h"
#include "proto/sign.h"

#define LONGCHAIN_MEMBERS 16

struct longchain {
	const struct federation *f;               /* borrowed */
	struct sign_key *keys[LONGCHAIN_MEMBERS]; /* by member; borrowed */
	struct ledger *l;
	struct commit commit; /* of the head */
	uint64_t now_ms;
	uint64_t rng;
	bool heartbeats; /* nothing else */
};

/* A federation of n members with keys from nowhere, four columns, a linear
 * model; founded long ago. The caller closes *f and frees the keys. */
int longchain_found(struct federation *f, struct sign_key **keys, uint16_t n)
    __attribute__((warn_unused_result));

/* At block 0. */
int longchain_open(struct longchain *c, const struct federation *f,
    struct sign_key *const *keys) __attribute__((warn_unused_result));
void longchain_close(struct longchain *c);

/* The next block, applied and certified; the caller frees it. */
int longchain_next(struct longchain *c, struct block **out)
    __attribute__((warn_unused_result));

/* n blocks into the chain of a home (a disk), which may have none yet. The
 * disk should not sync: see longchain_fast. */
int longchain_write(struct longchain *c, struct disk *d, uint64_t n)
    __attribute__((warn_unused_result));

/* The real disk under home without its syncs, which is what makes 20,000
 * blocks cheap. */
struct disk_posix;
int longchain_fast(struct disk_posix *d, const char *home)
    __attribute__((warn_unused_result));

#endif
