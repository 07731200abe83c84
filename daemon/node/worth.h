/*
 * worth.h - this node's part in what the updates of closed rounds were worth.
 *
 * A sponsor shows the sealed shard of a round once the round is closed; every
 * validator whose trainer runs has it try the coalitions, between trainings,
 * and signs their utilities; the books take the median and pay. All of it
 * follows from the chain, so a restart goes on where it stood. Sealed shards
 * lie in HOME/shards, one file each, named by index: 0007.shard. Loop thread
 * only.
 */
#ifndef QML_DAEMON_NODE_WORTH_H
#define QML_DAEMON_NODE_WORTH_H

#include <stdint.h>

#include "consensus/books/rows.h"
#include "consensus/ledger/ledger.h"
#include "proto/trainwire.h"

#define WORTH_DIR "shards"
#define WORTH_SETTLED_KEPT 256 /* rounds, for those who ask */

struct node;
struct worth; /* opaque: copies of models and updates */

/* *out is for the life of n. -ENOMEM. */
int worth_open(struct worth **out, struct node *n)
    __attribute__((warn_unused_result));
void worth_close(struct worth *w); /* NULL is fine */

/* A block is about to change the ledger; arg is the node's struct worth. */
void worth_deciding(void *arg, const struct ledger *l, const struct block *b);
/* Something changed: shows a shard, asks the trainer, if there is reason to. */
void worth_turn(struct worth *w);
/* The trainer began anew: what it was asked is lost. */
void worth_restarted(struct worth *w);
void worth_answered(struct worth *w, const struct trainwire_worthed *x);

/* The i-th last round that is over, from 0; NULL: no more. */
const struct settled *worth_settled(const struct worth *w, uint64_t i);

#endif
