/*
 * bench_engine.c - ratios of the batch engine on the circuit of qmlsim bench:
 * against one that loops over samples and gates, two threads against one, what
 * binding takes. Minima of runs in turn, since the machine is shared. Lines
 * that begin with "ratio" go into the history (scripts/bench).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/circuit_program.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/program.h"
#include "sim/gradient/program_gradient.h"
#include "sim/gradient/samples.h"
#include "sim/observable/pauli.h"
#include "sim/state/pool.h"

#define PI 0x1.921fb54442d18p+1
#define LAYERS 6
#define BATCH 64
#define QUBITS_MAX 16

struct engine {
	struct circuit circuit;
	struct plan plan;
	struct pool *pool;
	struct samples *samples;
	double *theta, *features, *value, *grad;
};

#define ENGINE_INIT                                        \
	{                                                  \
		.circuit = CIRCUIT_INIT, .plan = PLAN_INIT \
	}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
add(struct circuit *c, enum circuit_op op, const uint32_t q[2],
    const struct circuit_angle *a)
{
	struct circuit_gate g = {.op = op, .q = {q[0], q[1]}};

	if (a != NULL)
		g.angle = *a;
	return circuit_add(c, &g);
}

static int
add_layer(struct circuit *c, uint32_t layer)
{
	static const enum circuit_op op[3] = {CIRCUIT_RZ, CIRCUIT_RY,
	    CIRCUIT_RZ};
	struct circuit_angle a = {.ref = CIRCUIT_PARAM, .coef = 1.0};
	uint32_t n = c->nqubits, i;
	int rc = 0;

	for (i = 0; i < 3 * n && rc == 0; i++) {
		a.index = 3 * n * layer + i;
		rc = add(c, op[i % 3], (const uint32_t[2]){i / 3, i / 3}, &a);
	}
	for (i = 0; i < n && rc == 0; i++)
		rc = add(c, CIRCUIT_CNOT, (const uint32_t[2]){i, (i + 1) % n},
		    NULL);
	return rc;
}

static int
build(struct circuit *c, uint32_t n)
{
	struct circuit_angle a = {.ref = CIRCUIT_FEATURE, .coef = PI};
	uint32_t i;
	int rc = circuit_init(c, n);

	for (i = 0; i < n && rc == 0; i++) {
		a.index = i;
		rc = add(c, CIRCUIT_RY, (const uint32_t[2]){i, i}, &a);
	}
	for (i = 0; i < LAYERS && rc == 0; i++)
		rc = add_layer(c, i);
	return rc;
}

static void
engine_close(struct engine *e)
{
	samples_free(e->samples);
	pool_free(e->pool);
	plan_close(&e->plan);
	circuit_close(&e->circuit);
	free(e->theta);
	free(e->features);
	free(e->value);
	free(e->grad);
}

static int
engine_open(struct engine *e, uint32_t n, size_t nthreads)
{
	struct samples_options o = {.gradients = true};
	size_t i, nparams = (size_t)3 * LAYERS * n;
	int rc;

	*e = (struct engine)ENGINE_INIT;
	rc = build(&e->circuit, n);
	if (rc == 0)
		rc = plan_compile(&e->plan, &e->circuit);
	if (rc == 0)
		rc = pool_new(&e->pool, nthreads);
	if (rc < 0)
		return rc;
	o.pool = e->pool;
	rc = samples_new(&e->samples, &e->plan, &o);
	e->theta = calloc(nparams, sizeof(double));
	e->features = calloc((size_t)BATCH * n, sizeof(double));
	e->value = calloc(BATCH, sizeof(double));
	e->grad = calloc(BATCH * nparams, sizeof(double));
	if (e->theta == NULL || e->features == NULL || e->value == NULL ||
	    e->grad == NULL)
		return -ENOMEM;
	for (i = 0; i < nparams; i++)
		e->theta[i] = fmod(0.1 + 0.37 * (double)i, 2 * PI);
	for (i = 0; i < (size_t)BATCH * n; i++) {
		size_t sample = i / n;

		e->features[i] =
		    0.2 + 0.11 * (double)(i % n) + 0.013 * (double)sample;
	}
	return rc;
}

/* Binding and the batch's gradients; *bind gets the share of binding. */
static int
run_batch(struct engine *e, double *seconds, double *bind)
{
	const struct samples_batch b = {.features = e->features,
	    .n = BATCH,
	    .mask = 1,
	    .value = e->value,
	    .grad = e->grad};
	double start = now(), bound;
	int rc;

	samples_bind(e->samples, e->theta);
	bound = now();
	rc = samples_run(e->samples, &b);
	*seconds = fmin(*seconds, now() - start);
	*bind = fmin(*bind, bound - start);
	return rc;
}

