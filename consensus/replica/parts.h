/*
 * parts.h - what struct replica is made of, and its limits. For this room.
 */
#ifndef QML_CONSENSUS_REPLICA_PARTS_H
#define QML_CONSENSUS_REPLICA_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/attest.h"
#include "proto/block.h"
#include "proto/wire.h"

#define REPLICA_MAX_BODIES 24
#define REPLICA_MAX_EVENTS 256
#define REPLICA_MAX_EARLY 512
#define REPLICA_MAX_PROOFS 64
#define REPLICA_STATUS_MS 400   /* between two of our STATUS messages */
#define REPLICA_REPAIR_MS 100   /* between two repairs of one peer */
#define REPLICA_GIVEN_RATE 128  /* bytes/ms: so fast copies of one block go */
#define REPLICA_REATTEST_MS 500 /* between two attestations of a round */
#define REPLICA_ASK_MS 250      /* between two requests for an answer */
#define REPLICA_BEHIND_MS 200   /* one block behind is normal this long */
#define REPLICA_SYNC_MS 3000    /* a peer has this long to send blocks */
#define REPLICA_SYNC_RATE 16    /* bytes/ms: so fast go on those that came */
#define REPLICA_SYNC_LONG_MS 30000 /* but no longer: others have them, too */
#define REPLICA_SHIRK_MS 600000    /* else it is asked last for this long */
/* Of what a peer asked for, between two ticks; one thing always goes. */
#define REPLICA_ASKED_BYTES (4u << 20)

/* A block of the height being agreed on, by reference or resolved. */
struct replica_body {
	struct block *block; /* NULL: free */
	bool wanted;         /* the core waits for a VERDICT */
	bool checked;
	bool valid;
	bool stored;       /* handed to the pool */
	bool short_told;   /* that memory to check it was short */
	uint64_t asked_ms; /* missing answers were asked for */
	uint64_t used;     /* for eviction: larger is fresher */
};

struct replica_peer {
	bool up;
	bool heard;       /* status is set */
	bool asked;       /* for blocks, since its link stands */
	int64_t ahead_ms; /* our wall clock, of theirs, at the last STATUS */
	uint64_t repaired_ms;
	struct hash given; /* block last proposed to it in a repair, and when */
	uint32_t given_round;
	uint64_t given_until; /* it may be on its way still */
	size_t asked_bytes;   /* of answers it asked for, since a tick */
	size_t tx_bytes;      /* of transactions it asked for, since a tick */
	struct wire_status status;
};

/* A STORE that something waits for. */
enum replica_wait {
	WAIT_NOTHING,
	WAIT_BFT,
	WAIT_ANSWER,
	WAIT_ATTEST,
	WAIT_BLOCK
};

struct replica_pending {
	uint64_t seq;
	enum replica_wait wait;
	uint64_t bft_seq;      /* WAIT_BFT */
	uint64_t fl_round;     /* WAIT_ANSWER */
	struct attest *attest; /* WAIT_ATTEST: owned */
};

struct replica_early {
	uint16_t peer;
	uint8_t network[32]; /* whose seat it was */
	uint8_t *data;
	size_t len;
};

#endif
