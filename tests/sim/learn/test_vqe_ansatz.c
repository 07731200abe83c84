/*
 * Ansatz circuits: energies, gradients and variances of the stored cases, the
 * same as gates, finite differences, what optimisers reach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program.h"
#include "sim/gradient/program_gradient.h"
#include "sim/learn/adapt.h"
#include "sim/learn/uccsd.h"
#include "sim/learn/vqe_ansatz.h"
#include "sim/learn/vqe_circuit.h"
#include "sim/learn/vqe_lbfgs.h"
#include "sim/observable/hamiltonian.h"

#define DATA "tests/data/vqe/"
#define PARAMS_MAX 256
#define PI 3.14159265358979323846

static void
load(struct hamiltonian *h, const char *file, enum mapping_kind mapping)
{
	const struct hamiltonian_options o = {.mapping = mapping};
	char path[128], err[HAMILTONIAN_ERROR_LEN];
	static char text[1 << 16];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), DATA "%s", file);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (hamiltonian_read(h, text, len, &o, err) < 0)
		fail_msg("%s: %s", file, err);
}

static void
build(struct vqe_circuit *c, const struct hamiltonian *h, const char *ansatz,
    uint32_t layers)
{
	*c = (struct vqe_circuit)VQE_CIRCUIT_INIT;
	if (strcmp(ansatz, "hea") == 0)
		assert_int_equal(vqe_hea(c, h->nqubits, layers), 0);
	else if (strcmp(ansatz, "hva") == 0)
		assert_int_equal(vqe_hva(c, h, layers), 0);
	else
		assert_int_equal(uccsd_circuit(c, h), 0);
}

struct problem {
	struct hamiltonian h;
	struct vqe_circuit c;
	struct vqe_room room;
};

static void
open_problem(struct problem *p, const char *file, const char *ansatz,
    uint32_t layers)
{
	load(&p->h, file, MAPPING_JW);
	build(&p->c, &p->h, ansatz, layers);
	assert_int_equal(vqe_room_init(&p->room, p->h.nqubits), 0);
	assert_true(p->c.nparams <= PARAMS_MAX);
}

static void
close_problem(struct problem *p)
{
	vqe_room_close(&p->room);
	vqe_circuit_close(&p->c);
	hamiltonian_close(&p->h);
}

static double
energy(void *arg, const double *theta, double *grad)
{
	struct problem *p = arg;

	vqe_circuit_run(&p->c, theta, &p->room.psi);
	return vqe_circuit_gradient(&p->c, &p->h.sum, theta, &p->room, grad);
}

/* The same through gates and the program's adjoint. */
static void
check_program(struct problem *p, const double *theta, double e,
    const double *grad)
{
	struct program q = PROGRAM_INIT;
	struct program_problem of = {.p = &q, .sum = &p->h.sum};
	double other[PARAMS_MAX] = {0.0}, value;
	uint32_t i;

	assert_int_equal(vqe_circuit_program(&p->c, &q), 0);
	assert_int_equal(q.ninputs, p->c.nparams);
	for (i = 0; i < q.ninputs; i++) {
		q.inputs[i].value = theta[i];
		q.inputs[i].set = true;
	}
	assert_int_equal(program_adjoint(&of, &value, other), 0);
	assert_true(fabs(value - e) < 1e-12);
	for (i = 0; i < q.ninputs; i++)
		assert_true(fabs(other[i] - grad[i]) < 1e-11);
	program_close(&q);
}

static void
read_row(FILE *f, double *x, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(fscanf(f, "%lf", &x[i]), 1);
}

static void
test_reference(void **state)
{
	double theta[PARAMS_MAX] = {0.0}, want[PARAMS_MAX], grad[PARAMS_MAX];
	char name[64], ansatz[16], file[80];
	double e, variance, best;
	FILE *f = fopen(DATA "ansatz_reference.txt", "r");
	uint32_t layers, n, i, cases = 0;

	(void)state;
	assert_non_null(f);
	while (fscanf(f, " case %63s %15s %u %u %lf %lf %lf", name, ansatz,
		   &layers, &n, &e, &variance, &best) == 7) {
		struct problem p;

		snprintf(file, sizeof(file), "%s.json", name);
		open_problem(&p, file, ansatz, layers);
		assert_int_equal(p.c.nparams, n);
		read_row(f, theta, n);
		read_row(f, want, n);
		assert_true(fabs(energy(&p, theta, grad) - e) < 1e-12);
		for (i = 0; i < n; i++)
			assert_true(fabs(grad[i] - want[i]) < 1e-12);
		assert_true(
		    fabs(pauli_variance(&p.h.sum, &p.room.psi, &p.room.work) -
			variance) < 1e-11);
		check_program(&p, theta, e, grad);
		close_problem(&p);
		cases++;
	}
	fclose(f);
	assert_int_equal(cases, 4);
}

