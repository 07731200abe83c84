/*
 * wire.h - messages between nodes: typed structs to bytes and back.
 *
 * The container is protobuf (qml.proto); objects that are signed travel inside
 * as their canonical bytes. The generated types never leave wire.c. Decoding
 * bounds every length before it allocates, and gives a verdict, never an
 * abort. A decoded message owns what it points to; wire_msg_close frees it.
 */
#ifndef QML_PROTO_WIRE_H
#define QML_PROTO_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/answer.h"
#include "proto/attest.h"
#include "proto/block.h"
#include "proto/evidence.h"
#include "proto/guest.h"
#include "proto/tx.h"
#include "proto/vote.h"

#define WIRE_PROTOCOL 1
#define WIRE_MSG_MAX (40u << 20)
#define WIRE_BLOCKS_MAX 64

enum wire_type {
	WIRE_STATUS = 1, /* where I am and what I hold; drives repair */
	WIRE_PROPOSAL,   /* proposal head and block by reference */
	WIRE_VOTE,
	WIRE_ANSWER, /* one UPDATE or NO_UPDATE in full */
	WIRE_ATTEST,
	WIRE_ANSWER_REQ, /* ids wanted */
	WIRE_BLOCK_REQ,  /* decided blocks from height on */
	WIRE_BLOCK,      /* one decided block in full and its commit */
	WIRE_PING,
	WIRE_PONG,
	WIRE_BYE,
	WIRE_TX,     /* one transaction */
	WIRE_TX_IDS, /* ids of those that wait here */
	WIRE_TX_REQ, /* ids wanted */
	WIRE_EVIDENCE,
	WIRE_FOUNDING, /* to who asks for block 0: what it was founded with */
	WIRE_JOIN,     /* by an invitation: whom to put to the vote */
	WIRE_JOINED,   /* what became of that */
};

/* Bit i of a bitmap is validator or member i. */
#define WIRE_BITMAP_LEN ((VOTE_MAX_VALIDATORS + 7) / 8)

struct wire_status {
	uint64_t head; /* height of the last decided block */
	struct hash head_id;
	uint64_t height; /* being agreed on, head + 1 */
	int32_t round;   /* -1: waiting */
	uint8_t step;
	uint8_t has_proposal; /* of (height, round) */
	uint8_t prevotes[WIRE_BITMAP_LEN];
	uint8_t precommits[WIRE_BITMAP_LEN];
	uint64_t fl_round;
	uint8_t answers[WIRE_BITMAP_LEN]; /* of fl_round, by member */
	uint8_t attests[WIRE_BITMAP_LEN]; /* of fl_round, by validator */
	uint64_t wall_ms;
	/* Prevotes of this older round are wanted: without them nobody may vote
	 * for the block that was valid in it (L28). VOTE_NO_ROUND: none. */
	int32_t polka_round;
	uint8_t polka[WIRE_BITMAP_LEN]; /* those held */
};

struct wire_proposal {
	struct proposal head;
	struct block *block;
};

struct wire_ids {
	uint16_t n;
	struct hash ids[VOTE_MAX_VALIDATORS];
};

struct wire_range {
	uint64_t from;
	uint16_t count; /* 1..WIRE_BLOCKS_MAX */
};

struct wire_decided {
	struct block *block; /* with all answers */
	struct commit commit;
};

struct wire_msg {
	enum wire_type type;
	union {
		struct wire_status status;
		struct wire_proposal proposal;
		struct vote vote;
		struct answer *answer;
		struct attest *attest; /* owned */
		struct tx *tx;
		struct evidence *evidence;
		struct wire_ids ids;
		struct wire_range range;
		struct wire_decided decided;
		struct wire_founding founding;
		struct wire_join join;
		struct wire_joined joined;
		uint64_t nonce;  /* ping, pong */
		uint32_t reason; /* bye */
	} u;
};

enum wire_verdict {
	WIRE_OK,
	WIRE_UNKNOWN_TYPE, /* of a later version: ignore */
	WIRE_TOO_LARGE,
	WIRE_MALFORMED,
	WIRE_NO_MEMORY, /* ours, not theirs */
};

/* *data is malloc'd for the caller. -ENOMEM, -EMSGSIZE. */
int wire_encode(const struct wire_msg *m, uint8_t **data, size_t *len)
    __attribute__((warn_unused_result));
/* dim_max bounds answers; *out is valid on WIRE_OK only. */
enum wire_verdict wire_decode(const uint8_t *data, size_t len, uint32_t dim_max,
    struct wire_msg *out) __attribute__((warn_unused_result));
void wire_msg_close(struct wire_msg *m);
const char *wire_type_name(enum wire_type t);

#endif
