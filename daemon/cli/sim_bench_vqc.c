/*
 * sim_bench_vqc.c - workloads W1, gradients of a batch, and W2, one large
 * state forward.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim.h"
#include "daemon/cli/sim_bench.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/gradient/samples.h"
#include "sim/state/pool.h"

#define PI 3.14159265358979323846

struct run {
	struct bench_options o;
	struct circuit circuit;
	struct plan plan;
	struct pool *pool;
	struct samples *samples;
	double *theta, *features, *value, *grad, *seconds;
	struct bench_times times;
};

static int
add_layer(struct circuit *c, uint32_t layer)
{
	static const enum circuit_op op[3] = {CIRCUIT_RZ, CIRCUIT_RY,
	    CIRCUIT_RZ};
	struct circuit_gate g = {.op = CIRCUIT_CNOT};
	uint32_t n = c->nqubits, i;
	int rc = 0;

	for (i = 0; i < 3 * n && rc == 0; i++) {
		g.op = op[i % 3];
		g.q[0] = i / 3;
		g.angle.ref = CIRCUIT_PARAM;
		g.angle.index = 3 * n * layer + i;
		g.angle.coef = 1.0;
		rc = circuit_add(c, &g);
	}
	g = (struct circuit_gate){.op = CIRCUIT_CNOT};
	for (i = 0; i < n && n > 1 && rc == 0; i++) {
		g.q[0] = i;
		g.q[1] = (i + 1) % n;
		rc = circuit_add(c, &g);
	}
	return rc;
}

static int
build(struct circuit *c, const struct bench_options *o)
{
	struct circuit_gate g = {.op = CIRCUIT_RY};
	uint32_t i;
	int rc = circuit_init(c, o->nqubits);

	g.angle.ref = CIRCUIT_FEATURE;
	g.angle.coef = PI;
	for (i = 0; i < o->nqubits && rc == 0; i++) {
		g.q[0] = g.angle.index = i;
		rc = circuit_add(c, &g);
	}
	for (i = 0; i < o->nlayers && rc == 0; i++)
		rc = add_layer(c, i);
	return rc;
}

static void
run_close(struct run *r)
{
	samples_free(r->samples);
	pool_free(r->pool);
	plan_close(&r->plan);
	circuit_close(&r->circuit);
	free(r->theta);
	free(r->features);
	free(r->value);
	free(r->grad);
	free(r->seconds);
}

/* Angles and features of the workloads. */
static int
fill(struct run *r, bool gradients)
{
	size_t n = r->o.nqubits, nparams = r->plan.nparams, i;
	size_t count = gradients ? r->o.nsamples * nparams : 1;
	double k;

	r->theta = calloc(nparams, sizeof(double));
	r->features = calloc(r->o.nsamples * n, sizeof(double));
	r->value = calloc(r->o.nsamples, sizeof(double));
	r->grad = calloc(count, sizeof(double));
	r->seconds = calloc(r->o.repeats, sizeof(double));
	if (r->theta == NULL || r->features == NULL || r->value == NULL ||
	    r->grad == NULL || r->seconds == NULL)
		return -ENOMEM;
	for (i = 0; i < nparams; i++) {
		k = 0.1 + 0.37 * (double)i;
		r->theta[i] = k - 2 * PI * (double)(long)(k / (2 * PI));
	}
	for (i = 0; i < r->o.nsamples * n; i++)
		r->features[i] = bench_feature((uint32_t)(i % n), i / n);
	return 0;
}

/* -EFBIG after saying how much it would take and how much there is. */
static int
check_memory(const struct plan *p, const struct samples_options *o)
{
	uint64_t need = samples_bytes(p, o), have = bench_memory();

	if (need <= have)
		return 0;
	(void)cli_error(CLI_FAILED,
	    "%u qubits need %.1f GiB, and %.1f GiB are free",
	    (unsigned)p->nqubits, (double)need / 0x1p30, (double)have / 0x1p30);
	return -EFBIG;
}

