/*
 * control_inside.h - the inside of struct control, for control*.c only.
 */
#ifndef QML_DAEMON_NODE_CONTROL_INSIDE_H
#define QML_DAEMON_NODE_CONTROL_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <uv.h>

#include "daemon/node/ctl_line.h"

struct control;
struct node;
struct ticket;

struct client {
	uv_pipe_t pipe;
	struct control *control;
	struct client *next;
	bool events, may_write, closing;
	bool reading;
	bool ended; /* he has said all; what he asked for still goes out */
	struct ticket *waiting; /* an answer is being fetched */
	uint64_t moved_ms; /* last request of his, or answer that he took */
	char line[CTL_LINE_MAX];
	size_t len;
	size_t line_len; /* of the first one, its end included; 0: not whole */
	uint64_t last_served; /* control's count then */
};

struct control {
	struct node *node;
	uv_pipe_t listener;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client *clients;
	unsigned nclients; /* and what else must close before the end */
	uv_timer_t rest;   /* until requests are looked at again */
	uint64_t nserved;
	uint64_t paid_ns; /* uv_hrtime at which what was spent is paid for */
	uint64_t full_ms; /* last line about it */
	unsigned naway;   /* sent away since */
	bool closing;
	uv_pipe_t spare; /* for who must be let in to be sent away */
	bool spare_busy, owed;
	void (*done)(void *arg);
	void *done_arg;
};

/* Takes text; NULL, no memory: the client goes. */
void control_send(struct client *cl, char *text);
/* Idempotent; it is gone later. */
void control_close_client(struct client *cl);

/* The newest of the list: is there room for him? False: he was told that there
 * is none, and closes. */
bool control_admit(struct client *cl);
/* May one more of his kind listen to events? */
bool control_may_subscribe(const struct client *cl);

static inline size_t
control_unread(const struct client *cl)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&cl->pipe);
}

#endif
