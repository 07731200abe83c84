/* The rules against ByzFL: the vectors of its documentation, and what the
 * package made of random updates (tests/data/aggregate/PROVENANCE.md). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/aggregate.h"
#include "consensus/aggregate/pre.h"

#define ROWS 3
#define DIM 3
#define CASE_ROWS 32
#define CASE_DIM 64

static struct aggregate_scratch scratch;

static const double golden_x[ROWS][DIM] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};

struct golden {
	uint8_t id;
	double want[DIM];
	double ulps;
};

static const struct golden golden_rules[] = {
    {AGGREGATE_MEAN, {4, 5, 6}, 0},
    {AGGREGATE_MEDIAN, {4, 5, 6}, 0},
    {AGGREGATE_TRIMMED_MEAN, {4, 5, 6}, 0},
    {AGGREGATE_GEOMETRIC_MEDIAN, {3.78788764, 4.78788764, 5.78788764}, 1},
    {AGGREGATE_KRUM, {1, 2, 3}, 0},
    {AGGREGATE_MULTI_KRUM, {2.5, 3.5, 4.5}, 0},
    {AGGREGATE_MDA, {2.5, 3.5, 4.5}, 0},
    {AGGREGATE_MEAMED, {2.5, 3.5, 4.5}, 0},
};

struct sample {
	int64_t x[CASE_ROWS][CASE_DIM], previous[CASE_DIM];
	const int64_t *rows[CASE_ROWS];
	struct aggregate_knobs knobs;
	struct aggregate_input in;
};

static void
sample_golden(struct sample *s)
{
	*s = (struct sample){.knobs = {.tau = 100 * Q24_ONE,
				 .nu = (int64_t)(0.1 * 16777216 + 0.5),
				 .iterations = 3,
				 .clip = 2 * Q24_ONE}};
	for (int i = 0; i < ROWS; i++) {
		s->rows[i] = s->x[i];
		for (int j = 0; j < DIM; j++)
			s->x[i][j] = (int64_t)golden_x[i][j] * Q24_ONE;
	}
	s->in = (struct aggregate_input){.updates = s->rows,
	    .knobs = &s->knobs,
	    .scratch = &scratch,
	    .n = ROWS,
	    .f = 1,
	    .dim = DIM};
}

static void
assert_near(const int64_t *got, const double *want, double ulps)
{
	for (int j = 0; j < DIM; j++) {
		double d = fabs((double)got[j] - want[j] * 16777216.0);

		if (d > ulps)
			fail_msg("coordinate %d: %.9f, want %.9f", j,
			    q24_to_double(got[j]), want[j]);
	}
}

static void
documented_rules(void **state)
{
	struct sample s;
	int64_t out[DIM];

	(void)state;
	sample_golden(&s);
	for (size_t i = 0; i < sizeof(golden_rules) / sizeof(*golden_rules);
	     i++) {
		const struct golden *g = &golden_rules[i];

		assert_int_equal(aggregate_run(g->id, &s.in, out), 0);
		assert_near(out, g->want, g->ulps);
	}
	s.knobs.iterations = 1; /* L 1, tau 100 */
	assert_int_equal(aggregate_run(AGGREGATE_CENTERED_CLIPPING, &s.in, out),
	    0);
	assert_near(out, golden_x[1], 0);
}

static void
documented_pres(void **state)
{
	static const double nnm[ROWS][DIM] = {{2.5, 3.5, 4.5}, {2.5, 3.5, 4.5},
	    {5.5, 6.5, 7.5}};
	static const double clip[DIM] = {.53452248, 1.06904497, 1.60356745};
	static const double arc[DIM] = {4.41004009, 5.04004582, 5.67005155};
	int64_t y[ROWS][DIM], *out[ROWS] = {y[0], y[1], y[2]};
	struct sample s;

	(void)state;
	sample_golden(&s);
	assert_int_equal(pre_run(PRE_NNM, &s.in, out), ROWS);
	for (int i = 0; i < ROWS; i++)
		assert_near(y[i], nnm[i], 0);
	assert_int_equal(pre_run(PRE_CLIP, &s.in, out), ROWS);
	assert_near(y[0], clip, 1);
	assert_int_equal(pre_run(PRE_ARC, &s.in, out), ROWS);
	assert_near(y[0], golden_x[0], 0);
	assert_near(y[1], golden_x[1], 0);
	assert_near(y[2], arc, 1);
}

