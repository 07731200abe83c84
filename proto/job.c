#include "proto/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/answer.h"
#include "proto/q24.h"

#define NORMAL_TERMS 12
/* 36 of WIRE_MSG_MAX's 40 MiB: the rest is for transactions, attestations and
 * the certificate. */
#define UPDATES_BYTES (36u << 20)
#define HEAD_BYTES 1024 /* of an answer, generously */

void
job_put(struct bytes_writer *w, const struct job *j)
{
	job_task_put(w, &j->stage);
	job_task_put(w, &j->main);
	job_task_put(w, &j->control);
	bytes_put_u32(w, j->dim);
	bytes_put_u32(w, j->update);
	bytes_put_u32(w, j->rounds);
	bytes_put_u32(w, j->stage_rounds);
	bytes_put_hash(w, &j->seed);
	bytes_put_hash(w, &j->start);
	if (!hash_is_zero(&j->start))
		job_text_put(w, j->start_params);
	job_local_put(w, &j->local);
	job_combine_put(w, &j->combine);
	job_privacy_put(w, &j->privacy);
	decimal_put(w, &j->validation);
	bytes_put_u32(w, j->validation_every);
	bytes_put_u32(w, j->checkpoint_every);
	bytes_put_u32(w, j->patience);
	decimal_put(w, &j->progress);
	decimal_put(w, &j->clip);
	decimal_put(w, &j->bound);
}

void
job_get(struct bytes_reader *r, struct job *out)
{
	*out = (struct job){0};
	job_task_get(r, &out->stage);
	job_task_get(r, &out->main);
	job_task_get(r, &out->control);
	out->dim = bytes_get_u32(r);
	out->update = bytes_get_u32(r);
	out->rounds = bytes_get_u32(r);
	out->stage_rounds = bytes_get_u32(r);
	out->seed = bytes_get_hash(r);
	out->start = bytes_get_hash(r);
	if (!hash_is_zero(&out->start))
		out->start_params = job_text_get(r);
	job_local_get(r, &out->local);
	job_combine_get(r, &out->combine);
	job_privacy_get(r, &out->privacy);
	decimal_get(r, &out->validation);
	out->validation_every = bytes_get_u32(r);
	out->checkpoint_every = bytes_get_u32(r);
	out->patience = bytes_get_u32(r);
	decimal_get(r, &out->progress);
	decimal_get(r, &out->clip);
	decimal_get(r, &out->bound);
}

void
job_close(struct job *j)
{
	job_task_close(&j->stage);
	job_task_close(&j->main);
	job_task_close(&j->control);
	free(j->local.noise);
	free(j->start_params);
	*j = (struct job){0};
}

int
job_copy(struct job *to, const struct job *from)
{
	int rc;

	*to = *from;
	to->stage = to->main = to->control = (struct job_task){0};
	to->start_params = NULL;
	rc = job_text_copy(&to->local.noise, from->local.noise);
	if (rc == 0)
		rc = job_text_copy(&to->start_params, from->start_params);
	if (rc == 0)
		rc = job_task_copy(&to->stage, &from->stage);
	if (rc == 0)
		rc = job_task_copy(&to->main, &from->main);
	if (rc == 0)
		rc = job_task_copy(&to->control, &from->control);
	if (rc != 0)
		job_close(to);
	return rc;
}

struct hash
job_hash(const struct job *j)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash h = {{0}};

	job_put(&w, j);
	if (w.error == 0)
		h = hash_bytes("qml.job", w.data, w.len);
	bytes_writer_close(&w);
	return h;
}

unsigned
job_segments(const struct job *j,
    struct job_segment out[static JOB_SEGMENTS_MAX])
{
	const struct job_task *tasks[] = {&j->stage, &j->main, &j->control};
	uint32_t first = 0, at = 0;
	unsigned i, n = 0;

	for (i = 0; i < JOB_TASKS; i++) {
		if (tasks[i]->kind == 0)
			continue;
		out[n++] = (struct job_segment){
		    .task = tasks[i],
		    .role = (enum job_role)(JOB_STAGE + i),
		    .first = first,
		    .dim = tasks[i]->dim,
		    .at = at,
		    .update = tasks[i]->update,
		    .nangles = tasks[i]->nangles,
		};
		first += tasks[i]->dim;
		at += tasks[i]->update;
	}
	if (j->local.scaffold)
		out[n++] = (struct job_segment){.task = &j->main,
		    .role = JOB_MAIN,
		    .first = first,
		    .dim = j->main.dim,
		    .at = at,
		    .update = j->main.update,
		    .variates = true};
	return n;
}

