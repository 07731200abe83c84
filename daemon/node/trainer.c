#include "daemon/node/trainer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/log.h"
#include "gen/version.h"
#include "proto/bytes.h"

#define TRAINER_PAUSE_MIN_MS 500
#define TRAINER_PAUSE_MAX_MS 60000
#define TRAINER_KILL_MS 2000
/* With what can count no more; twice that the next time, if it was in vain. */
#define TRAINER_LATE_MS 600000
#define TRAINER_LATE_MAX_MS 86400000

struct trainer {
	uv_loop_t *loop;
	struct trainer_config cfg; /* its federation is the one below */
	struct federation federation;
	struct trainer_callbacks cb;
	enum trainer_state state;
	char text[TRAINWIRE_TEXT_MAX];
	struct trainwire_ready ready;

	uv_process_t process;
	uv_pipe_t in, out; /* of the child */
	uv_timer_t timer;  /* pause before a restart; patience */
	unsigned nhandles; /* not yet closed, of one child */
	bool alive, stopping, broken;
	bool renewed; /* ended by us, for another job */
	uint64_t pause_ms, late_ms;

	uint8_t *frame; /* a message being read */
	size_t have, cap;

	bool wanted;                 /* a TRAIN not yet sent */
	bool busy;                   /* a TRAIN sent, its answer not here */
	struct trainwire_model turn; /* what to train; its model is owned */
};

struct outgoing {
	uv_write_t req;
	uint8_t head[4];
	uint8_t *data;
};

static void launch(struct trainer *t);
static void timer_cb(uv_timer_t *timer);
static void close_child(struct trainer *t);

static void
write_cb(uv_write_t *req, int status)
{
	struct outgoing *o = (struct outgoing *)req;

	(void)status; /* a dead child is seen by its exit */
	free(o->data);
	free(o);
}

static int
send_message(struct trainer *t, const struct trainwire_msg *m)
{
	struct outgoing *o = calloc(1, sizeof(*o));
	uv_buf_t bufs[2];
	size_t len;
	int rc;

	if (o == NULL)
		return -ENOMEM;
	rc = trainwire_encode(m, &o->data, &len);
	if (rc < 0) {
		free(o);
		return rc;
	}
	o->head[0] = (uint8_t)(len >> 24);
	o->head[1] = (uint8_t)(len >> 16);
	o->head[2] = (uint8_t)(len >> 8);
	o->head[3] = (uint8_t)len;
	bufs[0] = uv_buf_init((char *)o->head, 4);
	bufs[1] = uv_buf_init((char *)o->data, (unsigned)len);
	rc = uv_write(&o->req, (uv_stream_t *)&t->in, bufs, 2, write_cb);
	if (rc < 0)
		write_cb(&o->req, rc);
	return rc;
}

static int
send_setup(struct trainer *t)
{
	struct trainwire_msg m = {.type = TRAINWIRE_SETUP};
	struct bytes_writer w = BYTES_WRITER_INIT;
	int rc;

	snprintf(m.u.setup.build, sizeof(m.u.setup.build), "%s", QML_BUILD_ID);
	rc = trainer_put_data(&m.u.setup, &t->cfg.data);
	if (rc < 0)
		return rc;
	memcpy(m.u.setup.salt, t->cfg.salt, sizeof(m.u.setup.salt));
	m.u.setup.threads = t->cfg.threads;
	m.u.setup.confine = t->cfg.confine;
	federation_put(&w, t->cfg.federation);
	rc = bytes_writer_take(&w, &m.u.setup.federation,
	    &m.u.setup.federation_len);
	if (rc < 0)
		return rc;
	rc = send_message(t, &m);
	trainwire_msg_close(&m);
	return rc;
}

static void
send_train(struct trainer *t)
{
	struct trainwire_msg m = {.type = TRAINWIRE_TRAIN};

	if (!t->wanted || t->state != TRAINER_IDLE)
		return;
	m.u.model = t->turn;
	t->wanted = false;
	t->state = TRAINER_BUSY;
	t->busy = true;
	if (send_message(t, &m) < 0)
		close_child(t);
}

static void
give_up_round(struct trainer *t, uint8_t reason)
{
	if (!t->wanted && !t->busy)
		return;
	t->wanted = t->busy = false;
	t->cb.failed(t->cb.arg, t->turn.round, reason, t->text);
}

