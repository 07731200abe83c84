/*
 * Pauli sums: text, expectation and variance against dense 2 x 2 products,
 * grouping, shots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <complex.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/observable/pauli.h"
#include "sim/state/vector.h"

#define N 4
#define DIM (1 << N)

static void
fill(struct vector *v)
{
	double n = 0.0;
	int x;

	assert_int_equal(vector_init(v, N, NULL), 0);
	for (x = 0; x < DIM; x++) {
		v->amp[0][x] = sin(1.0 + 3.7 * x);
		v->amp[1][x] = cos(0.3 + 2.3 * x * x);
		n += v->amp[0][x] * v->amp[0][x] + v->amp[1][x] * v->amp[1][x];
	}
	for (x = 0; x < DIM; x++) {
		v->amp[0][x] /= sqrt(n);
		v->amp[1][x] /= sqrt(n);
	}
}

/* Entry of the string "XIYZ", qubit 0 first. */
static double complex
entry(const char *string, int row, int column)
{
	double complex out = 1;
	int q;

	for (q = 0; q < N; q++) {
		int r = row >> q & 1, c = column >> q & 1;

		switch (string[q]) {
		case 'X':
			out *= r != c;
			break;
		case 'Y':
			out *= r == c ? 0 : r ? I : -I;
			break;
		case 'Z':
			out *= r != c ? 0 : r ? -1 : 1;
			break;
		default:
			out *= r == c;
		}
	}
	return out;
}

static void
test_strings(void **state)
{
	static const char letters[] = "IXYZ";
	struct vector v = VECTOR_INIT;
	int code, q, r, c;

	(void)state;
	fill(&v);
	for (code = 0; code < 256; code++) {
		struct pauli_term t = {.coef = 1.0};
		char string[N + 1] = "";
		double complex want = 0;

		for (q = 0; q < N; q++) {
			string[q] = letters[code >> 2 * q & 3];
			if (string[q] == 'X' || string[q] == 'Y')
				t.x |= UINT64_C(1) << q;
			if (string[q] == 'Z' || string[q] == 'Y')
				t.z |= UINT64_C(1) << q;
		}
		for (r = 0; r < DIM; r++) {
			for (c = 0; c < DIM; c++)
				want += (v.amp[0][r] - I * v.amp[1][r]) *
				    entry(string, r, c) *
				    (v.amp[0][c] + I * v.amp[1][c]);
		}
		if (!(fabs(pauli_string_expect(&t, &v) - creal(want)) < 1e-14))
			fail_msg("%s", string);
	}
	vector_close(&v);
}

static void
test_sum(void **state)
{
	struct vector v = VECTOR_INIT, w = VECTOR_INIT;
	struct pauli_sum s;
	double complex h[DIM], mean = 0;
	double square = 0;
	char err[128];
	int r, c;

	(void)state;
	fill(&v);
	assert_int_equal(vector_init(&w, N, NULL), 0);
	assert_int_equal(pauli_parse(&s, "0.5*X0 Z2 - Y1 Y3 + 1.5 - 2e-1*Z3", N,
			     err),
	    0);
	assert_int_equal(s.nterms, 4);
	for (r = 0; r < DIM; r++) {
		h[r] = 0;
		for (c = 0; c < DIM; c++)
			h[r] +=
			    (0.5 * entry("XIZI", r, c) - entry("IYIY", r, c) +
				1.5 * entry("IIII", r, c) -
				0.2 * entry("IIIZ", r, c)) *
			    (v.amp[0][c] + I * v.amp[1][c]);
		mean += (v.amp[0][r] - I * v.amp[1][r]) * h[r];
		square += creal(h[r] * conj(h[r]));
	}
	assert_true(fabs(pauli_expect(&s, &v) - creal(mean)) < 1e-14);
	assert_true(fabs(pauli_variance(&s, &v, &w) -
			(square - creal(mean) * creal(mean))) < 1e-13);
	pauli_close(&s);
	vector_close(&v);
	vector_close(&w);
}

static void
test_text(void **state)
{
	static const char *const bad[] = {"", "Z", "Z4", "X0 X0", "0.5*",
	    "Z0 +", "Z0 0.5*X1", "Q0", "0x1*Z0", "nan*Z0", "Z0 -- Z1", "1e999",
	    "Z99999999999"};
	struct pauli_sum s;
	char err[128], text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pauli_parse(&s, bad[i], N, err), -EINVAL);
		assert_non_null(strstr(err, "column"));
	}
	assert_int_equal(pauli_parse(&s, " Z1 X0+ 0.25*X0*Z1 ", N, err), 0);
	assert_int_equal(s.nterms, 1);
	assert_int_equal(pauli_print(&s.terms[0], text, sizeof(text)), 11);
	assert_string_equal(text, "+1.25*X0 Z1");
	pauli_close(&s);
}

static void
test_groups(void **state)
{
	struct pauli_sum s;
	struct pauli_groups g;
	uint64_t shots[8];
	char err[128];
	size_t i, k, n = 0;

	(void)state;
	assert_int_equal(pauli_parse(&s,
			     "Z0 Z1 + 0.5*Z2 + 0.25*X0 X1 + X3 - Y0 Y1 + 3", N,
			     err),
	    0);
	assert_int_equal(pauli_groups_init(&g, &s), 0);
	assert_int_equal(g.ngroups, 3);
	for (k = 0; k < g.ngroups; k++) {
		for (i = 0; i < g.groups[k].nterms; i++) {
			const struct pauli_term *t =
			    &s.terms[g.order[g.groups[k].first + i]];
			uint64_t on = t->x | t->z;

			assert_true((g.groups[k].x & on) == t->x);
			assert_true((g.groups[k].z & on) == t->z);
			n++;
		}
	}
	assert_int_equal(n, s.nterms);
	assert_int_equal(pauli_groups_shots(&g, &s, 2, shots), -EINVAL);
	assert_int_equal(pauli_groups_shots(&g, &s, 1000, shots), 0);
	assert_int_equal(shots[0] + shots[1] + shots[2], 1000);
	/* 3 + 1 + 1 + 0.5 of 6.75; the rest in proportion */
	assert_true(shots[0] > 700 && shots[1] > 100 && shots[2] > 20);
	pauli_groups_close(&g);
	pauli_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_sum),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests_name("pauli", tests, NULL, NULL);
}
