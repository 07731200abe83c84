#include "daemon/trainer/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/asset.h"
#include "daemon/trainer/recipe.h"
#include "proto/answer.h"
#include "proto/q24.h"
#include "sim/learn/train.h"
#include "sim/state/pool.h"

static void
fail(struct trainwire_msg *out, uint64_t round, uint8_t reason,
    const char *text)
{
	*out = (struct trainwire_msg){.type = TRAINWIRE_FAILED};
	out->u.failed.round = round;
	out->u.failed.reason = reason;
	snprintf(out->u.failed.text, sizeof(out->u.failed.text), "%s", text);
}

/* NULL, a pool for the call, when none is kept or threads was changed. */
static struct pool *
pool_of(const struct session *s)
{
	bool fits = s->pool && pool_threads(s->pool) == s->threads;

	return fits ? s->pool : NULL;
}

int
session_keep_threads(struct session *s)
{
	size_t n = s->threads ? s->threads : 1;

	if (s->pool)
		return 0;
	return pool_new(&s->pool, n < POOL_MAX_THREADS ? n : POOL_MAX_THREADS);
}

int
session_open(struct session *s, const struct federation *f,
    const struct session_source *source, struct table *t,
    char err[static TABLE_ERR_LEN])
{
	struct table_source from = {
	    .path = source->data,
	    .labels = source->labels,
	    .command = source->command,
	    .federation = f,
	    .unlabelled = source->unlabelled,
	    .show_values = source->show_values,
	};
	struct table table = TABLE_INIT;
	int rc;

	*s = (struct session)SESSION_INIT;
	err[0] = '\0';
	s->threads = source->threads;
	rc = recipe_task(f, JOB_MAIN, &s->task, err, TABLE_ERR_LEN);
	if (rc == 0)
		rc = federation_copy(&s->federation, f);
	if (rc == 0)
		rc = table_load(&table, &from, err);
	if (rc < 0)
		goto out;
	if (source->salt)
		s->data_asset = asset_root(&table.rows, source->salt);
	s->rows = table.rows;
	table.rows = (struct dataset)DATASET_INIT;
	rc = recipe_scale(f, &s->rows);
	s->ready = rc == 0;
out:
	if (rc < 0 && err[0] == '\0')
		snprintf(err, TABLE_ERR_LEN,
		    "the training cannot be set up: "
		    "%s",
		    strerror(-rc));
	if (rc < 0)
		session_close(s);
	if (rc == 0 && t)
		*t = table;
	else
		table_close(&table);
	return rc;
}

void
session_close(struct session *s)
{
	if (s->task.ops)
		task_close(&s->task);
	pool_free(s->pool);
	dataset_close(&s->rows);
	federation_close(&s->federation);
	*s = (struct session)SESSION_INIT;
}

/* NULL, or why the model cannot be used. */
static const char *
model_fault(const struct session *s, const struct trainwire_model *m)
{
	if (!s->ready)
		return "no data was set up";
	if (m->dim != s->task.nparams)
		return "the model has not as many parameters as the circuit";
	return NULL;
}

static uint8_t
reason_of(int rc)
{
	return rc == -EDOM || rc == -ERANGE ? ANSWER_REASON_NUMERIC
					    : ANSWER_REASON_TRAINER;
}

/* Rounded metrics and checks; -EDOM when a number does not fit. */
static int
finish(const struct session *s, const struct train_metrics *tm,
    const struct train_hyper *h, struct trainwire_trained *out)
{
	uint32_t i;

	if (q24_from_double(tm->loss_before, &out->loss_before_q24) < 0 ||
	    q24_from_double(tm->loss_after, &out->loss_after_q24) < 0)
		return -EDOM;
	/* Every validator checks this; better a word now than a lost round. */
	if (!q24_within(out->delta, out->dim, h->clip_l2))
		return -ERANGE;
	for (i = 0; i < out->dim; i++) {
		if (out->delta[i] > h->bound || out->delta[i] < -h->bound)
			return -ERANGE;
	}
	out->rows = (uint32_t)s->rows.n;
	out->correct = (uint32_t)tm->correct_after;
	out->flags = ANSWER_REPLAYABLE;
	return 0;
}