/* What the trainer says stands between quotes in the log. */
static void
keep_text(struct trainer *t, const char *text)
{
	snprintf(t->text, sizeof(t->text), "%s", text);
	for (char *p = t->text; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
}

static void
handle_trained(struct trainer *t, const struct trainwire_trained *r)
{
	bool mine = t->busy && r->round == t->turn.round &&
	    r->dim == t->cfg.federation->job.update;

	t->state = TRAINER_IDLE;
	uv_timer_stop(&t->timer);
	t->pause_ms = TRAINER_PAUSE_MIN_MS;
	t->late_ms = t->cfg.late_ms;
	if (mine) {
		t->busy = false;
		t->text[0] = '\0'; /* what went wrong before is over */
		t->cb.trained(t->cb.arg, r);
	}
	send_train(t);
}

static void
handle_failed(struct trainer *t, const struct trainwire_failed *f)
{
	bool mine = t->busy && f->round == t->turn.round;

	t->state = TRAINER_IDLE;
	uv_timer_stop(&t->timer);
	keep_text(t, f->text);
	if (mine)
		give_up_round(t, f->reason);
	send_train(t);
}

static void
handle(struct trainer *t, const struct trainwire_msg *m)
{
	switch (m->type) {
	case TRAINWIRE_READY:
		t->ready = m->u.ready;
		t->state = TRAINER_IDLE;
		t->text[0] = '\0';
		t->cb.ready(t->cb.arg, &t->ready);
		send_train(t);
		break;
	case TRAINWIRE_REFUSED:
		t->state = TRAINER_REFUSED;
		keep_text(t, m->u.failed.text);
		t->cb.refused(t->cb.arg, t->text);
		give_up_round(t, m->u.failed.reason);
		break;
	case TRAINWIRE_TRAINED:
		handle_trained(t, &m->u.trained);
		break;
	case TRAINWIRE_FAILED:
		handle_failed(t, &m->u.failed);
		break;
	case TRAINWIRE_WORTHED:
		if (t->cb.worthed != NULL)
			t->cb.worthed(t->cb.arg, &m->u.worthed);
		break;
	case TRAINWIRE_SETUP:
	case TRAINWIRE_TRAIN:
	case TRAINWIRE_SCORE:
	case TRAINWIRE_SCORED:
	case TRAINWIRE_WORTH:
		snprintf(t->text, sizeof(t->text),
		    "the trainer sent a message of the wrong direction");
		close_child(t);
		break;
	}
}

static size_t
frame_len(const uint8_t *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3];
}

/* Whole messages from the front of the frame buffer. */
static void
take_frames(struct trainer *t)
{
	struct trainwire_msg m;
	size_t len, at = 0;

	while (!t->broken && t->have - at >= 4) {
		len = frame_len(t->frame + at);
		if (len > TRAINWIRE_MAX) {
			snprintf(t->text, sizeof(t->text),
			    "the trainer sent a message of %zu bytes", len);
			close_child(t);
			break;
		}
		if (t->have - at - 4 < len)
			break;
		if (trainwire_decode(t->frame + at + 4, len, &m) != WIRE_OK) {
			snprintf(t->text, sizeof(t->text),
			    "the trainer sent a malformed message");
			close_child(t);
			break;
		}
		handle(t, &m);
		trainwire_msg_close(&m);
		at += 4 + len;
	}
	memmove(t->frame, t->frame + at, t->have - at);
	t->have -= at;
}

static void
alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct trainer *t = h->data;
	size_t want = t->have + (suggested > 65536 ? 65536 : suggested);
	uint8_t *p;

	*buf = uv_buf_init(NULL, 0);
	if (want > t->cap) {
		p = realloc(t->frame, want);
		if (p == NULL)
			return;
		t->frame = p;
		t->cap = want;
	}
	*buf = uv_buf_init((char *)t->frame + t->have,
	    (unsigned)(t->cap - t->have));
}

static void
read_cb(uv_stream_t *st, ssize_t n, const uv_buf_t *buf)
{
	struct trainer *t = st->data;

	(void)buf;
	if (t->broken) {
		t->have = 0; /* nothing that it says counts any more */
		n = n < 0 ? n : 0;
	}
	if (n < 0) {
		/* It has ended, or soon must: it cannot be heard any more. */
		uv_read_stop(st);
		uv_timer_start(&t->timer, timer_cb, TRAINER_KILL_MS, 0);
		return;
	}
	t->have += (size_t)n;
	take_frames(t);
}