bool
job_active(const struct job *j, const struct job_segment *s,
    uint64_t aggregated)
{
	return (s->role == JOB_STAGE) == (aggregated < j->stage_rounds);
}

bool
job_fits_block(const struct job *j, uint16_t nmembers)
{
	uint64_t each = j->update * UINT64_C(8) + HEAD_BYTES;

	return nmembers * each <= UPDATES_BYTES;
}

uint16_t
job_faults(const struct job *j, uint16_t nmembers)
{
	if (j->combine.faults != JOB_FAULTS_AUTO)
		return j->combine.faults;
	return (uint16_t)(nmembers > 0 ? (nmembers - 1) / 3 : 0);
}

int
job_sizes(struct job *j, uint32_t nfeatures, uint32_t nlabels)
{
	uint32_t features = nfeatures;
	uint64_t dim, update;
	int rc = 0;

	if (j->stage.kind != 0) {
		rc = job_task_sizes(&j->stage, nfeatures, nlabels);
		features = j->stage.components;
	}
	if (rc == 0)
		rc = job_task_sizes(&j->main, features, nlabels);
	if (rc == 0 && j->control.kind != 0)
		rc = job_task_sizes(&j->control, nfeatures, nlabels);
	if (rc != 0)
		return rc;
	dim = (uint64_t)j->stage.dim + j->main.dim + j->control.dim;
	update = (uint64_t)j->stage.update + j->main.update + j->control.update;
	if (j->local.scaffold) {
		dim += j->main.dim;
		update += j->main.update;
	}
	if (dim > ANSWER_DIM_MAX || update > ANSWER_DIM_MAX)
		return -EINVAL;
	j->dim = (uint32_t)dim;
	j->update = (uint32_t)update;
	return 0;
}

/* The sum of twelve uniform numbers in [-s/2, s/2] has standard deviation s
 * and is as good as normal; integers only, so it is the same everywhere. */
static void
start_normal(const struct hash *seed, int64_t sigma, int64_t *out, size_t n)
{
	int64_t terms[NORMAL_TERMS];
	struct hash_stream s;
	struct hash own;
	size_t i, k;

	for (i = 0; i < n; i++) {
		uint8_t at[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16),
		    (uint8_t)(i >> 8), (uint8_t)i};

		hash_begin(&s, "qml.normal");
		hash_add(&s, seed->b, HASH_LEN);
		hash_add(&s, at, sizeof(at));
		own = hash_end(&s);
		q24_stream(&own, sigma / 2, terms, NORMAL_TERMS);
		out[i] = 0;
		for (k = 0; k < NORMAL_TERMS; k++)
			out[i] += terms[k];
	}
}

/* Odd layers are the layer before backwards, with the other sign. */
static void
mirror(int64_t *angles, size_t n, size_t layers)
{
	size_t each = layers > 0 ? n / layers : 0, l, i;

	for (l = 1; l < layers; l += 2)
		for (i = 0; i < each; i++)
			angles[l * each + i] = -angles[l * each - 1 - i];
}

static void
start_task(const struct job *j, const struct job_segment *s, int64_t *model)
{
	struct hash seed = hash_bytes("qml.model0", j->seed.b, HASH_LEN);
	const struct job_task *t = s->task;
	int64_t init = 0;
	uint32_t i;

	if (decimal_q24(&t->init, &init) != 0)
		init = 0; /* job_check has refused such a job */
	switch ((enum job_start)t->start) {
	case JOB_UNIFORM:
		q24_stream(&seed, init, model, s->nangles);
		break;
	case JOB_IDENTITY:
		q24_stream(&seed, init, model, s->nangles);
		mirror(model, s->nangles, t->layers);
		break;
	case JOB_LAYERWISE:
		q24_stream(&seed, init, model,
		    t->layers > 0 ? s->nangles / t->layers : 0);
		break;
	case JOB_NORMAL:
		start_normal(&seed, init, model, s->nangles);
		break;
	case JOB_ZERO:
		break;
	}
	for (i = 0; i < t->nscales; i++)
		model[s->nangles + i] = Q24_ONE;
}

/* The integers of start_params, one a line: as many as there is room for, and
 * no more. */
static bool
read_start(const struct job *j, int64_t *model)
{
	const char *at = j->start_params;
	char *end;
	uint32_t i;

	for (i = 0; i < j->dim; i++) {
		if (*at != '-' && (*at < '0' || *at > '9'))
			return false;
		errno = 0;
		model[i] = strtoll(at, &end, 10);
		if (end == at || *end != '\n' || errno != 0)
			return false;
		at = end + 1;
	}
	return *at == '\0';
}

