/*
 * latency.h - how long agreement takes: links of a wide area, and what
 * signatures, hashes and a disk cost on the machine that runs this.
 *
 * The costs are measured first, by the clock of this machine; everything after
 * that happens in virtual time. A node has one core, which does one thing after
 * another, and a disk beside it. A link is one stream: a lost packet holds up
 * all that is behind it until it was sent again. The only file of this folder
 * in which real time decides anything.
 */
#ifndef QML_TESTS_CLUSTER_LATENCY_H
#define QML_TESTS_CLUSTER_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/replica/action.h"

struct world;
struct world_event;
struct latency;

/* One federation of n until so many heights; a row of the table. */
int latency_run(uint16_t n, uint64_t heights, uint32_t interval_ms);

/* Hooks, where the world has a latency (w->setup.latency). */
void latency_found(struct world *w);
/* Is the node's core busy? The event comes again later. */
bool latency_busy(struct world *w, const struct world_event *e);
/* Around everything that a node works out. */
void latency_begin(struct world *w);
void latency_end(struct world *w, uint16_t slot);
/* When what is sent now arrives. */
uint64_t latency_arrival(struct world *w, uint16_t from, uint16_t to,
    size_t len);
/* When what is written now is durable. */
uint64_t latency_durable(struct world *w, uint16_t slot,
    enum replica_store store);
void latency_proposed(struct world *w, const struct replica_action *a);
void latency_applied(struct world *w, uint16_t slot, const struct block *b);
/* The slot's turn: a transfer, and the next turn. */
void latency_tx(struct world *w, uint16_t slot);

#endif
