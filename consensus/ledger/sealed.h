/*
 * sealed.h - updates that are shown after their hashes are on the chain.
 *
 * With economy.commit_updates a round has two phases. While it is sealed every
 * asked member puts the id of its answer on the chain (TX_COMMIT) and shows
 * nothing. A block opens it when all have, or when time is over: enough of
 * them at the end of the collection, whoever did at the straggler time. From
 * then on no id is taken, and only the answers that were named count; both
 * times start anew. So nobody can have seen another's update before it named
 * its own: the id has the member's number in it. Costs a block a round. Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_SEALED_H
#define QML_CONSENSUS_LEDGER_SEALED_H

#include "consensus/ledger/ledger.h"

/* A round that has just been opened. */
void sealed_begin(const struct ledger *l, struct ledger_round *r);
/* After all else of a block at time_ms that leaves r open; books are those
 * after it. True: it opened r, whose times are to be set anew. */
bool sealed_turn(const struct ledger *l, const struct books *books,
    struct ledger_round *r, uint64_t time_ms);
/* Members that named an answer for the open round. */
uint16_t sealed_named(const struct ledger *l);
/* From when on a block opens it by time alone; UINT64_MAX: not sealed. */
uint64_t sealed_until_ms(const struct ledger *l);
/* LEDGER_SEALED: too early; LEDGER_PROMISE: not what was named. */
enum ledger_verdict sealed_check(const struct ledger *l,
    const struct answer *a);
/* Of other kinds than TX_COMMIT: true. */
bool sealed_takes(const struct ledger *l, const struct tx *t);
/* For the replica: asked, and has named its answer where that comes first. */
bool sealed_awaited(const struct ledger *l, uint16_t i);
/* Names an answer of a later round: it may be taken then. */
bool sealed_ahead(const struct ledger *l, const struct tx *t);

#endif
