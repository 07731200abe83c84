/*
 * Every executor of samples.h against published vectors, each other, and, for
 * circuits of all gates, the sample-lane executor, which has its own oracle.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/samples.h"
#include "sim/state/pool.h"

#define NMAX 17
#define LAYERS 6
#define PARAMS_MAX (3 * NMAX * LAYERS)
#define SAMPLES_MAX 11

struct result {
	double value[SAMPLES_MAX];
	double grad[SAMPLES_MAX * PARAMS_MAX];
};

static struct result first, second;

struct how {
	enum samples_executor executor;
	enum lanes_isa isa;
	size_t nthreads;
};

static int
run(const struct circuit *c, const struct how *how, size_t n, uint32_t mask,
    struct result *out)
{
	struct samples_options o = {.isa = how->isa,
	    .executor = how->executor,
	    .gradients = true};
	double theta[PARAMS_MAX], *x = calloc(n * c->nfeatures, sizeof(*x));
	struct samples_batch b = {.features = x,
	    .n = n,
	    .mask = mask,
	    .value = out->value,
	    .grad = out->grad};
	struct samples *s;
	struct plan p;
	size_t i;
	int rc;

	assert_non_null(x);
	for (i = 0; i < c->nparams; i++)
		theta[i] = fmod(0.1 + 0.37 * (double)i, 6.283185307179586477);
	for (i = 0; i < n * c->nfeatures; i++) {
		size_t sample = i / c->nfeatures;

		x[i] = 0.2 + 0.11 * (double)(i % c->nfeatures) +
		    0.013 * (double)sample;
	}
	assert_int_equal(plan_compile(&p, c), 0);
	assert_int_equal(pool_new(&o.pool, how->nthreads), 0);
	rc = samples_new(&s, &p, &o);
	if (rc == 0) {
		samples_bind(s, theta);
		assert_int_equal(samples_run(s, &b), 0);
	}
	samples_free(s);
	pool_free(o.pool);
	plan_close(&p);
	free(x);
	return rc;
}

static void
make_w1(struct circuit *c, uint32_t n, uint32_t nlayers)
{
	static const enum circuit_op op[3] = {CIRCUIT_RZ, CIRCUIT_RY,
	    CIRCUIT_RZ};
	struct circuit_gate g;
	uint32_t l, i;

	assert_int_equal(circuit_init(c, n), 0);
	assert_int_equal(template_angle(c, n), 0);
	for (l = 0; l < nlayers; l++) {
		for (i = 0; i < 3 * n; i++) {
			g = (struct circuit_gate){.op = op[i % 3]};
			g.q[0] = i / 3;
			g.angle.ref = CIRCUIT_PARAM;
			g.angle.index = 3 * n * l + i;
			g.angle.coef = 1.0;
			assert_int_equal(circuit_add(c, &g), 0);
		}
		for (i = 0; i < n; i++) {
			g = (struct circuit_gate){.op = CIRCUIT_CNOT};
			g.q[0] = i;
			g.q[1] = (i + 1) % n;
			assert_int_equal(circuit_add(c, &g), 0);
		}
	}
}

struct vector {
	uint32_t n;
	double z0, sum, sumsq;
};

static void
check_vector(const struct vector *v, enum samples_executor executor)
{
	const struct how how = {executor, LANES_AUTO, 1};
	double sum = 0.0, sumsq = 0.0;
	struct circuit c;
	size_t k;

	make_w1(&c, v->n, LAYERS);
	assert_int_equal(run(&c, &how, 1, 1, &first), 0);
	for (k = 0; k < c.nparams; k++) {
		sum += first.grad[k];
		sumsq += first.grad[k] * first.grad[k];
	}
	assert_true(fabs(first.value[0] - v->z0) < 1e-12);
	assert_true(fabs(sum - v->sum) < 1e-12);
	assert_true(fabs(sumsq - v->sumsq) < 1e-12);
	circuit_close(&c);
}

/* Long double parameter shift, agreed on by three other simulators. */
static void
test_vectors(void **state)
{
	static const struct vector v[] = {
	    {2, -0.818488312644222, -3.241250337132046, 1.567746647454882},
	    {3, -0.020747866145438, 0.548932405144188, 2.494794620689384},
	    {4, -0.215731704801144, 0.810605534125038, 1.603453152310433},
	    {5, -0.064050143974040, 0.564870454632212, 1.138944903117140},
	    {6, -0.105879479182563, 1.364272303488245, 0.670614258796011},
	    {8, -0.019095938759294, -0.503325522868629, 0.246445288676421},
	    {10, 0.006397975890979, -0.154183027576051, 0.093124854317119},
	    {12, 0.012882462488144, 0.204568369530644, 0.024009043593613},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		check_vector(&v[i], SAMPLES_LANES);
		check_vector(&v[i], SAMPLES_AUTO);
		if (v[i].n >= 4)
			check_vector(&v[i], SAMPLES_AMPS);
	}
}

