/*
 * job_check.c - the ranges of a job; the first mistake is the one named.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/answer.h"
#include "proto/job.h"
#include "proto/q24.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LAYERS_MAX 512
#define ROUNDS_MAX 1000000
#define STEPS_MAX 1000000
#define BATCH_MAX 1000000
#define SHOTS_MAX (1u << 24)
#define WEIGHT_MAX (1u << 20)
/* A sum of Q24 numbers stays below this; a factor of two is kept back. */
#define SUM_MAX ((int64_t)1 << 62)

static int __attribute__((format(printf, 2, 3)))
fail(struct job_errbuf e, const char *format, ...)
{
	size_t used;
	va_list ap;

	snprintf(e.text, e.len, "%s.", e.group);
	used = strlen(e.text);
	va_start(ap, format);
	vsnprintf(e.text + used, e.len - used, format, ap);
	va_end(ap);
	return -EINVAL;
}

struct range {
	const char *name;
	uint64_t value, lo, hi;
};

static int
check_ranges(const struct range *r, size_t n, struct job_errbuf e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (r[i].value < r[i].lo || r[i].value > r[i].hi)
			return fail(e, "%s: want %llu to %llu, got %llu",
			    r[i].name, (unsigned long long)r[i].lo,
			    (unsigned long long)r[i].hi,
			    (unsigned long long)r[i].value);
	return 0;
}

struct bounds {
	const char *name;
	const struct decimal *value;
	struct decimal lo, hi;
};

static int
check_bounds(const struct bounds *b, size_t n, struct job_errbuf e)
{
	char lo[DECIMAL_TEXT_LEN], hi[DECIMAL_TEXT_LEN];
	char got[DECIMAL_TEXT_LEN];
	size_t i;

	for (i = 0; i < n; i++)
		if (decimal_compare(b[i].value, &b[i].lo) < 0 ||
		    decimal_compare(b[i].value, &b[i].hi) > 0)
			return fail(e, "%s: want %s to %s, got %s", b[i].name,
			    decimal_text(&b[i].lo, lo),
			    decimal_text(&b[i].hi, hi),
			    decimal_text(b[i].value, got));
	return 0;
}

/* One text: there must be one, there may be one, or none. */
struct text {
	const char *name, *value;
	bool may, must;
};

static int
check_texts(const struct job_task *t, struct job_errbuf e)
{
	bool vqe = t->kind == JOB_VQE, paulis = t->readout == JOB_PAULIS;
	bool own = t->ansatz == JOB_CIRCUIT, svm = t->kind == JOB_QSVM;
	const struct text texts[] = {
	    {"circuit", t->circuit, own, own},
	    {vqe             ? "hamiltonian"
		    : paulis ? "observables"
			     : "landmark_rows",
		t->input, vqe || paulis || svm, vqe || paulis},
	    {"class_weights", t->class_weights, t->loss != 0, false},
	    {"map_scales", t->map_scales, svm, false},
	    {"means", t->means, t->kind == JOB_QPCA, false},
	};
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		if (texts[i].must && texts[i].value == NULL)
			return fail(e, "%s: want a text", texts[i].name);
		if (texts[i].value == NULL)
			continue;
		if (!texts[i].may)
			return fail(e, "%s: nothing here uses it",
			    texts[i].name);
		if (!job_text_ok(texts[i].value))
			return fail(e,
			    "%s: want printable lines, at most %d bytes",
			    texts[i].name, JOB_TEXT_MAX);
	}
	return 0;
}

