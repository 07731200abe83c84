#include "sim/learn/vqc_noisy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/circuit_program.h"
#include "sim/circuit/program_build.h"
#include "sim/learn/fit.h"
#include "sim/learn/rng.h"
#include "sim/state/density.h"
#include "sim/state/mitigation.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/shots.h"

#define PI 0x1.921fb54442d18p+1
#define NFOLDS 3
/* (sqrt 2 +- 1) / (4 sqrt 2): Wierichs and others, Quantum 6, 677 (2022). */
#define FOUR_PLUS 0.42677669529663688110
#define FOUR_MINUS 0.07322330470336311890
#define STREAM_FIRST 16 /* others of the seed are taken */

static const uint32_t folds[NFOLDS] = {1, 3, 5};

struct vqc_noisy {
	const struct vqc_circuit *of;
	struct fit_noise noise;
	struct readout readout[CIRCUIT_MAX_QUBITS];
	bool misreads;
	struct density density;
	struct vector vector;
	double *probs;  /* 2^nqubits, in place: cumulative, counts */
	double *counts; /* 2^nqubits */
	double *obs;    /* nobs, x NFOLDS for extrapolation */
};

static bool
mitigates_readout(const struct vqc_noisy *v)
{
	return v->misreads &&
	    (v->noise.mitigation == TRAIN_READOUT ||
		v->noise.mitigation == TRAIN_READOUT_ZNE);
}

static bool
extrapolates(const struct vqc_noisy *v)
{
	return v->noise.model != NULL &&
	    (v->noise.mitigation == TRAIN_ZNE ||
		v->noise.mitigation == TRAIN_READOUT_ZNE);
}

int
vqc_noisy_new(struct vqc_noisy **out, const struct vqc_circuit *c,
    const struct fit_noise *noise)
{
	uint32_t n = c->circuit.nqubits;
	struct vqc_noisy *v;
	int rc;

	if (noise->model != NULL && n > VQC_NOISY_MAX_QUBITS)
		return -ENOTSUP;
	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	v->of = c;
	v->noise = *noise;
	if (noise->model != NULL) {
		memcpy(v->readout, noise->model->readout,
		    n * sizeof(v->readout[0]));
		v->misreads = noise_model_has_readout(noise->model);
		rc = density_init(&v->density, n, NULL);
	} else {
		rc = vector_init(&v->vector, n, NULL);
	}
	v->probs = calloc((size_t)1 << n, sizeof(*v->probs));
	v->counts = calloc((size_t)1 << n, sizeof(*v->counts));
	v->obs = calloc(NFOLDS * c->nobs + 1, sizeof(*v->obs));
	if (rc == 0 &&
	    (v->probs == NULL || v->counts == NULL || v->obs == NULL))
		rc = -ENOMEM;
	if (rc < 0) {
		vqc_noisy_free(v);
		return rc;
	}
	*out = v;
	return 0;
}

void
vqc_noisy_free(struct vqc_noisy *v)
{
	if (v == NULL)
		return;
	if (v->noise.model != NULL)
		density_close(&v->density);
	else
		vector_close(&v->vector);
	free(v->probs);
	free(v->counts);
	free(v->obs);
	free(v);
}

static void
act(struct vqc_noisy *v, const struct noisy_act *a, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		density_channel(&v->density, a[i].channel, a[i].qubits);
}

/* Probabilities of all qubits at the end; what only measurements have is left
 * out, the readout is the caller's. */
static int
run_program(struct vqc_noisy *v, const struct program *p)
{
	struct noisy_plan plan;
	uint32_t i;
	int rc = noisy_plan_init(&plan, p, v->noise.model);

	if (rc < 0)
		return rc;
	if (v->noise.model != NULL)
		density_zero(&v->density);
	else
		vector_zero(&v->vector);
	for (i = 0; i < p->nops; i++) {
		const struct noisy_op *op = &plan.ops[i];
		const struct noisy_act *acts = plan.acts + op->act0;

		if (p->ops[i].kind != PROGRAM_GATE)
			continue;
		if (v->noise.model == NULL) {
			vector_apply(&v->vector, &op->gate);
			continue;
		}
		act(v, acts, op->nbefore);
		density_apply(&v->density, &op->gate);
		act(v, acts + op->nbefore, op->nafter);
	}
	noisy_plan_close(&plan);
	memset(v->probs, 0, ((size_t)1 << p->nqubits) * sizeof(*v->probs));
	if (v->noise.model != NULL)
		density_probs(&v->density, 1.0, v->probs);
	else
		vector_probs(&v->vector, 1.0, v->probs);
	return 0;
}

