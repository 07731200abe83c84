/*
 * The data's density matrix: spectra and vectors against numpy's, federated
 * against pooled, noise, refusals, and the projection before another task.
 */
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

#include "numbers.h"
#include "rows.h"
#include "sim/learn/dataset.h"
#include "sim/learn/jacobi.h"
#include "sim/learn/linalg.h"
#include "sim/learn/qpca.h"
#include "sim/learn/qpca_density.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define REFERENCE "tests/data/qpca/reference.txt"
#define NMAX 64
#define NODES 4
#define UNIT (1.0 / 16777216.0)

static const uint8_t seed[32] = {5, 6, 7};

static double *
record(const char *set, const char *key, size_t n)
{
	char name[96];

	snprintf(name, sizeof(name), "%s.%s", set, key);
	return numbers_read(REFERENCE, name, n);
}

/* 16 values (n if fewer) to tol, 4 vectors to tol over the gap. */
static void
check_spectrum(const char *set, const double *values, const double *vectors,
    size_t n, double tol)
{
	size_t top = n < 16 ? n : 16, i, k;
	double *w = record(set, "eigenvalues", top);
	double *v = record(set, "top_eigenvectors", 4 * n);

	for (i = 0; i < top; i++)
		assert_true(fabs(values[i] - w[i]) < tol);
	for (i = 0; i < 4; i++) {
		double gap = values[i] - values[i + 1 < n ? i + 1 : i - 1];
		double near = i > 0 ? values[i - 1] - values[i] : gap;

		gap = fmin(fabs(gap), fabs(near));
		for (k = 0; k < n; k++)
			assert_true(fabs(vectors[i * n + k] - v[i * n + k]) <
			    tol + 4.0 * tol / gap);
	}
	free(w);
	free(v);
}

static void
check_density(const char *name, const char *kind, bool standardise)
{
	static double v[NMAX * NMAX], u[NMAX * NMAX];
	double w[NMAX], x[NMAX], *want;
	struct dataset ds = DATASET_INIT;
	struct qpca_density r;
	char set[32];

	snprintf(set, sizeof(set), "%s_%s", name, kind);
	numbers_csv(&ds, name);
	assert_int_equal(qpca_density_init(&r, &ds,
			     kind[0] == 'c' ? QPCA_COVARIANCE : QPCA_AMPLITUDES,
			     standardise),
	    0);
	assert_int_equal(jacobi_eigen(r.rho, r.n, w, v), 0);
	check_spectrum(set, w, v, r.n, 1e-12);
	assert_int_equal(linalg_eigen(r.rho, r.n, x, u), 0);
	check_spectrum(set, x, u, r.n, 1e-12);
	want = record(set, "purity", 1);
	assert_true(fabs(qpca_density_purity(w, r.n) - want[0]) < 1e-12);
	free(want);
	want = record(set, "von_neumann_entropy_bits", 1);
	assert_true(fabs(qpca_density_entropy(w, r.n) - want[0]) < 1e-10);
	free(want);
	qpca_density_close(&r);
	dataset_close(&ds);
}

static void
test_spectra(void **state)
{
	(void)state;
	check_density("iris", "cov", true);
	check_density("iris", "amp", false);
	check_density("wine", "cov", true);
	check_density("digits", "cov", false);
	check_density("digits", "amp", false);
	check_density("breast_cancer", "cov", true);
}

/* Columns so that a half is the mean and 1/26 the standard deviation: what a
 * federation agrees on when it knows both. */
static void
load_standard(struct dataset *ds, const char *name)
{
	double mean[NMAX], dev[NMAX];
	struct data_range range[NMAX];
	size_t c;

	*ds = (struct dataset)DATASET_INIT;
	numbers_csv(ds, name);
	numbers_moments(ds, mean, dev);
	for (c = 0; c < ds->d; c++) {
		range[c].lo = mean[c] - 13.0 * dev[c];
		range[c].hi = mean[c] + 13.0 * dev[c];
	}
	assert_int_equal(dataset_scale(ds, range, NULL), 0);
}

static void
centred(struct qpca_spec *s)
{
	static double half[NMAX];
	size_t i;

	for (i = 0; i < NMAX; i++)
		half[i] = 0.5;
	qpca_spec_default(s);
	s->means = half;
	s->radius = 1.0;
	s->min_rows = 10;
}

/* Node k's rows: sorted by label as the file is, so no two are alike. */
static void
part(struct dataset *out, const struct dataset *all, size_t k)
{
	static const size_t cut[NODES + 1] = {0, 20, 45, 80, 100};
	size_t from = all->n * cut[k] / 100, to = all->n * cut[k + 1] / 100;
	uint32_t rows[2048];
	size_t i;

	assert_true(to - from <= 2048);
	for (i = from; i < to; i++)
		rows[i - from] = (uint32_t)i;
	assert_int_equal(dataset_select(out, all, rows, to - from), 0);
}