/* The same numbers one sample and one gate at a time. */
static int
run_gates(const struct engine *e, struct program *p,
    const struct pauli_sum *sum, double *seconds)
{
	struct program_problem q = {.p = p, .sum = sum};
	size_t n = e->plan.nqubits, nparams = e->plan.nparams, s, i;
	double *grad = calloc(p->ninputs, sizeof(*grad));
	double start = now(), value, worst = 0.0;
	int rc = grad == NULL ? -ENOMEM : 0;

	for (s = 0; s < BATCH && rc == 0; s++) {
		/* Features come first. */
		for (i = 0; i < n; i++)
			p->inputs[i].value = e->features[s * n + i];
		for (i = 0; i < nparams; i++)
			p->inputs[n + i].value = e->theta[i];
		rc = program_adjoint(&q, &value, grad);
		for (i = 0; i < nparams; i++)
			worst = fmax(worst,
			    fabs(grad[n + i] - e->grad[s * nparams + i]));
	}
	*seconds = fmin(*seconds, now() - start);
	free(grad);
	if (rc == 0 && !(worst < 1e-12)) {
		printf("gradients differ by %g\n", worst);
		rc = -EINVAL;
	}
	return rc;
}

static int
against_gates(uint32_t n)
{
	const struct circuit_values unbound = {NULL, NULL};
	struct program p = PROGRAM_INIT;
	struct pauli_sum sum = PAULI_SUM_INIT;
	char err[128];
	struct engine e = ENGINE_INIT;
	double ours = 1e9, theirs = 1e9, bind = 1e9;
	int rc = engine_open(&e, n, 1), i;

	if (rc == 0)
		rc = circuit_program(&e.circuit, &unbound, &p);
	if (rc == 0)
		rc = pauli_parse(&sum, "Z0", n, err);
	for (i = 0; i < 3 && rc == 0; i++) {
		rc = run_batch(&e, &ours, &bind);
		rc = rc < 0 ? rc : run_batch(&e, &ours, &bind);
		rc = rc < 0 ? rc : run_gates(&e, &p, &sum, &theirs);
	}
	if (rc == 0) {
		printf("%2u qubits, %d samples: %.3g ms, by samples and gates "
		       "%.4g ms\n",
		    (unsigned)n, BATCH, 1e3 * ours, 1e3 * theirs);
		printf("ratio by samples and gates / batch, n=%u: %.1f\n",
		    (unsigned)n, theirs / ours);
		printf("ratio bind / batch gradient, n=%u: %.4f\n", (unsigned)n,
		    bind / ours);
	}
	pauli_close(&sum);
	program_close(&p);
	engine_close(&e);
	return rc;
}

static int
two_threads(uint32_t n, int rounds)
{
	struct engine one = ENGINE_INIT, two = ENGINE_INIT;
	double t1 = 1e9, t2 = 1e9, bind = 1e9;
	int rc = engine_open(&one, n, 1), i;

	rc = rc < 0 ? rc : engine_open(&two, n, 2);
	for (i = 0; i < rounds && rc == 0; i++) {
		rc = run_batch(&one, &t1, &bind);
		rc = rc < 0 ? rc : run_batch(&two, &t2, &bind);
	}
	if (rc == 0)
		printf("ratio 1 thread / 2 threads, n=%u: %.2f\n", (unsigned)n,
		    t1 / t2);
	engine_close(&one);
	engine_close(&two);
	return rc;
}

int
main(void)
{
	int rc = against_gates(4);

	rc = rc < 0 ? rc : against_gates(8);
	rc = rc < 0 ? rc : against_gates(12);
	rc = rc < 0 ? rc : two_threads(8, 200);
	rc = rc < 0 ? rc : two_threads(16, 4);
	if (rc < 0)
		fprintf(stderr, "bench_engine: %s\n", strerror(-rc));
	return rc < 0;
}
