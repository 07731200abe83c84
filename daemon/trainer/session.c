#include "daemon/trainer/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/asset.h"
#include "daemon/trainer/recipe.h"
#include "proto/answer.h"
#include "proto/q24.h"
#include "sim/learn/split.h"
#include "sim/state/pool.h"

int
session_keep_threads(struct session *s)
{
	size_t n = s->threads ? s->threads : 1;

	if (s->pool)
		return 0;
	return pool_new(&s->pool, n < POOL_MAX_THREADS ? n : POOL_MAX_THREADS);
}

static int
open_arms(struct session *s, const struct federation *f, char *err,
    size_t errlen)
{
	int rc = arm_open(&s->main, f, JOB_MAIN, err, errlen);

	if (rc == 0 && f->job.stage.kind != 0)
		rc = arm_open(&s->stage, f, JOB_STAGE, err, errlen);
	if (rc == 0 && f->job.control.kind != 0)
		rc = arm_open(&s->control, f, JOB_CONTROL, err, errlen);
	if (rc == 0 && s->stage.task.ops && !s->stage.task.ops->project) {
		snprintf(err, errlen, "stage: it cannot stand before a task");
		rc = -EINVAL;
	}
	return rc;
}

/* Rows without classes are dealt as if they were of one. */
static int
split_rows_by_seed(struct session *s, unsigned percent)
{
	size_t n = s->rows.n, classes = s->federation.nlabels;
	struct hash seed =
	    hash_bytes("qml.validation", s->federation.job.seed.b, HASH_LEN);
	int32_t *none = calloc(n, sizeof(*none));
	int16_t *owner = calloc(n, sizeof(*owner));
	uint32_t *pick = calloc(n, sizeof(*pick));
	struct split split = {
	    .labels = classes > 0 ? s->rows.labels : none,
	    .n = n,
	    .nclasses = classes > 0 ? classes : 1,
	    .seed = seed.b,
	};
	struct dataset kept = DATASET_INIT;
	int rc = none && owner && pick ? 0 : -ENOMEM;

	if (rc == 0)
		rc = split_heldout(&split, percent, owner);
	if (rc == 0)
		rc = dataset_select(&s->valid, &s->rows, pick,
		    split_rows(owner, n, SPLIT_HELDOUT, pick));
	if (rc == 0)
		rc = dataset_select(&kept, &s->rows, pick,
		    split_rows(owner, n, SPLIT_FREE, pick));
	if (rc == 0) {
		dataset_close(&s->rows);
		s->rows = kept;
	}
	free(none);
	free(owner);
	free(pick);
	return rc;
}

static int
keep_validation(struct session *s)
{
	struct decimal hundred = s->federation.job.validation;

	if (hundred.mant == 0 || s->rows.n == 0)
		return 0;
	return split_rows_by_seed(s,
	    (unsigned)(decimal_double(&hundred) * 100 + 0.5));
}

static int
load_rows(struct session *s, const struct session_source *source,
    struct table *table, char err[static TABLE_ERR_LEN])
{
	const struct table_source from = {
	    .path = source->data,
	    .labels = source->labels,
	    .command = source->command,
	    .federation = &s->federation,
	    .unlabelled = source->unlabelled,
	    .show_values = source->show_values,
	};
	int rc;

	if (s->federation.job.main.kind == JOB_VQE)
		return 0; /* it has no rows */
	rc = table_load(table, &from, err);
	if (rc < 0)
		return rc;
	if (source->salt)
		s->data_asset = asset_root(&table->rows, source->salt);
	s->rows = table->rows;
	table->rows = (struct dataset)DATASET_INIT;
	rc = recipe_scale(&s->federation, &s->rows);
	if (rc == 0 && source->member)
		rc = keep_validation(s);
	if (rc == 0 && s->rows.n == 0) {
		snprintf(err, TABLE_ERR_LEN, "there are no rows to train on");
		rc = -EINVAL;
	}
	return rc;
}

int
session_open(struct session *s, const struct federation *f,
    const struct session_source *source, struct table *t,
    char err[static TABLE_ERR_LEN])
{
	struct table table = TABLE_INIT;
	int rc;

	*s = (struct session)SESSION_INIT;
	err[0] = '\0';
	s->threads = source->threads;
	rc = open_arms(s, f, err, TABLE_ERR_LEN);
	if (rc == 0)
		rc = federation_copy(&s->federation, f);
	if (rc == 0)
		rc = load_rows(s, source, &table, err);
	s->ready = rc == 0;
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
	arm_close(&s->stage);
	arm_close(&s->main);
	arm_close(&s->control);
	pool_free(s->pool);
	dataset_close(&s->rows);
	dataset_close(&s->valid);
	dataset_close(&s->seen);
	dataset_close(&s->seen_valid);
	federation_close(&s->federation);
	*s = (struct session)SESSION_INIT;
}

void
session_forget(struct session *s)
{
	arm_forget(&s->main);
	arm_forget(&s->control);
	s->trained = 0;
}

static int
project(const struct session *s, const int64_t *frozen,
    const struct dataset *in, struct dataset *out)
{
	dataset_close(out);
	if (in->n == 0)
		return 0;
	return s->stage.task.ops->project(&s->stage.task, frozen, in, out);
}

int
session_see(struct session *s, const int64_t *model)
{
	const uint32_t n = s->federation.job.stage.dim;
	struct hash by;
	int rc;

	if (!s->stage.task.ops)
		return 0;
	by = q24_hash("qml.stage", model, n);
	if (hash_equal(&by, &s->seen_by))
		return 0;
	s->seen_by = (struct hash){{0}};
	rc = project(s, model, &s->rows, &s->seen);
	if (rc == 0)
		rc = project(s, model, &s->valid, &s->seen_valid);
	if (rc == 0)
		s->seen_by = by;
	return rc;
}

