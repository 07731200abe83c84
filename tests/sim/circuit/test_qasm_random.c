/*
 * Random OpenQASM 3 programs of every gate and modifier against dense
 * matrices written here from the gates' definitions; the same through both
 * export dialects; and gradients by three methods.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "sim/circuit/qasm_write.h"
#include "sim/gradient/program_gradient.h"

#define NMAX 6
#define DIM (1 << NMAX)
#define PROGRAMS 400
#define GATES 25
#define PI 3.14159265358979323846

typedef double complex amp;

static uint64_t state_of_draws;

static uint64_t
draw(uint64_t n)
{
	uint64_t z = (state_of_draws += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % n;
}

static double
angle(void)
{
	return ((double)draw(2000001) - 1e6) * 3.2e-6;
}

/* A gate on k qubits by its definition in OpenQASM 3; bit j of an index is
 * operand j. */
struct dense {
	int k;
	amp m[DIM][DIM];
};

static void
clear(struct dense *d, int k)
{
	memset(d, 0, sizeof(*d));
	d->k = k;
}

static void
one(struct dense *d, amp a, amp b, amp c, amp e)
{
	clear(d, 1);
	d->m[0][0] = a;
	d->m[0][1] = b;
	d->m[1][0] = c;
	d->m[1][1] = e;
}

/* The new control is operand 0. */
static void
control(struct dense *d, int when)
{
	static struct dense t;
	int i, j, dim = 1 << d->k;

	clear(&t, d->k + 1);
	for (i = 0; i < dim; i++) {
		t.m[2 * i + !when][2 * i + !when] = 1;
		for (j = 0; j < dim; j++)
			t.m[2 * i + when][2 * j + when] = d->m[i][j];
	}
	*d = t;
}

static void
invert(struct dense *d)
{
	static struct dense t;
	int i, j, dim = 1 << d->k;

	clear(&t, d->k);
	for (i = 0; i < dim; i++) {
		for (j = 0; j < dim; j++)
			t.m[i][j] = conj(d->m[j][i]);
	}
	*d = t;
}

static void
times(struct dense *d, const struct dense *b)
{
	static struct dense t;
	int i, j, k, dim = 1 << d->k;

	clear(&t, d->k);
	for (i = 0; i < dim; i++) {
		for (j = 0; j < dim; j++) {
			for (k = 0; k < dim; k++)
				t.m[i][j] += d->m[i][k] * b->m[k][j];
		}
	}
	*d = t;
}

static void
raise_to(struct dense *d, int power)
{
	static struct dense base;
	int i;

	if (power < 0)
		invert(d);
	base = *d;
	clear(d, base.k);
	for (i = 0; i < 1 << d->k; i++)
		d->m[i][i] = 1;
	for (i = 0; i < abs(power); i++)
		times(d, &base);
}

static void
spec_u(struct dense *d, double t, double p, double l)
{
	amp e = cexp(I * t);

	one(d, (1 + e) / 2, -I * cexp(I * l) * (1 - e) / 2,
	    I * cexp(I * p) * (1 - e) / 2, cexp(I * (p + l)) * (1 + e) / 2);
}

static void
phased(struct dense *d, double a)
{
	int i, j;

	for (i = 0; i < 1 << d->k; i++) {
		for (j = 0; j < 1 << d->k; j++)
			d->m[i][j] *= cexp(I * a);
	}
}

static void
swap_gate(struct dense *d)
{
	clear(d, 2);
	d->m[0][0] = d->m[1][2] = d->m[2][1] = d->m[3][3] = 1;
}

/* Name, angles, operands without controls; letter c: a control in front. */
static const struct {
	const char *name;
	int nangles;
	const char *base;
} gates[] = {{"U", 3, "U"}, {"u3", 3, "u3"}, {"u2", 2, "u2"}, {"u1", 1, "p"},
    {"p", 1, "p"}, {"phase", 1, "p"}, {"id", 0, "id"}, {"x", 0, "x"},
    {"y", 0, "y"}, {"z", 0, "z"}, {"h", 0, "h"}, {"s", 0, "s"},
    {"sdg", 0, "sdg"}, {"t", 0, "t"}, {"tdg", 0, "tdg"}, {"sx", 0, "sx"},
    {"rx", 1, "rx"}, {"ry", 1, "ry"}, {"rz", 1, "rz"}, {"cx", 0, "cx"},
    {"CX", 0, "cx"}, {"cy", 0, "cy"}, {"cz", 0, "cz"}, {"ch", 0, "ch"},
    {"cp", 1, "cp"}, {"cphase", 1, "cp"}, {"crx", 1, "crx"}, {"cry", 1, "cry"},
    {"crz", 1, "crz"}, {"swap", 0, "swap"}, {"cswap", 0, "cswap"},
    {"ccx", 0, "ccx"}, {"cu", 4, "cu"}, {"gphase", 1, "gphase"}};

