/*
 * refound_town.h - a rich chain that goes on without a quorum.
 */
#ifndef QML_TESTS_DAEMON_CLI_REFOUND_TOWN_H
#define QML_TESTS_DAEMON_CLI_REFOUND_TOWN_H

#include "proto/refound.h"
#include "rich.h"

/* By these seats of the town's, up to UINT16_MAX, in its state as it stands;
 * all have signed. */
struct refound refound_draw_up(struct rich *r, const struct ledger *l,
    const uint16_t *seats);
/* The home knows of it, and the town goes on by it, if it can. */
void refound_take(struct rich *r, const struct refound *x);

#endif