/* Probabilities become frequencies of so many draws. */
static void
sample(struct vqc_noisy *v, uint64_t stream)
{
	size_t n = (size_t)1 << v->of->circuit.nqubits, lo, hi, mid;
	struct rng r;
	uint32_t i;
	size_t x;

	rng_init(&r, v->noise.seed, stream);
	for (x = 1; x < n; x++)
		v->probs[x] += v->probs[x - 1];
	memset(v->counts, 0, n * sizeof(*v->counts));
	for (i = 0; i < v->noise.shots; i++) {
		double u = shots_uniform(&r) * v->probs[n - 1];

		for (lo = 0, hi = n - 1; lo < hi;) {
			mid = (lo + hi) / 2;
			if (v->probs[mid] > u)
				hi = mid;
			else
				lo = mid + 1;
		}
		v->counts[lo] += 1.0;
	}
	for (x = 0; x < n; x++)
		v->probs[x] = v->counts[x] / (double)v->noise.shots;
}

static double
parity_mean(const double *probs, size_t n, uint32_t mask)
{
	double sum = 0.0;
	size_t x;

	for (x = 0; x < n; x++)
		sum += (__builtin_popcount((uint32_t)x & mask) & 1) != 0
		    ? -probs[x]
		    : probs[x];
	return sum;
}

static int
observe(struct vqc_noisy *v, const struct program *p, uint64_t stream,
    double *obs)
{
	uint32_t n = p->nqubits;
	size_t k;
	int rc = run_program(v, p);

	if (rc < 0)
		return rc;
	if (v->misreads)
		readout_confuse(v->readout, n, v->probs);
	if (v->noise.shots > 0)
		sample(v, STREAM_FIRST + stream);
	if (mitigates_readout(v))
		rc = readout_invert(v->readout, n, v->probs);
	for (k = 0; k < v->of->nobs; k++)
		obs[k] = parity_mean(v->probs, (size_t)1 << n, v->of->mask[k]);
	return rc;
}

/* Through all points where values are exact, a line where they scatter. */
static int
extrapolate(const struct vqc_noisy *v, size_t k, double *obs)
{
	struct mitigation_point points[NFOLDS];
	struct mitigation_fit fit;
	size_t i;
	int rc;

	for (i = 0; i < NFOLDS; i++)
		points[i] = (struct mitigation_point){(double)folds[i],
		    v->obs[i * v->of->nobs + k], 0.0};
	rc = v->noise.shots > 0 ? mitigation_linear(points, NFOLDS, &fit)
				: mitigation_richardson(points, NFOLDS, &fit);
	if (rc == 0)
		*obs = fit.value;
	return rc;
}

static int
observe_folded(struct vqc_noisy *v, const struct program *p, uint64_t stream,
    double *obs)
{
	size_t i, k;
	int rc = 0;

	for (i = 0; i < NFOLDS && rc == 0; i++) {
		struct program folded = PROGRAM_INIT;

		rc = mitigation_fold(p, folds[i], &folded);
		if (rc == 0)
			rc = observe(v, &folded, stream + i,
			    v->obs + i * v->of->nobs);
		program_close(&folded);
	}
	for (k = 0; k < v->of->nobs && rc == 0; k++)
		rc = extrapolate(v, k, &obs[k]);
	return rc;
}

static int
make_program(const struct vqc_noisy *v, const struct vqc_noisy_row *row,
    struct program *p)
{
	const struct circuit_values values = {row->theta, row->features};