static int
run_open(struct run *r, const struct bench_options *o, bool gradients)
{
	struct samples_options s = {.isa = o->isa,
	    .executor = (enum samples_executor)o->executor,
	    .gradients = gradients,
	    .advise = bench_advise};
	int rc;

	*r = (struct run){.o = *o, .circuit = CIRCUIT_INIT, .plan = PLAN_INIT};
	rc = build(&r->circuit, o);
	if (rc == 0)
		rc = plan_compile(&r->plan, &r->circuit);
	if (rc == 0)
		rc = pool_new(&r->pool, o->nthreads);
	if (rc == 0)
		rc = fill(r, gradients);
	if (rc < 0)
		return rc;
	s.pool = r->pool;
	rc = check_memory(&r->plan, &s);
	return rc < 0 ? rc : samples_new(&r->samples, &r->plan, &s);
}

/* Binding is part of what is timed: each batch of training has new angles. */
static int
run_once(struct run *r, double *grad, double *seconds)
{
	const struct samples_batch b = {.features = r->features,
	    .n = r->o.nsamples,
	    .mask = 1,
	    .value = r->value,
	    .grad = grad};
	double start = bench_now(), cpu = bench_cpu(), bound;
	int rc;

	samples_bind(r->samples, r->theta);
	bound = bench_now();
	rc = samples_run(r->samples, &b);
	*seconds = bench_now() - start;
	cpu = bench_cpu() - cpu;
	if (r->times.cpu <= 0.0 || cpu < r->times.cpu)
		r->times.cpu = cpu;
	if (r->times.bind <= 0.0 || bound - start < r->times.bind)
		r->times.bind = bound - start;
	return rc;
}

static int
run_all(struct run *r, double *grad)
{
	struct bench_times t;
	double warm;
	size_t i;
	int rc = run_once(r, grad, &warm);

	for (i = 0; i < r->o.repeats && rc == 0; i++)
		rc = run_once(r, grad, &r->seconds[i]);
	t = bench_sum_up(r->seconds, r->o.repeats);
	r->times.best = t.best;
	r->times.median = t.median;
	return rc;
}

static void
print(const struct run *r, const double *grad)
{
	size_t i;

	if (!r->o.json)
		printf("%u qubits, %u layers, %zu samples, %zu threads, %s: "
		       "%.6g s at best, %.6g s in the middle, of it %.3g s "
		       "to bind\n",
		    (unsigned)r->o.nqubits, (unsigned)r->o.nlayers,
		    r->o.nsamples, r->o.nthreads, samples_isa(r->samples),
		    r->times.best, r->times.median, r->times.bind);
	printf("{\"seconds\":%.9g,\"median\":%.9g,\"cpu_seconds\":%.9g,"
	       "\"z0\":%.15g,",
	    r->times.best, r->times.median, r->times.cpu, r->value[0]);
	if (grad != NULL) {
		printf("\"grad\":[");
		for (i = 0; i < r->plan.nparams; i++)
			printf("%s%.15g", i == 0 ? "" : ",", grad[i]);
		printf("],");
	}
	printf(
	    "\"bind\":%.9g,\"threads\":%zu,\"isa\":\"%s\",\"repeats\":%zu}\n",
	    r->times.bind, r->o.nthreads, samples_isa(r->samples),
	    r->o.repeats);
}

static int
bench(const struct bench_options *o, bool gradients)
{
	struct run r;
	int rc = run_open(&r, o, gradients);

	if (rc == 0)
		rc = run_all(&r, gradients ? r.grad : NULL);
	if (rc == 0)
		print(&r, gradients ? r.grad : NULL);
	run_close(&r);
	if (rc == -ENOTSUP)
		return cli_error(CLI_USAGE,
		    "this executor cannot run %u qubits", (unsigned)o->nqubits);
	if (rc < 0 && rc != -EFBIG)
		return cli_error(CLI_FAILED, "bench: %s", strerror(-rc));
	return rc < 0 ? CLI_FAILED : CLI_OK;
}

int
bench_gradient(const struct bench_options *o)
{
	return bench(o, true);
}

int
bench_forward(const struct bench_options *o)
{
	struct bench_options one = *o;

	one.nsamples = 1;
	return bench(&one, false);
}
