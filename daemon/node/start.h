/*
 * start.h - bring a node up, and down again.
 *
 * Up: files, chain, replica, links, trainer, socket; a failure undoes what
 * stands and names its exit code. Down: links, trainer and socket first, then
 * the storage thread with all that was queued, then the loop.
 */
#ifndef QML_DAEMON_NODE_START_H
#define QML_DAEMON_NODE_START_H

#include "daemon/node/node.h"

enum node_exit { /* DESIGN section 10 */
	NODE_EXIT_OK = 0,
	NODE_EXIT_FAILED = 1,
	NODE_EXIT_CONFLICT = 9,
	NODE_EXIT_DAMAGED = 65,
	NODE_EXIT_SOFTWARE = 70,
	NODE_EXIT_IO = 74,
	NODE_EXIT_TEMPORARY = 75,
	NODE_EXIT_CONFIG = 78,
};

/* node.c's side of the parts; `stopped` is filled in by start.c. */
struct storage_callbacks node_storage_callbacks(struct node *n);
struct trainer_callbacks node_trainer_callbacks(struct node *n);
struct peers_events node_peers_events(struct node *n);
/* Members may have changed: names, links and our own seat follow. */
void node_follow(struct node *n);
void node_step(struct node *n, const struct replica_event *ev);
/* A round was closed; kept for people who ask. */
struct node_round node_round_of(const struct ledger_round_summary *s);
void node_note_round(struct node *n, const struct ledger_round_summary *s);

#endif