/* The mean by counts, ties to even, as the rule does it. */
static void
federated_moment(const struct qpca_spec *s, const struct dataset *all,
    int64_t *moment)
{
	size_t n = qpca_size((uint32_t)all->d), k, i;
	int64_t *local = calloc(n, sizeof(*local));
	double *sum = calloc(n, sizeof(*sum));

	assert_non_null(local);
	assert_non_null(sum);
	for (k = 0; k < NODES; k++) {
		struct dataset ds;

		part(&ds, all, k);
		assert_int_equal(qpca_moment(s, &ds, seed, local), 0);
		for (i = 0; i < n; i++) /* below 2^53: exact */
			sum[i] += (double)(local[i] * (int64_t)ds.n);
		dataset_close(&ds);
	}
	for (i = 0; i < n; i++)
		moment[i] = train_round_even(sum[i] / (double)all->n);
	free(local);
	free(sum);
}

static void
check_federated(const char *name)
{
	static int64_t pooled[NMAX * NMAX], shared[NMAX * NMAX];
	struct qpca_projector p;
	struct dataset ds;
	struct qpca_spec s;
	double trace = 0.0;
	char set[32];
	size_t i, n;

	load_standard(&ds, name);
	centred(&s);
	n = qpca_size((uint32_t)ds.d);
	assert_int_equal(qpca_moment(&s, &ds, NULL, pooled), 0);
	federated_moment(&s, &ds, shared);
	for (i = 0; i < n; i++)
		assert_true(llabs(pooled[i] - shared[i]) <= 1);
	assert_int_equal(qpca_projector_init(&p, &s, (uint32_t)ds.d, shared),
	    0);
	for (i = 0; i < ds.d; i++)
		trace += p.values[i];
	for (i = 0; i < ds.d; i++)
		p.values[i] /= trace;
	snprintf(set, sizeof(set), "%s_cov", name);
	if (ds.d == 4) { /* the reference pads to 2^n, and 4 is one */
		check_spectrum(set, p.values, p.vectors, 4, 4.0 * UNIT / trace);
	} else {
		double *w = record(set, "eigenvalues", 16);

		for (i = 0; i < ds.d && i < 16; i++)
			assert_true(fabs(p.values[i] - w[i]) <
			    (double)ds.d * UNIT / trace);
		free(w);
	}
	qpca_projector_close(&p);
	dataset_close(&ds);
}

static void
test_federated_is_pooled(void **state)
{
	(void)state;
	check_federated("iris");
	check_federated("wine");
	check_federated("breast_cancer");
}

/* Amplitudes: rows as they are, each of length 1, so the trace is 1. */
static void
test_unit_rows(void **state)
{
	static int64_t m[NMAX * (NMAX + 1) / 2];
	struct dataset ds = DATASET_INIT;
	struct qpca_projector p;
	struct qpca_spec s;
	double share, *cumulative = record("digits_amp", "cumulative", 16);

	(void)state;
	numbers_csv(&ds, "digits");
	qpca_spec_default(&s);
	s.rows = QPCA_UNIT;
	s.components = 8;
	assert_int_equal(qpca_moment(&s, &ds, NULL, m), 0);
	assert_int_equal(qpca_projector_init(&p, &s, 64, m), 0);
	check_spectrum("digits_amp", p.values, p.vectors, 64, 64.0 * UNIT);
	assert_int_equal(qpca_captured(&p, &ds, &share), 0);
	assert_true(fabs(share - cumulative[7]) < 1e-5);
	free(cumulative);
	qpca_projector_close(&p);
	dataset_close(&ds);
}

static void
test_noise(void **state)
{
	static int64_t plain[NMAX * NMAX], a[NMAX * NMAX], b[NMAX * NMAX];
	const uint8_t other[32] = {8};
	struct dataset ds;
	struct qpca_spec s;
	double sum = 0.0, square = 0.0;
	size_t n, i, same = 0;

	(void)state;
	load_standard(&ds, "breast_cancer");
	centred(&s);
	n = qpca_size((uint32_t)ds.d);
	assert_int_equal(qpca_moment(&s, &ds, NULL, plain), 0);
	s.noise = 1000;
	assert_int_equal(qpca_moment(&s, &ds, NULL, a), -EINVAL);
	assert_int_equal(qpca_moment(&s, &ds, seed, a), 0);
	assert_int_equal(qpca_moment(&s, &ds, seed, b), 0);
	assert_memory_equal(a, b, n * sizeof(*a));
	assert_int_equal(qpca_moment(&s, &ds, other, b), 0);
	for (i = 0; i < n; i++) {
		double x = (double)(a[i] - plain[i]);

		same += a[i] == b[i];
		sum += x;
		square += x * x;
	}
	assert_true(same < n / 10);
	assert_true(fabs(sum / (double)n) < 4.0 * 1000.0 / sqrt((double)n));
	assert_true(
	    fabs(square / (double)n / 1e6 - 1.0) < 4.0 * sqrt(2.0 / (double)n));
	dataset_close(&ds);
}