/* Central differences, for circuits without a stored case. */
static void
test_differences(void **state)
{
	static const struct {
		const char *file, *ansatz;
	} cases[] = {{"lih_1.60_as2e3o_jw_6q.json", "uccsd"},
	    {"lih_1.60_as2e3o_parity_4q.json", "uccsd"},
	    {"heisenberg_open_n4.txt", "hva"}, {"h2_0.735.FCIDUMP", "uccsd"}};
	double theta[PARAMS_MAX] = {0.0}, grad[PARAMS_MAX], other[PARAMS_MAX];
	size_t k;
	uint32_t i;

	(void)state;
	for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct problem p;
		double e;

		open_problem(&p, cases[k].file, cases[k].ansatz, 2);
		for (i = 0; i < p.c.nparams; i++)
			theta[i] = sin(1.0 + 2.3 * i);
		energy(&p, theta, grad);
		for (i = 0; i < p.c.nparams; i++) {
			double d = 0.0, was = theta[i];
			int at;

			for (at = -2; at <= 2; at++) {
				static const double weight[] = {1, -8, 0, 8,
				    -1};

				theta[i] = was + at * 1e-3;
				d += weight[at + 2] * energy(&p, theta, other);
			}
			theta[i] = was;
			assert_true(fabs(d / 12e-3 - grad[i]) < 1e-8);
		}
		e = energy(&p, theta, grad);
		check_program(&p, theta, e, grad);
		close_problem(&p);
	}
}

/* A full turn of a coupled-cluster angle changes nothing; it keeps the number
 * of electrons of each spin. */
static void
test_uccsd(void **state)
{
	double theta[PARAMS_MAX], grad[PARAMS_MAX], e;
	struct problem p;
	uint64_t i;
	uint32_t k;

	(void)state;
	open_problem(&p, "lih_1.60_as2e3o_jw_6q.json", "uccsd", 0);
	assert_int_equal(p.c.nparams, 8);
	for (k = 0; k < p.c.nparams; k++)
		theta[k] = cos(0.7 + k);
	e = energy(&p, theta, grad);
	for (i = 0; i < 64; i++) {
		bool fits;
		double re = p.room.psi.amp[0][i], im = p.room.psi.amp[1][i];

		mapping_occupied(&p.h.mapping, i, &fits);
		assert_true(fits || re * re + im * im < 1e-28);
	}
	for (k = 0; k < p.c.nparams; k++)
		theta[k] += 2.0 * PI;
	assert_true(fabs(energy(&p, theta, grad) - e) < 1e-12);
	close_problem(&p);
	/* Nobody said how many electrons. */
	load(&p.h, "h2_0.735_jw_4q.txt", MAPPING_JW);
	p.c = (struct vqe_circuit)VQE_CIRCUIT_INIT;
	assert_int_equal(uccsd_circuit(&p.c, &p.h), -EDOM);
	vqe_circuit_close(&p.c);
	hamiltonian_close(&p.h);
}

static double
minimum(struct problem *p, double *theta, struct lbfgs_result *r)
{
	const struct lbfgs l = {.n = p->c.nparams,
	    .eval = energy,
	    .arg = p,
	    .gradient_min = 1e-7,
	    .steps_max = 2000};

	assert_int_equal(lbfgs_minimize(&l, theta, r), 0);
	return r->value;
}