/* Qulacs and lightning agree on the forward runs of four layers. */
static void
test_large_vector(void **state)
{
	struct samples_options o = {.executor = SAMPLES_AUTO};
	double theta[240], x[20], value;
	struct samples_batch b = {.features = x,
	    .n = 1,
	    .mask = 1,
	    .value = &value,
	    .grad = NULL};
	struct samples *s;
	struct circuit c;
	struct plan p;
	size_t i;

	(void)state;
	make_w1(&c, 20, 4);
	for (i = 0; i < 240; i++)
		theta[i] = fmod(0.1 + 0.37 * (double)i, 6.283185307179586477);
	for (i = 0; i < 20; i++)
		x[i] = 0.2 + 0.11 * (double)i;
	assert_int_equal(plan_compile(&p, &c), 0);
	assert_int_equal(pool_new(&o.pool, 2), 0);
	assert_int_equal(samples_new(&s, &p, &o), 0);
	samples_bind(s, theta);
	assert_int_equal(samples_run(s, &b), 0);
	assert_true(fabs(value + 0.001660907679) < 1e-12);
	/* Gradients were not asked for when there was time to make room. */
	b.grad = first.grad;
	assert_int_equal(samples_run(s, &b), -EINVAL);
	samples_free(s);
	pool_free(o.pool);
	plan_close(&p);
	circuit_close(&c);
}

static uint64_t draw_state = 7;

static uint32_t
draw(uint32_t n)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(draw_state >> 33) % n;
}

static void
random_circuit(struct circuit *c, uint32_t n, uint32_t ngates)
{
	struct circuit_gate g;
	uint32_t i;

	assert_int_equal(circuit_init(c, n), 0);
	assert_int_equal(template_angle(c, n), 0);
	for (i = 0; i < ngates; i++) {
		g = (struct circuit_gate){
		    .op = (enum circuit_op)draw(CIRCUIT_NOPS)};
		g.q[0] = draw(n);
		g.q[1] = (g.q[0] + 1 + draw(n - 1)) % n;
		g.angle.ref = CIRCUIT_PARAM;
		g.angle.index = i % 13;
		g.angle.coef = draw(2) == 0 ? 1.0 : -1.5;
		g.angle.offset = draw(2) == 0 ? 0.0 : 1.1;
		assert_int_equal(circuit_add(c, &g), 0);
	}
}

static void
assert_near(const struct result *a, const struct result *b, size_t n,
    size_t nparams)
{
	size_t i;

	for (i = 0; i < n; i++)
		assert_true(fabs(a->value[i] - b->value[i]) < 1e-13);
	for (i = 0; i < n * nparams; i++)
		assert_true(fabs(a->grad[i] - b->grad[i]) < 1e-12);
}

/* 4 to 13 qubits: fewer rows than a block, chunks shorter than full, several
 * chunks; rotations within a row and beyond. */
static void
test_executors_agree(void **state)
{
	const struct how lanes = {SAMPLES_LANES, LANES_AUTO, 1};
	const struct how amps = {SAMPLES_AMPS, LANES_AUTO, 2};
	struct circuit c;
	uint32_t n, k;

	(void)state;
	for (n = 4; n <= 13; n++) {
		for (k = 0; k < (n < 10 ? 12U : 3U); k++) {
			uint32_t mask = 1 + draw((UINT32_C(1) << n) - 1);

			random_circuit(&c, n, 30 + 5 * n);
			assert_int_equal(run(&c, &lanes, 3, mask, &first), 0);
			assert_int_equal(run(&c, &amps, 3, mask, &second), 0);
			assert_near(&first, &second, 3, c.nparams);
			circuit_close(&c);
		}
	}
}

