/*
 * event.h - what goes into the BFT core and what comes out.
 *
 * Who calls the core checks signatures, holds blocks, signs, stores and
 * sends; the core decides. Storage is ordered: PERSISTED(seq) says that
 * everything queued up to that record is durable, bodies included.
 */
#ifndef QML_CONSENSUS_BFT_EVENT_H
#define QML_CONSENSUS_BFT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"
#include "proto/vote.h"

#define BFT_MAX_VALIDATORS VOTE_MAX_VALIDATORS
#define BFT_ROUND_MAX (1 << 30)
#define BFT_MAX_ROUNDS 16  /* kept per height */
#define BFT_MAX_PENDING 48 /* sends waiting for their record */
#define BFT_MAX_ACTIONS 64 /* of one step */
#define BFT_NOT_VALIDATOR UINT16_MAX
#define BFT_NO_ROUND VOTE_NO_ROUND

/* A block and the round it was locked or found valid in. */
struct bft_mark {
	struct hash block; /* zero while round is BFT_NO_ROUND */
	int32_t round;
};

enum bft_record_type {
	BFT_RECORD_PROPOSAL = 0,
	BFT_RECORD_PREVOTE = VOTE_PREVOTE,
	BFT_RECORD_PRECOMMIT = VOTE_PRECOMMIT,
};

/* One line of the vote log: what we are about to sign, and our locks. */
struct bft_record {
	uint8_t type; /* enum bft_record_type */
	uint64_t height;
	uint32_t round;
	int32_t valid_round; /* of a proposal; else BFT_NO_ROUND */
	struct hash block;   /* zero: nil */
	struct bft_mark locked;
	struct bft_mark valid;
};

/* A proposal with what the caller read off the block and the clock. */
struct bft_offer {
	struct proposal p;
	uint32_t block_round; /* round in the block's header */
	bool timely;          /* block time against our clock at reception */
};

enum bft_event_type {
	/* Enter a height, forget the one before, wait for work or peers. */
	BFT_EV_HEIGHT,
	/* Right after HEIGHT at start-up: records of the vote log, oldest
	 * first; those of other heights are skipped. Bodies of locked, valid
	 * and proposed blocks must be at hand again. */
	BFT_EV_RESTORE,
	BFT_EV_WORK,     /* there is something to propose; idempotent */
	BFT_EV_PROPOSAL, /* signature already checked; own ones too */
	BFT_EV_VOTE,     /* signature already checked; own ones too */
	/* Answer to VALIDATE or FETCH. valid: the body is held and its write
	 * is queued before any later PERSIST of ours. */
	BFT_EV_VERDICT,
	BFT_EV_BUILT,     /* answer to BUILD; ok implies a valid VERDICT */
	BFT_EV_PERSISTED, /* all records up to seq are durable */
	BFT_EV_TIME,      /* now_ms reached the deadline */
};

struct bft_event {
	enum bft_event_type type;
	uint64_t now_ms; /* monotonic; never goes back */
	union {
		struct {
			uint64_t height;
			const uint32_t
			    *power; /* [n], borrowed; 0: nobody sits there */
			/* [n] likewise: power, or 0 for who has no turn to
			 * propose at this height. NULL: all have theirs. */
			const uint32_t *turns;
			uint16_t n;
			uint16_t self; /* or BFT_NOT_VALIDATOR */
		} enter;
		struct {
			const struct bft_record *records;
			size_t nrecords;
		} restore;
		struct bft_offer proposal;
		struct vote vote;
		struct {
			struct hash block;
			bool valid;
		} verdict;
		struct {
			uint64_t height;
			uint32_t round;
			struct hash block;
			bool ok;
		} built;
		uint64_t seq;
	};
};

enum bft_action_type {
	BFT_PERSIST,       /* append persist.record, answer PERSISTED(seq) */
	BFT_SEND_PROPOSAL, /* its record is durable: sign, send, feed back */
	BFT_SEND_VOTE,     /* the same for vote */
	BFT_BUILD,         /* make a block for height, round; answer BUILT */
	BFT_VALIDATE,      /* get and check block; answer VERDICT */
	BFT_FETCH,         /* a quorum has block: get it; answer VERDICT */
	BFT_COMMIT,        /* decided: bft_certificate(), then HEIGHT */
	BFT_EVIDENCE,      /* two conflicting signed messages */
	BFT_HALT,          /* quorum for an invalid block: stop loudly */
};

struct bft_action {
	enum bft_action_type type;
	uint64_t height;
	uint32_t round;
	int32_t valid_round; /* SEND_PROPOSAL */
	struct hash block;   /* SEND_PROPOSAL, VALIDATE, FETCH, COMMIT, HALT */
	union {
		struct {
			uint64_t seq;
			struct bft_record record;
		} persist;
		struct vote vote; /* SEND_VOTE; the signature is zero */
		struct {
			bool votes;          /* else proposals */
			struct vote vote[2]; /* ordered by block id */
			struct proposal proposal[2];
		} evidence;
	};
};

#endif
