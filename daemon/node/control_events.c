/*
 * control_events.c - what happens, told to those who asked for events.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/node/control.h"
#include "daemon/node/control_inside.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"

/* Bytes that one may leave unread before the stream to him is cut. */
#define CONTROL_QUEUE_MAX (256u << 10)

/* Takes params; the text is made once for all. */
static void
publish(struct control *c, const char *method, struct jv *params)
{
	char *text = ctl_line_event(method, params);
	struct client *cl, *next;

	for (cl = c->clients; cl != NULL && text != NULL; cl = next) {
		next = cl->next;
		if (!cl->events || cl->closing)
			continue;
		if (control_unread(cl) <= CONTROL_QUEUE_MAX) {
			control_send(cl, strdup(text));
			continue;
		}
		log_warn("control.slow_reader", "bytes=%zu",
		    control_unread(cl));
		control_close_client(cl);
	}
	free(text);
}

static bool
has_listeners(const struct control *c)
{
	for (const struct client *cl = c->clients; cl != NULL; cl = cl->next)
		if (cl->events && !cl->closing)
			return true;
	return false;
}

void
control_round_opened(struct control *c, uint64_t round)
{
	struct jv *p;

	if (!has_listeners(c))
		return;
	p = jv_object();
	jv_put_integer(p, "round", (int64_t)round);
	publish(c, "round.opened", p);
}

void
control_answer_received(struct control *c, uint64_t round, uint16_t member)
{
	struct jv *p;

	if (!has_listeners(c))
		return;
	p = jv_object();
	jv_put_integer(p, "round", (int64_t)round);
	jv_put_string(p, "member", c->node->roster->members[member].name);
	publish(c, "answer.received", p);
}

void
control_block_committed(struct control *c, const struct block *b)
{
	if (has_listeners(c))
		publish(c, "block.committed", ctl_committed_json(c->node, b));
}
