/* The accountant against 60-digit values computed elsewhere, against published
 * results, and against itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consensus/privacy/budget.h"
#include "consensus/privacy/rdp.h"
#include "consensus/privacy/real.h"

#define PPB UINT32_C(1000000000)

static uint64_t rng = 0x9e3779b97f4a7c15u;

static uint64_t
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static unsigned
order_index(uint32_t alpha)
{
	unsigned i = 0;

	while (rdp_order(i) != alpha)
		i++;
	return i;
}

/* A value to 62 bits, for comparing with long double. */
static long double
as_long_double(struct real a)
{
	long double x = ldexpl((long double)(uint64_t)(a.m >> 64), a.exp + 64);

	return a.negative ? -x : x;
}

static void
test_real_arithmetic(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t x = (int64_t)(draw() >> 34) - (1 << 29);
		int64_t y = (int64_t)(draw() >> 34) - (1 << 29);
		struct real a = real_int(x);
		struct real b = real_int(y);

		assert_int_equal(real_floor(real_add(a, b)), x + y);
		assert_int_equal(real_floor(real_sub(a, b)), x - y);
		assert_int_equal(real_floor(real_mul(a, b)), x * y);
		assert_int_equal(real_cmp(a, b) < 0, x < y);
		if (y == 0)
			continue;
		assert_true(fabsl(as_long_double(real_div(a, b)) -
				(long double)x / (long double)y) <=
		    fabsl((long double)x / (long double)y) * 1e-18L);
	}
}

static void
test_real_rounding(void **state)
{
	static const int64_t cases[][4] = {
	    /* num, den, floor, ceil */
	    {7, 2, 3, 4},
	    {-7, 2, -4, -3},
	    {1, 1000000000, 0, 1},
	    {-1, 1000000000, -1, 0},
	    {0, 5, 0, 0},
	    {12, 4, 3, 3},
	    {-12, 4, -3, -3},
	    {INT64_MAX, 1, INT64_MAX, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct real r = real_ratio(cases[i][0], (uint64_t)cases[i][1]);

		assert_int_equal(real_floor(r), cases[i][2]);
		assert_int_equal(real_ceil(r), cases[i][3]);
	}
}

static void
test_real_exp_log(void **state)
{
	(void)state;
	for (int i = -400; i <= 400; i++) {
		struct real x = real_ratio(i * 17, 10);
		struct real back = real_log(real_exp(x));
		struct real gap = real_sub(back, x);

		assert_true(fabsl(as_long_double(gap)) < 1e-30L);
		assert_true(fabsl(as_long_double(real_exp(real_ratio(i, 100))) /
				    expl((long double)i / 100) -
				1) < 1e-17L);
	}
	/* e^3000 leaves every float format of the machine but not this. */
	assert_true(
	    fabsl(as_long_double(
		real_sub(real_log(real_pow(real_exp(real_int(3000)), 7)),
		    real_int(21000)))) < 1e-28L);
	assert_int_equal(real_floor(real_mul(real_log(real_int(2)),
			     real_int(INT64_C(1000000000000000000)))),
	    693147180559945309);
}

/* Reference 2.3: one step, 20 digits; here the nano rounded up. */
static void
test_subsampled_vectors(void **state)
{
	static const struct {
		double q;
		uint32_t sigma_milli;
		uint32_t alpha;
		double rdp;
	} v[] = {
	    {0.01, 1000, 2, 1.71813422074547930991e-4},
	    {0.01, 1000, 3, 2.64637574584661348208e-4},
	    {0.01, 1000, 8, 8.93643907606031847345e-4},
	    {0.01, 1000, 32, 1.12462759370480688354e+1},
	    {0.01, 2500, 2, 1.73509365708104798799e-5},
	    {0.01, 2500, 5, 4.36151312461576148649e-5},
	    {0.05, 1200, 2, 2.50335452024853224379e-3},
	    {0.05, 1200, 4, 5.72041312255504796358e-3},
	    {0.05, 1200, 8, 2.17821610126331066990e-2},
	    {0.05, 1200, 32, 8.01874232137673961311e+0},
	    {0.04, 1500, 4, 1.88534006444577959992e-3},
	    {0.1, 2000, 8, 1.37254301032199179181e-2},
	    {0.1, 2000, 64, 5.66086725841519932997e+0},
	    {0.5, 1000, 2, 3.57374019508788537315e-1},
	    {0.5, 1000, 16, 7.26064333369976996804e+0},
	    {0.001, 800, 2, 3.77072607277110921772e-6},
	    {0.001, 800, 64, 4.29825978118276702963e+1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct rdp_step s = {(uint32_t)lrint(v[i].q * PPB),
		    v[i].sigma_milli};
		struct rdp_table cost;

		rdp_step_cost(&s, &cost);
		assert_int_equal(cost.nano[order_index(v[i].alpha)],
		    (int64_t)ceil(v[i].rdp * 1e9));
	}
}

static void
test_gaussian_is_exact(void **state)
{
	static const struct {
		uint32_t sigma_milli;
		int64_t nano[4]; /* alpha 2, 4, 8, 32 */
	} v[] = {
	    {1000, {1000000000, 2000000000, 4000000000, 16000000000}},
	    {1200, {694444445, 1388888889, 2777777778, 11111111112}},
	    {4000, {62500000, 125000000, 250000000, 1000000000}},
	};
	static const uint32_t alphas[] = {2, 4, 8, 32};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct rdp_step s = {PPB, v[i].sigma_milli};
		struct rdp_table cost;

		rdp_step_cost(&s, &cost);
		for (int k = 0; k < 4; k++)
			assert_int_equal(cost.nano[order_index(alphas[k])],
			    v[i].nano[k]);
	}
}

struct tables {
	uint32_t q_ppb, sigma_milli;
	int64_t nano[8]; /* alpha 2 .. 8, 10 */
};

/* Reference 2.4, to the last digit. */
static void
test_step_and_cap_vectors(void **state)
{
	static const struct tables steps[] = {
	    {50000000, 1200,
		{2503355, 3995195, 5720414, 7785290, 10411250, 14208013,
		    21782162, 215504804}},
	    {10000000, 1000,
		{171814, 264638, 363155, 468668, 583499, 713647, 893644,
		    38270419}},
	    {100000000, 2000,
		{2836229, 4373659, 6003283, 7736969, 9589172, 11577792,
		    13725431, 18624255}},
	};
	static const int64_t cap8[RDP_ORDERS] = {-2126631104, 3198308519,
	    4912138371, 5747271663, 6238088357, 6559648127, 6785890832,
	    7081989363, 7266282393, 7481849404, 7680173891, 7772161938,
	    7899017525};
	static const int64_t cap3[RDP_ORDERS] = {-7126631104, -1801691481,
	    -87861629, 747271663, 1238088357, 1559648127, 1785890832,
	    2081989363, 2266282393, 2481849404, 2680173891, 2772161938,
	    2899017525};
	struct rdp_target t = {8000, 5};
	struct rdp_table got;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct rdp_step s = {steps[i].q_ppb, steps[i].sigma_milli};

		rdp_step_cost(&s, &got);
		for (unsigned k = 0; k < 8; k++)
			assert_int_equal(got.nano[k], steps[i].nano[k]);
	}
	rdp_budget(&t, &got);
	assert_memory_equal(got.nano, cap8, sizeof(cap8));
	t.eps_milli = 3000;
	rdp_budget(&t, &got);
	assert_memory_equal(got.nano, cap3, sizeof(cap3));
}

