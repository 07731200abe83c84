/*
 * txs.h - members that send transactions: by the seed, from the start on.
 *
 * Drawn from a generator of their own, so that faults and lies of a seed stay
 * what they are. I17: after every block the books are conserved and every
 * honest node that applied it has the same.
 */
#ifndef QML_TESTS_CLUSTER_TXS_H
#define QML_TESTS_CLUSTER_TXS_H

#include "tests/cluster/state.h"

/* Schedules the first one of every slot. */
void txs_draw(struct world *w);
/* The slot's turn: one transaction, or none, and the next turn. */
void txs_tick(struct world *w, uint16_t slot);
/* The node applied a block. */
void txs_applied(struct world *w, uint16_t slot, const struct block *b);

#endif