/* Over AMP_TABLE_QUBITS diagonals are made on the fly. */
static void
test_without_tables(void **state)
{
	const struct how amps = {SAMPLES_AMPS, LANES_AUTO, 1};
	const struct how lanes = {SAMPLES_LANES, LANES_AUTO, 1};
	struct circuit c;

	(void)state;
	make_w1(&c, 17, 2);
	assert_int_equal(run(&c, &lanes, 1, 5, &first), 0);
	assert_int_equal(run(&c, &amps, 1, 5, &second), 0);
	assert_near(&first, &second, 1, c.nparams);
	circuit_close(&c);
}

/* Bits: the same on every ISA, for any number of threads. */
static void
test_bits(void **state)
{
	static const enum lanes_isa isa[] = {LANES_AVX2, LANES_AVX512};
	struct how how = {SAMPLES_AMPS, LANES_PLAIN, 1};
	struct circuit c;
	size_t i, used;
	uint32_t n;

	(void)state;
	for (n = 4; n <= 12; n += 2) {
		make_w1(&c, n, 3);
		used = 5 * c.nparams * sizeof(double);
		how = (struct how){SAMPLES_AMPS, LANES_PLAIN, 1};
		assert_int_equal(run(&c, &how, 5, 1, &first), 0);
		for (i = 0; i < 2; i++) {
			how = (struct how){SAMPLES_AMPS, isa[i], 2 + i};
			if (lanes_pick(isa[i]) == NULL)
				continue;
			assert_int_equal(run(&c, &how, 5, 1, &second), 0);
			assert_memory_equal(first.grad, second.grad, used);
			assert_memory_equal(first.value, second.value,
			    5 * sizeof(double));
		}
		circuit_close(&c);
	}
}

/* Values alone of a large register go by tiles. */
static void
run_values(const struct circuit *c, const struct how *how, uint32_t mask,
    double *value)
{
	struct samples_options o = {.isa = how->isa, .executor = how->executor};
	double theta[PARAMS_MAX], x[2 * NMAX];
	struct samples_batch b = {.features = x,
	    .n = 2,
	    .mask = mask,
	    .value = value,
	    .grad = NULL};
	struct samples *s;
	struct plan p;
	size_t i;

	for (i = 0; i < c->nparams; i++)
		theta[i] = fmod(0.1 + 0.37 * (double)i, 6.283185307179586477);
	for (i = 0; i < 2 * (size_t)c->nfeatures; i++)
		x[i] = 0.2 + 0.11 * (double)i;
	assert_int_equal(plan_compile(&p, c), 0);
	assert_int_equal(pool_new(&o.pool, how->nthreads), 0);
	assert_int_equal(samples_new(&s, &p, &o), 0);
	samples_bind(s, theta);
	assert_int_equal(samples_run(s, &b), 0);
	samples_free(s);
	pool_free(o.pool);
	plan_close(&p);
}

static void
test_tiles(void **state)
{
	const struct how amps = {SAMPLES_AMPS, LANES_AUTO, 1};
	const struct how tiles = {SAMPLES_AUTO, LANES_AUTO, 1};
	const struct how two = {SAMPLES_AUTO, LANES_AVX2, 2};
	double want[2], got[2], again[2];
	struct circuit c;
	uint32_t k, mask;

	(void)state;
	/* Layers 2 and 3 start as sums of products, 5 has more of its own. */
	for (k = 0; k < 11; k++) {
		if (k < 6)
			make_w1(&c, 17, k);
		else
			random_circuit(&c, 17, k == 6 ? 5 : 150);
		mask = 1 + draw((UINT32_C(1) << c.nqubits) - 1);
		run_values(&c, &amps, mask, want);
		run_values(&c, &tiles, mask, got);
		assert_true(fabs(want[0] - got[0]) < 1e-13);
		assert_true(fabs(want[1] - got[1]) < 1e-13);
		if (lanes_pick(LANES_AVX2) != NULL) {
			run_values(&c, &two, mask, again);
			assert_memory_equal(again, got, sizeof(got));
		}
		circuit_close(&c);
	}
}