static void
timer_cb(uv_timer_t *timer)
{
	struct trainer *t = timer->data;

	if (t->alive)
		uv_process_kill(&t->process, SIGKILL);
	else if (!t->stopping)
		launch(t);
}

static void
stopped_cb(uv_handle_t *h)
{
	struct trainer *t = h->data;

	t->cb.stopped(t->cb.arg);
}

static void
child_closed_cb(uv_handle_t *h)
{
	struct trainer *t = h->data;

	if (--t->nhandles > 0)
		return;
	t->alive = false;
	t->have = 0;
	if (t->stopping) {
		uv_close((uv_handle_t *)&t->timer, stopped_cb);
		return;
	}
	if (t->renewed) {
		launch(t);
		return;
	}
	if (t->state == TRAINER_REFUSED)
		return; /* the same data would be refused again */
	t->state = TRAINER_WAITING;
	uv_timer_start(&t->timer, timer_cb, t->pause_ms, 0);
	t->pause_ms = 2 * t->pause_ms < TRAINER_PAUSE_MAX_MS
	    ? 2 * t->pause_ms
	    : TRAINER_PAUSE_MAX_MS;
}

/* Something is wrong with it: end it, the exit does the rest. */
static void
close_child(struct trainer *t)
{
	t->broken = true;
	if (t->alive)
		uv_process_kill(&t->process, SIGKILL);
}

static void
exit_cb(uv_process_t *p, int64_t status, int sig)
{
	struct trainer *t = p->data;

	uv_timer_stop(&t->timer);
	if (!t->stopping && !t->renewed && t->state != TRAINER_REFUSED) {
		if (!t->broken)
			snprintf(t->text, sizeof(t->text),
			    "the trainer ended (exit %lld, signal %d)",
			    (long long)status, sig);
		log_warn("trainer.exit", "why=\"%s\" again_in_ms=%llu", t->text,
		    (unsigned long long)t->pause_ms);
		give_up_round(t, ANSWER_REASON_TRAINER);
	}
	uv_close((uv_handle_t *)&t->process, child_closed_cb);
	uv_close((uv_handle_t *)&t->in, child_closed_cb);
	uv_close((uv_handle_t *)&t->out, child_closed_cb);
}

