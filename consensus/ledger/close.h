/*
 * close.h - when the open round may be closed, and by which kind of block.
 *
 * The table is in the README. Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_CLOSE_H
#define QML_CONSENSUS_LEDGER_CLOSE_H

#include "consensus/ledger/ledger.h"

/* What the closing rule gives for some answers: a kind, from a time on. */
struct closing {
	uint8_t kind; /* BLOCK_AGGREGATE or BLOCK_SKIP */
	uint64_t from_ms;
};

/* For so many answers, of which so many are updates that can be combined. */
struct closing closing_rule(const struct ledger *l, uint16_t nanswers,
    uint16_t nupdates);
/* For these: updates that cannot be combined count for none. */
struct closing closing_of(const struct ledger *l, struct answer *const *answers,
    uint16_t n);

/* Earliest time of any block after the head, and of an ordinary one. */
uint64_t closing_earliest_ms(const struct ledger *l);
uint64_t closing_heartbeat_ms(const struct ledger *l);

#endif
