/*
 * orders.h - every fourth seed has short jobs, and members that buy the next.
 *
 * Its transactions are those that bring an order forward: data that a member
 * has not registered yet, an order's acceptance, an order when none waits. All
 * jobs have one size and one rule, so that the oracle works out every one.
 */
#ifndef QML_TESTS_CLUSTER_ORDERS_H
#define QML_TESTS_CLUSTER_ORDERS_H

#include "consensus/replica/replica.h"
#include "tests/cluster/state.h"

#define ORDERS_ROUNDS 3 /* of each job */

/* Does this run have them? No draw: other seeds stay what they were. */
bool orders_has(const struct world *w);
/* Root of this member's rows, as its answers name it. */
struct hash orders_root(uint16_t member);
/* The body of what helps now, and its kind; 0: nothing does. */
uint8_t orders_put(struct world *w, const struct ledger *l, uint16_t member,
    struct bytes_writer *out);
/* A job is over that the oracle saw closing; does the block start another? */
bool orders_start(const struct world *w, const struct block *b);

#endif