static void
add(struct circuit *c, enum circuit_op op, uint32_t q0, uint32_t q1)
{
	struct circuit_gate g = {.op = op};

	g.q[0] = q0;
	g.q[1] = q1;
	g.angle.ref = CIRCUIT_PARAM;
	g.angle.index = (uint32_t)c->ngates % 13;
	g.angle.coef = 1.0;
	assert_int_equal(circuit_add(c, &g), 0);
}

/* Phases of all pairs, for which tables do not pay. */
static void
make_pairs(struct circuit *c, uint32_t n)
{
	uint32_t layer, i, j;

	assert_int_equal(circuit_init(c, n), 0);
	for (layer = 0; layer < 2; layer++) {
		for (i = 0; i < n; i++) {
			add(c, CIRCUIT_H, i, i);
			for (j = 0; j < i; j++)
				add(c, CIRCUIT_RZZ, i, j);
		}
	}
	for (i = 0; i < n; i++)
		add(c, CIRCUIT_RX, i, i);
}

/* No phase at all, so that cosines have to go somewhere. */
static void
make_deep(struct circuit *c, uint32_t n, uint32_t nlayers)
{
	uint32_t layer, i;

	assert_int_equal(circuit_init(c, n), 0);
	for (layer = 0; layer < nlayers; layer++) {
		for (i = 0; i < n; i++)
			add(c, CIRCUIT_RY, i, i);
		for (i = 0; i + 1 < n; i++)
			add(c, CIRCUIT_CNOT, i, i + 1);
	}
}

static void
test_tiles_hard(void **state)
{
	const struct how amps = {SAMPLES_AMPS, LANES_AUTO, 1};
	const struct how tiles = {SAMPLES_AUTO, LANES_AUTO, 2};
	const struct how plain = {SAMPLES_AUTO, LANES_AVX2, 1};
	double want[2], got[2], again[2];
	struct circuit c;
	uint32_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		if (k == 0)
			make_pairs(&c, 17);
		else
			make_deep(&c, 17, 90);
		c.nfeatures = 1;
		run_values(&c, &amps, 0x1001, want);
		run_values(&c, &tiles, 0x1001, got);
		assert_true(fabs(want[0] - got[0]) < 1e-12);
		if (lanes_pick(LANES_AVX2) != NULL) {
			run_values(&c, &plain, 0x1001, again);
			assert_memory_equal(again, got, sizeof(got));
		}
		circuit_close(&c);
	}
}

/* A sample's numbers do not depend on its neighbours. */
static void
test_ragged_batch(void **state)
{
	const struct how how = {SAMPLES_LANES, LANES_AUTO, 2};
	struct circuit c;

	(void)state;
	make_w1(&c, 5, 2);
	assert_int_equal(run(&c, &how, 11, 1, &first), 0);
	assert_int_equal(run(&c, &how, 3, 1, &second), 0);
	assert_memory_equal(first.value, second.value, 3 * sizeof(double));
	assert_memory_equal(first.grad, second.grad,
	    3 * c.nparams * sizeof(double));
	circuit_close(&c);
}

static void
test_refusals(void **state)
{
	const struct how how = {SAMPLES_AMPS, LANES_AUTO, 1};
	struct samples_options o = {.executor = SAMPLES_AMPS};
	struct circuit c;
	struct plan p;
	uint64_t state20 = UINT64_C(16) << 20;

	(void)state;
	make_w1(&c, 3, 1);
	assert_int_equal(run(&c, &how, 1, 1, &first), -ENOTSUP);
	circuit_close(&c);
	make_w1(&c, 20, 1);
	assert_int_equal(plan_compile(&p, &c), 0);
	assert_int_equal(pool_new(&o.pool, 1), 0);
	assert_true(samples_bytes(&p, &o) >= state20);
	assert_true(samples_bytes(&p, &o) <= state20 + state20 / 10);
	o.gradients = true;
	assert_true(samples_bytes(&p, &o) <= 2 * state20 + state20 / 10);
	pool_free(o.pool);
	plan_close(&p);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_large_vector),
	    cmocka_unit_test(test_executors_agree),
	    cmocka_unit_test(test_without_tables),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_tiles),
	    cmocka_unit_test(test_tiles_hard),
	    cmocka_unit_test(test_ragged_batch),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