static int
spawn(struct trainer *t)
{
	uv_stdio_container_t io[3] = {
	    {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		.data.stream = (uv_stream_t *)&t->in},
	    {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		.data.stream = (uv_stream_t *)&t->out},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	const uv_process_options_t opt = {.exit_cb = exit_cb,
	    .file = t->cfg.command[0],
	    .args = t->cfg.command,
	    .stdio_count = 3,
	    .stdio = io};

	return uv_spawn(t->loop, &t->process, &opt);
}

static void
launch(struct trainer *t)
{
	int rc;

	t->broken = t->renewed = false;
	t->state = TRAINER_STARTING;
	uv_pipe_init(t->loop, &t->in, 0);
	uv_pipe_init(t->loop, &t->out, 0);
	t->in.data = t->out.data = t->process.data = t;
	t->nhandles = 3;
	rc = spawn(t);
	t->alive = rc == 0;
	if (rc < 0) {
		snprintf(t->text, sizeof(t->text), "cannot start %s: %s",
		    t->cfg.command[0], log_why(rc));
		log_error("trainer.start", "why=\"%s\"", t->text);
		give_up_round(t, ANSWER_REASON_TRAINER);
		uv_close((uv_handle_t *)&t->process, child_closed_cb);
		uv_close((uv_handle_t *)&t->in, child_closed_cb);
		uv_close((uv_handle_t *)&t->out, child_closed_cb);
		return;
	}
	rc = uv_read_start((uv_stream_t *)&t->out, alloc_cb, read_cb);
	if (rc == 0)
		rc = send_setup(t);
	if (rc < 0)
		close_child(t);
}

static int
take_federation(struct trainer *t, const struct federation *f)
{
	struct federation copy;
	int64_t *room = calloc(f->job.dim, sizeof(*room));

	if (room == NULL)
		return -ENOMEM;
	if (federation_copy(&copy, f) < 0) {
		free(room);
		return -ENOMEM;
	}
	federation_close(&t->federation);
	free(t->turn.model);
	t->federation = copy;
	t->turn = (struct trainwire_model){.model = room};
	return 0;
}

int
trainer_follow(struct trainer *t, const struct federation *f)
{
	int rc = take_federation(t, f);

	if (rc < 0 || t->stopping)
		return rc;
	t->wanted = t->busy = false;
	t->text[0] = '\0';
	t->pause_ms = TRAINER_PAUSE_MIN_MS;
	t->renewed = true;
	t->state = TRAINER_STARTING;
	if (t->alive) {
		close_child(t);
	} else if (t->nhandles == 0) {
		uv_timer_stop(&t->timer);
		launch(t);
	}
	return 0;
}

int
trainer_start(struct trainer **out, uv_loop_t *loop,
    const struct trainer_config *cfg, const struct trainer_callbacks *cb)
{
	struct trainer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	if (take_federation(t, cfg->federation) < 0) {
		free(t);
		return -ENOMEM;
	}
	t->loop = loop;
	t->cfg = *cfg;
	t->cfg.federation = &t->federation;
	t->cb = *cb;
	t->pause_ms = TRAINER_PAUSE_MIN_MS;
	t->cfg.late_ms = cfg->late_ms > 0 ? cfg->late_ms : TRAINER_LATE_MS;
	t->late_ms = t->cfg.late_ms;
	uv_timer_init(loop, &t->timer);
	t->timer.data = t;
	*out = t;
	launch(t);
	return 0;
}

void
trainer_train(struct trainer *t, const struct trainwire_model *m)
{
	int64_t *room = t->turn.model;

	/* trainer_follow had no memory for the job that it is of. */
	if (m->dim != t->federation.job.dim) {
		t->turn.round = m->round;
		t->wanted = true;
		snprintf(t->text, sizeof(t->text),
		    "there is no memory for the model of this job");
		give_up_round(t, ANSWER_REASON_TRAINER);
		return;
	}
	memcpy(room, m->model, m->dim * sizeof(*room));
	t->turn = *m;
	t->turn.model = room;
	t->wanted = true;
	t->busy = false;
	if (t->state == TRAINER_REFUSED || t->state == TRAINER_NONE)
		give_up_round(t, ANSWER_REASON_NO_DATA);
	else
		send_train(t);
}

int
trainer_worth(struct trainer *t, const struct trainwire_worth *x)
{
	struct trainwire_msg m = {.type = TRAINWIRE_WORTH, .u.worth = *x};

	if (t->state != TRAINER_IDLE && t->state != TRAINER_BUSY)
		return -EAGAIN;
	return send_message(t, &m);
}

/* What it has been doing since is of no use to anybody, however slow it is. */
static void
late_cb(uv_timer_t *timer)
{
	struct trainer *t = timer->data;

	snprintf(t->text, sizeof(t->text),
	    "the trainer said nothing for %llu s after its round could count "
	    "no more: it hangs, or is too slow for this federation",
	    (unsigned long long)t->late_ms / 1000);
	t->late_ms = 2 * t->late_ms < TRAINER_LATE_MAX_MS ? 2 * t->late_ms
							  : TRAINER_LATE_MAX_MS;
	close_child(t);
}

void
trainer_cancel(struct trainer *t)
{
	t->wanted = t->busy = false;
	if (t->state == TRAINER_BUSY && !t->broken &&
	    !uv_is_active((uv_handle_t *)&t->timer))
		uv_timer_start(&t->timer, late_cb, t->late_ms, 0);
}

enum trainer_state
trainer_state(const struct trainer *t)
{
	return t->state;
}

const struct trainwire_ready *
trainer_ready(const struct trainer *t)
{
	return &t->ready;
}

const char *
trainer_text(const struct trainer *t)
{
	return t->text;
}

void
trainer_stop(struct trainer *t)
{
	if (t->stopping)
		return;
	t->stopping = t->broken = true;
	t->wanted = t->busy = false;
	t->state = TRAINER_NONE;
	if (!t->alive) {
		if (t->nhandles == 0)
			uv_close((uv_handle_t *)&t->timer, stopped_cb);
		return;
	}
	uv_process_kill(&t->process, SIGTERM);
	uv_timer_start(&t->timer, timer_cb, TRAINER_KILL_MS, 0);
}

void
trainer_forget(struct trainer *t)
{
	sign_wipe(t->cfg.salt, sizeof(t->cfg.salt));
	snprintf(t->text, sizeof(t->text),
	    "the rows' salt key was erased; no trainer runs");
	trainer_stop(t);
}

void
trainer_free(struct trainer *t)
{
	if (t == NULL)
		return;
	free(t->turn.model);
	federation_close(&t->federation);
	free(t->frame);
	free(t);
}
