#include "daemon/trainer/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/trainer/confine.h"
#include "daemon/trainer/frames.h"
#include "daemon/trainer/guard.h"
#include "daemon/trainer/session.h"
#include "daemon/trainer/worth.h"
#include "gen/version.h"
#include "proto/answer.h"
#include "proto/trainwire.h"

struct serve {
	int in;
	int out;
	struct session session;
	struct guard guard; /* the owner's */
	struct confine_report confined;
	struct worth game; /* of a round that is over; n 0: none */
};

/* Between two steps: has the other side gone? Then nobody waits for this. */
static bool
peer_gone(void *arg)
{
	struct pollfd p = {.fd = *(const int *)arg, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static int
refuse(const struct serve *s, const char *why)
{
	struct trainwire_msg m = {.type = TRAINWIRE_REFUSED};

	m.u.failed.reason = ANSWER_REASON_NO_DATA;
	snprintf(m.u.failed.text, sizeof(m.u.failed.text), "%s", why);
	fprintf(stderr, "qmltrain: %s\n", m.u.failed.text);
	return frames_send(s->out, &m);
}

static void
confine(struct serve *s)
{
	confine_self(s->guard.spending.fd, &s->confined);
	if (s->guard.spending.fd > 3 && s->confined.error == 0)
		s->guard.spending.fd = 3;
	if (s->confined.seccomp)
		return;
	fprintf(stderr,
	    "qmltrain: not confined: the kernel refuses the "
	    "filter: %s\n",
	    strerror(-s->confined.error));
}

static int
open_session(struct serve *s, struct trainwire_setup *setup,
    char err[static TABLE_ERR_LEN])
{
	struct bytes_reader r =
	    bytes_reader_of(setup->federation, setup->federation_len);
	char *words[TRAINWIRE_WORDS_MAX + 1];
	size_t nwords = trainwire_words(setup, words);
	struct federation f = FEDERATION_INIT;
	struct session_source source = {
	    .data = nwords > 0 ? NULL : setup->data,
	    .labels = setup->labels[0] != '\0' ? setup->labels : NULL,
	    .command = nwords > 0 ? words : NULL,
	    .salt = setup->salt,
	    .threads = setup->threads,
	    .member = true,
	};
	int rc;

	federation_get(&r, &f);
	if (!bytes_reader_done(&r)) {
		snprintf(err, TABLE_ERR_LEN,
		    "the federation in the first "
		    "message is malformed");
		federation_close(&f);
		return -EINVAL;
	}
	rc = session_open(&s->session, &f, &source, NULL, err);
	federation_close(&f);
	return rc;
}

/* Each step of such rows leads the model to their class and nowhere else; who
 * wants that says so. The class is the owner's to name. */
static bool
of_one_class(const struct session *s)
{
	const struct federation *f = &s->federation;
	size_t i;

	if (f->nlabels < 2 || s->rows.n == 0 || !s->rows.labels ||
	    f->job.main.kind == JOB_QPCA || f->job.main.kind == JOB_VQE)
		return false;
	for (i = 1; i < s->rows.n; i++)
		if (s->rows.labels[i] != s->rows.labels[0])
			return false;
	return true;
}

static int
refuse_one_class(const struct serve *s, const struct trainwire_setup *setup)
{
	char why[TRAINWIRE_TEXT_MAX];

	snprintf(why, sizeof(why),
	    "%.400s: all %zu rows to train on are of one class of %u; add rows "
	    "of another class, or set data.one_class: true to train on them",
	    setup->command_len > 0 ? "data.command" : setup->data,
	    s->session.rows.n, (unsigned)s->session.federation.nlabels);
	return refuse(s, why);
}

static int
on_setup(struct serve *s, struct trainwire_setup *setup)
{
	struct trainwire_msg m = {.type = TRAINWIRE_READY};
	char err[TABLE_ERR_LEN];

	if (s->session.ready)
		return refuse(s,
		    "the data were set up already; start another "
		    "trainer");
	if (strcmp(setup->build, QML_BUILD_ID) != 0)
		return refuse(s,
		    "qmlnode and qmltrain are of different "
		    "builds; install both from one");
	if (open_session(s, setup, err) < 0)
		return refuse(s, err);
	if (!setup->one_class && of_one_class(&s->session))
		return refuse_one_class(s, setup);
	if (guard_open(&s->guard, setup->data, &s->session.federation.job,
		err) < 0)
		return refuse(s, err);
	s->session.counted = s->guard.terms.rows;
	s->session.stop = peer_gone;
	s->session.stop_arg = &s->in;
	if (setup->confine)
		confine(s);
	if (session_keep_threads(&s->session) < 0)
		return refuse(s, "the threads cannot be started");
	m.u.ready.dim = s->session.federation.job.dim;
	m.u.ready.rows = (uint32_t)s->session.rows.n;
	m.u.ready.data_asset = s->session.data_asset;
	m.u.ready.confined = s->confined.seccomp;
	return frames_send(s->out, &m);
}

/* The account first: whatever happens to the training, it was paid for. Too few
 * rows are the session's to refuse, and cost nothing. */
static int
reserve(struct serve *s, const struct trainwire_model *m,
    char err[static SPENDING_ERR_LEN])
{
	struct session *t = &s->session;
	int rc;

	if (!t->ready || session_fault(t, m) ||
	    t->rows.n < t->federation.job.privacy.min_rows)
		return 0;
	rc = guard_reserve(&s->guard, m->round, &t->data_asset, t->seed, err);
	t->seeded = rc == 0 && job_private(&t->federation.job);
	if (rc < 0)
		fprintf(stderr, "qmltrain: round %llu: %s\n",
		    (unsigned long long)m->round, err);
	return rc;
}

static int
on_model(struct serve *s, const struct trainwire_msg *in)
{
	struct trainwire_msg m;
	char why[SPENDING_ERR_LEN];
	int rc;

	if (in->type == TRAINWIRE_SCORE) {
		session_score(&s->session, &in->u.model, &m);
	} else if (reserve(s, &in->u.model, why) < 0) {
		session_fail(&m, in->u.model.round, ANSWER_REASON_DECLINED,
		    why);
	} else {
		rc = session_train(&s->session, &in->u.model, &m);
		if (rc < 0)
			return rc;
	}
	if (m.type == TRAINWIRE_TRAINED && s->confined.seccomp)
		m.u.trained.flags |= ANSWER_CONFINED;
	rc = frames_send(s->out, &m);
	trainwire_msg_close(&m);
	return rc;
}

static int
say(const struct serve *s, struct trainwire_msg *m)
{
	int rc = frames_send(s->out, m);

	trainwire_msg_close(m);
	return rc;
}

/* Only begun: coalitions are looked at while there is nothing else to do. */
static int
on_worth(struct serve *s, struct trainwire_worth *game)
{
	const uint64_t round = game->round;
	struct trainwire_msg m;
	char err[TABLE_ERR_LEN];
	int rc = 0;

	if (s->game.n > 0) {
		worth_fail(&m, s->game.game.round, "a later round came");
		worth_close(&s->game);
		rc = say(s, &m);
	}
	if (rc < 0 || worth_open(&s->game, &s->session, game, err) == 0)
		return rc;
	worth_fail(&m, round, err);
	return say(s, &m);
}

static int
play(struct serve *s)
{
	struct trainwire_msg m;
	int rc = worth_step(&s->game);

	if (rc == 0)
		return 0;
	if (rc > 0)
		worth_take(&s->game, &m);
	else
		worth_fail(&m, s->game.game.round, strerror(-rc));
	worth_close(&s->game);
	return say(s, &m);
}

static int
on_msg(struct serve *s, struct trainwire_msg *m)
{
	switch (m->type) {
	case TRAINWIRE_SETUP:
		return on_setup(s, &m->u.setup);
	case TRAINWIRE_TRAIN:
	case TRAINWIRE_SCORE:
		return on_model(s, m);
	case TRAINWIRE_WORTH:
		return on_worth(s, &m->u.worth);
	case TRAINWIRE_WORTHED:
	case TRAINWIRE_READY:
	case TRAINWIRE_REFUSED:
	case TRAINWIRE_TRAINED:
	case TRAINWIRE_FAILED:
	case TRAINWIRE_SCORED:
		return -EPROTO; /* ours to say */
	}
	return -EPROTO;
}

/* Is there a message, or the end? */
static bool
spoken_to(const struct serve *s)
{
	struct pollfd p = {.fd = s->in, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

int
serve_run(int in, int out, int *confined)
{
	struct serve s = {.in = in,
	    .out = out,
	    .session = SESSION_INIT,
	    .guard = GUARD_INIT,
	    .game = WORTH_INIT};
	struct trainwire_msg m;
	int rc = 1;

	while (rc >= 0) {
		if (s.game.n > 0 && !spoken_to(&s)) {
			rc = play(&s);
			continue;
		}
		rc = frames_recv(s.in, &m);
		if (rc <= 0)
			break;
		rc = on_msg(&s, &m);
		trainwire_msg_close(&m);
	}
	if (rc == -ECANCELED)
		rc = 0; /* the other side left during a training */
	*confined = s.confined.seccomp;
	worth_close(&s.game);
	guard_close(&s.guard);
	session_close(&s.session);
	return rc;
}