int
job_check_start(const struct job *j, char *err, size_t errlen)
{
	bool named = !hash_is_zero(&j->start), there = j->start_params != NULL;
	struct hash is = {{0}};
	int64_t *model;
	bool good;

	if (!named && !there)
		return 0;
	if (!named || !there) {
		snprintf(err, errlen,
		    "job.%s: is missing: a model to start "
		    "from is named by its hash and given in full",
		    named ? "start_params" : "start_model");
		return -EINVAL;
	}
	model = calloc(j->dim, sizeof(*model));
	if (model == NULL) {
		snprintf(err, errlen, "job.start_params: out of memory");
		return -ENOMEM;
	}
	good = read_start(j, model);
	if (good)
		is = q24_hash("qml.model", model, j->dim);
	free(model);
	if (!good)
		snprintf(err, errlen,
		    "job.start_params: want the %u integers "
		    "of this job's model, a line each",
		    j->dim);
	else if (!hash_equal(&is, &j->start))
		snprintf(err, errlen,
		    "job.start_model: the parameters in "
		    "start_params are another model's");
	return good && hash_equal(&is, &j->start) ? 0 : -EINVAL;
}

void
job_start_model(const struct job *j, int64_t *model)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned i, n = job_segments(j, s);

	memset(model, 0, j->dim * sizeof(*model));
	if (j->start_params != NULL && read_start(j, model))
		return; /* job_check_start was asked */
	for (i = 0; i < n; i++)
		if (!s[i].variates)
			start_task(j, &s[i], model + s[i].first);
}

static struct decimal
number(int64_t mant, int8_t exp)
{
	return (struct decimal){mant, exp};
}

void
job_task_default(struct job_task *t, enum job_kind kind)
{
	bool v = kind == JOB_VQC, s = kind == JOB_QSVM, m = kind == JOB_VQE;
	bool p = kind == JOB_QPCA, c = v || s || kind == JOB_LINEAR;

	*t = (struct job_task){.kind = (uint8_t)kind};
	t->encoding = v ? JOB_AMPLITUDE : 0;
	t->ansatz = v ? JOB_STRONGLY_ENTANGLING
	    : m       ? JOB_HARDWARE_EFFICIENT
		      : 0;
	t->readout = v ? JOB_Z_ZZ : 0;
	t->layers = v ? 12 : s || m ? 2 : 0;
	t->loss = s ? JOB_HINGE : c ? JOB_CROSS_ENTROPY : 0;
	t->head = v ? JOB_HEAD_LINEAR : 0;
	t->start = v || m ? JOB_UNIFORM : 0;
	if (v)
		t->head_scale = number(8, 0);
	if (v || m)
		t->init = number(1, -1);
	if (!p) {
		t->rate = number(4, -2);
		t->rate_last = number(4, -3);
	}
	if (s) {
		t->map = JOB_MAP_ZZ;
		t->landmarks = 32;
		t->map_scale = number(1, 0);
	}
	if (p) {
		t->rows = JOB_BALL;
		t->components = 2;
		t->min_rows = 32;
		t->spread = number(3, 0);
	}
	if (m) {
		t->mapping = JOB_JORDAN_WIGNER;
		t->parts = 9;
	}
}

void
job_default(struct job *j, enum job_kind kind)
{
	*j = (struct job){.clip = number(16, 0), .bound = number(4, 0)};
	job_task_default(&j->main, kind);
	j->local = (struct job_local){
	    .optimiser = JOB_ADAM,
	    .schedule = JOB_COSINE,
	    .factor = number(1, 0),
	    .steps = 40,
	    .batch = 64,
	    .order = JOB_SHUFFLED,
	    .worker_momentum = number(9, -1),
	    .gradient = JOB_ADJOINT,
	    .mitigation = JOB_UNMITIGATED,
	};
	j->combine = (struct job_combine){
	    .rule = JOB_TRIMMED_MEAN,
	    .pre = {JOB_ARC, JOB_NNM},
	    .faults = JOB_FAULTS_AUTO,
	    .radius = number(1, 0),
	    .bucket = 2,
	    .server = JOB_SERVER_ADD,
	    .server_rate = number(1, 0),
	    .server_beta = number(9, -1),
	    .server_beta2 = number(99, -2),
	    .server_tau = number(1, -3),
	    .weighting = JOB_UNWEIGHTED,
	    .participation = number(1, 0),
	    .stragglers = JOB_DROP,
	};
	j->validation_every = 1;
	if (kind == JOB_VQE)
		j->bound = number(1, JOB_VQE_BOUND);
}
