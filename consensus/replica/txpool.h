/*
 * txpool.h - transactions that wait for a block.
 *
 * Bounded in number, in bytes and by sender. A transaction gets in when it
 * applies to the books as they are, or when only earlier ones of its sender
 * are missing; those cost their sender nothing, so in a full pool they give
 * way to what applies, the last first. After every block what does not apply
 * any more is dropped, and for a while the pool remembers why. Order is that
 * of arrival.
 */
#ifndef QML_CONSENSUS_REPLICA_TXPOOL_H
#define QML_CONSENSUS_REPLICA_TXPOOL_H

#include "consensus/books/verdict.h"
#include "consensus/ledger/ledger.h"

#define TXPOOL_MAX 2000
#define TXPOOL_BYTES_MAX (4u << 20)
#define TXPOOL_SENDER_MAX 64 /* so far may a nonce be ahead, too */
#define TXPOOL_GONE 256
#define TXPOOL_HEADS 1024 /* power of two */

struct txpool_gone {
	struct hash id;
	/* BOOKS_OK: it gave way to others here; who has it may have room. */
	enum books_verdict why;
};

struct txpool {
	struct tx *txs[TXPOOL_MAX]; /* a reference each */
	size_t n;
	size_t bytes;
	struct tx *fit[TXPOOL_MAX]; /* those that apply now, borrowed */
	size_t nfit;
	struct txpool_gone gone[TXPOOL_GONE]; /* ring */
	size_t ngone;                         /* ever */
	/* Both by id: 1 + place of the first, and of the next one; 0: none. */
	uint16_t tx_first[TXPOOL_HEADS], tx_next[TXPOOL_MAX];
	uint16_t gone_first[TXPOOL_HEADS], gone_next[TXPOOL_GONE];
};

/* Keeps a reference. 0; -EEXIST: held; -ENOSPC: no room; -EBADMSG: bad
 * signature; -ENOMEM; or the verdict (> 0) that stands against it. */
int txpool_add(struct txpool *p, const struct ledger *l, struct tx *t)
    __attribute__((warn_unused_result));
/* The ledger moved: drops what is in it now, and what cannot be any more. What
 * there is no memory to look at stays, and is not offered. */
void txpool_turn(struct txpool *p, const struct ledger *l);
struct tx *txpool_find(const struct txpool *p, const struct hash *id);
/* NULL: not known to have gone. */
const struct txpool_gone *txpool_why(const struct txpool *p,
    const struct hash *id);
/* For this sender's next transaction, after those that wait. */
uint64_t txpool_nonce(const struct txpool *p, const struct ledger *l,
    const struct sign_public *sender);
void txpool_clear(struct txpool *p);

#endif
