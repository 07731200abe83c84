/*
 * redial.h - how long to wait before a member is dialed again. Pure.
 *
 * Full jitter: a federation that lost its network does not come back at one
 * moment. NNG's own redialler leaves half of all pauses at zero. The pause
 * never grows beyond timing.retry_max, however long a partition lasts: healed,
 * the members agree again within seconds.
 */
#ifndef QML_DAEMON_NODE_REDIAL_H
#define QML_DAEMON_NODE_REDIAL_H

#include <stdbool.h>
#include <stdint.h>

struct link_timing;

/* The larger index lets the smaller one dial first: its link would lose. */
#define REDIAL_YIELD_MS 300

/* The most that the jitter may draw after that attempt, in ms. */
uint32_t redial_cap(const struct link_timing *t, unsigned attempts);
/* 1 to retry_max ms after attempt number `attempts` (from 0) failed. random:
 * any number. */
uint32_t redial_pause(const struct link_timing *t, unsigned attempts,
    uint32_t random, bool yields);

#endif
