/*
 * sim_bench_kernel.c - workload W3: the kernel matrix of the ZZ feature map,
 * two repetitions, all pairs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim.h"
#include "daemon/cli/sim_bench.h"
#include "sim/learn/qkernel.h"
#include "sim/state/pool.h"

struct run {
	struct qkernel_map map;
	struct pool *pool;
	double *x, *k, *seconds;
	double states; /* of the best run */
	double cpu;    /* the least */
};

static int
run_once(struct run *r, size_t n, double *seconds)
{
	struct qkernel_states s;
	double start = bench_now(), cpu = bench_cpu(), made;
	int rc = qkernel_states_init(&s, &r->map, r->x, n, r->pool);

	if (rc < 0)
		return rc;
	made = bench_now() - start;
	qkernel_gram(&s, &s, r->k, r->pool);
	*seconds = bench_now() - start;
	cpu = bench_cpu() - cpu;
	if (r->cpu <= 0.0 || cpu < r->cpu)
		r->cpu = cpu;
	if (r->states <= 0.0 || made < r->states)
		r->states = made;
	qkernel_states_close(&s);
	return 0;
}

static int
run_all(struct run *r, const struct bench_options *o)
{
	size_t n = o->nsamples, nx = n * o->nqubits, i;
	double warm;
	int rc = pool_new(&r->pool, o->nthreads);

	r->x = calloc(nx, sizeof(*r->x));
	r->k = calloc(n * n, sizeof(*r->k));
	r->seconds = calloc(o->repeats, sizeof(*r->seconds));
	if (r->x == NULL || r->k == NULL || r->seconds == NULL)
		return -ENOMEM;
	for (i = 0; i < nx; i++)
		r->x[i] =
		    bench_feature((uint32_t)(i % o->nqubits), i / o->nqubits);
	if (rc == 0)
		rc = run_once(r, n, &warm);
	for (i = 0; i < o->repeats && rc == 0; i++)
		rc = run_once(r, n, &r->seconds[i]);
	return rc;
}

int
bench_kernel(const struct bench_options *o)
{
	struct run r = {.map = {QKERNEL_ZZ, o->nqubits, 2, o->isa}};
	size_t n = o->nsamples;
	int rc = run_all(&r, o);

	if (rc == 0) {
		struct bench_times t = bench_sum_up(r.seconds, o->repeats);

		if (!o->json)
			printf(
			    "%u qubits, %zu samples, %zu threads, %s: %.6g s "
			    "at best, %.6g s in the middle, of it %.3g s for "
			    "the states\n",
			    (unsigned)o->nqubits, n, o->nthreads,
			    lanes_pick(o->isa)->name, t.best, t.median,
			    r.states);
		printf("{\"seconds\":%.9g,\"median\":%.9g,"
		       "\"cpu_seconds\":%.9g,\"k01\":%.15g,"
		       "\"k0last\":%.15g,\"states\":%.9g,\"threads\":%zu,"
		       "\"isa\":\"%s\",\"repeats\":%zu}\n",
		    t.best, t.median, r.cpu, n > 1 ? r.k[1] : r.k[0],
		    r.k[n - 1], r.states, o->nthreads, lanes_pick(o->isa)->name,
		    o->repeats);
	}
	free(r.x);
	free(r.k);
	free(r.seconds);
	pool_free(r.pool);
	if (rc == -EINVAL)
		return cli_error(CLI_USAGE, "bench kernel: 1 to %d qubits",
		    QKERNEL_MAX_QUBITS);
	if (rc < 0)
		return cli_error(CLI_FAILED, "bench: %s", strerror(-rc));
	return CLI_OK;
}