	return circuit_program(&v->of->circuit, &values, p);
}

int
vqc_noisy_expect(struct vqc_noisy *v, const struct vqc_noisy_row *row,
    double *obs)
{
	struct program p = PROGRAM_INIT;
	int rc = make_program(v, row, &p);

	if (rc == 0 && extrapolates(v))
		rc = observe_folded(v, &p, row->stream, obs);
	else if (rc == 0)
		rc = observe(v, &p, row->stream, obs);
	program_close(&p);
	return rc;
}

uint64_t
vqc_noisy_streams(const struct vqc_circuit *c)
{
	return NFOLDS + 4 * (uint64_t)c->circuit.ngates;
}

/* A shift rule: f' = sum of weight (f(a + by) - f(a - by)). */
struct rule {
	uint32_t n;
	double by[2], weight[2];
};

static const struct rule two_terms = {1, {0.5 * PI, 0.0}, {0.5, 0.0}};
static const struct rule four_terms = {2, {0.5 * PI, 1.5 * PI},
    {FOUR_PLUS, -FOUR_MINUS}};

static const struct rule *
rule_of(enum circuit_op op)
{
	return op == CIRCUIT_CRX || op == CIRCUIT_CRY || op == CIRCUIT_CRZ
	    ? &four_terms
	    : &two_terms;
}

/* d(sum weight[k] obs[k]) / d(angle), the gate's angle being *offset. */
struct slope {
	struct program *p;
	double *offset;
	const double *weight;
	uint64_t stream;
};

static int
find_slope(struct vqc_noisy *v, const struct slope *s, const struct rule *rule,
    double *out)
{
	double was = *s->offset;
	uint32_t i;
	size_t k;
	int rc = 0;

	*out = 0.0;
	for (i = 0; i < 2 * rule->n && rc == 0; i++) {
		double sign = i % 2 == 0 ? 1.0 : -1.0;

		*s->offset = was + sign * rule->by[i / 2];
		rc = observe(v, s->p, s->stream + i, v->obs);
		for (k = 0; k < v->of->nobs && rc == 0; k++)
			*out += sign * rule->weight[i / 2] * s->weight[k] *
			    v->obs[k];
	}
	*s->offset = was;
	return rc;
}

static double
factor(const struct vqc_noisy_row *row, enum circuit_ref ref, uint32_t index)
{
	if (ref == CIRCUIT_CONST)
		return 1.0;
	return ref == CIRCUIT_PARAM ? row->theta[index] : row->features[index];
}

static void
chain(const struct vqc_noisy_row *row, const struct circuit_angle *a, double d,
    double *grad)
{
	if (a->ref == CIRCUIT_PARAM)
		grad[a->index] += d * a->coef * factor(row, a->by, a->by_index);
	if (a->by == CIRCUIT_PARAM)
		grad[a->by_index] +=
		    d * a->coef * factor(row, a->ref, a->index);
}

int
vqc_noisy_gradient(struct vqc_noisy *v, const struct vqc_noisy_row *row,
    const double *weight, double *grad)
{
	const struct circuit *c = &v->of->circuit;
	struct program p = PROGRAM_INIT;
	struct slope s = {.p = &p, .weight = weight};
	size_t i, first;
	double d;
	int rc = make_program(v, row, &p);

	/* The circuit's gates are the last ops of its program. */
	first = rc == 0 ? p.nops - c->ngates : 0;
	for (i = 0; i < c->ngates && rc == 0; i++) {
		const struct circuit_angle *a = &c->gates[i].angle;

		if (!circuit_turns(c->gates[i].op) ||
		    (a->ref != CIRCUIT_PARAM && a->by != CIRCUIT_PARAM))
			continue;
		s.offset = &p.angles[p.ops[first + i].angle0].offset;
		s.stream = row->stream + NFOLDS + 4 * i;
		rc = find_slope(v, &s, rule_of(c->gates[i].op), &d);
		if (rc == 0)
			chain(row, a, d, grad);
	}
	program_close(&p);
	return rc;
}
