/*
 * leaves.h - what the state root is made of, for who looks for a difference.
 */
#ifndef QML_CONSENSUS_LEDGER_LEAVES_H
#define QML_CONSENSUS_LEDGER_LEAVES_H

#include "consensus/ledger/ledger.h"

/* The leaves of the state root, for people who look for a difference. */
#define LEDGER_LEAVES 12
const char *ledger_leaf_name(unsigned i);
void ledger_leaves(const struct ledger *l, struct hash out[LEDGER_LEAVES]);
/* As they would be after b, by our own computation from its answers (all
 * resolved). False: b's answers cannot be aggregated. */
bool ledger_leaves_after(const struct ledger *l, const struct block *b,
    struct hash out[LEDGER_LEAVES]);

#endif
