/*
 * slots.h - what the files of this folder call of each other; part of state.h.
 */
#ifndef QML_TESTS_CLUSTER_SLOTS_H
#define QML_TESTS_CLUSTER_SLOTS_H

#include "tests/cluster/state.h"

/* world.c */
void world_push(struct world *w, struct world_event e);
void world_fail(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void world_note(struct world *w, const void *data, size_t len);
static inline void
world_count(struct world *w, enum count c)
{
	w->result->counts[c]++;
}
/* The slot that never starts, or WORLD_MAX. */
static inline uint16_t
world_dead(const struct world *w)
{
	return w->setup.dead ? (uint16_t)(w->setup.seed % w->n) : WORLD_MAX;
}
/* Whose keys a slot has. */
static inline const struct member *
world_machine(const struct world *w, uint16_t slot)
{
	if (w->has_twin && slot == w->n)
		slot = w->nodes[slot].member;
	return &w->members.machine[slot];
}
static inline const struct sign_key *
world_key(const struct world *w, uint16_t slot)
{
	return w
	    ->keys[w->has_twin && slot == w->n ? w->nodes[slot].member : slot];
}
static inline bool
world_is_calm(const struct world *w)
{
	return w->now >= w->faults.calm_at;
}

/* node.c */
void node_start(struct world *w, uint16_t slot);
void node_stop(struct world *w, uint16_t slot);
void node_step(struct world *w, uint16_t slot, struct replica_event *ev);
void node_job(struct world *w, uint16_t slot);
void node_trained(struct world *w, uint16_t slot, uint64_t round);

/* audit.c */
void audit_disks(struct world *w);

/* net.c */
void net_send(struct world *w, uint16_t from, uint16_t to, const uint8_t *data,
    size_t len);
/* At a time of the sender's choice; loses nothing. */
void net_send_at(struct world *w, const struct world_event *e,
    const uint8_t *data, size_t len);
void net_broadcast(struct world *w, uint16_t from,
    const struct replica_action *a);
void net_links(struct world *w);
void net_split(struct world *w);
/* Even slots from odd ones. */
void net_halves(struct world *w);
void net_mute(struct world *w, uint16_t a, uint16_t b);

#endif
