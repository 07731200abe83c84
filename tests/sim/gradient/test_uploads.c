/*
 * Features in angles at any place: one sample at a time with amplitudes in the
 * lanes against eight samples at a time, against a program on a state vector,
 * and against itself on other ISAs and threads. Gradients by parameters and by
 * features, of several weighted strings.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/circuit_program.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/program_gradient.h"
#include "sim/gradient/samples.h"
#include "sim/observable/pauli.h"
#include "sim/state/pool.h"

#define NSAMPLES 5
#define NPARAMS 11
#define NFEATURES 7
#define NMASKS 3

struct result {
	double value[NSAMPLES * NMASKS];
	double grad[NSAMPLES * NPARAMS];
	double dx[NSAMPLES * NFEATURES];
};

struct how {
	enum samples_executor executor;
	enum lanes_isa isa;
	size_t nthreads;
	bool one; /* each sample in a batch of its own */
};

struct input {
	double theta[NPARAMS];
	double x[NSAMPLES * NFEATURES];
	double weights[NSAMPLES * NMASKS];
	uint32_t masks[NMASKS];
};

static struct input in;
static struct result first, second;
static bool squares = true; /* angles that multiply two parameters */
static uint64_t draw_state = 11;

static uint32_t
draw(uint32_t n)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(draw_state >> 33) % n;
}

static void
fill(double *to, size_t n, double range)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = range * ((double)draw(20001) / 10000.0 - 1.0);
}

/* Angles up to two turns, so that Paulis are given away now and then. */
static void
draw_input(uint32_t n)
{
	size_t i;

	fill(in.theta, NPARAMS, 2.5);
	fill(in.x, NSAMPLES * NFEATURES, 2.0);
	fill(in.weights, NSAMPLES * NMASKS, 1.0);
	for (i = 0; i < NMASKS; i++)
		in.masks[i] = 1 + draw((UINT32_C(1) << n) - 1);
}

static struct samples_batch
batch_of(struct result *out, size_t at, size_t n)
{
	return (struct samples_batch){.features = in.x + at * NFEATURES,
	    .n = n,
	    .masks = in.masks,
	    .nmasks = NMASKS,
	    .weights = in.weights + at * NMASKS,
	    .value = out->value + at * NMASKS,
	    .grad = out->grad + at * NPARAMS,
	    .dx = out->dx + at * NFEATURES};
}

static void
run(const struct circuit *c, const struct how *how, struct result *out)
{
	struct samples_options o = {.isa = how->isa,
	    .executor = how->executor,
	    .gradients = true};
	struct samples_batch b;
	struct samples *s;
	struct plan p;
	size_t i, step = how->one ? 1 : NSAMPLES;

	memset(out, 0, sizeof(*out));
	assert_int_equal(plan_compile(&p, c), 0);
	assert_int_equal(pool_new(&o.pool, how->nthreads), 0);
	assert_int_equal(samples_new(&s, &p, &o), 0);
	samples_bind(s, in.theta);
	for (i = 0; i < NSAMPLES; i += step) {
		b = batch_of(out, i, step);
		assert_int_equal(samples_run(s, &b), 0);
	}
	samples_free(s);
	pool_free(o.pool);
	plan_close(&p);
}

static void
add(struct circuit *c, enum circuit_op op, uint32_t q0, uint32_t q1)
{
	struct circuit_gate g = {.op = op, .q = {q0, q1}};

	g.angle.coef = draw(2) == 0 ? 1.0 : -1.5;
	g.angle.offset = draw(2) == 0 ? 0.0 : 0.7;
	g.angle.ref = draw(2) == 0 ? CIRCUIT_PARAM : CIRCUIT_FEATURE;
	g.angle.by = (enum circuit_ref)draw(3);
	if (!squares && g.angle.ref == g.angle.by)
		g.angle.by = CIRCUIT_CONST;
	g.angle.index =
	    draw(g.angle.ref == CIRCUIT_PARAM ? NPARAMS : NFEATURES);
	g.angle.by_index =
	    draw(g.angle.by == CIRCUIT_PARAM ? NPARAMS : NFEATURES);
	assert_int_equal(circuit_add(c, &g), 0);
}