static void
open_task(struct task *t, const struct qpca_spec *q, size_t d)
{
	const struct task_spec spec = {.name = "qpca",
	    .nfeatures = (uint32_t)d,
	    .output = TASK_NOTHING,
	    .qpca = q};
	const char *why = task_check(&spec);

	if (why != NULL)
		fail_msg("%s", why);
	assert_int_equal(task_init(t, &spec), 0);
}

/* One round by the task table, then the stage: bits are recorded. */
static void
test_stage(void **state)
{
	int64_t params[NMAX * NMAX], delta[NMAX * NMAX];
	struct dataset ds, out;
	struct train_hyper h;
	struct train_metrics m;
	struct train_score score = {.confusion = NULL};
	struct train_job job = {.rows = &ds, .params = params, .hyper = &h};
	struct qpca_spec s;
	struct task t;
	uint64_t got;
	size_t i;

	(void)state;
	load_standard(&ds, "wine");
	centred(&s);
	s.components = 4;
	open_task(&t, &s, ds.d);
	assert_true(t.spec.qpca->means != s.means);
	assert_int_equal(t.nparams, 91);
	assert_int_equal(t.ops->width(&t), 4);
	task_init_params(&t, seed, params);
	train_hyper_default(&h);
	job.task = &t;
	assert_int_equal(train_local(&job, delta, &m), 0);
	assert_true(!m.clipped && m.rows == 178);
	assert_true(fabs(m.loss_after - (1.0 - 0.7359900)) < 1e-4);
	for (i = 0; i < t.nparams; i++)
		params[i] += delta[i];
	assert_int_equal(train_local(&job, delta, &m), 0);
	assert_true(m.norm == 0.0); /* the mean is there already */
	assert_int_equal(train_evaluate(&job, &score), 0);
	assert_true(score.loss == m.loss_after);
	assert_int_equal(t.ops->project(&t, params, &ds, &out), 0);
	assert_int_equal(out.d, 4);
	assert_memory_equal(out.labels, ds.labels, ds.n * sizeof(*ds.labels));
	for (i = 0; i < out.n * out.d; i++) {
		assert_true(out.features[i] >= 0.0 && out.features[i] <= 1.0);
		params[i % 91] = train_round_even(out.features[i] * 0x1p52);
		delta[i % 91] ^= params[i % 91] << i % 7;
	}
	got = rows_hash(delta, 91);
	if (got != UINT64_C(0x09e80c86f1a10744))
		fail_msg("hash %016llx", (unsigned long long)got);
	dataset_close(&out);
	dataset_close(&ds);
	task_close(&t);
}

static void
test_refused(void **state)
{
	int64_t m[NMAX * NMAX] = {0};
	struct dataset ds, few, out;
	struct qpca_projector p;
	struct qpca_spec s;

	(void)state;
	load_standard(&ds, "iris");
	centred(&s);
	part(&few, &ds, 0);
	s.min_rows = 31;
	assert_int_equal(qpca_moment(&s, &few, NULL, m), -ENODATA);
	s.min_rows = 30;
	assert_int_equal(qpca_moment(&s, &few, NULL, m), 0);
	few.features[7] = NAN;
	assert_int_equal(qpca_moment(&s, &few, NULL, m), -EDOM);
	s.components = 5;
	assert_int_equal(qpca_projector_init(&p, &s, 4, m), -EINVAL);
	s.components = 2;
	assert_int_equal(qpca_projector_init(&p, &s, 4, m), 0);
	few.d = 3;
	assert_int_equal(qpca_project(&p, &few, &out), -EINVAL);
	few.d = 4;
	qpca_projector_close(&p);
	s.min_rows = 0;
	assert_non_null(qpca_spec_check(&s, 4));
	s.min_rows = 1;
	assert_null(qpca_spec_check(&s, 4));
	s.noise = QPCA_NOISE_MAX + 1;
	assert_non_null(qpca_spec_check(&s, 4));
	s.noise = 0;
	s.radius = -1.0;
	assert_non_null(qpca_spec_check(&s, 4));
	assert_non_null(qpca_spec_check(&s, 257));
	dataset_close(&few);
	dataset_close(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spectra),
	    cmocka_unit_test(test_federated_is_pooled),
	    cmocka_unit_test(test_unit_rows),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_stage),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
