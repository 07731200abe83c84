/*
 * bft.h - agree on one block per height; safe while faulty power < N / 3.
 *
 * The Tendermint core (arXiv:1807.04938, rules named by the lines of its
 * Algorithm 1). Pure: no clock, socket, file, key or global. Events go to
 * bft_step(), actions come back in struct bft_out. A vote is handed out for
 * sending only after PERSISTED covered its record: the caller cannot send
 * too early. One thread; caller's storage (about 0.7 MB); fields private,
 * see view.h for reading.
 */
#ifndef QML_CONSENSUS_BFT_BFT_H
#define QML_CONSENSUS_BFT_BFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/bft/event.h"
#include "consensus/bft/tally.h"

#define BFT_MAX_BLOCKS 64

/* timeout of round r = min(base + r * delta, cap), in ms */
struct bft_params {
	uint32_t propose_ms, propose_delta_ms;
	uint32_t prevote_ms, prevote_delta_ms;
	uint32_t precommit_ms, precommit_delta_ms;
	uint32_t cap_ms;
};

/* What we think of a PROPOSAL or VOTE; BFT_OK for events of our own. */
enum bft_verdict {
	BFT_OK,
	BFT_DUPLICATE,
	BFT_OLD,    /* height decided (answer with the block), or round gone */
	BFT_FUTURE, /* a later height, or a round too far ahead: not stored */
	BFT_BAD_TYPE,
	BFT_BAD_INDEX,
	BFT_BAD_ROUND,
	BFT_BAD_BLOCK, /* a proposal of nothing */
	BFT_NOT_PROPOSER,
	BFT_CONFLICT, /* signed two different things for one round */
	BFT_NOT_OURS, /* our key, not our record: is the key in use twice? */
	BFT_UNKNOWN,  /* VERDICT or BUILT that nothing waits for */
	BFT_IDLE,     /* no height entered, or halted */
	BFT_NVERDICTS,
};

enum bft_step_name {
	BFT_STEP_PROPOSE,
	BFT_STEP_PREVOTE,
	BFT_STEP_PRECOMMIT,
};

enum bft_timer { BFT_T_PROPOSE, BFT_T_PREVOTE, BFT_T_PRECOMMIT, BFT_NTIMERS };

/* All we hold of one round. */
struct bft_round {
	int32_t round; /* BFT_NO_ROUND: slot is free */
	bool late; /* made after the round was over; own votes may be lost */
	bool did_l34, did_l36, did_l47;
	bool mine[3]; /* by enum bft_record_type */
	struct hash my_block[3];
	int32_t my_valid_round;
	uint8_t noffers;
	int8_t in_force; /* index in offers[]; -1: none (A1) */
	struct bft_offer offers[2];
	struct bft_tally votes[2]; /* prevotes, precommits */
};

enum bft_known { BFT_BLOCK_UNKNOWN, BFT_BLOCK_VALID, BFT_BLOCK_INVALID };

struct bft_block {
	struct hash id; /* zero: free */
	enum bft_known known;
	bool fetched; /* FETCH was given out */
};

/* A vote of the highest round that we heard of from a validator. */
struct bft_heard {
	int32_t round; /* or BFT_NO_ROUND */
	uint8_t type;
	struct bft_ballot ballot;
};

struct bft_pending {
	uint64_t seq;
	uint8_t type; /* enum bft_record_type */
	uint32_t round;
	int32_t valid_round;
	struct hash block;
};

struct bft {
	struct bft_params params;
	bool entered, decided, halted;
	uint64_t now_ms;
	uint64_t height;
	int32_t round; /* BFT_NO_ROUND: waiting (A2) */
	enum bft_step_name step;
	uint16_t self;
	struct bft_set set;
	struct bft_mark locked, valid, decision;
	struct bft_heard seen[BFT_MAX_VALIDATORS];
	uint64_t deadline_ms[BFT_NTIMERS]; /* 0: not armed */
	uint64_t seq, persisted;           /* last given out, durable */
	int32_t signed_round;              /* last own record */
	uint8_t signed_type;
	size_t npending;
	struct bft_pending pending[BFT_MAX_PENDING]; /* seq ascending */
	struct bft_block blocks[BFT_MAX_BLOCKS];
	struct bft_round rounds[BFT_MAX_ROUNDS];
	uint64_t counts[BFT_NVERDICTS]; /* since bft_init */
	uint64_t dropped_sends;         /* pending[] was full */
};

struct bft_out {
	enum bft_verdict verdict;
	uint64_t deadline_ms; /* send TIME then; may be past; 0: none */
	size_t nactions;
	struct bft_action actions[BFT_MAX_ACTIONS]; /* perform in order */
};

/* -EINVAL if a base is 0 or above the cap. */
int bft_init(struct bft *b, const struct bft_params *p)
    __attribute__((warn_unused_result));

/* Other time-outs, of the timers armed from now on. The same errors. */
int bft_set_params(struct bft *b, const struct bft_params *p)
    __attribute__((warn_unused_result));

/* Apply one event; *out is overwritten. Cannot fail: memory is inside *b. */
void bft_step(struct bft *b, const struct bft_event *ev, struct bft_out *out);

/* Assert the invariants; tests call it after every step. */
void bft_check(const struct bft *b);

#endif
