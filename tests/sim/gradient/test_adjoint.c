/*
 * The adjoint against published vectors, structure and finite differences.
 * Vectors: long double parameter shift, agreed on by three other simulators.
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

#include "sim/circuit/bind.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/adjoint.h"
#include "sim/observable/zstring.h"
#include "sim/state/lanes.h"

#define NMAX 12
#define LAYERS 6
#define PARAMS_MAX (3 * NMAX * LAYERS)

/* A circuit with some Z strings, ready to run on one group. */
struct engine {
	struct circuit c;
	struct plan p;
	struct bind b;
	struct adjoint a;
	struct zstring z;
	double *rows; /* LANES prepared rows */
};

static void
engine_open(struct engine *e, const struct circuit *c, enum lanes_isa isa)
{
	const struct lanes *lanes = lanes_pick(isa);

	assert_non_null(lanes);
	assert_int_equal(plan_compile(&e->p, c), 0);
	assert_int_equal(bind_init(&e->b, &e->p), 0);
	assert_int_equal(adjoint_init(&e->a, &e->p, lanes), 0);
	assert_int_equal(zstring_init_pairs(&e->z, &e->p), 0);
	e->rows = lanes_alloc(LANES * adjoint_row_size(&e->p));
	assert_non_null(e->rows);
}

static void
engine_close(struct engine *e)
{
	zstring_close(&e->z);
	adjoint_close(&e->a);
	bind_close(&e->b);
	plan_close(&e->p);
	free(e->rows);
}

/* sum over lanes and observables of weight * <O>; first nlanes used. */
static double
value(struct engine *e, const double *theta, const double *weight,
    size_t nlanes)
{
	double *out = lanes_alloc(e->z.count * LANES), sum = 0.0;
	const double *rows[LANES] = {NULL};
	size_t i;

	assert_non_null(out);
	for (i = 0; i < nlanes; i++)
		rows[i] = e->rows + i * adjoint_row_size(&e->p);
	bind_set(&e->b, &e->p, e->a.lanes, theta);
	adjoint_forward(&e->a, &e->b, rows);
	zstring_expect(&e->z, &e->b, e->a.lanes, e->a.diag, out);
	for (i = 0; i < e->z.count * LANES; i++)
		sum += weight[i] * out[i];
	free(out);
	return sum;
}

static double
gradient(struct engine *e, const double *theta, const double *weight,
    size_t nlanes, double *grad)
{
	double v = value(e, theta, weight, nlanes);

	memset(grad, 0, e->p.nparams * sizeof(*grad));
	zstring_weigh(&e->z, &e->b, e->a.lanes, weight, e->a.diag);
	adjoint_backward(&e->a, &e->b);
	adjoint_collect(&e->a, &e->b, grad);
	return v;
}

/* W1: RY(pi x) on all, then layers of RZ RY RZ a qubit and a ring of CNOTs. */
static void
make_w1(struct circuit *c, uint32_t n)
{
	static const enum circuit_op op[3] = {CIRCUIT_RZ, CIRCUIT_RY,
	    CIRCUIT_RZ};
	struct circuit_gate g = {.op = CIRCUIT_CNOT};
	uint32_t l, i;

	assert_int_equal(circuit_init(c, n), 0);
	assert_int_equal(template_angle(c, n), 0);
	for (l = 0; l < LAYERS; l++) {
		for (i = 0; i < 3 * n; i++) {
			g.op = op[i % 3];
			g.q[0] = i / 3;
			g.angle = (struct circuit_angle){.ref = CIRCUIT_PARAM,
			    .index = 3 * n * l + i,
			    .coef = 1.0};
			assert_int_equal(circuit_add(c, &g), 0);
		}
		g = (struct circuit_gate){.op = CIRCUIT_CNOT};
		for (i = 0; i < n; i++) {
			g.q[0] = i;
			g.q[1] = (i + 1) % n;
			assert_int_equal(circuit_add(c, &g), 0);
		}
	}
}

