#include "daemon/trainer/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/error.h"
#include "daemon/cli/sim_noise_file.h"
#include "proto/q24.h"
#include "sim/learn/dataset.h"
#include "sim/learn/private_gradient.h"
#include "sim/learn/qpca.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/vqc_circuit.h"
#include "sim/learn/vqe.h"

/* What a spec points to while the task is compiled. */
struct recipe {
	const struct federation *f;
	const struct job_task *task;
	struct task_spec spec;
	struct qsvm_spec qsvm;
	struct qpca_spec qpca;
	struct vqe_spec vqe;
	double *weights, *scales, *landmarks, *means; /* owned */
};

static const struct job_task *
task_of(const struct job *j, enum job_role role)
{
	return role == JOB_STAGE ? &j->stage
	    : role == JOB_MAIN   ? &j->main
				 : &j->control;
}

/* n numbers separated by anything that is not one, into out (owned by the
 * caller); NULL for no text. -EINVAL: another number of them. */
static int
read_numbers(const char *text, size_t n, double **out)
{
	static const char digits[] = "0123456789+-.eE";
	char word[DECIMAL_TEXT_LEN + 16];
	struct decimal d;
	size_t len, i = 0;

	*out = NULL;
	if (text == NULL)
		return 0;
	*out = calloc(n + 1, sizeof(**out));
	if (*out == NULL)
		return -ENOMEM;
	for (text += strcspn(text, digits); *text != '\0';
	     text += len + strcspn(text + len, digits)) {
		len = strspn(text, digits);
		if (i == n || len >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (decimal_parse(word, &d) != 0)
			return -EINVAL;
		(*out)[i++] = decimal_double(&d);
	}
	return i == n ? 0 : -EINVAL;
}

static enum task_start
start_of(uint8_t start)
{
	switch ((enum job_start)start) {
	case JOB_UNIFORM:
		return TASK_START_UNIFORM;
	case JOB_NORMAL:
		return TASK_START_NORMAL;
	case JOB_IDENTITY:
		return TASK_START_IDENTITY;
	case JOB_LAYERWISE:
		return TASK_START_LAYERWISE;
	case JOB_ZERO:
		break;
	}
	return TASK_START_ZERO;
}

static enum task_ansatz
ansatz_of(uint8_t ansatz)
{
	static const enum task_ansatz of[] = {
	    [JOB_STRONGLY_ENTANGLING] = TASK_STRONGLY_ENTANGLING,
	    [JOB_HARDWARE_EFFICIENT] = TASK_HARDWARE_EFFICIENT,
	    [JOB_RX_RZ_RX] = TASK_RX_RZ_RX,
	    [JOB_CONVOLUTIONAL] = TASK_CONVOLUTIONAL,
	    [JOB_TREE] = TASK_TREE,
	    [JOB_CIRCUIT] = TASK_QASM,
	};

	return of[ansatz];
}

static enum task_encoding
encoding_of(uint8_t encoding)
{
	static const enum task_encoding of[] = {
	    [JOB_ANGLE] = TASK_ENC_ANGLE,
	    [JOB_AMPLITUDE] = TASK_ENC_AMPLITUDE,
	    [JOB_IQP] = TASK_ENC_IQP,
	    [JOB_ZZ] = TASK_ENC_ZZ,
	    [JOB_REUPLOAD] = TASK_ENC_REUPLOAD,
	    [JOB_OWN] = TASK_ENC_NONE,
	};

	return of[encoding];
}

static enum task_loss
loss_of(uint8_t loss)
{
	return loss == JOB_HINGE  ? TASK_HINGE
	    : loss == JOB_SQUARED ? TASK_SQUARED
				  : TASK_CROSS_ENTROPY;
}

static void
fill_vqc(struct recipe *r)
{
	const struct job_task *t = r->task;
	struct task_spec *s = &r->spec;

	s->encoding = encoding_of(t->encoding);
	s->ansatz = ansatz_of(t->ansatz);
	s->readout = t->readout == JOB_Z ? TASK_Z
	    : t->readout == JOB_Z_ZZ     ? TASK_Z_ZZ
					 : TASK_PAULIS;
	s->nqubits = t->qubits;
	s->nlayers = t->layers;
	s->head_scale = decimal_double(&t->head_scale);
	s->head =
	    t->head == JOB_HEAD_DIRECT ? TASK_HEAD_NONE : TASK_HEAD_LINEAR;
	s->start = start_of(t->start);
	s->uploads = t->uploads;
	s->input_scale = decimal_double(&t->input_scale);
	s->input_shift = decimal_double(&t->input_shift);
	s->qasm = t->circuit;
	s->qasm_len = t->circuit ? strlen(t->circuit) : 0;
	s->paulis = t->input;
}

static int
fill_qsvm(struct recipe *r)
{
	static const enum landmark_kind maps[] = {
	    [JOB_MAP_ZZ] = LANDMARK_ZZ,
	    [JOB_MAP_Z] = LANDMARK_Z,
	    [JOB_MAP_IQP] = LANDMARK_IQP,
	    [JOB_MAP_RY] = LANDMARK_RY,
	};
	const struct job_task *t = r->task;
	struct hash seed =
	    hash_bytes("qml.landmarks", r->f->job.seed.b, HASH_LEN);
	int rc;

	rc = read_numbers(t->map_scales, r->spec.nfeatures, &r->scales);
	if (rc == 0)
		rc = read_numbers(t->input,
		    (size_t)r->spec.nfeatures * t->landmarks, &r->landmarks);
	r->qsvm = (struct qsvm_spec){.ridge = 0};
	r->qsvm.map = maps[t->map];
	r->qsvm.reps = t->layers;
	r->qsvm.scale = decimal_double(&t->map_scale);
	r->qsvm.scales = r->scales;
	r->qsvm.nlandmarks = t->landmarks;
	r->qsvm.landmarks = r->landmarks;
	memcpy(r->qsvm.seed, seed.b, sizeof(r->qsvm.seed));
	r->spec.qsvm = &r->qsvm;
	return rc;
}

static int
fill_qpca(struct recipe *r)
{
	const struct job_task *t = r->task;
	int64_t noise = 0;
	int rc = decimal_q24(&t->noise, &noise);

	r->qpca = (struct qpca_spec){.radius = 0};
	r->qpca.components = t->components;
	r->qpca.min_rows = t->min_rows;
	r->qpca.rows = t->rows == JOB_UNIT ? QPCA_UNIT : QPCA_BALL;
	r->qpca.noise = (uint32_t)noise;
	if (rc == 0)
		rc = read_numbers(t->means, r->spec.nfeatures, &r->means);
	r->qpca.means = r->means;
	r->qpca.radius = decimal_double(&t->radius);
	r->qpca.spread = decimal_double(&t->spread);
	r->spec.qpca = &r->qpca;
	return rc;
}

static void
fill_vqe(struct recipe *r)
{
	const struct job_task *t = r->task;

	r->vqe = (struct vqe_spec){
	    .hamiltonian = t->input,
	    .len = strlen(t->input),
	    .ansatz = t->ansatz == JOB_UCCSD   ? VQE_UCCSD
		: t->ansatz == JOB_ADAPT       ? VQE_ADAPT
		: t->ansatz == JOB_HAMILTONIAN ? VQE_HVA
					       : VQE_HEA,
	    .layers = t->layers,
	    .mapping = t->mapping == JOB_PARITY ? MAPPING_PARITY : MAPPING_JW,
	    .alpha = t->alpha,
	    .beta = t->beta,
	    .parts = t->parts - 1u, /* without the variance */
	};
	r->spec.vqe = &r->vqe;
}

static int
fill_spec(struct recipe *r, enum job_role role)
{
	const struct job_task *t = r->task;
	const struct federation *f = r->f;
	struct task_spec *s = &r->spec;
	bool labels = t->kind != JOB_QPCA && t->kind != JOB_VQE;
	int rc;

	*s = (struct task_spec){
	    .name = job_kind_name(t->kind),
	    .nfeatures = role == JOB_MAIN && f->job.stage.kind != 0
		? f->job.stage.components
		: f->ncolumns,
	    .nclasses = labels ? f->nlabels : 0,
	    .head_scale = 1,
	    .output = !labels     ? TASK_NOTHING
		: f->nlabels == 0 ? TASK_REGRESSION
				  : TASK_CLASSES,
	    .loss = loss_of(t->loss),
	};
	rc = read_numbers(t->class_weights, f->nlabels, &r->weights);
	s->class_weights = r->weights;
	if (rc == 0 && t->kind == JOB_VQC)
		fill_vqc(r);
	if (rc == 0 && t->kind == JOB_QSVM)
		rc = fill_qsvm(r);
	if (rc == 0 && t->kind == JOB_QPCA)
		rc = fill_qpca(r);
	if (rc == 0 && t->kind == JOB_VQE)
		fill_vqe(r);
	return rc;
}

/* The job states sizes for those who have no compiler; they must be ours. */
static int
check_sizes(const struct job_task *j, const struct task *t, char *err,
    size_t errlen)
{
	if (t->nangles != j->nangles) {
		snprintf(err, errlen,
		    "job.angles is %u, but this circuit has %zu angles",
		    (unsigned)j->nangles, t->nangles);
		return -EINVAL;
	}
	if (t->nscales != j->nscales) {
		snprintf(err, errlen,
		    "job.scales is %u, but this circuit has %zu factors",
		    (unsigned)j->nscales, t->nscales);
		return -EINVAL;
	}
	if (t->nparams != j->dim) {
		snprintf(err, errlen,
		    "job: dim is %u, but this circuit and "
		    "schema have %zu parameters",
		    (unsigned)j->dim, t->nparams);
		return -EINVAL;
	}
	if (t->nupdate != j->update) {
		snprintf(err, errlen,
		    "job.parts is %u, but the Hamiltonian has %zu",
		    (unsigned)j->parts, t->nupdate / (t->nangles + 1));
		return -EINVAL;
	}
	return 0;
}

/* What the compiler of the task, which has no words, objected to. */
static void
say_refused(const struct task_spec *s, char *err, size_t errlen)
{
	struct vqc_shape shape;
	char why[256];
	int rc;

	if (s->ansatz != TASK_QASM || s->qasm == NULL) {
		snprintf(err, errlen, "job: its circuit cannot be read");
		return;
	}
	rc = vqc_qasm_shape(s->qasm, s->qasm_len, &shape, why);
	if (rc == -EINVAL)
		snprintf(err, errlen, "job: circuit: %s", why);
	else if (rc == 0)
		snprintf(err, errlen,
		    "job: circuit: it has %u qubits and %u features, the job "
		    "says %u and %u",
		    shape.nqubits, shape.nfeatures, s->nqubits, s->nfeatures);
	else
		snprintf(err, errlen, "job: circuit: %s", strerror(-rc));
}

int
recipe_task(const struct federation *f, enum job_role role, struct task *t,
    char *err, size_t errlen)
{
	struct recipe r = {.f = f, .task = task_of(&f->job, role)};
	const char *why = NULL;
	int rc;

	*t = (struct task)TASK_INIT;
	rc = fill_spec(&r, role);
	if (rc == -EINVAL)
		why = "a list of numbers has another length than it should";
	if (rc == 0)
		why = task_check(&r.spec);
	if (why) {
		snprintf(err, errlen, "job: %s", why);
		rc = -EINVAL;
	}
	if (rc == 0)
		rc = task_init(t, &r.spec);
	if (rc == -EINVAL && !why)
		say_refused(&r.spec, err, errlen);
	if (rc == 0) {
		rc = check_sizes(r.task, t, err, errlen);
		if (rc < 0)
			task_close(t);
	}
	if (rc == -ENOMEM)
		snprintf(err, errlen,
		    "there is not enough memory for the "
		    "circuit");
	free(r.weights);
	free(r.scales);
	free(r.landmarks);
	free(r.means);
	return rc;
}

int
recipe_noise(const struct federation *f, enum job_role role,
    struct noise_model *m, char *err, size_t errlen)
{
	const char *text = f->job.local.noise;
	uint8_t kind = task_of(&f->job, role)->kind;
	struct config_error e = {.file = "job: noise_model"};
	int rc;

	*m = (struct noise_model)NOISE_MODEL_INIT;
	if (text != NULL && kind == JOB_QSVM) {
		snprintf(err, errlen,
		    "job: noise_model: a kernel machine trains from shots, "
		    "but not under noise");
		return -EINVAL;
	}
	if (text == NULL || (kind != JOB_VQC && kind != JOB_VQE))
		return 0;
	rc = sim_noise_yaml(m, text, strlen(text), &e);
	if (rc == 0)
		return 1;
	noise_model_close(m);
	if (rc == -EINVAL)
		snprintf(err, errlen, "%s", e.text);
	return rc;
}

/* Every member and round has its own stream of batches. The member's name is
 * hashed, not its index: that follows from its keys, and the same federation
 * founded again with other keys shall learn the same. Who came later is known
 * by the seat. */
static void
turn_seed(const struct federation *f, const struct recipe_turn *turn,
    uint8_t *out)
{
	const char *name;
	char seat[16];
	struct hash_stream s;
	struct hash h;
	uint8_t b[8];
	int i;

	snprintf(seat, sizeof(seat), "seat %u", (unsigned)turn->member);
	name =
	    turn->member < f->nmembers ? f->members[turn->member].name : seat;
	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(turn->round >> (56 - 8 * i));
	hash_begin(&s, "qml.trainseed");
	hash_add(&s, f->job.seed.b, HASH_LEN);
	hash_add(&s, b, sizeof(b));
	hash_add(&s, name, strlen(name));
	h = hash_end(&s);
	memcpy(out, h.b, TRAIN_SEED_BYTES);
}

static enum optimiser_kind
optimiser_of(uint8_t o)
{
	static const enum optimiser_kind of[] = {
	    [JOB_SGD] = OPTIMISER_SGD,
	    [JOB_ADAM] = OPTIMISER_ADAM,
	    [JOB_ADAMW] = OPTIMISER_ADAMW,
	    [JOB_RMSPROP] = OPTIMISER_RMSPROP,
	    [JOB_SPSA] = OPTIMISER_SPSA,
	    [JOB_NATURAL] = OPTIMISER_NATURAL,
	    [JOB_ROTOSOLVE] = OPTIMISER_ROTOSOLVE,
	};

	return of[o];
}

/* A linear model has no circuit that could be searched: Adam stands in. */
static enum optimiser_kind
optimiser_for(const struct job *j, const struct job_task *t)
{
	bool circuit = t->nangles > 0;
	uint8_t o = j->local.optimiser;

	return circuit || o < JOB_SPSA ? optimiser_of(o) : OPTIMISER_ADAM;
}

static void
fill_hyper(const struct job *j, const struct job_task *t, struct train_hyper *h)
{
	const struct job_local *l = &j->local;
	bool circuit = t->kind == JOB_VQC || t->kind == JOB_VQE;
	bool rows = t->kind != JOB_VQE && t->kind != JOB_QPCA;

	if (t->kind != JOB_QPCA) { /* which takes no steps */
		h->lr = decimal_double(&t->rate);
		h->lr_end = decimal_double(&t->rate_last);
	}
	h->nrounds = j->rounds;
	h->steps = l->steps;
	h->batch = l->batch;
	h->optimiser = optimiser_for(j, t);
	h->momentum = decimal_double(&l->beta);
	if (h->optimiser == OPTIMISER_ADAMW)
		h->decay = decimal_double(&t->l2);
	else
		h->l2 = decimal_double(&t->l2);
	h->schedule = l->schedule == JOB_COSINE ? TRAIN_COSINE
	    : l->schedule == JOB_CONSTANT       ? TRAIN_CONSTANT
						: TRAIN_STEP;
	h->warmup = l->warmup;
	if (l->schedule == JOB_STEP) {
		h->every = l->every;
		h->factor = decimal_double(&l->factor);
	}
	h->epochs = l->epochs;
	if (l->epochs > 0)
		h->steps = 1; /* not looked at, but it must be one */
	h->order = l->order == JOB_SHUFFLED ? TRAIN_SHUFFLED : TRAIN_IN_ORDER;
	h->score_max = RECIPE_SCORE_MAX;
	h->layerwise = t->start == JOB_LAYERWISE;
	if (rows) {
		h->proximal = decimal_double(&l->prox);
		h->worker = decimal_double(&l->worker_momentum);
	}
	/* A kernel from shots counts as noisy: the rest is exact. */
	h->method = t->kind == JOB_QSVM && l->shots > 0 ? TRAIN_SHIFT
	    : !circuit || l->gradient == JOB_ADJOINT    ? TRAIN_ADJOINT
	    : l->gradient == JOB_SHIFT                  ? TRAIN_SHIFT
							: TRAIN_PERTURB;
	h->shots = circuit || t->kind == JOB_QSVM ? l->shots : 0;
	h->mitigation = !circuit || l->mitigation == JOB_UNMITIGATED
	    ? TRAIN_UNMITIGATED
	    : l->mitigation == JOB_READOUT ? TRAIN_READOUT
	    : l->mitigation == JOB_ZNE     ? TRAIN_ZNE
					   : TRAIN_READOUT_ZNE;
}

int
recipe_hyper(const struct federation *f, const struct recipe_turn *turn,
    struct train_hyper *h, char *err, size_t errlen)
{
	const struct job *j = &f->job;
	const struct job_task *t = task_of(j, turn->role);
	const char *why;
	int rc;

	_Static_assert(TRAIN_SEED_BYTES == HASH_LEN, "a seed is a hash");
	train_hyper_default(h);
	if (turn->round >= j->rounds) {
		snprintf(err, errlen, "round %llu is not one of the job's %u",
		    (unsigned long long)turn->round, (unsigned)j->rounds);
		return -EINVAL;
	}
	if (turn->member >= FEDERATION_MAX_MEMBERS) {
		snprintf(err, errlen, "there is no member %u",
		    (unsigned)turn->member);
		return -EINVAL;
	}
	fill_hyper(j, t, h);
	h->round = (uint32_t)turn->round;
	h->threads = turn->threads ? turn->threads : 1;
	if (h->threads > TRAIN_MAX_THREADS)
		h->threads = TRAIN_MAX_THREADS;
	turn_seed(f, turn, h->seed);
	rc = decimal_q24(&j->clip, &h->clip_l2);
	if (rc == 0)
		rc = decimal_q24(&j->bound, &h->bound);
	why = rc < 0 ? "clip or bound is too large" : train_hyper_check(h);
	if (why) {
		snprintf(err, errlen, "job: %s", why);
		return -EINVAL;
	}
	return 0;
}

void
recipe_privacy(const struct federation *f, enum job_role role,
    struct train_privacy *out)
{
	const struct privacy_claim c = job_claim(&f->job);

	*out = (struct train_privacy){.q_ppb = c.q_ppb,
	    .sigma_milli = c.sigma_milli,
	    .clip = (int64_t)c.clip_q24,
	    .steps = job_private_steps(&f->job),
	    .stream = 2 * (uint64_t)role}; /* coins and noise of each task */
}

int
recipe_scale(const struct federation *f, struct dataset *rows)
{
	struct data_range *ranges;
	size_t i;
	int rc;

	ranges = calloc(f->ncolumns, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (i = 0; i < f->ncolumns; i++) {
		ranges[i].lo = decimal_double(&f->columns[i].lo);
		ranges[i].hi = decimal_double(&f->columns[i].hi);
	}
	rc = dataset_scale(rows, ranges, NULL);
	free(ranges);
	return rc == -ERANGE ? -EINVAL : rc;
}