/* Is this one of the kind's? Which layers and sizes has it? */
static int
check_ansatz(const struct job_task *t, struct job_errbuf e)
{
	bool vqe = t->kind == JOB_VQE, vqc = t->kind == JOB_VQC;
	bool text = t->ansatz == JOB_CIRCUIT, svm = t->kind == JOB_QSVM;
	bool layers = (vqc && !text) || svm || (vqe && t->ansatz != JOB_UCCSD);
	bool stated = vqe || text || t->ansatz == JOB_CONVOLUTIONAL ||
	    t->ansatz == JOB_TREE;
	bool uploads = vqc && !text && t->encoding != JOB_AMPLITUDE;
	const struct range ranges[] = {
	    {"layers", t->layers, layers, layers ? LAYERS_MAX : 0},
	    {"uploads", t->uploads, 0, uploads ? t->layers : 0},
	    {"angles", t->nangles, stated || vqc, vqc || vqe ? t->dim : 0},
	    {"scales", t->nscales, t->encoding == JOB_REUPLOAD,
		t->encoding == JOB_REUPLOAD ? t->dim - t->nangles : 0},
	};

	if (vqe && t->ansatz != JOB_HARDWARE_EFFICIENT && t->ansatz < JOB_UCCSD)
		return fail(e,
		    "ansatz: a vqe takes hardware_efficient, "
		    "uccsd, adapt or hamiltonian");
	if (vqc && t->ansatz > JOB_CIRCUIT)
		return fail(e,
		    "ansatz: uccsd, adapt and hamiltonian are a "
		    "vqe's");
	if (vqc && text != (t->encoding == JOB_OWN))
		return fail(e,
		    "encoding: want own with ansatz circuit, and "
		    "only there");
	return check_ranges(ranges, COUNT(ranges), e);
}

static int
check_kind(const struct job_task *t, struct job_errbuf e)
{
	uint64_t v = t->kind == JOB_VQC, l = t->kind == JOB_LINEAR;
	uint64_t s = t->kind == JOB_QSVM, p = t->kind == JOB_QPCA;
	uint64_t m = t->kind == JOB_VQE, c = v | l | s;
	uint64_t update = m ? t->parts * (t->nangles + UINT64_C(1)) : t->dim;
	const struct range ranges[] = {
	    {"task", t->kind, JOB_VQC, JOB_VQE},
	    {"encoding", t->encoding, v, v * JOB_OWN},
	    {"ansatz", t->ansatz, v | m, (v | m) * JOB_HAMILTONIAN},
	    {"readout", t->readout, v, v * JOB_PAULIS},
	    {"qubits", t->qubits, v | m, (v | m) * JOB_QUBITS_MAX},
	    {"dim", t->dim, 1, ANSWER_DIM_MAX},
	    {"update", t->update, update, update},
	    {"loss", t->loss, c, c * JOB_SQUARED},
	    {"head", t->head, v, v * JOB_HEAD_DIRECT},
	    {"start", t->start, v | m, (v | m) * JOB_ZERO},
	    {"map", t->map, s, s * JOB_MAP_RY},
	    {"landmarks", t->landmarks, s, s * JOB_LANDMARKS_MAX},
	    {"rows", t->rows, p, p * JOB_UNIT},
	    {"components", t->components, p, p * 64},
	    {"min_rows", t->min_rows, p, p * 1000000},
	    {"mapping", t->mapping, m, m * JOB_PARITY},
	    {"alpha", t->alpha, 0, m * 64},
	    {"beta", t->beta, 0, m * 64},
	    {"parts", t->parts, m * 2, m * JOB_PARTS_MAX},
	};

	return check_ranges(ranges, COUNT(ranges), e);
}

/* lo to hi where the kind has the field, else zero. */
static struct bounds
bounds_if(bool has, struct bounds b)
{
	if (!has)
		b.lo = b.hi = (struct decimal){0, 0};
	return b;
}

