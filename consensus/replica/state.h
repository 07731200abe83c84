/*
 * state.h - the inside of struct replica, shared by the files of this room.
 *
 * Each file of the room owns the fields under its name: queue hands out
 * actions, agree drives the BFT core, bodies keeps proposed blocks, round
 * collects answers, gossip repairs, txgossip spreads transactions, sync catches
 * up, recv judges messages.
 */
#ifndef QML_CONSENSUS_REPLICA_STATE_H
#define QML_CONSENSUS_REPLICA_STATE_H

#include "consensus/bft/bft.h"
#include "consensus/bft/view.h"
#include "consensus/replica/parts.h"
#include "consensus/replica/replica.h"
#include "consensus/replica/txpool.h"

struct replica {
	uint16_t rules; /* last version that we go by */
	const struct federation *fed;
	const struct sign_key *key;
	void (*witness)(void *arg, const struct vote *v);
	void (*deciding)(void *arg, const struct ledger *l,
	    const struct block *b);
	void *witness_arg; /* of both */
	uint16_t self;
	uint16_t n; /* seats */
	struct ledger *ledger;
	struct replica_now now;
	bool started, halted, reckless;

	/* queue.c */
	struct replica_action *queue;
	size_t qhead, qlen, qcap;
	uint64_t store_seq;
	struct replica_pending *pending;
	size_t phead, plen, pcap;

	/* agree.c */
	struct bft bft;
	struct bft_out out;
	struct bft_event events[REPLICA_MAX_EVENTS];
	size_t ehead, elen;
	bool driving;
	enum bft_verdict verdict; /* on the last event fed from outside */
	bool build_wanted;
	uint64_t build_height;
	uint32_t build_round;
	struct block *decided; /* being stored; resolved */
	struct commit *decided_commit;
	struct commit *last_commit; /* of the head; NULL at height 0 */
	char text[160];             /* of the last HALT */
	struct block *applied;      /* last one; APPLIED actions show it */
	struct bft_record *records; /* of one height, until it is entered */
	size_t nrecords;

	/* polka.c */
	uint64_t polka_height; /* of the newest that was stored */
	int32_t polka_round;
	struct vote *votes; /* of start-up, until EV_START */
	size_t nvotes;

	/* restore.c: what was loaded is not all there was */
	bool load_failed;

	/* passage.c */
	uint64_t passage_height; /* of the newest that was stored */
	int32_t passage_round;

	/* bodies.c */
	struct replica_body bodies[REPLICA_MAX_BODIES];
	uint64_t use;
	uint64_t asked_ms; /* for an answer we need to build */

	/* round.c */
	uint64_t fl_round;     /* that the fields below belong to */
	uint64_t round_height; /* of the block that opened it */
	bool round_open;
	bool training;
	uint64_t trained_on; /* the round whose model it is given */
	/* Our last update, until an aggregate holds it or its model is too
	 * old: what a later round takes in place of a fresh one. */
	struct answer *carried;
	/* By member, and one place for who is nobody: always empty. */
	struct answer
	    *answers[VOTE_MAX_VALIDATORS + 1][2]; /* first, conflicting */
	struct attest *attests[VOTE_MAX_VALIDATORS + 1];
	uint8_t taken[VOTE_MAX_VALIDATORS]; /* answers, by member */
	struct answer *own;                 /* signed, being stored */
	uint32_t own_seq;
	bool own_stored; /* own waits only until it may be shown */
	struct answer *parked[VOTE_MAX_VALIDATORS]; /* came too early */
	bool own_lost;  /* answered before a restart, bytes gone */
	bool attesting; /* one is being stored */
	uint16_t attested_n;
	uint64_t attested_ms;
	uint64_t due_wall; /* wall time at which a block may be due; 0 */

	/* silence.c */
	bool unsure; /* in quarantine until others have spoken */
	bool told[VOTE_MAX_VALIDATORS];           /* first_head is set */
	uint64_t first_head[VOTE_MAX_VALIDATORS]; /* that a peer claimed */
	bool twin;             /* our key signs elsewhere too */
	uint64_t began_height; /* the head when we started */
	uint64_t began_round;
	uint64_t silent_until;  /* nothing is signed for heights below */
	uint64_t silent_rounds; /* nor in rounds below */

	/* gossip.c, sync.c */
	struct replica_peer peers[VOTE_MAX_VALIDATORS];
	uint64_t status_ms;     /* mono time of our last STATUS */
	uint64_t sync_deadline; /* mono; 0: nothing asked for */
	uint64_t sync_until;    /* height that the last request reaches */
	uint64_t shirk_until[VOTE_MAX_VALIDATORS]; /* mono; by peer */
	size_t sync_bytes;                         /* that it brought */
	uint64_t behind_height, behind_ms;
	uint16_t sync_peer;
	struct wire_decided syncq[WIRE_BLOCKS_MAX];
	uint16_t syncq_peer[WIRE_BLOCKS_MAX]; /* whose they are */
	size_t nsyncq;
	struct replica_early early[REPLICA_MAX_EARLY];
	size_t nearly;

	/* proofs.c */
	struct evidence *proofs[REPLICA_MAX_PROOFS];
	bool proof_ahead[REPLICA_MAX_PROOFS]; /* of a height to come: unseen */
	size_t nproofs;

	/* txgossip.c */
	struct txpool txpool;
	size_t tx_at; /* where the next announcement begins */

	struct replica_counts counts;
};

#endif
