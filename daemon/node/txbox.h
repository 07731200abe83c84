/*
 * txbox.h - transactions of this node until they are on the chain.
 *
 * HOME/txs has a file for each, so that one given to the node before a restart
 * is sent again after it. Not synced to the disk, for that would hold up the
 * loop: a power cut may lose one, and its sender then sees no block with it.
 * Loop thread only.
 */
#ifndef QML_DAEMON_NODE_TXBOX_H
#define QML_DAEMON_NODE_TXBOX_H

#include "proto/block.h"
#include "proto/tx.h"

#define TXBOX_DIR "txs"
#define TXBOX_MAX 64 /* files that are read at one go */

/* 0, or -errno; the transaction is sent all the same. */
int txbox_keep(const char *home, const struct tx *t)
    __attribute__((warn_unused_result));
void txbox_drop(const char *home, const struct hash *id);
/* Those of b that self signed: of a thousand others none has a file. */
void txbox_drop_block(const char *home, const struct block *b,
    const struct sign_public *self);
/* Those that the pool has refused since *seen, which moves on: who sent one was
 * told so, and the next start must not send it again. */
struct txpool;
void txbox_drop_gone(const char *home, const struct txpool *p, size_t *seen);
/* Each that is there, of TXBOX_MAX at a time ascending by nonce; each() takes
 * the reference. */
void txbox_load(const char *home, void (*each)(void *arg, struct tx *t),
    void *arg);

#endif
