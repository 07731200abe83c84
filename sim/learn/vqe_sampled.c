#include "sim/learn/vqe_sampled.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program.h"
#include "sim/circuit/program_run.h"
#include "sim/gradient/shift.h"
#include "sim/learn/rng.h"
#include "sim/learn/vqe_circuit.h"
#include "sim/observable/pauli.h"
#include "sim/state/mitigation.h"
#include "sim/state/mixture.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/shots.h"

#define R 0x1.6a09e667f3bcdp-1 /* sqrt(1/2) */
#define FOLDS 3
#define STREAM_SIGNS UINT64_MAX /* of SPSA */
/* Parts and groups of one call have streams of their own. */
#define STREAMS_PER_CALL (UINT64_C(1) << 24)

/* One state, pure or mixed, that is asked for all parts. */
struct asked {
	const struct vqe_sampled *s;
	uint32_t nqubits;
	bool mixed;
	struct vector v, vwork;
	struct density d, dwork;
	double *probs;
	uint64_t stream; /* the next one */
	double *error;   /* [nparts] or NULL */
};

static int
asked_open(struct asked *a, const struct vqe_sampled *s, uint32_t nqubits)
{
	int rc = 0;

	*a = (struct asked){.s = s,
	    .nqubits = nqubits,
	    .mixed = s->noise != NULL};
	if (a->mixed && nqubits > VQE_SAMPLED_MAX_QUBITS)
		return -ENOTSUP;
	a->probs = calloc((size_t)1 << nqubits, sizeof(*a->probs));
	if (a->probs == NULL)
		return -ENOMEM;
	if (a->mixed)
		rc = density_init(&a->dwork, nqubits, NULL);
	else
		rc = vector_init(&a->v, nqubits, NULL);
	if (rc == 0 && !a->mixed)
		rc = vector_init(&a->vwork, nqubits, NULL);
	return rc;
}

static void
asked_close(struct asked *a)
{
	free(a->probs);
	vector_close(&a->v);
	vector_close(&a->vwork);
	density_close(&a->d);
	density_close(&a->dwork);
}

/* Runs the program; the mixed state moves out of the mixture. */
static int
run(struct asked *a, const struct program *p)
{
	struct noisy_plan plan = NOISY_PLAN_INIT;
	struct mixture m = MIXTURE_INIT;
	int rc;

	if (!a->mixed) {
		vector_zero(&a->v);
		return program_run(p, &a->v);
	}
	rc = noisy_plan_init(&plan, p, a->s->noise);
	if (rc == 0)
		rc = mixture_run(&m, &plan, NULL);
	if (rc == 0) {
		density_close(&a->d);
		a->d = m.density;
		m.density = (struct density)DENSITY_INIT;
		mixture_close(&m);
	}
	noisy_plan_close(&plan);
	return rc;
}

/* The group's letters become Z: S dagger where Y is, then H where X or Y. */
static void
turn_to_z(struct asked *a, const struct pauli_group *g)
{
	static const double sdg[8] = {1, 0, 0, 0, 0, 0, 0, -1};
	static const double h[8] = {R, 0, R, 0, R, 0, -R, 0};
	uint32_t q, k;

	if (a->mixed)
		density_copy(&a->dwork, &a->d);
	else
		vector_copy(&a->vwork, &a->v);
	for (q = 0; q < a->nqubits; q++) {
		for (k = g->z >> q & 1 ? 0 : 1; k < 2 && g->x >> q & 1; k++) {
			const struct vector_gate gate = {.ntargets = 1,
			    .target = {q},
			    .matrix = k == 0 ? sdg : h};

			if (a->mixed)
				density_apply(&a->dwork, &gate);
			else
				vector_apply(&a->vwork, &gate);
		}
	}
}