/* Every gate anywhere. start: 0 |0>, 1 RYs of features, 2 amplitudes. */
static void
random_circuit(struct circuit *c, uint32_t n, uint32_t ngates, int start)
{
	uint32_t i, a, b;

	assert_int_equal(circuit_init(c, n), 0);
	if (start == 1)
		assert_int_equal(template_angle(c,
				     n < NFEATURES ? n : NFEATURES),
		    0);
	if (start == 2)
		assert_int_equal(template_amplitude(c, NFEATURES), 0);
	for (i = 0; i < ngates; i++) {
		a = draw(n); /* one at a time: arguments have no order */
		b = (a + 1 + draw(n - 1)) % n;
		add(c, (enum circuit_op)draw(CIRCUIT_NOPS), a, b);
	}
	for (i = 0; i < n; i++)
		add(c, i % 2 == 0 ? CIRCUIT_RX : CIRCUIT_RY, i, 0);
	c->nparams = NPARAMS;
	c->nfeatures = NFEATURES;
}

static void
assert_near(const double *a, const double *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!(fabs(a[i] - b[i]) < 1e-12))
			fail_msg("%zu: %.17g, not %.17g", i, a[i], b[i]);
	}
}

static void
test_lanes_agree(void **state)
{
	const struct how lanes = {SAMPLES_LANES, LANES_AUTO, 1, false};
	const struct how amps = {SAMPLES_AMPS, LANES_AUTO, 2, false};
	struct circuit c;
	uint32_t n, k;

	(void)state;
	for (n = 4; n <= 13; n++) {
		for (k = 0; k < (n < 10 ? 12U : 3U); k++) {
			draw_input(n);
			random_circuit(&c, n, 20 + 4 * n, (int)(k % 3));
			run(&c, &lanes, &first);
			run(&c, &amps, &second);
			assert_near(second.value, first.value,
			    NSAMPLES * NMASKS);
			assert_near(second.grad, first.grad,
			    NSAMPLES * NPARAMS);
			assert_near(second.dx, first.dx, NSAMPLES * NFEATURES);
			circuit_close(&c);
		}
	}
}

static void
states_of(const struct circuit *c, enum samples_executor executor, double *out)
{
	struct samples_options o = {.executor = executor, .gradients = true};
	struct samples *s;
	struct plan p;

	assert_int_equal(plan_compile(&p, c), 0);
	assert_int_equal(pool_new(&o.pool, 1), 0);
	assert_int_equal(samples_new(&s, &p, &o), 0);
	samples_bind(s, in.theta);
	assert_int_equal(samples_states(s, in.x, 2, out), 0);
	samples_free(s);
	pool_free(o.pool);
	plan_close(&p);
}

/* 1 - |<a|b>| */
static double
apart(const double *a, const double *b, size_t n)
{
	double re = 0.0, im = 0.0;
	size_t i;

	for (i = 0; i < n; i++) {
		re += a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
		im += a[2 * i] * b[2 * i + 1] - a[2 * i + 1] * b[2 * i];
	}
	return 1.0 - hypot(re, im);
}

static void
test_states_agree(void **state)
{
	static double a[4 << 9], b[4 << 9];
	struct circuit c;
	uint32_t n, k;

	(void)state;
	for (n = 4; n <= 9; n++) {
		for (k = 0; k < 6; k++) {
			size_t half = (size_t)2 << n;

			draw_input(n);
			random_circuit(&c, n, 40, (int)(k % 3));
			if (k > 2) /* a diagonal that no string sees */
				add(&c, CIRCUIT_RZZ, 1, 3);
			states_of(&c, SAMPLES_LANES, a);
			states_of(&c, SAMPLES_AMPS, b);
			assert_true(fabs(apart(a, b, half / 2)) < 1e-13);
			assert_true(
			    fabs(apart(a + half, b + half, half / 2)) < 1e-13);
			circuit_close(&c);
		}
	}
}

static void
set_inputs(struct program *p)
{
	uint32_t i;

	assert_int_equal(p->ninputs, NPARAMS);
	for (i = 0; i < NPARAMS; i++) {
		p->inputs[i].value = in.theta[i];
		p->inputs[i].set = true;
	}
}

/* Sample 0 as a program with its features put in. */
static void
check_vector(const struct circuit *c, const struct result *got)
{
	const struct circuit_values v = {NULL, in.x};
	struct program p = PROGRAM_INIT;
	struct pauli_term z[NMASKS];
	struct pauli_sum sum = {z, NMASKS};
	struct program_problem q = {.p = &p, .sum = &sum};
	double value, grad[NPARAMS], want = 0.0;
	size_t k;

	for (k = 0; k < NMASKS; k++) {
		z[k] = (struct pauli_term){0, in.masks[k], in.weights[k]};
		want += in.weights[k] * got->value[k];
	}
	assert_int_equal(circuit_program(c, &v, &p), 0);
	set_inputs(&p);
	assert_int_equal(program_adjoint(&q, &value, grad), 0);
	assert_near(&want, &value, 1);
	assert_near(got->grad, grad, NPARAMS);
	program_close(&p);
}

