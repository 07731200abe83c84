#include "sim/learn/vqe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqe_model.h"
#include "sim/learn/vqe_sampled.h"
#include "sim/state/noise_model.h"

#define Q24 16777216.0

struct vqe {
	struct vqe_spec spec; /* with a copy of the text */
	char *text;
	struct vqe_model model;
	uint8_t assigned[VQE_MAX_PARTS + 1];
};

static const char *
vqe_check(const struct task_spec *s)
{
	if (s->vqe == NULL || s->vqe->hamiltonian == NULL)
		return "vqe wants a Hamiltonian";
	if (s->output != TASK_NOTHING || s->nfeatures != 0)
		return "vqe has neither rows nor classes";
	if (s->vqe->len > VQE_TEXT_MAX)
		return "a Hamiltonian has at most 65536 bytes";
	if (s->vqe->layers > VQE_MAX_LAYERS)
		return "layers must be 1 to 256";
	return s->vqe->parts > VQE_MAX_PARTS ? "parts must be 0 to 64" : NULL;
}

static void
vqe_close(struct task *t)
{
	struct vqe *v = t->impl;

	if (v == NULL)
		return;
	vqe_model_close(&v->model);
	free(v->text);
	free(v);
	t->impl = NULL;
	t->spec.vqe = NULL;
}

static int
vqe_open(struct task *t)
{
	const struct vqe_spec *from = t->spec.vqe;
	struct vqe *v = calloc(1, sizeof(*v));
	char err[160];
	int rc = -ENOMEM;

	if (v == NULL)
		return -ENOMEM;
	t->impl = v;
	v->spec = *from;
	v->text = malloc(from->len + 1);
	if (v->text != NULL) {
		memcpy(v->text, from->hamiltonian, from->len);
		v->spec.hamiltonian = v->text;
		rc = vqe_model_open(&v->model, &v->spec, err);
		if (rc == 0)
			rc = vqe_model_suits(&v->model, err);
	}
	if (rc < 0) {
		vqe_close(t);
		return rc;
	}
	t->spec.vqe = &v->spec;
	t->nangles = v->model.c.nparams;
	t->nparams = t->nangles + 2;
	t->nupdate = ((size_t)v->model.nparts + 1) * (t->nangles + 1);
	vqe_assign(t, NULL);
	return 0;
}

void
vqe_assign(struct task *t, const uint8_t *assigned)
{
	struct vqe *v = t->impl;
	size_t n = (size_t)v->model.nparts + 1;

	if (assigned != NULL)
		memcpy(v->assigned, assigned, n);
	else
		memset(v->assigned, 1, n);
}

static void
vqe_periods(const struct task *t, int64_t *period)
{
	memset(period, 0, t->nparams * sizeof(*period));
}

/* What one call works with. */
struct step {
	const struct train_job *job;
	const struct vqe *v;
	const struct vqe_model *m;
	struct vqe_room *room;
	double *theta, *grad; /* nangles; nparts x nangles */
	double *value;        /* nparts */
	double *total;        /* nangles: of all parts */
};

static void
step_close(struct step *s)
{
	free(s->theta);
	vqe_room_close(s->room);
}

static int
step_open(struct step *s, struct vqe_room *room, const struct train_job *job)
{
	size_t d = job->task->nangles, i;
	int rc;

	*s = (struct step){.job = job, .v = job->task->impl, .room = room};
	s->m = &s->v->model;
	rc = vqe_room_init(s->room, s->m->h.nqubits);
	s->theta = calloc(2 * d + (d + 1) * s->m->nparts, sizeof(*s->theta));
	if (rc < 0 || s->theta == NULL)
		return rc < 0 ? rc : -ENOMEM;
	s->total = s->theta + d;
	s->grad = s->total + d;
	s->value = s->grad + d * s->m->nparts;
	for (i = 0; i < d; i++)
		s->theta[i] = (double)job->params[i] / Q24;
	return 0;
}

static bool
is_exact(const struct train_job *job)
{
	return job->noise == NULL && job->hyper->shots == 0;
}

static struct vqe_sampled
sampled_of(const struct train_job *job, const struct pauli_sum *parts,
    size_t nparts)
{
	const struct train_hyper *h = job->hyper;

	return (struct vqe_sampled){.noise = job->noise,
	    .shots = h->shots,
	    .seed = h->seed,
	    .parts = parts,
	    .nparts = nparts,
	    .perturb = h->perturb,
	    .perturbations = h->method == TRAIN_PERTURB ? h->perturbations : 0};
}

/* The parts that are ours, by their states. */
static int
measure_exactly(struct step *s)
{
	size_t d = s->job->task->nangles, k;

	for (k = 0; k < s->m->nparts; k++) {
		if (s->v->assigned[k] == 0)
			continue;
		s->value[k] = vqe_circuit_gradient(&s->m->c, &s->m->parts[k],
		    s->theta, s->room, s->grad + k * d);
	}
	return 0;
}

/* By values alone. A member's draws depend on the parts it has: honest
 * reports of one part differ by their shots. */
