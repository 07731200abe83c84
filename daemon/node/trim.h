/*
 * trim.h - memory that a burst needed goes back to the system.
 *
 * A C library keeps what was freed below its last block in use, so one crowd of
 * clients or one large update may leave tens of MiB to a process that holds
 * next to nothing. Loop thread.
 */
#ifndef QML_DAEMON_NODE_TRIM_H
#define QML_DAEMON_NODE_TRIM_H

#include <stddef.h>
#include <uv.h>

/* A handle of the loop: it must stay where it is until the loop has closed. */
struct trim {
	uv_timer_t timer;
	size_t resident; /* bytes: the least since the last time */
};

void trim_start(struct trim *t, uv_loop_t *loop);
void trim_stop(struct trim *t);

#endif
