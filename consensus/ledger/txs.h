/*
 * txs.h - what a block does to the books: its transactions, its round, time.
 *
 * Always on a clone: a block that fails half way leaves nothing behind. The
 * order is that of consensus/books/turn.h. Pure but for memory.
 */
#ifndef QML_CONSENSUS_LEDGER_TXS_H
#define QML_CONSENSUS_LEDGER_TXS_H

#include "consensus/books/turn.h"
#include "consensus/ledger/ledger.h"

/* Books after block 0. -EINVAL, -ENOMEM. */
int txs_found(const struct ledger *l, struct books **out)
    __attribute__((warn_unused_result));

/* What books ask of a job that passed job_check. */
void txs_job(const struct job *j, struct books_job *out);
/* Was this member's data, by the root of its rows, to be used in the open
 * round? As the books stood when it opened. */
enum books_verdict txs_consent(const struct ledger *l, uint16_t member,
    const struct hash *asset);

/* The books of a clone ask the clone. */
void txs_bind(struct ledger *l);

/* Every transaction's signature; LEDGER_FORMAT: one is missing. */
enum ledger_verdict txs_signed(const struct ledger *l, const struct block *b);

/* The books after b, a clone for the caller. What the block leads to is in
 * l->memory: aggregate and next round. */
enum ledger_verdict txs_run(const struct ledger *l, const struct block *b,
    struct books **out);

/* Those of in->txs that apply one after another, at most as many and as long
 * as a block may hold; kept[BLOCK_TXS_MAX], borrowed. -ENOMEM. */
int txs_pick(const struct ledger *l, const struct ledger_inputs *in,
    struct tx **kept, uint16_t *n) __attribute__((warn_unused_result));
/* Would txs_pick keep any? */
bool txs_waiting(const struct ledger *l, const struct ledger_inputs *in);

#endif
