/*
 * storage.h - the one thread that writes the chain, the pool and the vote log.
 *
 * Jobs are done strictly in the order they were given; DONE events come back
 * on the loop in that order. The SQL index follows when nothing else waits;
 * nobody waits for it. The first failed write ends it: FAILED comes
 * once and nothing after that write is reported, so no vote leaves on the
 * strength of a record that may not be there. A full disk is no failure: the
 * write waits, and all behind it, until there is room; blocks are still read
 * for others and for people. Loop thread only.
 */
#ifndef QML_DAEMON_NODE_STORAGE_H
#define QML_DAEMON_NODE_STORAGE_H

#include <stdint.h>
#include <uv.h>

#include "consensus/chain/scrub.h"
#include "consensus/replica/replica.h"
#include "consensus/replica/store.h"
#include "daemon/node/past.h"
#include "daemon/node/tables.h"

struct storage; /* opaque: shared with its thread */

struct storage_callbacks {
	void *arg;
	/* Everything up to seq is durable. */
	void (*stored)(void *arg, uint64_t seq);
	/* A WIRE_BLOCK message for peer, from a SERVE job. data is taken. */
	void (*served)(void *arg, uint16_t peer, uint8_t *data, size_t len);
	/* To storage_ask, in the order of asking. *a is taken: close it. */
	void (*answered)(void *arg, void *ticket, struct past_answer *a);
	/* There is no room, or there is again. */
	void (*full)(void *arg, bool full);
	/* What is stored was looked through: f is damaged; NULL and err 0: all
	 * parts have been read, err < 0: something cannot be read. */
	void (*scrubbed)(void *arg, const struct scrub_finding *f, int err);
	/* index.db or a checkpoint cannot be written, which costs no vote; err
	 * 0: it can again. */
	void (*tables)(void *arg, enum tables_part part, int err);
	/* err is a negative errno; text says what was being written. */
	void (*failed)(void *arg, int err, const char *text);
	/* After storage_stop, once everything queued is done. */
	void (*stopped)(void *arg);
};

/* Opens the files under home (see home.h) on the calling thread. On failure
 * *report tells where; see store_open. */
int storage_open(struct storage **out, const char *home,
    const struct federation *f, const struct hash *node,
    struct store_report *report) __attribute__((warn_unused_result));
/* Before start: bring a replica back. See store_load. */
int storage_load(struct storage *s, struct replica *r, uint64_t *height)
    __attribute__((warn_unused_result));
/* What that began with. */
const struct checkpoint_report *storage_checkpoint(const struct storage *s);
/* keeps *cb. */
int storage_start(struct storage *s, uv_loop_t *loop,
    const struct storage_callbacks *cb) __attribute__((warn_unused_result));

/* STORE or SERVE; takes what the action owns. Of one peer's SERVEs a few wait
 * at most, so that nobody can keep votes from the disk; more are dropped. */
void storage_submit(struct storage *s, struct replica_action *a);
/* A question about the past; `answered` brings ticket back, always, before
 * `stopped`. -ENOMEM. */
int storage_ask(struct storage *s, const struct past_question *q, void *ticket)
    __attribute__((warn_unused_result));
/* Before start; see past_recent. */
void storage_recent(struct storage *s, const struct past_visit *v);
/* Before start: look through all files this often, when there is nothing else
 * to do; 0: never. */
void storage_scrub_every(struct storage *s, uint64_t period_ms);
/* Jobs queued and not yet reported. */
size_t storage_depth(const struct storage *s);

/* Finish what is queued, then `stopped`. */
void storage_stop(struct storage *s);
/* After `stopped`, or without start. NULL is fine. */
void storage_free(struct storage *s);

#endif
