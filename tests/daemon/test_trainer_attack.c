/* The attacks of drills against ByzFL: its documentation's vectors, and what
 * the package made of random updates. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/trainer/attack.h"
#include "proto/q24.h"

#define DIM 3
#define CASE_ROWS 32
#define CASE_DIM 64

static const int64_t one[DIM] = {1 * Q24_ONE, 2 * Q24_ONE, 3 * Q24_ONE};
static const int64_t two[DIM] = {4 * Q24_ONE, 5 * Q24_ONE, 6 * Q24_ONE};
static const int64_t three[DIM] = {7 * Q24_ONE, 8 * Q24_ONE, 9 * Q24_ONE};
static const int64_t *const rows[3] = {one, two, three};

static void
documented(void **state)
{
	static const struct {
		uint8_t id;
		double want[DIM];
	} cases[] = {
	    {ATTACK_SIGN_FLIP, {-4, -5, -6}},
	    {ATTACK_IPM, {-8, -10, -12}},
	    {ATTACK_ALIE, {8.5, 9.5, 10.5}},
	};
	struct attack_input in = {.honest = rows, .n = 3, .dim = DIM};
	int64_t out[DIM];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(attack_craft(cases[i].id, &in, out), 0);
		for (int j = 0; j < DIM; j++)
			assert_true(q24_to_double(out[j]) == cases[i].want[j]);
	}
}

static void
obeys_the_job(void **state)
{
	struct attack_input in = {.honest = rows,
	    .n = 3,
	    .dim = DIM,
	    .bound = 3 * Q24_ONE,
	    .clip = 4 * Q24_ONE};
	int64_t out[DIM];

	(void)state;
	for (uint8_t id = ATTACK_SIGN_FLIP; id <= ATTACK_GAUSSIAN; id++) {
		assert_int_equal(attack_craft(id, &in, out), 0);
		assert_true(q24_within(out, DIM, in.clip));
		for (int j = 0; j < DIM; j++)
			assert_true(llabs(out[j]) <= in.bound);
		/* Nothing of what is allowed is given away. */
		if (id != ATTACK_GAUSSIAN)
			assert_false(
			    q24_within(out, DIM, in.clip - in.clip / 1000));
	}
}

static void
noise_is_normal(void **state)
{
	enum { MANY = 4000 };
	int64_t *out = calloc(MANY, sizeof(*out)), first;
	struct attack_input in = {.honest = rows, .n = 1, .dim = MANY};
	double sum = 0, squares = 0;
	int within = 0;

	(void)state;
	assert_non_null(out);
	assert_int_equal(attack_craft(ATTACK_GAUSSIAN, &in, out), 0);
	for (int j = 0; j < MANY; j++) {
		double x = q24_to_double(out[j]);

		sum += x;
		squares += x * x;
		within += fabs(x) < 1;
	}
	assert_true(fabs(sum / MANY) < 0.06);
	assert_true(fabs(squares / MANY - 1) < 0.08);
	assert_true(fabs((double)within / MANY - 0.6827) < 0.03);
	first = out[0];
	in.seed = 1;
	assert_int_equal(attack_craft(ATTACK_GAUSSIAN, &in, out), 0);
	assert_true(out[0] != first);
	free(out);
}

static void
names(void **state)
{
	struct attack_input in = {.honest = rows, .n = 3, .dim = DIM};
	int64_t out[DIM];
	unsigned n = 0;

	(void)state;
	for (; attack_at(n); n++)
		assert_ptr_equal(attack_named(attack_at(n)->name),
		    attack_at(n));
	assert_int_equal(n, 8);
	assert_int_equal(attack_craft(ATTACK_COPY, &in, out), 0);
	assert_memory_equal(out, rows[0], sizeof(out));
	assert_int_equal(attack_craft(ATTACK_FREE_RIDE, &in, out), 0);
	for (unsigned i = 0; i < DIM; i++)
		assert_int_equal(out[i], 0);
	assert_null(attack_named("mimic"));
	assert_int_equal(attack_craft(ATTACK_LABEL_FLIP, &in, out), -EINVAL);
}

/* One line of the file into row; false if it held fewer numbers. */
static void
read_row(FILE *f, double *row, unsigned dim)
{
	for (unsigned j = 0; j < dim; j++)
		assert_int_equal(fscanf(f, "%lf", &row[j]), 1);
}

static void
check_case(FILE *f, unsigned ident, struct attack_input in)
{
	static int64_t x[CASE_ROWS][CASE_DIM];
	const int64_t *p[CASE_ROWS];
	double row[CASE_DIM];
	int64_t out[CASE_DIM];

	read_row(f, row, in.dim); /* the previous aggregate */
	for (uint16_t i = 0; i < in.n; i++) {
		read_row(f, row, in.dim);
		for (uint32_t j = 0; j < in.dim; j++)
			x[i][j] = (int64_t)row[j]; /* below 2^53 */
		p[i] = x[i];
	}
	in.honest = p;
	assert_int_equal(attack_craft((uint8_t)ident, &in, out), 0);
	read_row(f, row, in.dim);
	for (uint32_t j = 0; j < in.dim; j++)
		assert_true(fabs((double)out[j] - row[j]) <= 0.51);
}

static void
package_agrees(void **state)
{
	FILE *f = fopen("tests/data/aggregate/byzfl.txt", "r");
	unsigned ident, n, dim, bad, iterations, ncases = 0;
	double tau, nu, row[CASE_DIM];
	char kind[8];

	(void)state;
	assert_non_null(f);
	while (fscanf(f, "%7s %u %u %u %u %lf %lf %u", kind, &ident, &n, &dim,
		   &bad, &tau, &nu, &iterations) == 8) {
		struct attack_input in = {.n = (uint16_t)n,
		    .dim = dim,
		    .tau = tau / 16777216};

		assert_true(n <= CASE_ROWS && dim <= CASE_DIM);
		if (strcmp(kind, "attack") == 0) {
			check_case(f, ident, in);
			ncases++;
			continue;
		}
		for (unsigned i = 0;
		     i < 1 + n + (strcmp(kind, "pre") == 0 ? n : 1); i++)
			read_row(f, row, dim);
	}
	assert_true(feof(f));
	fclose(f);
	assert_int_equal(ncases, 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documented),
	    cmocka_unit_test(obeys_the_job),
	    cmocka_unit_test(noise_is_normal),
	    cmocka_unit_test(names),
	    cmocka_unit_test(package_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
