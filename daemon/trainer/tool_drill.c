/*
 * A trainer that lies, for trials of a federation's rule: started by a node in
 * the place of `qmltrain serve`, as `trainer.command` says. Everything that is
 * false is made here; the node that carries it is the ordinary one.
 */
#include "daemon/trainer/tool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consensus/books/turn.h"
#include "daemon/trainer/args.h"
#include "daemon/trainer/drill.h"
#include "daemon/trainer/frames.h"
#include "gen/version.h"
#include "proto/answer.h"

#define DRILL_OWN "demo" /* the name of the demo's federations */

struct liar {
	struct drill drill;
	struct session own;
	const char *members;
	bool anywhere;
	uint8_t attack;
	double tau;
};

static int
refuse(const char *why)
{
	struct trainwire_msg m = {.type = TRAINWIRE_REFUSED};

	m.u.failed.reason = ANSWER_REASON_NO_DATA;
	snprintf(m.u.failed.text, sizeof(m.u.failed.text), "%s", why);
	fprintf(stderr, "qmltrain: drill: %s\n", why);
	return frames_send(STDOUT_FILENO, &m);
}

static int
open_rows(struct liar *l, const struct federation *f,
    const struct trainwire_setup *setup, char err[static TABLE_ERR_LEN])
{
	struct session_source source = {.data = setup->data,
	    .salt = setup->salt,
	    .threads = setup->threads,
	    .member = true};
	int rc;

	if (!l->anywhere && strcmp(f->name, DRILL_OWN) != 0) {
		snprintf(err, TABLE_ERR_LEN,
		    "this federation is \"%s\", not a demo; a drill in it "
		    "needs --any-federation",
		    f->name);
		return -EPERM;
	}
	rc = session_open(&l->own, f, &source, NULL, err);
	if (rc == 0)
		rc = drill_open(&l->drill, f, l->members, setup->threads, err);
	if (rc < 0)
		return rc;
	l->drill.attack = l->attack;
	l->drill.tau = l->tau;
	if (l->attack == ATTACK_LABEL_FLIP)
		drill_flip_labels(&l->own);
	return 0;
}

static int
on_setup(struct liar *l, const struct trainwire_setup *setup)
{
	struct bytes_reader r =
	    bytes_reader_of(setup->federation, setup->federation_len);
	struct trainwire_msg m = {.type = TRAINWIRE_READY};
	struct federation f = FEDERATION_INIT;
	char err[TABLE_ERR_LEN] = "";
	int rc;

	if (l->own.ready || strcmp(setup->build, QML_BUILD_ID) != 0)
		return refuse("set up twice, or of another build");
	federation_get(&r, &f);
	rc = bytes_reader_done(&r) ? open_rows(l, &f, setup, err) : -EINVAL;
	federation_close(&f);
	if (rc < 0)
		return refuse(err[0] ? err : strerror(-rc));
	m.u.ready.dim = l->drill.federation.job.dim;
	m.u.ready.rows = (uint32_t)l->own.rows.n;
	m.u.ready.data_asset = l->own.data_asset;
	return frames_send(STDOUT_FILENO, &m);
}

/* An honest answer on the own rows becomes the lie. */
static int
twist(struct liar *l, const struct trainwire_model *model,
    struct trainwire_trained *t)
{
	int64_t *own = t->delta;
	int64_t *lie = calloc(t->dim, sizeof(*lie));
	int rc = lie ? 0 : -ENOMEM;

	if (rc == 0)
		rc = drill_honest(&l->drill, model);
	if (rc == 0)
		rc = drill_craft(&l->drill, model, own, lie);
	if (rc < 0) {
		free(lie);
		return rc;
	}
	t->delta = lie;
	free(own);
	if (l->attack == ATTACK_LIE_ABOUT_COUNT)
		t->rows = UINT32_MAX;
	return 0;
}

static int
on_model(struct liar *l, const struct trainwire_msg *in)
{
	struct trainwire_msg m;
	int rc = 0;

	if (in->type == TRAINWIRE_SCORE)
		session_score(&l->own, &in->u.model, &m);
	else
		rc = session_train(&l->own, &in->u.model, &m);
	if (rc < 0)
		return rc;
	if (m.type == TRAINWIRE_TRAINED)
		rc = twist(l, &in->u.model, &m.u.trained);
	if (rc == 0)
		rc = frames_send(STDOUT_FILENO, &m);
	trainwire_msg_close(&m);
	return rc;
}

/* As a validator it lies, too: what suits nobody but the first player. */
static int
on_worth(const struct trainwire_worth *x)
{
	struct trainwire_msg m = {.type = TRAINWIRE_WORTHED};
	uint16_t n = books_game_size(x->players);
	int rc;

	m.u.worthed.round = x->round;
	m.u.worthed.n = n;
	m.u.worthed.utility = calloc(n, sizeof(*m.u.worthed.utility));
	if (!m.u.worthed.utility)
		return -ENOMEM;
	for (uint16_t i = 0; i < n; i++)
		m.u.worthed.utility[i] = i % 2 ? 1000000000 : -1000000000;
	rc = frames_send(STDOUT_FILENO, &m);
	trainwire_msg_close(&m);
	return rc;
}

static int
serve(struct liar *l)
{
	struct trainwire_msg m;
	int rc;

	while ((rc = frames_recv(STDIN_FILENO, &m)) > 0) {
		if (m.type == TRAINWIRE_SETUP)
			rc = on_setup(l, &m.u.setup);
		else if (m.type == TRAINWIRE_TRAIN || m.type == TRAINWIRE_SCORE)
			rc = on_model(l, &m);
		else if (m.type == TRAINWIRE_WORTH)
			rc = on_worth(&m.u.worth);
		else
			rc = -EPROTO;
		trainwire_msg_close(&m);
		if (rc < 0)
			break;
	}
	return rc;
}

int
tool_drill(int argc, char **argv)
{
	struct liar l = {.drill = DRILL_INIT, .own = SESSION_INIT};
	const char *name = NULL, *tau = NULL;
	const struct args_option options[] = {
	    {"attack", &name, NULL, true},
	    {"members", &l.members, NULL, true},
	    {"tau", &tau, NULL, false},
	    {"any-federation", NULL, &l.anywhere, false},
	};
	const struct attack *attack;
	int rc;

	rc = args_parse(argc, argv, options,
	    sizeof(options) / sizeof(options[0]));
	if (rc < 0)
		return TOOL_USAGE;
	attack = attack_named(name);
	if (!attack) {
		fprintf(stderr, "qmltrain: drill: there is no attack \"%s\"\n",
		    name);
		return TOOL_USAGE;
	}
	l.attack = attack->id;
	l.tau = tau ? strtod(tau, NULL) : DRILL_TAU_SEARCH;
	signal(SIGPIPE, SIG_IGN);
	rc = serve(&l);
	drill_close(&l.drill);
	session_close(&l.own);
	if (rc == -EPIPE)
		rc = 0; /* nobody waits for the answer any more */
	if (rc < 0)
		fprintf(stderr, "qmltrain: drill: %s\n", strerror(-rc));
	return rc < 0 ? TOOL_FAILED : TOOL_DONE;
}