static int
check_task_decimals(const struct job_task *t, struct job_errbuf e)
{
	bool v = t->kind == JOB_VQC, p = t->kind == JOB_QPCA;
	bool s = t->kind == JOB_QSVM, angles = v || t->kind == JOB_VQE;
	const struct decimal zero = {0, 0}, ten = {1, 1}, k = {1, 3};
	const struct decimal less = {-1, 3};
	/* The least nonzero Q24 number is 6e-8. */
	const struct bounds bounds[] = {
	    bounds_if(v,
		(struct bounds){"input_scale", &t->input_scale, less, k}),
	    bounds_if(v,
		(struct bounds){"input_shift", &t->input_shift, less, k}),
	    bounds_if(v,
		(struct bounds){"head_scale", &t->head_scale, {1, -6}, {1, 6}}),
	    bounds_if(angles, (struct bounds){"init", &t->init, zero, k}),
	    bounds_if(!p, (struct bounds){"rate", &t->rate, {1, -9}, ten}),
	    bounds_if(!p,
		(struct bounds){"rate_last", &t->rate_last, zero, ten}),
	    bounds_if(!p, (struct bounds){"l2", &t->l2, zero, ten}),
	    bounds_if(s,
		(struct bounds){"map_scale", &t->map_scale, {1, -6}, k}),
	    bounds_if(p, (struct bounds){"noise", &t->noise, zero, ten}),
	    bounds_if(p, (struct bounds){"spread", &t->spread, zero, k}),
	    bounds_if(p,
		(struct bounds){"ball_radius", &t->radius, zero, {64, 0}}),
	};
	char most[DECIMAL_TEXT_LEN], got[DECIMAL_TEXT_LEN];
	int rc = check_bounds(bounds, COUNT(bounds), e);

	if (rc == 0 && decimal_compare(&t->rate_last, &t->rate) > 0)
		return fail(e, "rate_last: want at most %s.rate, %s, got %s",
		    e.group, decimal_text(&t->rate, most),
		    decimal_text(&t->rate_last, got));
	return rc;
}

int
job_task_check(const struct job_task *t, struct job_errbuf e)
{
	int rc = check_kind(t, e);

	if (rc == 0)
		rc = check_ansatz(t, e);
	if (rc == 0)
		rc = check_texts(t, e);
	if (rc == 0)
		rc = check_task_decimals(t, e);
	return rc;
}

/* A task that is not there has no fields: all its bytes are zero. */
static bool
is_absent(const struct job_task *t)
{
	uint8_t room[256] = {0};
	struct bytes_writer w = bytes_writer_over(room, sizeof(room));
	size_t i;

	if (t->circuit != NULL || t->input != NULL ||
	    t->class_weights != NULL || t->map_scales != NULL)
		return false;
	job_task_put(&w, t);
	for (i = 0; i < w.len; i++)
		if (room[i] != 0)
			return false;
	return w.error == 0;
}

static int
check_tasks(const struct job *j, char *err, size_t errlen)
{
	struct job_errbuf e = {"job", err, errlen};
	struct job_segment s[JOB_SEGMENTS_MAX];
	uint64_t dim = 0, update = 0;
	unsigned i, n;
	int rc = job_task_check(&j->main, e);

	e.group = "stage";
	if (rc == 0 && j->stage.kind != 0 && j->stage.kind != JOB_QPCA)
		rc = fail(e, "task: want qpca");
	if (rc == 0 && !is_absent(&j->stage))
		rc = job_task_check(&j->stage, e);
	e.group = "control";
	if (rc == 0 && j->control.kind != 0 && j->control.kind != JOB_LINEAR)
		rc = fail(e, "task: want linear");
	if (rc == 0 && !is_absent(&j->control))
		rc = job_task_check(&j->control, e);
	if (rc != 0)
		return rc;
	e.group = "job";
	n = job_segments(j, s);
	for (i = 0; i < n; i++) {
		dim += s[i].dim;
		update += s[i].update;
	}
	if (dim != j->dim || dim > ANSWER_DIM_MAX || update != j->update ||
	    update > ANSWER_DIM_MAX)
		return fail(e,
		    "dim: want the sum of all segments, at most "
		    "%u, got %u",
		    ANSWER_DIM_MAX, j->dim);
	if ((j->stage.kind != 0) != (j->stage_rounds > 0) ||
	    j->stage_rounds >= j->rounds + (j->stage.kind == 0)) {
		e.group = "stage";
		return fail(e, "rounds: want 1 to job.rounds - 1, got %u",
		    j->stage_rounds);
	}
	if (j->stage.kind != 0 &&
	    (j->main.kind == JOB_QPCA || j->main.kind == JOB_VQE))
		return fail(e, "task: a %s has no stage before it",
		    job_kind_name(j->main.kind));
	if (j->control.kind != 0 &&
	    (j->main.kind == JOB_QPCA || j->main.kind == JOB_VQE)) {
		e.group = "control";
		return fail(e, "task: a %s learns no labels",
		    job_kind_name(j->main.kind));
	}
	return 0;
}