static double
run_w1(uint32_t n, enum lanes_isa isa, double *grad)
{
	double theta[PARAMS_MAX], weight[100 * LANES] = {1.0}, x[NMAX], z0;
	struct circuit c;
	struct engine e;
	uint32_t k;

	make_w1(&c, n);
	engine_open(&e, &c, isa);
	assert_int_equal(e.p.nsteps, LAYERS + 1);
	for (k = 0; k < c.nparams; k++)
		theta[k] = fmod(0.1 + 0.37 * k, 6.283185307179586477);
	for (k = 0; k < n; k++)
		x[k] = 0.2 + 0.11 * k;
	adjoint_prepare(&e.p, e.a.lanes, x, 1, e.rows);
	z0 = gradient(&e, theta, weight, 1, grad);
	engine_close(&e);
	circuit_close(&c);
	return z0;
}

struct vector {
	uint32_t n;
	double z0, sum, sumsq;
};

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
	double grad[PARAMS_MAX], sum, sumsq, z0;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		z0 = run_w1(v[i].n, LANES_AUTO, grad);
		sum = sumsq = 0.0;
		for (k = 0; k < 3 * v[i].n * LAYERS; k++) {
			sum += grad[k];
			sumsq += grad[k] * grad[k];
		}
		assert_true(fabs(z0 - v[i].z0) < 1e-12);
		assert_true(fabs(sum - v[i].sum) < 1e-12);
		assert_true(fabs(sumsq - v[i].sumsq) < 1e-12);
	}
}

static void
test_vector_entries(void **state)
{
	static const double g4[6] = {-0.103353785842415, 0.065123862234970,
	    -0.153936202997972, -0.296551460108109, 0.233882086444353,
	    0.051698095102107};
	static const double g8[6] = {-0.012779100930166, -0.007774805230319,
	    -0.019752507583045, -0.001007971072517, -0.014672424940038,
	    -0.040816132428691};
	double a[PARAMS_MAX], b[PARAMS_MAX];
	size_t k;

	(void)state;
	(void)run_w1(4, LANES_PLAIN, a);
	(void)run_w1(8, LANES_AUTO, b);
	for (k = 0; k < 6; k++) {
		assert_true(fabs(a[k] - g4[k]) < 1e-12);
		assert_true(fabs(b[k] - g8[k]) < 1e-12);
	}
}

/* Nothing after the last RY is seen by Z; Z0 behind the ring is Z1 .. Zn-1,
 * so qubit 0's whole last rotation does not count. */
static void
test_structural_zeros(void **state)
{
	double g[PARAMS_MAX];
	uint32_t n = 6, last = 3 * n * (LAYERS - 1), q;

	(void)state;
	(void)run_w1(n, LANES_AUTO, g);
	for (q = 0; q < n; q++)
		assert_true(g[last + 3 * q + 2] == 0.0);
	for (q = 0; q < 3; q++)
		assert_true(fabs(g[last + q]) < 1e-15);
	assert_true(fabs(g[last + 4]) > 1e-4);
}

static void
test_isa_bits(void **state)
{
	static const enum lanes_isa isa[] = {LANES_AVX2, LANES_AVX512,
	    LANES_NEON};
	double want[PARAMS_MAX], got[PARAMS_MAX], z0;
	uint32_t n;
	size_t i;

	(void)state;
	for (n = 2; n <= 7; n++) {
		z0 = run_w1(n, LANES_PLAIN, want);
		for (i = 0; i < sizeof(isa) / sizeof(isa[0]); i++) {
			if (lanes_pick(isa[i]) == NULL)
				continue;
			assert_true(run_w1(n, isa[i], got) == z0);
			assert_memory_equal(got, want,
			    3 * n * LAYERS * sizeof(*got));
		}
	}
}

static uint64_t draw_state = 5;

static uint32_t
draw(uint32_t n)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(draw_state >> 33) % n;
}

