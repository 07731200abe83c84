#include "sim/state/trajectory.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program.h"
#include "sim/observable/pauli.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/pool.h"

#define BLOCK_RUNS 4u

struct work {
	const struct noisy_plan *plan;
	const struct trajectory_wish *wish;
	struct vector *vectors; /* of each worker */
	size_t nvectors;
	double *values; /* runs x observables */
	uint64_t *shots;
};

static bool
is_scaled_identity(uint32_t d, const double *m)
{
	uint32_t i;

	for (i = 0; i < d * d; i++) {
		bool diagonal = i % (d + 1) == 0;

		if (m[2 * i] != (diagonal ? m[0] : 0.0) ||
		    m[2 * i + 1] != (diagonal ? m[1] : 0.0))
			return false;
	}
	return true;
}

/* K / sqrt(p) on the state, which it keeps normalised. */
static void
apply_kraus(struct vector *v, const struct noisy_act *a, uint32_t i, double p)
{
	double m[2 << 2 * KRAUS_MAX_QUBITS];
	const struct kraus *c = a->channel;
	uint32_t d = 1u << c->nqubits, k;
	const double *from = c->kraus + (size_t)2 * i * d * d;
	struct vector_gate g = {.ntargets = c->nqubits, .matrix = m};
	double scale = 1.0 / sqrt(p);

	if (is_scaled_identity(d, from))
		return; /* but for a phase of all */
	for (k = 0; k < 2 * d * d; k++)
		m[k] = scale * from[k];
	for (k = 0; k < c->nqubits; k++)
		g.target[k] = a->qubits[k];
	vector_apply(v, &g);
}

static double
kraus_probability(const struct vector *v, const struct noisy_act *a, uint32_t i)
{
	const struct kraus *c = a->channel;
	size_t size = (size_t)2 << 2 * c->nqubits;
	struct vector_gate g = {.ntargets = c->nqubits,
	    .matrix = c->effect + i * size};
	double out[2];
	uint32_t k;

	if (c->mixture)
		return c->weight[i];
	for (k = 0; k < c->nqubits; k++)
		g.target[k] = a->qubits[k];
	vector_inner_gate(v, v, &g, out);
	return out[0];
}

/* The first operator at which the sum of probabilities exceeds the draw. */
static void
run_act(struct vector *v, const struct noisy_act *a, struct rng *r)
{
	double u = shots_uniform(r), sum = 0.0, p, chosen = 0.0;
	uint32_t i, at = 0;

	for (i = 0; i < a->channel->nkraus; i++) {
		p = kraus_probability(v, a, i);
		sum += p;
		if (p > 0.0) {
			at = i;
			chosen = p;
		}
		if (p > 0.0 && sum > u)
			break;
	}
	assert(chosen > 0.0);
	apply_kraus(v, a, at, chosen);
}

static void
run_acts(struct vector *v, const struct noisy_act *a, uint32_t n, struct rng *r)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		run_act(v, &a[i], r);
}

/* What qubit q is, the state then being that. */
static bool
collapse(struct vector *v, uint32_t q, struct rng *r)
{
	double one = vector_one(v, q);
	bool bit = shots_uniform(r) < one;
	double p = bit ? one : vector_norm(v) - one;

	vector_project(v, q, bit, 1.0 / sqrt(p));
	return bit;
}

static bool
read_bit(const struct noisy_plan *n, uint32_t q, bool bit, struct rng *r)
{
	struct readout e = noisy_plan_readout(n, q);
	double wrong = bit ? e.p0_given_1 : e.p1_given_0;

	return wrong > 0.0 && shots_uniform(r) < wrong ? !bit : bit;
}

static void
reset(struct vector *v, uint32_t q, struct rng *r)
{
	static const double flip[8] = {[2] = 1.0, [4] = 1.0};
	struct vector_gate x = {.ntargets = 1, .target = {q}, .matrix = flip};

	if (collapse(v, q, r))
		vector_apply(v, &x);
}

static void
run_op(const struct noisy_plan *n, uint32_t i, struct vector *v,
    struct noisy_bits *b, struct rng *r)
{
	const struct program_op *op = &n->program->ops[i];
	const struct noisy_op *o = &n->ops[i];
	uint32_t q = op->kind == PROGRAM_MEASURE || op->kind == PROGRAM_RESET
	    ? n->program->wires[op->wire0]
	    : 0;

	run_acts(v, n->acts + o->act0, o->nbefore, r);
	if (op->kind == PROGRAM_GATE) {
		vector_apply(v, &o->gate);
	} else if (op->kind == PROGRAM_RESET) {
		reset(v, q, r);
	} else if (op->kind == PROGRAM_MEASURE && !o->last) {
		bool bit = read_bit(n, q, collapse(v, q, r), r);

		b->bits &= ~(UINT64_C(1) << op->bit);
		b->bits |= (uint64_t)bit << op->bit;
	}
	run_acts(v, n->acts + o->act0 + o->nbefore, o->nafter, r);
}

