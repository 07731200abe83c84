/*
 * seats.h - who is a member, at which index, with which keys, at one height.
 *
 * A seat's index is given once, in the order in which seats were given, and
 * never moves: votes, answers, attestations and books name it. Founders sit in
 * the order of their ids. A seat that had power is never given to another
 * member; its member may get other keys. A candidate, somebody whom an open
 * proposal names, has a seat without power, so that it may dial, fetch the
 * chain and watch its vote; the seat is free again if the vote fails.
 *
 * What block H decides is in force from block H + 2 on: the ledger has the
 * seats of the next block and those of the one after it. Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_SEATS_H
#define QML_CONSENSUS_LEDGER_SEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/votes/payload.h"
#include "proto/federation.h"
#include "proto/hash.h"

enum seat_state {
	SEAT_FREE, /* never had power */
	SEAT_CANDIDATE,
	SEAT_MEMBER,
	SEAT_LEFT,
};

struct seats {
	uint16_t n;                            /* given so far */
	uint8_t state[FEDERATION_MAX_MEMBERS]; /* enum seat_state */
	/* Before the last change of keys; what was signed then still counts
	 * against the member. Zero: never changed. */
	struct sign_public old[FEDERATION_MAX_MEMBERS];
	/* id: of the first keys; power 0 but for members. */
	struct member m[FEDERATION_MAX_MEMBERS];
};

/* Who could sign at a height that is over. */
struct electorate {
	uint16_t n;
	uint32_t power[FEDERATION_MAX_MEMBERS];
	struct sign_public key[FEDERATION_MAX_MEMBERS];
};

void seats_found(struct seats *s, const struct federation *f);
uint16_t seats_members(const struct seats *s); /* with power */
uint64_t seats_power(const struct seats *s);

/* Could this be done now? *moved: power that changes hands or size. */
bool seats_change(struct seats *s, const struct payload *p, uint64_t *moved)
    __attribute__((warn_unused_result));
/* At most a third of the power in a block; below four members one seat, not
 * heavier than the heaviest. */
bool seats_step_ok(const struct seats *before, const struct seats *after,
    uint64_t moved);

/* A seat for somebody whom a proposal names, and its end. */
void seats_nominate(struct seats *s, const struct member *m);
void seats_dismiss(struct seats *s, uint16_t seat);
/* Of the network key, in any state but FREE; -1: none. */
int seats_find(const struct seats *s, const uint8_t network[static 32]);

/* All of it, which is long where the seats are few. */
void seats_copy(struct seats *to, const struct seats *from);
/* Is nothing different, not even a candidate? */
bool seats_equal(const struct seats *a, const struct seats *b);

/* Do the same members with the same keys sit in both? */
bool seats_same(const struct seats *a, const struct seats *b);

/* Leaves of the state root. */
struct hash seats_hash_validators(const struct seats *s);
struct hash seats_hash_members(const struct seats *s);

struct ledger;

/* Who sits where at height + 2, and at height + 1: until that block is there
 * its votes come from machines that may have no seat after it. */
const struct seats *ledger_seats(const struct ledger *l);
const struct seats *ledger_seats_now(const struct ledger *l);
/* The seat of who votes with this key at height + 1; -1: nobody does. */
int ledger_seat_of(const struct ledger *l, const struct sign_public *key);
/* It begins at the head, and all who go on by it sit here and have signed. */
bool ledger_refound_fits(const struct ledger *l, const struct refound *r);

#endif