static int
sample_group(struct asked *a, const struct pauli_group *g, struct counts *out)
{
	size_t size = (size_t)1 << a->nqubits, i;
	struct outcomes o = {.nbits = a->nqubits};
	struct rng r;
	int rc = 0;

	memset(a->probs, 0, size * sizeof(*a->probs));
	turn_to_z(a, g);
	if (a->mixed)
		density_probs(&a->dwork, 1.0, a->probs);
	else
		vector_probs(&a->vwork, 1.0, a->probs);
	if (a->mixed && noise_model_has_readout(a->s->noise))
		readout_confuse(a->s->noise->readout, a->nqubits, a->probs);
	for (i = 0; i < size && rc == 0; i++) {
		if (a->probs[i] > 0.0)
			rc = outcomes_add(&o, i, a->probs[i]);
	}
	rng_init(&r, a->s->seed, a->stream++);
	if (rc == 0)
		rc = shots_sample(&o, a->s->shots, &r, out);
	outcomes_close(&o);
	return rc;
}

static const struct readout *
undoing(const struct asked *a)
{
	return a->s->undo_readout && a->mixed ? a->s->noise->readout : NULL;
}

static int
sample_groups(struct asked *a, const struct pauli_sum *part,
    const struct pauli_groups *g, struct estimate *out)
{
	struct counts *counts = calloc(g->ngroups + 1, sizeof(*counts));
	struct measured *bases = calloc(g->ngroups + 1, sizeof(*bases));
	size_t i;
	int rc = counts && bases ? 0 : -ENOMEM;

	for (i = 0; i < g->ngroups && rc == 0; i++) {
		rc = sample_group(a, &g->groups[i], &counts[i]);
		bases[i] = (struct measured){g->groups[i].x, g->groups[i].z,
		    &counts[i]};
	}
	if (rc == 0)
		rc = counts_expect(part, bases, g->ngroups, undoing(a), out);
	for (i = 0; counts && i < g->ngroups; i++)
		counts_close(&counts[i]);
	free(counts);
	free(bases);
	return rc;
}

static int
sampled_value(struct asked *a, const struct pauli_sum *part,
    struct estimate *out)
{
	struct pauli_groups g;
	int rc = pauli_groups_init(&g, part);

	if (rc < 0)
		return rc;
	rc = sample_groups(a, part, &g, out);
	pauli_groups_close(&g);
	return rc;
}

static int
exact_value(struct asked *a, const struct pauli_sum *part, double *out)
{
	struct pauli_sum seen = PAULI_SUM_INIT;
	int rc;

	if (!a->mixed) {
		*out = pauli_expect(part, &a->v);
		return 0;
	}
	if (a->s->undo_readout || !noise_model_has_readout(a->s->noise)) {
		*out = density_expect(part, &a->d);
		return 0;
	}
	rc = readout_observable(a->s->noise->readout, part, &seen);
	if (rc < 0)
		return rc;
	*out = density_expect(&seen, &a->d);
	pauli_close(&seen);
	return 0;
}

/* A shift_eval: all parts of one shifted program. */
static int
values_of(void *arg, const struct program *p, uint64_t draw, double *values)
{
	struct asked *a = arg;
	size_t k;
	int rc = run(a, p);

	a->stream = draw * STREAMS_PER_CALL;
	for (k = 0; k < a->s->nparts && rc == 0; k++) {
		struct estimate e = {0.0, 0.0};

		if (a->s->shots > 0)
			rc = sampled_value(a, &a->s->parts[k], &e);
		else
			rc = exact_value(a, &a->s->parts[k], &e.mean);
		values[k] = e.mean;
		if (a->error)
			a->error[k] = e.error;
	}
	return rc;
}

static void
set_inputs(struct program *p, const double *theta)
{
	uint32_t i;

	for (i = 0; i < p->ninputs; i++) {
		p->inputs[i].value = theta[i];
		p->inputs[i].set = true;
	}
}

/* points[fold * nparts + part]; then the value at scale 0. */
static int
follow_back(const struct asked *a, const double *points, const double *errors,
    double *value)
{
	size_t n = a->s->nparts, k;
	uint32_t i;
	int rc = 0;

	for (k = 0; k < n && rc == 0; k++) {
		struct mitigation_point p[FOLDS];
		struct mitigation_fit fit;

		for (i = 0; i < FOLDS; i++)
			p[i] = (struct mitigation_point){2.0 * i + 1.0,
			    points[i * n + k], errors[i * n + k]};
		rc = mitigation_richardson(p, FOLDS, &fit);
		value[k] = fit.value;
		if (a->error)
			a->error[k] = fit.error;
	}
	return rc;
}