/* AUTO takes amplitudes for these sizes, with and without tables of diagonals
 * for circuits whose samples share angles. */
static void
test_vector_agrees(void **state)
{
	const struct how how = {SAMPLES_AUTO, LANES_AUTO, 2, false};
	static const uint32_t size[] = {5, 9, 13, 14, 17};
	struct circuit c;
	size_t i;

	(void)state;
	squares = false; /* programs know none */
	for (i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		draw_input(size[i]);
		random_circuit(&c, size[i], 70, (int)(i % 2));
		run(&c, &how, &first);
		check_vector(&c, &first);
		circuit_close(&c);
	}
	squares = true;
}

/* d value / d x by differences: what the program does not know. */
static void
test_features_differ(void **state)
{
	const struct how how = {SAMPLES_AMPS, LANES_AUTO, 1, false};
	const double h = 1e-5;
	struct circuit c;
	double up, down;
	size_t i, k;

	(void)state;
	draw_input(6);
	random_circuit(&c, 6, 50, 1);
	run(&c, &how, &first);
	for (i = 0; i < NFEATURES; i++) {
		up = down = 0.0;
		in.x[i] += h;
		run(&c, &how, &second);
		for (k = 0; k < NMASKS; k++)
			up += in.weights[k] * second.value[k];
		in.x[i] -= 2 * h;
		run(&c, &how, &second);
		for (k = 0; k < NMASKS; k++)
			down += in.weights[k] * second.value[k];
		in.x[i] += h;
		assert_true(fabs((up - down) / (2 * h) - first.dx[i]) < 1e-7);
	}
	circuit_close(&c);
}

/* The same on every ISA, for any number of threads, and alone. */
static void
test_bits(void **state)
{
	static const enum lanes_isa isa[] = {LANES_PLAIN, LANES_AVX2,
	    LANES_AVX512};
	const struct how plain = {SAMPLES_AMPS, LANES_PLAIN, 1, true};
	struct circuit c;
	size_t i;
	uint32_t n;

	(void)state;
	for (n = 4; n <= 12; n++) {
		draw_input(n);
		random_circuit(&c, n, 60, (int)(n % 3));
		run(&c, &plain, &first);
		for (i = 0; i < 3; i++) {
			struct how how = {SAMPLES_AMPS, isa[i], 1 + i, false};

			if (lanes_pick(isa[i]) == NULL)
				continue;
			run(&c, &how, &second);
			assert_memory_equal(&first, &second, sizeof(first));
		}
		circuit_close(&c);
	}
}

/* FNV-1a over the bytes of the doubles. */
static uint64_t
hash_of(const struct result *r)
{
	const unsigned char *at = (const unsigned char *)r;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < sizeof(*r); i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* The same by any compiler, on any CPU: a change of these is a change of what
 * a replay gives. */
static void
test_recorded_bits(void **state)
{
	static const struct {
		uint32_t n;
		enum samples_executor executor;
		uint64_t hash;
	} golden[] = {
	    {5, SAMPLES_LANES, UINT64_C(0x72a60513809cb790)},
	    {5, SAMPLES_AMPS, UINT64_C(0xa1ef67e0c9884280)},
	    {9, SAMPLES_LANES, UINT64_C(0x76a877284fe4c403)},
	    {9, SAMPLES_AMPS, UINT64_C(0xab2f3c6f13c75aec)},
	    {12, SAMPLES_AMPS, UINT64_C(0x977a6df6d22bf6e1)},
	};
	struct circuit c;
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		const struct how how = {golden[i].executor, LANES_AUTO, 2,
		    false};

		draw_state = golden[i].n;
		draw_input(golden[i].n);
		random_circuit(&c, golden[i].n, 60, 1);
		run(&c, &how, &first);
		wrong += hash_of(&first) != golden[i].hash;
		print_message("%u qubits: %016llx\n", (unsigned)golden[i].n,
		    (unsigned long long)hash_of(&first));
		circuit_close(&c);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lanes_agree),
	    cmocka_unit_test(test_states_agree),
	    cmocka_unit_test(test_vector_agrees),
	    cmocka_unit_test(test_features_differ),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_recorded_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
