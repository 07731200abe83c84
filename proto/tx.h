/*
 * tx.h - a transaction: what somebody wants changed in the shared state.
 *
 * Signed by the key that sends it. The nonce counts that key's transactions
 * from 0 (but for duties), so none can be played twice; after `expires` (a
 * height) it is worth nothing, so one that lay around cannot surprise its
 * sender. What the body means is the ledger's business: here it is bytes of a
 * bounded length.
 * Objects are counted: the pool and blocks in flight share one. One thread.
 */
#ifndef QML_PROTO_TX_H
#define QML_PROTO_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"

#define TX_VERSION 1
#define TX_BODY_MAX (96u << 10) /* a job with its circuit's text fits */

enum tx_kind {
	TX_TRANSFER = 1,   /* tokens to an account */
	TX_ASSET_REGISTER, /* a data asset, or a new version of one */
	TX_ASSET_WITHDRAW, /* consent ends with the next round */
	TX_ASSET_ERASED,   /* the salt key was destroyed */
	TX_ORDER,          /* a job for data assets, with its escrow */
	TX_ORDER_ACCEPT,   /* by an asset's owner */
	TX_ORDER_CANCEL,
	TX_COMMIT, /* hash of the update that its sender will reveal */
	TX_WORTH,  /* a validator's utilities of a round's coalitions */
	TX_PROPOSE,
	TX_VOTE,
	TX_MODEL_TRANSFER,
	TX_MODEL_APPROVE,
	TX_MODEL_LEASE,
	TX_CREDENTIAL, /* issue */
	TX_REVOKE,     /* a credential */
	TX_SHARD,      /* public rows, sealed until a round needs them */
	TX_KINDS,      /* past the last */
};

struct tx {
	/* signed, in this order */
	uint16_t version;
	uint8_t kind; /* enum tx_kind */
	struct sign_public sender;
	uint64_t nonce;
	uint64_t fee;     /* token units */
	uint64_t expires; /* last height whose block may hold it */
	uint32_t len;
	uint8_t *body; /* [len], owned */
	struct signature sig;
	/* not signed directly */
	struct hash id; /* H("qml.tx", what is signed) */
	unsigned nrefs;
};

/* A zeroed transaction with one reference and room for a body. NULL: memory.
 * len <= TX_BODY_MAX. */
struct tx *tx_new(uint32_t len);
struct tx *tx_ref(struct tx *t);
void tx_unref(struct tx *t); /* NULL is fine */

/* Fills sender and id, and signs. */
void tx_sign(struct tx *t, const struct sign_key *k,
    const struct hash *federation);
bool tx_verify(const struct tx *t, const struct hash *federation);

/* Bytes on the wire and in a block. */
uint32_t tx_len(const struct tx *t);
void tx_put(struct bytes_writer *w, const struct tx *t);
/* NULL and r bad: malformed, too long, an unknown kind, or no memory. */
struct tx *tx_get(struct bytes_reader *r);

/* Owed by every member and possible once a round by what the ledger knows: no
 * fee is asked, and its nonce is 0 and counts nothing, so that one which came
 * too late does not hold up what its sender sends next. */
bool tx_is_duty(uint8_t kind);

/* "transfer", "asset_register": for people and the index. */
const char *tx_kind_name(uint8_t kind);

#endif