static void
define(struct dense *d, const char *b, const double *a)
{
	double r = sqrt(0.5), c = cos(a[0] / 2), s = sin(a[0] / 2);

	if (b[0] == 'c' && strcmp(b, "cu") != 0) {
		define(d, b + 1, a);
		control(d, 1);
	} else if (strcmp(b, "U") == 0) {
		spec_u(d, a[0], a[1], a[2]);
	} else if (strcmp(b, "u3") == 0) {
		spec_u(d, a[0], a[1], a[2]);
		phased(d, -(a[0] + a[1] + a[2]) / 2);
	} else if (strcmp(b, "u2") == 0) {
		spec_u(d, PI / 2, a[0], a[1]);
		phased(d, -(a[0] + a[1] + PI / 2) / 2);
	} else if (strcmp(b, "cu") == 0) {
		spec_u(d, a[0], a[1], a[2]);
		phased(d, a[3] - a[0] / 2);
		control(d, 1);
	} else if (strcmp(b, "swap") == 0) {
		swap_gate(d);
	} else if (strcmp(b, "gphase") == 0) {
		clear(d, 0);
		d->m[0][0] = cexp(I * a[0]);
	} else if (strcmp(b, "p") == 0) {
		one(d, 1, 0, 0, cexp(I * a[0]));
	} else if (strcmp(b, "rx") == 0) {
		one(d, c, -I * s, -I * s, c);
	} else if (strcmp(b, "ry") == 0) {
		one(d, c, -s, s, c);
	} else if (strcmp(b, "rz") == 0) {
		one(d, c - I * s, 0, 0, c + I * s);
	} else if (strcmp(b, "sx") == 0) {
		one(d, (1 + I) / 2, (1 - I) / 2, (1 - I) / 2, (1 + I) / 2);
	} else if (strcmp(b, "h") == 0) {
		one(d, r, r, r, -r);
	} else if (strcmp(b, "x") == 0) {
		one(d, 0, 1, 1, 0);
	} else if (strcmp(b, "y") == 0) {
		one(d, 0, -I, I, 0);
	} else if (strcmp(b, "s") == 0 || strcmp(b, "sdg") == 0) {
		one(d, 1, 0, 0, b[1] ? -I : I);
	} else if (strcmp(b, "t") == 0 || strcmp(b, "tdg") == 0) {
		one(d, 1, 0, 0, r + (b[1] ? -I : I) * r);
	} else {
		one(d, 1, 0, 0, b[0] == 'z' ? -1 : 1);
	}
}

static void
apply(const struct dense *d, const int *q, int n, amp *v)
{
	static amp out[DIM];
	int x, r, j, dim = 1 << d->k;

	for (x = 0; x < 1 << n; x++) {
		int row = 0, rest = x;

		for (j = 0; j < d->k; j++) {
			row |= (x >> q[j] & 1) << j;
			rest &= ~(1 << q[j]);
		}
		out[x] = 0;
		for (r = 0; r < dim; r++) {
			int from = rest;

			for (j = 0; j < d->k; j++)
				from |= (r >> j & 1) << q[j];
			out[x] += d->m[row][r] * v[from];
		}
	}
	memcpy(v, out, sizeof(amp) << n);
}

