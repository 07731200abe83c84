/*
 * state.h - the inside of struct replica, shared by the files of this room.
 *
 * queue.c hands out actions, agree.c drives the BFT core, bodies.c keeps
 * proposed blocks, round.c collects answers, gossip.c repairs, sync.c catches
 * up, recv.c judges messages.
 */
#ifndef QML_CONSENSUS_REPLICA_STATE_H
#define QML_CONSENSUS_REPLICA_STATE_H

#include "consensus/bft/bft.h"
#include "consensus/bft/view.h"
#include "consensus/replica/replica.h"

#define REPLICA_MAX_BODIES 24
#define REPLICA_MAX_EVENTS 256
#define REPLICA_MAX_EARLY 512
#define REPLICA_STATUS_MS 400   /* between two of our STATUS messages */
#define REPLICA_REATTEST_MS 500 /* between two attestations of a round */
#define REPLICA_ASK_MS 250      /* between two requests for an answer */
#define REPLICA_BEHIND_MS 200   /* one block behind is normal this long */
#define REPLICA_SYNC_MS 3000    /* a peer has this long to send blocks */

/* A block of the height being agreed on, by reference or resolved. */
struct replica_body {
	struct block *block; /* NULL: free */
	bool wanted;         /* the core waits for a VERDICT */
	bool checked;
	bool valid;
	bool stored;       /* handed to the pool */
	uint64_t asked_ms; /* missing answers were asked for */
	uint64_t used;     /* for eviction: larger is fresher */
};

struct replica_peer {
	bool up;
	bool heard; /* status is set */
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
	uint64_t bft_seq;
	struct attest *attest; /* WAIT_ATTEST: owned */
};

struct replica_early {
	uint16_t peer;
	uint8_t *data;
	size_t len;
};

struct replica {
	const struct federation *fed;
	struct hash fed_id;
	const struct sign_key *key;
	void (*witness)(void *arg, const struct vote *v);
	void *witness_arg;
	uint16_t self;
	uint16_t n;
	struct ledger *ledger;
	struct replica_now now;
	bool started, halted;

	/* queue.c */
	struct replica_action *queue;
	size_t qhead, qlen, qcap;
	uint64_t store_seq;
	struct replica_pending *pending;
	size_t phead, plen, pcap;
	char text[256];

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
	struct block *applied;      /* last one; APPLIED actions show it */
	struct bft_record *records; /* of start-up, until EV_START */
	size_t nrecords;

	/* bodies.c */
	struct replica_body bodies[REPLICA_MAX_BODIES];
	uint64_t use;
	uint64_t asked_ms; /* for an answer we need to build */

	/* round.c */
	uint64_t fl_round; /* that the fields below belong to */
	bool round_open;
	bool training;
	struct answer *answers[VOTE_MAX_VALIDATORS][2]; /* first, conflicting */
	struct attest *attests[VOTE_MAX_VALIDATORS];
	struct answer *own; /* signed, being stored */
	uint32_t own_seq;
	bool own_lost;  /* answered before a restart, bytes gone */
	bool attesting; /* one is being stored */
	uint16_t attested_n;
	uint64_t attested_ms;
	uint64_t due_wall; /* wall time at which a block may be due; 0 */

	/* gossip.c, sync.c */
	struct replica_peer peers[VOTE_MAX_VALIDATORS];
	uint64_t status_ms;     /* mono time of our last STATUS */
	uint64_t sync_deadline; /* mono; 0: nothing asked for */
	uint64_t sync_until;    /* height that the last request reaches */
	uint64_t behind_height, behind_ms;
	uint16_t sync_peer;
	struct wire_decided syncq[WIRE_BLOCKS_MAX];
	size_t nsyncq;
	struct replica_early early[REPLICA_MAX_EARLY];
	size_t nearly;

	struct replica_counts counts;
};

/* queue.c */
struct replica_action *queue_add(struct replica *r,
    enum replica_action_type type);
void queue_send(struct replica *r, uint16_t peer, enum replica_class class,
    const struct wire_msg *m);
uint64_t queue_store(struct replica *r, const struct replica_action *store,
    const struct replica_pending *wait);
void queue_notice(struct replica *r, enum replica_action_type type,
    uint16_t peer, const char *text);
void queue_stored(struct replica *r, uint64_t seq);

/* agree.c */
void agree_feed(struct replica *r, const struct bft_event *ev);
void agree_enter(struct replica *r);
void agree_try_build(struct replica *r);
void agree_persisted(struct replica *r, uint64_t bft_seq);
void agree_decide(struct replica *r, struct block *b, struct commit *c);
void agree_block_stored(struct replica *r);
void agree_verdict(struct replica *r, const struct hash *id, bool valid);

/* bodies.c */
struct replica_body *bodies_find(struct replica *r, const struct hash *id);
/* Takes the block; NULL when there is no room (the block is freed). */
struct replica_body *bodies_add(struct replica *r, struct block *b);
void bodies_want(struct replica *r, const struct hash *id);
void bodies_retry(struct replica *r);
bool bodies_resolve(struct replica *r, struct block *b);
void bodies_store(struct replica *r, struct replica_body *body);
void bodies_ask(struct replica *r, const struct hash *id);
/* Does a proposed block wait for this answer? */
bool bodies_name(const struct replica *r, const struct hash *id);
void bodies_clear(struct replica *r);

/* round.c */
void round_enter(struct replica *r);
void round_trained(struct replica *r, struct answer *draft);
/* Takes the reference. False: not accepted, text says why or is NULL. */
bool round_accept(struct replica *r, struct answer *a, const char **why);
void round_answer_stored(struct replica *r);
void round_attest_stored(struct replica *r, struct attest *a);
void round_accept_attest(struct replica *r, struct attest *a);
void round_progress(struct replica *r);
struct answer *round_find(void *replica, const struct hash *id);
uint64_t round_deadline(const struct replica *r);
void round_clear(struct replica *r);
void round_send_answers(struct replica *r, uint16_t peer,
    const struct wire_ids *ids);

/* gossip.c */
void gossip_tick(struct replica *r);
void gossip_tell(struct replica *r, uint16_t peer);
void gossip_heard(struct replica *r, uint16_t peer,
    const struct wire_status *s);
void gossip_send_polka(struct replica *r, uint16_t peer, uint32_t round);

/* sync.c */
uint64_t sync_target(const struct replica *r);
bool sync_active(const struct replica *r);
void sync_ask(struct replica *r);
void sync_block(struct replica *r, uint16_t peer, struct wire_decided *d);
void sync_next(struct replica *r);
void sync_clear(struct replica *r);

/* recv.c */
void recv_message(struct replica *r, uint16_t peer, const uint8_t *data,
    size_t len);
void recv_early(struct replica *r);
void recv_clear(struct replica *r);

#endif