static void
test_admitted_steps(void **state)
{
	static const struct {
		uint32_t q_ppb, sigma_milli, eps_milli;
		uint64_t steps;
	} v[] = {
	    {50000000, 1200, 8000, 858},
	    {50000000, 1200, 3000, 118},
	    {10000000, 1000, 8000, 13526},
	    {10000000, 1000, 3000, 2185},
	    {100000000, 2000, 8000, 818},
	    {100000000, 2000, 3000, 134},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct rdp_step s = {v[i].q_ppb, v[i].sigma_milli};
		struct rdp_target t = {v[i].eps_milli, 5};
		struct rdp_table cost;
		struct budget b;
		uint64_t n = 0;

		rdp_step_cost(&s, &cost);
		budget_open(&b, &t);
		assert_int_equal(budget_room(&b, &cost, UINT64_MAX),
		    v[i].steps);
		while (budget_charge(&b, &cost, 1))
			n++;
		assert_int_equal(n, v[i].steps);
		assert_int_equal(b.steps, v[i].steps);
	}
}

/* Reference 2.3, end to end; orders in between those of the ledger can only
 * lower epsilon, so where the best order is one of ours the value is theirs. */
static void
test_epsilon_vectors(void **state)
{
	static const struct {
		uint32_t q_ppb, sigma_milli;
		uint64_t steps;
		uint8_t delta_exp;
		double eps;
		uint32_t order;
	} v[] = {
	    {PPB, 1000, 1, 5, 4.752728336820, 5},
	    {PPB, 10000, 100, 5, 4.752728336820, 5},
	    {PPB, 4000, 100, 5, 14.176691480043, 3},
	    {50000000, 1200, 400, 5, 5.366843965211, 5},
	    {40000000, 1500, 2250, 5, 7.329876773835, 4},
	    {10000000, 1000, 1000, 5, 2.107753075452, 8},
	    {100000000, 2000, 200, 6, 4.139674320761, 7},
	    {10000000, 1100, 6000, 5, 4.264088370675, 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct rdp_step s = {v[i].q_ppb, v[i].sigma_milli};
		struct rdp_table cost;
		uint32_t order = 0;
		double eps;

		rdp_step_cost(&s, &cost);
		for (unsigned k = 0; k < RDP_ORDERS; k++)
			cost.nano[k] *= (int64_t)v[i].steps;
		eps = (double)rdp_epsilon_nano(&cost, v[i].delta_exp, &order) /
		    1e9;
		assert_int_equal(order, v[i].order);
		/* Every step was rounded up by at most a nano. */
		assert_true(eps >= v[i].eps - 1e-12);
		assert_true(eps <= v[i].eps + 1e-9 * (double)(v[i].steps + 1));
	}
}

/* What is kept of a delta changes no number, in whatever order they come. */
static void
test_kept_is_the_same(void **state)
{
	struct rdp_kept k = {0};

	(void)state;
	for (int run = 0; run < 500; run++) {
		uint8_t delta = (uint8_t)(1 + draw() % RDP_DELTA_EXP_MAX);
		struct rdp_table spent;
		uint32_t a = 0, b = 0;

		for (unsigned i = 0; i < RDP_ORDERS; i++)
			spent.nano[i] = (int64_t)(draw() % 40) * RDP_NANO +
			    (int64_t)(draw() % RDP_NANO);
		assert_true(rdp_epsilon_nano(&spent, delta, &a) ==
		    rdp_epsilon_kept(&k, &spent, delta, &b));
		assert_int_equal(a, b);
	}
}

/* No sequence of charges of different jobs may pass the target. */
static void
test_budget_never_exceeded(void **state)
{
	static const struct rdp_step kinds[] = {{50000000, 1200},
	    {10000000, 1000}, {PPB, 4000}, {1000000, 900}};
	struct rdp_table cost[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		rdp_step_cost(&kinds[i], &cost[i]);
	for (int run = 0; run < 100; run++) {
		struct rdp_target t = {(uint32_t)(500 + draw() % 10000),
		    (uint8_t)(4 + draw() % 4)};
		struct budget b;

		budget_open(&b, &t);
		for (int k = 0; k < 300; k++) {
			const struct rdp_table *c = &cost[draw() % 4];
			uint64_t n = 1 + draw() % 50;
			struct budget before = b;
			uint32_t order;
			bool ok = budget_charge(&b, c, n);

			assert_int_equal(ok, budget_room(&before, c, n) == n);
			if (!ok)
				assert_memory_equal(&b, &before, sizeof(b));
			if (b.steps == 0 || k % 16)
				continue;
			assert_true(
			    rdp_epsilon_nano(&b.spent, t.delta_exp, &order) <=
			    (int64_t)t.eps_milli * 1000000);
		}
	}
}

static void
test_monotone(void **state)
{
	struct rdp_table last = {{0}};
	struct rdp_table c;

	(void)state;
	for (uint32_t q = 10000000; q <= PPB; q *= 10) {
		struct rdp_step s = {q, 1100};

		rdp_step_cost(&s, &c);
		for (unsigned i = 0; i < RDP_ORDERS; i++) {
			assert_true(c.nano[i] > last.nano[i]);
			assert_true(i == 0 || c.nano[i] >= c.nano[i - 1]);
		}
		last = c;
	}
	for (uint32_t sigma = 1200; sigma < 5000; sigma += 700) {
		struct rdp_step s = {PPB, sigma};

		rdp_step_cost(&s, &c);
		for (unsigned i = 0; i < RDP_ORDERS; i++)
			assert_true(c.nano[i] < last.nano[i]);
		last = c;
	}
}

static void
test_ranges_and_inheritance(void **state)
{
	struct rdp_step ok = {1, RDP_SIGMA_MIN};
	struct rdp_step bad[] = {{0, 1000}, {PPB + 1, 1000},
	    {1, RDP_SIGMA_MIN - 1}, {1, RDP_SIGMA_MAX + 1}};
	struct rdp_target t = {8000, 5};
	struct rdp_table cost;
	struct budget parent;
	struct budget child;

	(void)state;
	assert_true(rdp_step_valid(&ok));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(rdp_step_valid(&bad[i]));
	rdp_step_cost(&ok, &cost);
	budget_open(&parent, &t);
	ok = (struct rdp_step){50000000, 1200};
	rdp_step_cost(&ok, &cost);
	assert_true(budget_charge(&parent, &cost, 800));
	budget_open(&child, &t);
	budget_inherit(&child, &parent);
	assert_int_equal(budget_room(&child, &cost, UINT64_MAX), 58);
	assert_false(budget_charge(&child, &cost, UINT64_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_real_arithmetic),
	    cmocka_unit_test(test_real_rounding),
	    cmocka_unit_test(test_real_exp_log),
	    cmocka_unit_test(test_subsampled_vectors),
	    cmocka_unit_test(test_gaussian_is_exact),
	    cmocka_unit_test(test_step_and_cap_vectors),
	    cmocka_unit_test(test_admitted_steps),
	    cmocka_unit_test(test_epsilon_vectors),
	    cmocka_unit_test(test_kept_is_the_same),
	    cmocka_unit_test(test_budget_never_exceeded),
	    cmocka_unit_test(test_monotone),
	    cmocka_unit_test(test_ranges_and_inheritance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