static int
check_local(const struct job_local *l, struct job_errbuf e)
{
	const struct decimal zero = {0, 0}, nearly = {9999, -4};
	const struct range ranges[] = {
	    {"optimiser", l->optimiser, JOB_SGD, JOB_ROTOSOLVE},
	    {"schedule", l->schedule, JOB_COSINE, JOB_STEP},
	    {"warmup", l->warmup, 0, ROUNDS_MAX},
	    {"every", l->every, l->schedule == JOB_STEP,
		l->schedule == JOB_STEP ? ROUNDS_MAX : 0},
	    {"epochs", l->epochs, 0, 10000},
	    {"steps", l->steps, l->epochs == 0, l->epochs ? 0 : STEPS_MAX},
	    {"batch", l->batch, 1, BATCH_MAX},
	    {"order", l->order, JOB_SHUFFLED, JOB_FILE_ORDER},
	    {"gradient", l->gradient, JOB_ADJOINT, JOB_PERTURB},
	    {"shots", l->shots, 0, SHOTS_MAX},
	    {"mitigation", l->mitigation, JOB_UNMITIGATED, JOB_READOUT_ZNE},
	};
	const struct bounds bounds[] = {
	    {"factor", &l->factor, {1, -6}, {1, 0}},
	    {"momentum", &l->beta, zero, nearly},
	    {"prox", &l->prox, zero, {1, 3}},
	    {"worker_momentum", &l->worker_momentum, zero, nearly},
	};
	int rc = check_ranges(ranges, COUNT(ranges), e);

	if (rc == 0)
		rc = check_bounds(bounds, COUNT(bounds), e);
	if (rc == 0 && l->noise != NULL && !job_text_ok(l->noise))
		rc = fail(e,
		    "noise_model: want printable lines, at most %d "
		    "bytes",
		    JOB_TEXT_MAX);
	if (rc == 0 && (l->shots > 0 || l->noise != NULL) &&
	    l->gradient == JOB_ADJOINT)
		rc = fail(e,
		    "gradient: want shift or spsa: shots and noise "
		    "have no adjoint");
	if (rc == 0 && l->scaffold && l->nova)
		rc = fail(e, "nova: want either scaffold or nova");
	return rc;
}

static bool
pre_ok(const struct job_combine *c)
{
	unsigned i, k;

	for (i = 0; i < JOB_PRE_MAX; i++) {
		if (c->pre[i] > JOB_BUCKETING ||
		    (i > 0 && c->pre[i] != 0 && c->pre[i - 1] == 0))
			return false;
		for (k = 0; k < i; k++)
			if (c->pre[i] != 0 && c->pre[k] == c->pre[i])
				return false;
	}
	return true;
}

static int
check_combine(const struct job_combine *c, struct job_errbuf e)
{
	const struct decimal zero = {0, 0}, one = {1, 0};
	bool plain = c->rule == JOB_MEAN && c->pre[0] == 0;
	uint64_t carry = c->stragglers == JOB_CARRY;
	const struct range ranges[] = {
	    {"rule", c->rule, JOB_MEAN, JOB_MEAMED},
	    {"faults", c->faults == JOB_FAULTS_AUTO ? 0 : c->faults, 0, 49},
	    {"bucket", c->bucket, 1, 50},
	    {"server", c->server, JOB_SERVER_ADD, JOB_SERVER_YOGI},
	    {"weighting", c->weighting, JOB_UNWEIGHTED, JOB_REGISTERED},
	    {"weight_cap", c->weight_cap, 0, WEIGHT_MAX},
	    {"stragglers", c->stragglers, JOB_DROP, JOB_CARRY},
	    {"carry_rounds", c->carry_rounds, carry, carry * JOB_CARRY_MAX},
	};
	const struct bounds bounds[] = {
	    {"radius", &c->radius, {1, -6}, {1, 9}},
	    {"server_rate", &c->server_rate, {1, -6}, {1, 1}},
	    {"server_beta", &c->server_beta, zero, {9999, -4}},
	    {"server_beta2", &c->server_beta2, zero, {9999, -4}},
	    {"server_tau", &c->server_tau, {1, -6}, {1, 1}},
	    {"participation", &c->participation, {1, -2}, one},
	};
	int rc = check_ranges(ranges, COUNT(ranges), e);

	if (rc == 0)
		rc = check_bounds(bounds, COUNT(bounds), e);
	if (rc == 0 && !pre_ok(c))
		rc = fail(e,
		    "before: want clip, arc, nnm or bucketing, each "
		    "at most once");
	if (rc == 0 && !plain && c->weighting != JOB_UNWEIGHTED)
		rc = fail(e,
		    "weighting: want unweighted unless rule is mean "
		    "and nothing comes before it");
	return rc;
}