static void
read_row(FILE *f, int64_t *row, uint32_t dim)
{
	long long v;

	for (uint32_t j = 0; j < dim; j++) {
		assert_int_equal(fscanf(f, "%lld", &v), 1);
		row[j] = v;
	}
}

/* False at the end of the file. */
static bool
sample_read(FILE *f, struct sample *s, char kind[8], unsigned *ident)
{
	unsigned n, dim, bad, iterations;
	long long tau, nu;
	int got = fscanf(f, "%7s %u %u %u %u %lld %lld %u", kind, ident, &n,
	    &dim, &bad, &tau, &nu, &iterations);

	if (got == EOF)
		return false;
	assert_int_equal(got, 8);
	assert_true(n <= CASE_ROWS && dim <= CASE_DIM);
	*s = (struct sample){.knobs = {.tau = tau,
				 .nu = nu,
				 .iterations = (uint16_t)iterations,
				 .clip = tau}};
	read_row(f, s->previous, dim);
	for (unsigned i = 0; i < n; i++) {
		s->rows[i] = s->x[i];
		read_row(f, s->x[i], dim);
	}
	s->in = (struct aggregate_input){.updates = s->rows,
	    .previous = s->previous,
	    .knobs = &s->knobs,
	    .scratch = &scratch,
	    .n = (uint16_t)n,
	    .f = (uint16_t)bad,
	    .dim = dim};
	return true;
}

/* One rounding, or one for each of at most eight steps. */
static double
allowed(const char *kind, unsigned ident)
{
	bool walks = strcmp(kind, "rule") == 0 &&
	    (ident == AGGREGATE_GEOMETRIC_MEDIAN ||
		ident == AGGREGATE_CENTERED_CLIPPING);

	return walks ? 4 : 0.51;
}

static void
compare_rows(FILE *f, int64_t (*y)[CASE_DIM], unsigned n, uint32_t dim,
    double ulps)
{
	double want;

	for (unsigned i = 0; i < n; i++)
		for (uint32_t j = 0; j < dim; j++) {
			assert_int_equal(fscanf(f, "%lf", &want), 1);
			if (fabs((double)y[i][j] - want) > ulps)
				fail_msg("row %u coordinate %u: %lld, byzfl "
					 "has %.3f",
				    i, j, (long long)y[i][j], want);
		}
}

static void
package_agrees(void **state)
{
	int64_t y[CASE_ROWS][CASE_DIM], *out[CASE_ROWS];
	FILE *f = fopen("tests/data/aggregate/byzfl.txt", "r");
	unsigned ident, ncases = 0;
	struct sample s;
	char kind[8];

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < CASE_ROWS; i++)
		out[i] = y[i];
	while (sample_read(f, &s, kind, &ident)) {
		unsigned n = strcmp(kind, "pre") == 0 ? s.in.n : 1;
		bool attack = strcmp(kind, "attack") == 0;

		if (strcmp(kind, "rule") == 0)
			assert_int_equal(aggregate_run((uint8_t)ident, &s.in,
					     y[0]),
			    0);
		else if (!attack)
			assert_int_equal(pre_run((uint8_t)ident, &s.in, out),
			    s.in.n);
		/* Attacks are the daemon's tests' part of the file. */
		compare_rows(f, y, n, s.in.dim,
		    attack ? INFINITY : allowed(kind, ident));
		ncases += !attack;
	}
	fclose(f);
	assert_true(ncases >= 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documented_rules),
	    cmocka_unit_test(documented_pres),
	    cmocka_unit_test(package_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
