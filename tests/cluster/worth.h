/*
 * worth.h - federations whose rounds are valued and whose answers are named
 * first, in a third of the seeds each.
 *
 * Every member holds the same sealed rows; honest ones state utilities that
 * follow from the round, one states nonsense. I18: who is paid is paid by the
 * honest ones' figures.
 */
#ifndef QML_TESTS_CLUSTER_WORTH_H
#define QML_TESTS_CLUSTER_WORTH_H

#include "tests/cluster/state.h"

void worth_found(struct world *w);
/* The body and the kind of what this member owes now; 0: nothing. */
uint8_t worth_owed(struct world *w, const struct world_node *n,
    struct bytes_writer *out);
/* The node applied a block. */
void worth_applied(struct world *w, uint16_t slot);

#endif
