/* A task's circuit, written as a program, has the expectations that the
 * trainer computes: both encodings, both ansaetze, values or symbols. */
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

#include "sim/circuit/circuit_program.h"
#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "sim/circuit/qasm_write.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/vqc.h"
#include "sim/observable/pauli.h"
#include "tests/sim/learn/rows.h"

#define NROWS 8
#define PARAMS_MAX 256

static double theta[PARAMS_MAX];

/* All <Z_i>, then all <Z_i Z_j>. */
static void
observe(const struct program *p, double *out)
{
	struct vector v = VECTOR_INIT;
	uint32_t i, j, n = p->nqubits;

	assert_int_equal(vector_init(&v, n, NULL), 0);
	assert_int_equal(program_run(p, &v), 0);
	for (i = 0; i < n; i++) {
		struct pauli_term t = {0, UINT64_C(1) << i, 1.0};

		*out++ = pauli_string_expect(&t, &v);
	}
	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n; j++) {
			struct pauli_term t = {0,
			    UINT64_C(1) << i | UINT64_C(1) << j, 1.0};

			*out++ = pauli_string_expect(&t, &v);
		}
	}
	vector_close(&v);
}

/* Written and read again, with every input set. */
static void
through_text(struct program *p, enum qasm_dialect dialect, const double *x)
{
	struct qasm_style style = {.dialect = dialect, .symbolic = true};
	struct program again = PROGRAM_INIT;
	struct qasm_error e;
	char err[128], *text;
	uint32_t i;

	assert_int_equal(qasm_write(p, &style, &text, err), 0);
	program_close(p);
	if (qasm_read(&again, text, strlen(text), NULL, &e) < 0)
		fail_msg("%u:%u: %s", e.line, e.column, e.text);
	free(text);
	*p = again;
	for (i = 0; i < p->ninputs; i++) {
		unsigned k;
		double value = 0.0;

		if (sscanf(p->inputs[i].name, "x_%u", &k) == 1)
			value = x[k];
		else if (sscanf(p->inputs[i].name, "theta_%u", &k) == 1)
			value = theta[k];
		else
			fail_msg("%s", p->inputs[i].name);
		assert_int_equal(program_set(p, p->inputs[i].name, value), 0);
	}
}

static void
compare(const struct task *t, const double *want, const double *row,
    bool symbols)
{
	const struct circuit_values v = {symbols ? NULL : theta,
	    symbols && t->spec.encoding == TASK_ENC_ANGLE ? NULL : row};
	struct program p = PROGRAM_INIT;
	double got[128] = {0};
	size_t k;

	assert_int_equal(vqc_program(t, &v, true, &p), 0);
	if (symbols)
		assert_int_equal(p.ninputs,
		    t->nangles + (v.features ? 0 : t->spec.nfeatures));
	through_text(&p, symbols ? QASM_DIALECT_3 : QASM_DIALECT_2, row);
	observe(&p, got);
	for (k = 0; k < t->nobs; k++) {
		if (!(fabs(got[k] - want[k]) < 1e-12))
			fail_msg("observable %zu: %.17g, not %.17g", k, got[k],
			    want[k]);
	}
	program_close(&p);
}

static void
check(const struct task_spec *spec)
{
	const double *prepared[LANES];
	double *obs, want[128] = {0};
	struct dataset ds;
	struct task t;
	struct fit f;
	void *scratch;
	size_t i, k, size;

	rows_make(&ds, NROWS, spec->nfeatures, 2);
	if (spec->encoding == TASK_ENC_AMPLITUDE)
		for (i = 0; i < ds.n * ds.d; i += 3)
			ds.features[i] *= -1.0;        /* signs count too */
	memset(ds.features, 0, ds.d * sizeof(double)); /* a row of nothing */
	assert_int_equal(task_init(&t, spec), 0);
	assert_true(t.nobs <= 128 && t.nangles <= PARAMS_MAX);
	for (i = 0; i < t.nangles; i++)
		theta[i] = (double)(i * 37 % 101) * 0.06 - 3.0;
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 1}), 0);
	assert_int_equal(fit_load(&f, &ds), 0);
	assert_int_equal(t.ops->map->open_worker(&f, &scratch), 0);
	size = t.ops->map->row_size(&t);
	for (i = 0; i < LANES; i++)
		prepared[i] = f.rows + i * size;
	obs = aligned_alloc(64, t.nobs * LANES * sizeof(double));
	assert_non_null(obs);
	t.ops->map->bind(&f, theta);
	t.ops->map->forward(&f, scratch, prepared, obs);
	for (i = 0; i < NROWS; i++) {
		for (k = 0; k < t.nobs; k++)
			want[k] = obs[k * LANES + i];
		compare(&t, want, ds.features + i * ds.d, false);
		compare(&t, want, ds.features + i * ds.d, true);
	}
	free(obs);
	t.ops->map->close_worker(scratch);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
}

static void
test_encodings(void **state)
{
	struct task_spec s = {.name = "vqc",
	    .nfeatures = 4,
	    .nclasses = 2,
	    .nqubits = 5,
	    .nlayers = 3,
	    .head_scale = 1.0};
	uint32_t features;

	(void)state;
	check(&s);
	s.ansatz = TASK_HARDWARE_EFFICIENT;
	check(&s);
	s.encoding = TASK_ENC_AMPLITUDE;
	for (features = 1; features <= 32; features += 5) {
		s.nfeatures = features;
		check(&s);
	}
	s.nfeatures = 32;
	s.ansatz = TASK_STRONGLY_ENTANGLING;
	check(&s);
	s.nqubits = 1;
	s.nfeatures = 2;
	check(&s);
}

/* Without features and symbols the layers stand alone. */
static void
test_layers_alone(void **state)
{
	struct task_spec s = {.name = "vqc",
	    .nfeatures = 4,
	    .nclasses = 2,
	    .nqubits = 4,
	    .nlayers = 2,
	    .head_scale = 1.0};
	const struct circuit_values v = {theta, NULL};
	struct program p = PROGRAM_INIT;
	struct task t;

	(void)state;
	assert_int_equal(task_init(&t, &s), 0);
	assert_int_equal(vqc_program(&t, &v, false, &p), 0);
	assert_int_equal(p.ninputs, 0);
	assert_int_equal(p.nops, 2 * (3 + 1) * 4);
	program_close(&p);
	assert_int_equal(vqc_program(&t, &v, true, &p), 0);
	assert_int_equal(p.ninputs, 4);
	assert_string_equal(p.inputs[3].name, "x_3");
	program_close(&p);
	task_close(&t);
	s.name = "linear";
	assert_int_equal(task_init(&t, &s), 0);
	assert_int_equal(vqc_program(&t, &v, false, &p), -EINVAL);
	task_close(&t);
}

static void
test_not_finite(void **state)
{
	const double amp[2] = {1.0, NAN};
	struct program p = PROGRAM_INIT;

	(void)state;
	assert_true(program_add_register(&p, "q", 1, true) >= 0);
	assert_int_equal(circuit_program_amplitudes(&p, amp, 2), -EINVAL);
	assert_int_equal(circuit_program_amplitudes(&p, amp, 1), 0);
	assert_int_equal(p.nops, 0); /* it is |0> already */
	program_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_encodings),
	    cmocka_unit_test(test_layers_alone),
	    cmocka_unit_test(test_not_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