const struct dataset *
session_rows(const struct session *s, enum job_role role, bool valid)
{
	if (role == JOB_MAIN && s->stage.task.ops)
		return valid ? &s->seen_valid : &s->seen;
	return valid ? &s->valid : &s->rows;
}

/* NULL, a pool for the call, when none is kept or threads was changed. */
static struct pool *
pool_of(const struct session *s)
{
	bool fits = s->pool && pool_threads(s->pool) == s->threads;

	return fits ? s->pool : NULL;
}

static int
evaluate(struct session *s, const struct session_sight *sight,
    const struct dataset *rows, struct train_score *score)
{
	const struct job *j = &s->federation.job;
	struct arm *a = sight->role == JOB_CONTROL ? &s->control : &s->main;
	uint32_t first =
	    j->stage.dim + (sight->role == JOB_CONTROL ? j->main.dim : 0);
	struct recipe_turn turn = {0, 0, s->threads, sight->role};
	struct train_hyper h;
	struct train_job job = {
	    .task = &a->task,
	    .rows = rows,
	    .noise = arm_noise(a),
	    .params = sight->model + first,
	    .hyper = &h,
	    .pool = pool_of(s),
	};
	char err[256];
	int rc = recipe_hyper(&s->federation, &turn, &h, err, sizeof(err));

	if (rc < 0)
		return rc;
	h.isa = s->plain ? LANES_PLAIN : LANES_AUTO;
	return train_evaluate(&job, score);
}

int
session_evaluate(struct session *s, const struct session_sight *sight,
    struct train_score *score)
{
	int rc = session_see(s, sight->model);

	if (rc < 0)
		return rc;
	return evaluate(s, sight, session_rows(s, sight->role, sight->valid),
	    score);
}

int
session_evaluate_rows(struct session *s, const int64_t *model,
    const struct dataset *rows, struct train_score *score)
{
	const struct session_sight sight = {model, JOB_MAIN, false};
	struct dataset seen = DATASET_INIT;
	int rc;

	if (!s->stage.task.ops)
		return evaluate(s, &sight, rows, score);
	rc = project(s, model, rows, &seen);
	if (rc == 0)
		rc = evaluate(s, &sight, &seen, score);
	dataset_close(&seen);
	return rc;
}

void
session_fail(struct trainwire_msg *out, uint64_t round, uint8_t reason,
    const char *text)
{
	*out = (struct trainwire_msg){.type = TRAINWIRE_FAILED};
	out->u.failed.round = round;
	out->u.failed.reason = reason;
	snprintf(out->u.failed.text, sizeof(out->u.failed.text), "%s", text);
}

const char *
session_fault(const struct session *s, const struct trainwire_model *m)
{
	if (!s->ready)
		return "no data was set up";
	if (m->dim != s->federation.job.dim)
		return "the model has not as many parameters as the circuit";
	if (s->federation.job.main.kind == JOB_VQE && m->asked == 0 &&
	    m->member >= s->federation.nmembers)
		return "there is no such member in this job";
	return NULL;
}

uint8_t
session_reason(int rc)
{
	return rc == -EDOM || rc == -ERANGE ? ANSWER_REASON_NUMERIC
	    : rc == -ENODATA                ? ANSWER_REASON_NO_DATA
					    : ANSWER_REASON_TRAINER;
}

void
session_score(struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out)
{
	struct trainwire_scored scored = {.round = m->round};
	const struct session_sight sight = {m->model, JOB_MAIN, false};
	struct train_score score = {0};
	const char *fault = session_fault(s, m);
	uint16_t n = s->federation.nlabels;
	int rc = -ENOMEM;

	if (fault) {
		session_fail(out, m->round, ANSWER_REASON_TRAINER, fault);
		return;
	}
	if (n > 0)
		scored.confusion =
		    calloc((size_t)n * n, sizeof(*scored.confusion));
	score.confusion = scored.confusion;
	if (n == 0 || scored.confusion)
		rc = session_evaluate(s, &sight, &score);
	if (rc == 0)
		rc = q24_from_double(score.loss, &scored.loss_q24);
	if (rc < 0) {
		free(scored.confusion);
		session_fail(out, m->round, session_reason(rc), strerror(-rc));
		return;
	}
	scored.rows = (uint32_t)score.rows;
	scored.correct = (uint32_t)score.correct;
	scored.nclasses = n;
	*out = (struct trainwire_msg){.type = TRAINWIRE_SCORED,
	    .u.scored = scored};
}

int
session_predict(struct session *s, const int64_t *model, int32_t *guess)
{
	const struct session_sight sight = {model, JOB_MAIN, false};
	struct train_score score = {.guess = guess};

	return session_evaluate(s, &sight, &score);
}

void
session_trial_seed(struct session *s, const struct hash *from, uint64_t round)
{
	struct hash_stream h;
	struct hash seed;
	uint8_t b[8];

	if (!job_private(&s->federation.job))
		return;
	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(round >> (56 - 8 * i));
	hash_begin(&h, "qml.trialnoise");
	hash_add(&h, from->b, HASH_LEN);
	hash_add(&h, b, sizeof(b));
	seed = hash_end(&h);
	memcpy(s->seed, seed.b, sizeof(s->seed));
	s->seeded = true;
	s->counted = (uint32_t)s->rows.n;
}