static int
measure_sampled(struct step *s)
{
	const struct train_job *job = s->job;
	size_t k;
	int rc = 0;

	for (k = 0; k < s->m->nparts && rc == 0; k++) {
		uint8_t seed[TRAIN_SEED_BYTES];
		struct vqe_sampled of = sampled_of(job, &s->m->parts[k], 1);

		if (s->v->assigned[k] == 0)
			continue;
		if (job->stop != NULL && job->stop(job->stop_arg))
			return -ECANCELED;
		memcpy(seed, job->hyper->seed, sizeof(seed));
		seed[0] ^= (uint8_t)(k + 1); /* other draws for each part */
		of.seed = seed;
		rc = vqe_sampled_values(&of, &s->m->c, s->theta, &s->value[k],
		    NULL);
		if (rc == 0)
			rc = vqe_sampled_gradients(&of, &s->m->c, s->theta,
			    s->grad + k * job->task->nangles);
	}
	return rc;
}

static int
to_q24(double x, int64_t *out)
{
	if (!(fabs(x) < 0x1p38))
		return -EDOM;
	*out = train_round_even(x * Q24);
	return 0;
}

/* The block of part k: the step, within the bound, and the energy. */
static int
write_block(const struct step *s, size_t k, double rate, int64_t *block)
{
	size_t d = s->job->task->nangles, i;
	int64_t bound = s->job->hyper->bound;
	int rc = 0;

	for (i = 0; i < d && rc == 0; i++) {
		rc = to_q24(-rate * s->grad[k * d + i], &block[i]);
		if (rc == 0 && bound > 0 && block[i] > bound)
			block[i] = bound;
		if (rc == 0 && bound > 0 && block[i] < -bound)
			block[i] = -bound;
	}
	return rc == 0 ? to_q24(s->value[k], &block[d]) : rc;
}

static int
write_update(struct step *s, int64_t *delta)
{
	double rate = train_rate(s->job->hyper), variance;
	size_t d = s->job->task->nangles, k;
	int rc = 0;

	memset(delta, 0, s->job->task->nupdate * sizeof(*delta));
	for (k = 0; k < s->m->nparts && rc == 0; k++) {
		if (s->v->assigned[k] != 0)
			rc = write_block(s, k, rate, delta + k * (d + 1));
	}
	if (rc < 0 || s->v->assigned[s->m->nparts] == 0)
		return rc;
	variance = pauli_variance(&s->m->h.sum, &s->room->psi, &s->room->work);
	return to_q24(variance > 0.0 ? variance : 0.0,
	    &delta[s->m->nparts * (d + 1) + d]);
}

/* The energy before, and after a step by all parts: what the federation would
 * do if nobody else were there. */
static void
fill_metrics(struct step *s, struct train_metrics *m)
{
	double rate = train_rate(s->job->hyper);
	size_t d = s->job->task->nangles, i;

	*m = (struct train_metrics){.steps = 1};
	m->loss_before = vqe_circuit_gradient(&s->m->c, &s->m->h.sum, s->theta,
	    s->room, s->total);
	for (i = 0; i < d; i++) {
		s->theta[i] -= rate * s->total[i];
		m->norm += rate * s->total[i] * rate * s->total[i];
	}
	m->norm = sqrt(m->norm);
	vqe_circuit_run(&s->m->c, s->theta, &s->room->psi);
	m->loss_after = pauli_expect(&s->m->h.sum, &s->room->psi);
}

static int
vqe_update(const struct train_job *job, int64_t *delta,
    struct train_metrics *metrics)
{
	const struct train_hyper *h = job->hyper;
	struct vqe_room room = VQE_ROOM_INIT;
	struct step s;
	int rc;

	if (job->control != NULL || h->worker > 0.0 || h->proximal > 0.0)
		return -ENOTSUP;
	if (h->method == TRAIN_ADJOINT && !is_exact(job))
		return -ENOTSUP;
	rc = step_open(&s, &room, job);
	if (rc == 0) {
		vqe_circuit_run(&s.m->c, s.theta, &room.psi);
		rc = h->method == TRAIN_ADJOINT ? measure_exactly(&s)
						: measure_sampled(&s);
	}
	if (rc == 0)
		rc = write_update(&s, delta);
	if (rc == 0)
		fill_metrics(&s, metrics);
	step_close(&s);
	return rc;
}

static int
vqe_evaluate(const struct train_job *job, struct train_score *out)
{
	enum train_mitigation how = job->hyper->mitigation;
	struct vqe_room room = VQE_ROOM_INIT;
	struct step s;
	int rc = step_open(&s, &room, job);

	out->correct = 0;
	out->rows = 0;
	if (rc == 0 && is_exact(job)) {
		vqe_circuit_run(&s.m->c, s.theta, &room.psi);
		out->loss = pauli_expect(&s.m->h.sum, &room.psi);
	} else if (rc == 0) {
		struct vqe_sampled of = sampled_of(job, &s.m->h.sum, 1);

		of.undo_readout =
		    how == TRAIN_READOUT || how == TRAIN_READOUT_ZNE;
		of.extrapolate = how == TRAIN_ZNE || how == TRAIN_READOUT_ZNE;
		rc =
		    vqe_sampled_values(&of, &s.m->c, s.theta, &out->loss, NULL);
	}
	step_close(&s);
	return rc;
}

const struct task_ops vqe_ops = {.name = "vqe",
    .check = vqe_check,
    .open = vqe_open,
    .close = vqe_close,
    .local_update = vqe_update,
    .evaluate = vqe_evaluate,
    .periods = vqe_periods};