/* Every gate, parameters shared between gates, factors and offsets. */
static void
random_circuit(struct circuit *c, uint32_t n, uint32_t nparams, bool uploads)
{
	struct circuit_gate g = {.op = CIRCUIT_RX};
	uint32_t i;

	assert_int_equal(circuit_init(c, n), 0);
	assert_int_equal(template_angle(c, n), 0);
	for (i = 0; i < 40; i++) {
		g.op = (enum circuit_op)draw(CIRCUIT_NOPS);
		g.q[0] = draw(n);
		g.q[1] = (g.q[0] + 1 + draw(n - 1)) % n;
		g.angle.ref = CIRCUIT_PARAM;
		g.angle.index = i % nparams;
		g.angle.coef = draw(2) == 0 ? 1.0 : -1.5;
		g.angle.offset = draw(2) == 0 ? 0.0 : 1.1;
		if (uploads && draw(2) == 0)
			g.angle.ref = CIRCUIT_FEATURE;
		g.angle.by = (enum circuit_ref)(uploads ? draw(3) : 0);
		g.angle.by_index = draw(n < nparams ? n : nparams);
		if (g.angle.ref == CIRCUIT_FEATURE)
			g.angle.index = draw(n);
		assert_int_equal(circuit_add(c, &g), 0);
	}
}

static void
check_finite_difference(uint32_t n, bool uploads)
{
	enum { NPARAMS = 9 };
	double theta[NPARAMS], grad[NPARAMS], x[LANES * NMAX], up, down;
	double weight[100 * LANES];
	const double h = 1e-5;
	struct circuit c;
	struct engine e;
	size_t i, lanes_used = 5;

	random_circuit(&c, n, NPARAMS, uploads);
	engine_open(&e, &c, LANES_AUTO);
	for (i = 0; i < NPARAMS; i++)
		theta[i] = (double)draw(1000) * 0.01 - 5.0;
	for (i = 0; i < LANES * n; i++)
		x[i] = (double)draw(1000) * 0.001;
	for (i = 0; i < e.z.count * LANES; i++)
		weight[i] = (double)draw(1000) * 0.002 - 1.0;
	adjoint_prepare(&e.p, e.a.lanes, x, LANES, e.rows);
	(void)gradient(&e, theta, weight, lanes_used, grad);
	for (i = 0; i < c.nparams; i++) {
		theta[i] += h;
		up = value(&e, theta, weight, lanes_used);
		theta[i] -= 2 * h;
		down = value(&e, theta, weight, lanes_used);
		theta[i] += h;
		assert_true(fabs((up - down) / (2 * h) - grad[i]) < 2e-7);
	}
	engine_close(&e);
	circuit_close(&c);
}

static void
test_finite_difference(void **state)
{
	uint32_t n, k;

	(void)state;
	for (n = 2; n <= 7; n++) {
		for (k = 0; k < 8; k++)
			check_finite_difference(n, k % 2 == 0);
	}
}

/* Two groups collected at once = the sum of both collected apart, and what was
 * collected is forgotten. */
static void
test_groups_add(void **state)
{
	double theta[PARAMS_MAX] = {0.3, -0.2, 0.9}, weight[100 * LANES];
	double x[LANES * 3], g1[PARAMS_MAX], g2[PARAMS_MAX];
	double sum[PARAMS_MAX] = {0.0};
	struct circuit c;
	struct engine e;
	size_t i;

	(void)state;
	make_w1(&c, 3);
	engine_open(&e, &c, LANES_AUTO);
	for (i = 0; i < LANES * 3; i++)
		x[i] = (double)draw(1000) * 0.001;
	for (i = 0; i < e.z.count * LANES; i++)
		weight[i] = (double)(i % 5) - 2.0;
	adjoint_prepare(&e.p, e.a.lanes, x, LANES, e.rows);
	(void)gradient(&e, theta, weight, LANES, g1);
	(void)gradient(&e, theta, weight, 3, g2);
	for (i = 0; i < 2; i++) {
		(void)value(&e, theta, weight, i == 0 ? LANES : 3);
		zstring_weigh(&e.z, &e.b, e.a.lanes, weight, e.a.diag);
		adjoint_backward(&e.a, &e.b);
	}
	adjoint_collect(&e.a, &e.b, sum);
	adjoint_collect(&e.a, &e.b, sum);
	for (i = 0; i < c.nparams; i++)
		assert_true(fabs(sum[i] - g1[i] - g2[i]) < 1e-13);
	engine_close(&e);
	circuit_close(&c);
}