struct text {
	char s[16384];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
say(struct text *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	t->len +=
	    (size_t)vsnprintf(t->s + t->len, sizeof(t->s) - t->len, format, ap);
	va_end(ap);
	assert_true(t->len < sizeof(t->s));
}

/* Modifiers are drawn from the gate outwards, and written in front. */
static void
modify(struct dense *d, char *text, size_t len, int n, int *ncontrols)
{
	char was[200];
	int i, k, p;

	text[0] = '\0';
	for (i = (int)draw(4); i > 0; i--) {
		snprintf(was, sizeof(was), "%s", text);
		k = (int)draw(4);
		if (k < 2 && d->k < n) {
			control(d, k);
			*ncontrols += 1;
			snprintf(text, len, "%s @ %s", k ? "ctrl" : "negctrl",
			    was);
		} else if (k == 2) {
			invert(d);
			snprintf(text, len, "inv @ %s", was);
		} else {
			p = (int)draw(7) - 3;
			raise_to(d, p);
			snprintf(text, len, "pow(%d) @ %s", p, was);
		}
	}
}

static void
random_gate(struct text *t, int n, amp *v)
{
	static struct dense d;
	size_t g = draw(sizeof(gates) / sizeof(gates[0]));
	double a[4] = {angle(), angle(), angle(), angle()};
	int q[NMAX] = {0}, i, j, ncontrols = 0;
	char modifiers[256];

	define(&d, gates[g].base, a);
	if (d.k > n)
		return;
	modify(&d, modifiers, sizeof(modifiers), n, &ncontrols);
	if (d.k == 0 && ncontrols == 0 && n == 0)
		return;
	for (i = 0; i < n; i++)
		q[i] = i;
	for (i = n - 1; i > 0; i--) {
		int k = (int)draw((uint64_t)i + 1), was = q[i];

		q[i] = q[k];
		q[k] = was;
	}
	say(t, "%s%s", modifiers, gates[g].name);
	for (j = 0; j < gates[g].nangles; j++)
		say(t, "%s%.17g", j ? "," : "(", a[j]);
	say(t, "%s", gates[g].nangles ? ")" : "");
	for (j = 0; j < d.k; j++)
		say(t, "%sq[%d]", j ? "," : " ", q[j]);
	say(t, ";\n");
	apply(&d, q, n, v);
}

static void
read_text(struct program *p, const char *s, const struct qasm_options *o)
{
	struct qasm_error e;

	if (qasm_read(p, s, strlen(s), o, &e) < 0)
		fail_msg("%u:%u: %s in\n%s", e.line, e.column, e.text, s);
}

/* phase: only up to one. */
static void
compare(const char *text, const amp *want, int n, int phase)
{
	struct program p = PROGRAM_INIT;
	struct vector v = VECTOR_INIT;
	amp turn = 0;
	int x;

	read_text(&p, text, NULL);
	assert_int_equal(p.nqubits, n);
	assert_int_equal(vector_init(&v, (uint32_t)n, NULL), 0);
	assert_int_equal(program_run(&p, &v), 0);
	for (x = 0; x < 1 << n; x++)
		turn += conj(want[x]) * (v.amp[0][x] + I * v.amp[1][x]);
	if (!phase)
		turn = 1;
	if (!(fabs(cabs(turn) - 1) < 1e-12))
		fail_msg("overlap %.15g of\n%s", cabs(turn), text);
	for (x = 0; x < 1 << n; x++) {
		amp got = v.amp[0][x] + I * v.amp[1][x];

		if (!(cabs(got - turn * want[x]) < 1e-12))
			fail_msg("amplitude %d is off by %g in\n%s", x,
			    cabs(got - turn * want[x]), text);
	}
	vector_close(&v);
	program_close(&p);
}

static void
round_trip(const char *text, const amp *want, int n)
{
	struct qasm_style style = {.symbolic = false};
	struct program p = PROGRAM_INIT;
	char err[128], *out;

	read_text(&p, text, NULL);
	style.dialect = QASM_DIALECT_3;
	assert_int_equal(qasm_write(&p, &style, &out, err), 0);
	compare(out, want, n, 1);
	free(out);
	style.dialect = QASM_DIALECT_2;
	if (qasm_write(&p, &style, &out, err) == 0)
		compare(out, want, n, 1);
	else /* the one thing that has no form there */
		assert_non_null(strstr(err, "4 controls"));
	free(out);
	program_close(&p);
}

static void
test_programs(void **state)
{
	static struct text t;
	static amp v[DIM];
	int i, g, n;

	(void)state;
	state_of_draws = 7;
	for (i = 0; i < PROGRAMS; i++) {
		n = 1 + i % NMAX;
		t.len = 0;
		say(&t,
		    "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
		    "qubit[%d] q;\n",
		    n);
		memset(v, 0, sizeof(v));
		v[0] = 1;
		for (g = 0; g < GATES; g++)
			random_gate(&t, n, v);
		compare(t.s, v, n, 0);
		round_trip(t.s, v, n);
	}
}

/* Inputs a, b, c in affine forms, products and functions. */
static void
random_angle(struct text *t)
{
	static const char *const forms[] = {"a", "b", "c", "2*a-b", "-c/3+0.2",
	    "a*b", "sin(c)", "a*a+b", "exp(a)/c", "0.4", "pi-b", "sqrt(2+a)"};

	say(t, "%s", forms[draw(sizeof(forms) / sizeof(forms[0]))]);
}

static void
random_slope_program(struct text *t, int n)
{
	static const struct {
		const char *name;
		int nangles, k;
	} some[] = {{"rx", 1, 1}, {"ry", 1, 1}, {"rz", 1, 1}, {"p", 1, 1},
	    {"U", 3, 1}, {"crx", 1, 2}, {"cry", 1, 2}, {"crz", 1, 2},
	    {"cp", 1, 2}, {"cu", 4, 2}, {"h", 0, 1}, {"cx", 0, 2},
	    {"ctrl @ U", 3, 2}, {"negctrl @ ry", 1, 2}, {"inv @ u3", 3, 1},
	    {"pow(2) @ rx", 1, 1}, {"ctrl @ gphase", 1, 1}};
	int g, j, q;

	t->len = 0;
	say(t,
	    "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
	    "input float[64] a; input angle b; input float c;\n"
	    "qubit[%d] q;\nh q;\n",
	    n);
	for (g = 0; g < 15; g++) {
		size_t k = draw(sizeof(some) / sizeof(some[0]));

		say(t, "%s", some[k].name);
		for (j = 0; j < some[k].nangles; j++) {
			say(t, "%s", j ? "," : "(");
			random_angle(t);
		}
		q = (int)draw((uint64_t)n);
		say(t, "%s q[%d]", some[k].nangles ? ")" : "", q);
		if (some[k].k == 2)
			say(t, ",q[%d]",
			    (q + 1 + (int)draw((uint64_t)n - 1)) % n);
		say(t, ";\n");
	}
}

/* The text with other inputs: nothing of a gradient's code is in this. */
static double
value_at(const char *text, const double *x)
{
	struct qasm_set sets[3] = {{"a", x[0]}, {"b", x[1]}, {"c", x[2]}};
	struct qasm_options o = {.sets = sets, .nsets = 3};
	struct program p = PROGRAM_INIT;
	struct vector v = VECTOR_INIT;
	struct pauli_sum sum;
	char err[128];
	double out;

	read_text(&p, text, &o);
	assert_int_equal(pauli_parse(&sum, "Z0 X1 + 0.3*Y1 - 0.7*Z1", p.nqubits,
			     err),
	    0);
	assert_int_equal(vector_init(&v, p.nqubits, NULL), 0);
	assert_int_equal(program_run(&p, &v), 0);
	out = pauli_expect(&sum, &v);
	pauli_close(&sum);
	vector_close(&v);
	program_close(&p);
	return out;
}

static void
check_slopes(const char *text)
{
	double x[3] = {0.3, -0.8, 1.1}, up[3], down[3];
	struct qasm_set sets[3] = {{"a", x[0]}, {"b", x[1]}, {"c", x[2]}};
	struct qasm_options o = {.sets = sets, .nsets = 3};
	double adjoint[3], shift[3], value, fd;
	struct program p = PROGRAM_INIT;
	struct pauli_sum sum;
	struct program_problem q = {.p = &p, .sum = &sum};
	char err[128];
	int i;

	read_text(&p, text, &o);
	assert_int_equal(pauli_parse(&sum, "Z0 X1 + 0.3*Y1 - 0.7*Z1", p.nqubits,
			     err),
	    0);
	assert_int_equal(program_adjoint(&q, &value, adjoint), 0);
	assert_int_equal(program_shift(&q, shift), 0);
	assert_true(fabs(value - value_at(text, x)) < 1e-13);
	for (i = 0; i < 3; i++) {
		memcpy(up, x, sizeof(x));
		memcpy(down, x, sizeof(x));
		up[i] += 1e-5;
		down[i] -= 1e-5;
		fd = (value_at(text, up) - value_at(text, down)) / 2e-5;
		if (!(fabs(adjoint[i] - shift[i]) < 1e-11) ||
		    !(fabs(adjoint[i] - fd) < 2e-7 * (1 + fabs(fd))))
			fail_msg("input %d: adjoint %.12g shift %.12g "
				 "difference %.12g in\n%s",
			    i, adjoint[i], shift[i], fd, text);
	}
	pauli_close(&sum);
	program_close(&p);
}

static void
test_gradients(void **state)
{
	static struct text t;
	int i;

	(void)state;
	state_of_draws = 11;
	for (i = 0; i < 150; i++) {
		random_slope_program(&t, 2 + i % 3);
		check_slopes(t.s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_programs),
	    cmocka_unit_test(test_gradients),
	};

	return cmocka_run_group_tests_name("qasm random", tests, NULL, NULL);
}