static int
extrapolated(struct asked *a, const struct program *p, double *value)
{
	size_t n = a->s->nparts;
	double *points = calloc(2 * FOLDS * n + 1, sizeof(*points));
	double *errors = points ? points + FOLDS * n : NULL, *keep = a->error;
	uint32_t i;
	int rc = points ? 0 : -ENOMEM;

	for (i = 0; i < FOLDS && rc == 0; i++) {
		struct program folded = PROGRAM_INIT;

		rc = mitigation_fold(p, 2 * i + 1, &folded);
		a->error = errors ? errors + i * n : NULL;
		if (rc == 0)
			rc = values_of(a, &folded, i, points + i * n);
		program_close(&folded);
	}
	a->error = keep;
	if (rc == 0)
		rc = follow_back(a, points, errors, value);
	free(points);
	return rc;
}

int
vqe_sampled_values(const struct vqe_sampled *s, const struct vqe_circuit *c,
    const double *theta, double *value, double *error)
{
	struct program p = PROGRAM_INIT;
	struct asked a;
	int rc = asked_open(&a, s, c->nqubits);

	a.error = error;
	if (rc == 0)
		rc = vqe_circuit_program(c, &p);
	if (rc == 0) {
		set_inputs(&p, theta);
		rc = s->extrapolate && s->noise ? extrapolated(&a, &p, value)
						: values_of(&a, &p, 0, value);
	}
	program_close(&p);
	asked_close(&a);
	return rc;
}

/* Both ends of one perturbation. work: theta, signs, two rows of values. */
static int
perturb_once(struct asked *a, struct program *p, const double *theta,
    uint64_t draw, double *work)
{
	size_t n = p->ninputs, k;
	double *sign = work + n, *value = sign + n;
	struct rng r;
	int rc = 0, side;

	rng_init(&r, a->s->seed, STREAM_SIGNS - draw);
	for (k = 0; k < n; k++)
		sign[k] = rng_below(&r, 2) == 0 ? -1.0 : 1.0;
	for (side = 0; side < 2 && rc == 0; side++) {
		double h = side == 0 ? a->s->perturb : -a->s->perturb;

		for (k = 0; k < n; k++)
			work[k] = theta[k] + h * sign[k];
		set_inputs(p, work);
		rc = values_of(a, p, 1 + 2 * draw + (uint64_t)side,
		    value + (size_t)side * a->s->nparts);
	}
	return rc;
}

static int
perturbed(struct asked *a, struct program *p, const double *theta, double *grad)
{
	size_t n = p->ninputs, parts = a->s->nparts, k, g;
	double *work = calloc(2 * n + 2 * parts + 1, sizeof(*work));
	uint32_t draw;
	int rc = work ? 0 : -ENOMEM;

	memset(grad, 0, n * parts * sizeof(*grad));
	for (draw = 0; draw < a->s->perturbations && rc == 0; draw++) {
		const double *sign = work + n, *value = sign + n;

		rc = perturb_once(a, p, theta, draw, work);
		for (g = 0; g < parts && rc == 0; g++) {
			double slope = (value[g] - value[parts + g]) /
			    (2.0 * a->s->perturb * a->s->perturbations);

			for (k = 0; k < n; k++)
				grad[g * n + k] += sign[k] * slope;
		}
	}
	free(work);
	return rc;
}

int
vqe_sampled_gradients(const struct vqe_sampled *s, const struct vqe_circuit *c,
    const double *theta, double *grad)
{
	struct program p = PROGRAM_INIT;
	struct asked a;
	struct shift shift = {.eval = values_of,
	    .arg = &a,
	    .nvalues = s->nparts,
	    .ndraws = 1}; /* 0 is that of the value */
	int rc = asked_open(&a, s, c->nqubits);

	if (rc == 0)
		rc = vqe_circuit_program(c, &p);
	if (rc == 0) {
		set_inputs(&p, theta);
		rc = s->perturbations > 0 ? perturbed(&a, &p, theta, grad)
					  : shift_gradient(&shift, &p, grad);
	}
	program_close(&p);
	asked_close(&a);
	return rc;
}