/* One lane's value as its features move: d/dx of everything there is. */
static void
check_inputs(uint32_t n, enum circuit_start start)
{
	enum { NPARAMS = 5, LANE = 2 };
	double theta[NPARAMS], x[LANES * NMAX], grad[NPARAMS] = {0}, up, down;
	double weight[100 * LANES] = {0};
	const double h = 1e-5;
	struct circuit c;
	struct engine e;
	size_t i, k;

	random_circuit(&c, n, NPARAMS, true);
	c.start = start;
	engine_open(&e, &c, LANES_AUTO);
	assert_int_equal(adjoint_want_inputs(&e.a), 0);
	for (i = 0; i < NPARAMS; i++)
		theta[i] = (double)draw(1000) * 0.01 - 5.0;
	for (i = 0; i < LANES * n; i++)
		x[i] = (double)draw(1000) * 0.001;
	for (i = 0; i < e.z.count; i++)
		weight[i * LANES + LANE] = (double)draw(1000) * 0.002 - 1.0;
	adjoint_prepare(&e.p, e.a.lanes, x, LANES, e.rows);
	(void)gradient(&e, theta, weight, LANES, grad);
	for (k = 0; k < n; k++) {
		double *at = &x[LANE * n + k],
		       dx = e.a.each.dx[k * LANES + LANE];

		*at += h;
		adjoint_prepare(&e.p, e.a.lanes, x, LANES, e.rows);
		up = value(&e, theta, weight, LANES);
		*at -= 2 * h;
		adjoint_prepare(&e.p, e.a.lanes, x, LANES, e.rows);
		down = value(&e, theta, weight, LANES);
		*at += h;
		assert_true(fabs((up - down) / (2 * h) - dx) < 2e-7);
	}
	engine_close(&e);
	circuit_close(&c);
}

static void
test_inputs(void **state)
{
	uint32_t n, k;

	(void)state;
	for (n = 2; n <= 6; n++) {
		for (k = 0; k < 8; k++)
			check_inputs(n, CIRCUIT_ZERO);
	}
}

/* Each lane's share, with all features in use, is its own gradient. */
static void
test_lanes_apart(void **state)
{
	enum { NPARAMS = 7, N = 4 };
	double theta[NPARAMS], x[LANES * NMAX], one[NPARAMS];
	double weight[100 * LANES], alone[100 * LANES];
	double *grad = lanes_alloc(NPARAMS * LANES);
	struct circuit c;
	struct engine e;
	size_t i, k, lane;

	(void)state;
	random_circuit(&c, N, NPARAMS, true);
	engine_open(&e, &c, LANES_AUTO);
	for (i = 0; i < NPARAMS; i++)
		theta[i] = (double)draw(1000) * 0.01 - 5.0;
	for (i = 0; i < LANES * N; i++)
		x[i] = (double)draw(1000) * 0.001;
	for (i = 0; i < e.z.count * LANES; i++)
		weight[i] = (double)draw(1000) * 0.002 - 1.0;
	adjoint_prepare(&e.p, e.a.lanes, x, LANES, e.rows);
	(void)value(&e, theta, weight, LANES);
	zstring_weigh(&e.z, &e.b, e.a.lanes, weight, e.a.diag);
	adjoint_backward(&e.a, &e.b);
	adjoint_collect_lanes(&e.a, &e.b, grad);
	for (lane = 0; lane < LANES; lane++) {
		memset(alone, 0, sizeof(alone));
		for (k = 0; k < e.z.count; k++)
			alone[k * LANES + lane] = weight[k * LANES + lane];
		(void)gradient(&e, theta, alone, LANES, one);
		for (k = 0; k < c.nparams; k++)
			assert_true(
			    fabs(one[k] - grad[k * LANES + lane]) < 1e-12);
	}
	free(grad);
	engine_close(&e);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_vector_entries),
	    cmocka_unit_test(test_structural_zeros),
	    cmocka_unit_test(test_isa_bits),
	    cmocka_unit_test(test_finite_difference),
	    cmocka_unit_test(test_groups_add),
	    cmocka_unit_test(test_inputs),
	    cmocka_unit_test(test_lanes_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