static uint64_t
read_out(const struct noisy_plan *n, const struct vector *v,
    const struct noisy_bits *b, struct rng *r)
{
	uint8_t qubit[64], bit[64];
	uint32_t count = noisy_plan_readings(n, b, qubit, bit), k;
	uint64_t bits = b->bits, x = 0;
	double u = shots_uniform(r);
	int rc = vector_sample(v, &u, 1, &x);

	assert(rc == 0);
	for (k = 0; k < count; k++) {
		bool one = read_bit(n, qubit[k], x >> qubit[k] & 1, r);

		bits |= (uint64_t)one << bit[k];
	}
	return bits;
}

static void
run_one(const struct work *w, struct vector *v, uint64_t number)
{
	const struct trajectory_wish *wish = w->wish;
	struct noisy_bits b = {0};
	struct rng r;
	uint32_t i = 0;
	size_t k;

	rng_init(&r, wish->seed, number);
	vector_zero(v);
	while (i < w->plan->program->nops) {
		run_op(w->plan, i, v, &b, &r);
		i = noisy_plan_next(w->plan, i, &b);
	}
	for (k = 0; k < wish->nobservables; k++)
		w->values[number * wish->nobservables + k] =
		    pauli_expect(&wish->observables[k], v);
	if (wish->counts)
		w->shots[number] = read_out(w->plan, v, &b, &r);
}

static void
run_block(void *arg, size_t worker, size_t block)
{
	struct work *w = arg;
	uint64_t i = (uint64_t)block * BLOCK_RUNS, end = i + BLOCK_RUNS;

	for (; i < end && i < w->wish->runs; i++)
		run_one(w, &w->vectors[worker], i);
}

static int
work_init(struct work *w)
{
	const struct trajectory_wish *wish = w->wish;
	size_t n = wish->pool ? pool_threads(wish->pool) : 1, i;
	struct vector_room room = {0};
	int rc = 0;

	if (wish->runs > SIZE_MAX / 16 / (wish->nobservables + 1))
		return -ENOMEM;
	w->values =
	    calloc((size_t)wish->runs * wish->nobservables + 1, sizeof(double));
	w->shots =
	    calloc(wish->counts ? (size_t)wish->runs : 1, sizeof(*w->shots));
	w->vectors = calloc(n, sizeof(*w->vectors));
	if (!w->values || !w->shots || !w->vectors)
		return -ENOMEM;
	if (wish->room) {
		room = *wish->room;
		room.bytes_max /= n; /* 0 stays 0 */
		if (wish->room->bytes_max && room.bytes_max == 0)
			return -EFBIG;
	}
	for (i = 0; rc == 0 && i < n; i++) {
		w->nvectors++;
		rc = vector_init(&w->vectors[i], w->plan->program->nqubits,
		    &room);
	}
	return rc;
}

static void
work_close(struct work *w)
{
	while (w->nvectors > 0)
		vector_close(&w->vectors[--w->nvectors]);
	free(w->vectors);
	free(w->values);
	free(w->shots);
}

static struct estimate
estimate_of(const struct work *w, size_t which)
{
	size_t n = (size_t)w->wish->runs, stride = w->wish->nobservables, i;
	double mean = 0.0, var = 0.0;
	struct estimate e;

	for (i = 0; i < n; i++)
		mean += w->values[i * stride + which];
	mean /= (double)n;
	for (i = 0; i < n; i++) {
		double d = w->values[i * stride + which] - mean;

		var += d * d;
	}
	e.mean = mean;
	e.error = n > 1 ? sqrt(var / (double)(n - 1) / (double)n) : INFINITY;
	return e;
}

static int
gather(struct trajectory *t, const struct work *w)
{
	size_t k;
	int rc = 0;

	t->counts.nbits = noisy_plan_nbits(w->plan);
	t->estimates = calloc(w->wish->nobservables + 1, sizeof(*t->estimates));
	if (t->estimates == NULL)
		return -ENOMEM;
	for (k = 0; k < w->wish->nobservables; k++)
		t->estimates[k] = estimate_of(w, k);
	for (k = 0; w->wish->counts && rc == 0 && k < w->wish->runs; k++)
		rc = counts_add(&t->counts, w->shots[k], 1);
	counts_sort(&t->counts);
	return rc;
}

int
trajectory_run(struct trajectory *t, const struct noisy_plan *n,
    const struct trajectory_wish *wish)
{
	struct work w = {.plan = n, .wish = wish};
	size_t nblocks, i;
	int rc;

	*t = (struct trajectory)TRAJECTORY_INIT;
	if (wish->runs == 0)
		return -EINVAL;
	rc = work_init(&w);
	if (rc < 0)
		goto out;
	nblocks = (size_t)((wish->runs + BLOCK_RUNS - 1) / BLOCK_RUNS);
	if (wish->pool)
		pool_run(wish->pool, nblocks, run_block, &w);
	else
		for (i = 0; i < nblocks; i++)
			run_block(&w, 0, i);
	rc = gather(t, &w);
out:
	work_close(&w);
	if (rc < 0)
		trajectory_close(t);
	return rc;
}

void
trajectory_close(struct trajectory *t)
{
	free(t->estimates);
	counts_close(&t->counts);
	*t = (struct trajectory)TRAJECTORY_INIT;
}
