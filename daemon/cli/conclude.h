/*
 * conclude.h - from what a walk over a chain saw to a sentence for each check.
 */
#ifndef QML_DAEMON_CLI_CONCLUDE_H
#define QML_DAEMON_CLI_CONCLUDE_H

#include "consensus/ledger/ledger.h"

struct audit;
struct audit_order;

/* Fills a->checks. l: the state after the last block that passed, NULL when
 * block 0 did not. A fault fails its check and leaves the others unknown. */
void conclude(struct audit *a, const struct audit_order *o,
    const struct ledger *l);

#endif