int
session_train(const struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out)
{
	struct recipe_turn turn = {m->round, m->member, s->threads, JOB_MAIN};
	struct trainwire_trained trained = {.round = m->round, .dim = m->dim};
	struct train_metrics tm = {0};
	struct train_hyper h;
	struct train_job job = {
	    .task = &s->task,
	    .rows = &s->rows,
	    .params = m->model,
	    .hyper = &h,
	    .pool = pool_of(s),
	    .stop = s->stop,
	    .stop_arg = s->stop_arg,
	};
	char err[256] = "";
	const char *fault = model_fault(s, m);
	int rc;

	if (fault) {
		fail(out, m->round, ANSWER_REASON_TRAINER, fault);
		return 0;
	}
	rc = recipe_hyper(&s->federation, &turn, &h, err, sizeof(err));
	h.isa = s->plain ? LANES_PLAIN : LANES_AUTO;
	if (rc == 0)
		trained.delta = calloc(m->dim, sizeof(*trained.delta));
	if (rc == 0 && !trained.delta)
		rc = -ENOMEM;
	if (rc == 0)
		rc = train_local(&job, trained.delta, &tm);
	if (rc == 0)
		rc = finish(s, &tm, &h, &trained);
	if (rc == 0) {
		*out = (struct trainwire_msg){.type = TRAINWIRE_TRAINED,
		    .u.trained = trained};
		return 0;
	}
	free(trained.delta);
	if (rc == -ECANCELED)
		return rc;
	fail(out, m->round, reason_of(rc),
	    err[0]            ? err
		: rc == -EDOM ? "training produced a number that is not finite"
			      : strerror(-rc));
	return 0;
}

int
session_round(const struct session *s, struct trainwire_model *m,
    struct trainwire_msg *out)
{
	uint32_t i;
	int rc;

	rc = session_train(s, m, out);
	for (i = 0; i < m->dim && rc == 0 && out->type == TRAINWIRE_TRAINED;
	     i++)
		m->model[i] = q24_add_sat(m->model[i], out->u.trained.delta[i]);
	return rc;
}

static int
evaluate(const struct session *s, const int64_t *model,
    struct train_score *score)
{
	struct train_hyper h;
	struct train_job job = {
	    .task = &s->task,
	    .rows = &s->rows,
	    .params = model,
	    .hyper = &h,
	    .pool = pool_of(s),
	};

	train_hyper_default(&h);
	h.threads = s->threads ? s->threads : 1;
	h.isa = s->plain ? LANES_PLAIN : LANES_AUTO;
	return train_evaluate(&job, score);
}

void
session_score(const struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out)
{
	struct trainwire_scored scored = {.round = m->round};
	struct train_score score = {0};
	const char *fault = model_fault(s, m);
	uint16_t n = s->federation.nlabels;
	int rc = -ENOMEM;

	if (fault) {
		fail(out, m->round, ANSWER_REASON_TRAINER, fault);
		return;
	}
	scored.confusion = calloc((size_t)n * n, sizeof(*scored.confusion));
	score.confusion = scored.confusion;
	if (scored.confusion)
		rc = evaluate(s, m->model, &score);
	if (rc == 0)
		rc = q24_from_double(score.loss, &scored.loss_q24);
	if (rc < 0) {
		free(scored.confusion);
		fail(out, m->round, reason_of(rc), strerror(-rc));
		return;
	}
	scored.rows = (uint32_t)score.rows;
	scored.correct = (uint32_t)score.correct;
	scored.nclasses = n;
	*out = (struct trainwire_msg){.type = TRAINWIRE_SCORED,
	    .u.scored = scored};
}

int
session_predict(const struct session *s, const int64_t *model, int32_t *guess)
{
	struct train_score score = {.guess = guess};

	return evaluate(s, model, &score);
}
