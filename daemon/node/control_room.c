/*
 * control_room.c - how many may be at the control socket, and who goes.
 */
#include "daemon/node/control_inside.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"

#define CONTROL_CLIENTS_MAX 32
/* Those who may only look leave room for those who may mend. */
#define CONTROL_LOOKERS_MAX 16
#define CONTROL_IDLE_MS 1000
/* Who listens stays for days; those who come to ask find room all the same. */
#define CONTROL_LISTENERS_MAX 16
#define CONTROL_LISTENING_LOOKERS_MAX 8

static bool
is_full(const struct client *comer)
{
	const bool looks = !comer->may_write;
	unsigned all = 0, lookers = 0;

	for (const struct client *cl = comer; cl != NULL; cl = cl->next) {
		all += !cl->closing;
		lookers += !cl->closing && !cl->may_write;
	}
	return all > CONTROL_CLIENTS_MAX ||
	    (looks && lookers > CONTROL_LOOKERS_MAX);
}

/* Who holds a place and does nothing with it gives way to a newcomer; so
 * half a line, or an answer that is never read, locks nobody out. */
static bool
make_room(const struct client *comer)
{
	struct client *victim = NULL;

	for (struct client *cl = comer->next; cl != NULL; cl = cl->next) {
		if (cl->closing || cl->events || cl->waiting != NULL ||
		    (cl->may_write && !comer->may_write))
			continue;
		if (victim == NULL || cl->moved_ms < victim->moved_ms)
			victim = cl;
	}
	if (victim == NULL ||
	    comer->moved_ms - victim->moved_ms < CONTROL_IDLE_MS)
		return false;
	control_close_client(victim);
	return true;
}

/* One line, so that the caller need not guess; then the end. They come in
 * floods: the log has one line a second. */
static void
turn_away(struct client *cl)
{
	struct control *c = cl->control;
	uint64_t now = uv_now(&c->node->loop);

	c->naway++;
	if (c->full_ms == 0 || now >= c->full_ms + 1000) {
		log_warn("control.full", "clients=%u sent_away=%u",
		    c->nclients - 1, c->naway);
		c->full_ms = now;
		c->naway = 0;
	}
	control_send(cl,
	    ctl_line_error(NULL, CTL_BUSY,
		"too many connections to the control socket; close one"));
	control_close_client(cl);
}

bool
control_admit(struct client *cl)
{
	/* It is the first of the list, so the others come behind it. */
	if (!is_full(cl) || make_room(cl))
		return true;
	turn_away(cl);
	return false;
}

bool
control_may_subscribe(const struct client *cl)
{
	unsigned all = 0, lookers = 0;

	for (const struct client *o = cl->control->clients; o != NULL;
	     o = o->next) {
		if (!o->events || o->closing || o == cl)
			continue;
		all++;
		lookers += !o->may_write;
	}
	return all < CONTROL_LISTENERS_MAX &&
	    (cl->may_write || lookers < CONTROL_LISTENING_LOOKERS_MAX);
}
