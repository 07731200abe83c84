/*
 * control.h - the local socket: JSON-RPC 2.0, one object per line.
 *
 * The caller's uid and group, as the kernel tells them, decide between read
 * and write. `events` turns a connection into a stream of notifications:
 * round.opened, answer.received, block.committed. Requests of one connection
 * are answered in order, and read no faster than the answers are taken; a
 * subscriber that does not read is cut off. Loop thread only.
 */
#ifndef QML_DAEMON_NODE_CONTROL_H
#define QML_DAEMON_NODE_CONTROL_H

#include <stdint.h>

#define CONTROL_PATH_MAX 107 /* bytes; sun_path less its final zero */

struct block;
struct control;
struct node;
struct past_answer;

/* Binds path (mode 0660), replacing a dead socket only. -EADDRINUSE: somebody
 * answers there. -ENOTSOCK: it is no socket. -ENAMETOOLONG: over
 * CONTROL_PATH_MAX. Keeps n. */
int control_start(struct control **out, struct node *n, const char *path)
    __attribute__((warn_unused_result));
/* Closes all connections and removes the socket; *c is gone when done is
 * called, from the loop. */
void control_stop(struct control *c, void (*done)(void *arg), void *arg);

/* What storage_ask brought back; takes both. Also after control_stop. */
void control_answered(struct node *n, void *ticket, struct past_answer *a);

void control_round_opened(struct control *c, uint64_t round);
void control_answer_received(struct control *c, uint64_t round,
    uint16_t member);
/* After the ledger applied it: ledger_last_round() is that of b, if b closed
 * one. */
void control_block_committed(struct control *c, const struct block *b);

#endif