/* The bars: 1.6e-3 Hartree, 1e-3 of spin chains; here tighter. */
static void
test_minima(void **state)
{
	static const struct {
		const char *file, *ansatz;
		uint32_t layers;
		double error; /* against the exact value */
	} cases[] = {{"h2_0.735_jw_4q.json", "uccsd", 0, 1e-9},
	    {"h2_0.735_parity_2q.json", "uccsd", 0, 1e-9},
	    {"lih_1.60_as2e3o_jw_6q.json", "uccsd", 0, 1e-4},
	    {"lih_1.60_as2e3o_parity_4q.json", "uccsd", 0, 1e-4},
	    {"tfim_open_n4_h1.0.json", "hva", 4, 5e-4},
	    {"tfim_open_n6_h1.0.json", "hva", 6, 5e-4},
	    {"tfim_open_n8_h1.0.json", "hva", 8, 5e-4},
	    {"heisenberg_open_n4.json", "hva", 2, 1e-6},
	    {"heisenberg_open_n6.json", "hva", 5, 1e-3}};
	double theta[PARAMS_MAX], exact, e;
	struct lbfgs_result r;
	size_t k;
	uint32_t i;

	(void)state;
	for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct problem p;

		open_problem(&p, cases[k].file, cases[k].ansatz,
		    cases[k].layers);
		for (i = 0; i < p.c.nparams; i++)
			theta[i] = cases[k].layers ? 0.1 : 0.0;
		assert_int_equal(hamiltonian_ground(&p.h, true, &exact), 0);
		e = minimum(&p, theta, &r);
		print_message("%s %s: error %.2e, %u steps, %u params\n",
		    cases[k].file, cases[k].ansatz, e - exact, r.steps,
		    p.c.nparams);
		assert_true(e - exact > -1e-10);
		assert_true(e - exact < cases[k].error);
		close_problem(&p);
	}
}

static void
test_adapt(void **state)
{
	static const struct {
		const char *file;
		uint32_t operators;
		double error;
	} cases[] = {{"h2_0.735_jw_4q.json", 3, 1e-9},
	    {"lih_1.60_as2e3o_jw_6q.json", 12, 1e-5},
	    {"lih_1.60_as2e3o_parity_4q.json", 12, 1e-5},
	    {"tfim_open_n4_h1.0.json", 20, 1e-3},
	    {"heisenberg_open_n4.json", 20, 1e-3}};
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		const struct adapt a = {.operators_max = cases[k].operators,
		    .gradient_min = 1e-5,
		    .energy_min = -INFINITY};
		double *theta, exact, e, grad[PARAMS_MAX];
		struct problem p;

		load(&p.h, cases[k].file, MAPPING_JW);
		p.c = (struct vqe_circuit)VQE_CIRCUIT_INIT;
		assert_int_equal(vqe_room_init(&p.room, p.h.nqubits), 0);
		assert_int_equal(adapt_circuit(&a, &p.h, &p.c, &theta), 0);
		assert_int_equal(hamiltonian_ground(&p.h, true, &exact), 0);
		e = energy(&p, theta, grad);
		print_message("%s adapt: error %.2e, %u operators\n",
		    cases[k].file, e - exact, p.c.nparams);
		assert_true(e - exact > -1e-10 && e - exact < cases[k].error);
		assert_true(p.c.nparams <= cases[k].operators);
		free(theta);
		close_problem(&p);
	}
}

/* Rosenbrock's valley in ten dimensions. */
static double
valley(void *arg, const double *x, double *grad)
{
	double f = 0.0;
	int i;

	(void)arg;
	memset(grad, 0, 10 * sizeof(*grad));
	for (i = 0; i < 9; i++) {
		double a = 1.0 - x[i], b = x[i + 1] - x[i] * x[i];

		f += a * a + 100.0 * b * b;
		grad[i] += -2.0 * a - 400.0 * x[i] * b;
		grad[i + 1] += 200.0 * b;
	}
	return f;
}

static void
test_lbfgs(void **state)
{
	const struct lbfgs l = {.n = 10,
	    .eval = valley,
	    .gradient_min = 1e-9,
	    .steps_max = 500};
	struct lbfgs_result r;
	double x[10] = {0.0};
	int i;

	(void)state;
	assert_int_equal(lbfgs_minimize(&l, x, &r), 0);
	assert_true(r.converged && r.value < 1e-15 && r.steps < 150);
	for (i = 0; i < 10; i++)
		assert_true(fabs(x[i] - 1.0) < 1e-8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_differences),
	    cmocka_unit_test(test_uccsd),
	    cmocka_unit_test(test_lbfgs),
	    cmocka_unit_test(test_minima),
	    cmocka_unit_test(test_adapt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
