/*
 * What states take of the machine: 16 B x 2^n and 10 %, the adjoint twice that.
 * The largest resident size is of the whole process and never falls, so the
 * small ones come first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/gradient/samples.h"
#include "sim/state/pool.h"
#include "sim/state/vector.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOW true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHADOW true
#endif
#endif
#ifndef SHADOW
#define SHADOW false /* memory beside what is asked for */
#endif

/* The peak of this program. Not getrusage(): its peak begins with that of who
 * started us. */
static uint64_t
resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[256];

	assert_non_null(f);
	while (kib == 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	assert_int_equal(fclose(f), 0);
	assert_true(kib > 0);
	return (uint64_t)kib * 1024;
}

static void
make(struct circuit *c, uint32_t n)
{
	struct circuit_gate g = {.op = CIRCUIT_RY};
	uint32_t i;

	assert_int_equal(circuit_init(c, n), 0);
	g.angle.ref = CIRCUIT_FEATURE;
	g.angle.coef = 1.0;
	for (i = 0; i < n; i++) {
		g.q[0] = g.angle.index = i;
		assert_int_equal(circuit_add(c, &g), 0);
	}
	g.angle.ref = CIRCUIT_PARAM;
	/* Deep enough that no shortcut for shallow circuits is taken. */
	for (i = 0; i < 12 * n; i++) {
		g.op = i % (2 * n) < n ? CIRCUIT_RY : CIRCUIT_CNOT;
		g.q[0] = i % n;
		g.q[1] = (i + 1) % n;
		g.angle.index = i % n;
		assert_int_equal(circuit_add(c, &g), 0);
	}
}

/* One run of n qubits; what its header says that it takes. */
static uint64_t
run(uint32_t n, bool gradients)
{
	struct samples_options o = {.gradients = gradients};
	double x[30], theta[30], value, grad[30];
	struct samples_batch b = {.features = x,
	    .n = 1,
	    .mask = 1,
	    .value = &value,
	    .grad = gradients ? grad : NULL};
	struct samples *s;
	struct circuit c;
	struct plan p;
	uint64_t promised;
	uint32_t i;

	for (i = 0; i < n; i++) {
		x[i] = 0.3 + 0.1 * i;
		theta[i] = 0.2 + 0.05 * i;
	}
	make(&c, n);
	assert_int_equal(plan_compile(&p, &c), 0);
	assert_int_equal(pool_new(&o.pool, 1), 0);
	promised = samples_bytes(&p, &o);
	assert_int_equal(samples_new(&s, &p, &o), 0);
	samples_bind(s, theta);
	assert_int_equal(samples_run(s, &b), 0);
	samples_free(s);
	pool_free(o.pool);
	plan_close(&p);
	circuit_close(&c);
	return promised;
}

/* Freed arrays went back to the system, so that the peak is of this run. */
static void
check(const char *what, uint64_t start, uint64_t promised, uint64_t state)
{
	uint64_t used = resident() - start;

	print_message("%s: %.2f MiB for %.0f MiB of amplitudes\n", what,
	    (double)used / 0x1p20, (double)state / 0x1p20);
	assert_true(used <= state + state / 10);
	assert_true(promised <= state + state / 10);
	/* It was there, not somewhere else. */
	assert_true(used >= state - state / 10);
}

static void
test_memory(void **state)
{
	const uint64_t size = UINT64_C(16) << 22;
	uint64_t start = resident();
	struct vector v;

	(void)state;
	if (SHADOW) {
		print_message("skipped: a sanitizer has memory of its own\n");
		skip();
	}
	check("forward", start, run(22, false), size);
	check("adjoint", start, run(22, true), 2 * size);
	assert_int_equal(vector_init(&v, 24, NULL), 0);
	assert_true(vector_norm(&v) == 1.0);
	check("one vector", start, vector_bytes(24), 4 * size);
	vector_close(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