/* An update that counts in another round than its own must mean the same
 * there: parts are dealt out by round, a stage's rounds are numbered, moments
 * are means and no steps, control variates belong to one model. */
static int
check_stragglers(const struct job *j, struct job_errbuf e)
{
	const char *why = NULL;

	if (j->combine.stragglers == JOB_DROP)
		return 0;
	if (j->main.kind == JOB_VQE || j->main.kind == JOB_QPCA)
		why = job_kind_name(j->main.kind);
	else if (j->stage.kind != 0)
		why = "job with a stage";
	else if (j->local.scaffold)
		why = "job with scaffold";
	if (why == NULL)
		return 0;
	return fail(e,
	    "stragglers: want drop: what a %s learns belongs to its round",
	    why);
}

/* No sum of one round and no model after the last overflows. */
static int
check_overflow(const struct job *j, uint32_t weight_sum, struct job_errbuf e)
{
	int64_t init = 0, bound = 0;
	q24_wide step;

	if (decimal_q24(&j->main.init, &init) != 0 ||
	    decimal_q24(&j->bound, &bound) != 0 || bound < 1)
		return fail(e, "bound: not a Q24 number");
	if ((q24_wide)bound * weight_sum >= SUM_MAX)
		return fail(e,
		    "bound: too large: a sum over all members "
		    "could overflow");
	step = (q24_wide)bound *
	    (j->combine.server == JOB_SERVER_ADD ? 1 : JOB_SERVER_BOUNDS);
	if (step * j->rounds + 8 * (q24_wide)init >= SUM_MAX)
		return fail(e,
		    "bound: too large: the model could overflow "
		    "within job.rounds rounds");
	return 0;
}

int
job_check(const struct job *j, uint32_t weight_sum, char *err, size_t errlen)
{
	struct job_errbuf e = {"job", err, errlen};
	const struct range ranges[] = {
	    {"rounds", j->rounds, 1, ROUNDS_MAX},
	    {"validation_every", j->validation_every, 0, ROUNDS_MAX},
	    {"checkpoint_every", j->checkpoint_every, 0, ROUNDS_MAX},
	    {"patience", j->patience, 0, ROUNDS_MAX},
	};
	const struct decimal zero = {0, 0};
	const struct bounds bounds[] = {
	    {"validation", &j->validation, zero, {5, -1}},
	    {"progress", &j->progress, zero, {1, 3}},
	    {"clip", &j->clip, {1, -6}, {1, 9}},
	    {"bound", &j->bound, {1, -6}, {1, 9}},
	};
	int rc = check_ranges(ranges, COUNT(ranges), e);

	if (rc == 0)
		rc = check_tasks(j, err, errlen);
	if (rc == 0)
		rc = check_bounds(bounds, COUNT(bounds), e);
	if (rc == 0)
		rc = check_local(&j->local, e);
	if (rc == 0)
		rc = check_combine(&j->combine, e);
	if (rc == 0)
		rc = check_stragglers(j, e);
	if (rc == 0)
		rc = job_privacy_check(j, err, errlen);
	if (rc == 0 && j->patience > 0 &&
	    (j->validation.mant == 0 || j->validation_every == 0))
		rc = fail(e, "patience: want a validation share and how often");
	if (rc == 0)
		rc = check_overflow(j, weight_sum, e);
	return rc;
}
