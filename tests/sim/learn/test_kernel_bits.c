/*
 * Recorded bits of what feeds updates of qsvm and qpca: the same with gcc and
 * clang, on every ISA and number of threads. scripts/check-aarch64 runs this,
 * too, so it uses neither LAPACK nor libsvm.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rows.h"
#include "sim/learn/dataset.h"
#include "sim/learn/jacobi.h"
#include "sim/learn/landmark.h"
#include "sim/learn/qpca.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/rng.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/state/pool.h"

#define NMAX 64
#define N 150 /* more than one block of rows */
#define M 24
#define D 3

static const uint8_t seed[32] = {1, 2, 3};

static void
random_symmetric(double *a, size_t n, uint64_t stream)
{
	const uint8_t mine[RNG_SEED_BYTES] = {7};
	struct rng r;
	size_t i, j;

	rng_init(&r, mine, stream);
	for (i = 0; i < n; i++) {
		for (j = i; j < n; j++) {
			a[i * n + j] =
			    (double)(rng_u64(&r) >> 11) * 0x1p-52 - 1.0;
			a[j * n + i] = a[i * n + j];
		}
	}
}

/* FNV-1a of the doubles' bits: the same with gcc and clang, on every ISA. */
static uint64_t
hash(uint64_t h, const double *x, size_t n)
{
	size_t i;
	int b;

	for (i = 0; i < n; i++) {
		uint64_t u;

		memcpy(&u, &x[i], sizeof(u));
		for (b = 0; b < 64; b += 8)
			h = (h ^ (u >> b & 255)) * UINT64_C(0x100000001b3);
	}
	return h;
}

static void
test_jacobi(void **state)
{
	static double a[NMAX * NMAX], v[NMAX * NMAX];
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	double w[NMAX];
	size_t n;

	(void)state;
	for (n = 1; n <= NMAX; n += 21) {
		random_symmetric(a, n, n);
		assert_int_equal(jacobi_eigen(a, n, w, v), 0);
		h = hash(hash(h, w, n), v, n * n);
	}
	assert_true(h == UINT64_C(0x50416d05a815cd92));
}

static struct landmark_map
map_of(int kind)
{
	return (struct landmark_map){(enum landmark_kind)kind, D, 2, 1.3, NULL};
}

/* With one thread and with three, and the same everywhere. */
static void
test_landmark(void **state)
{
	static double x[N * D], phi[2][N * M];
	const struct landmark_rows z = {x, M}, rows = {x, N};
	const double scales[D] = {0.5, 1.0, 2.0};
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	struct pool *pool;
	int kind;

	(void)state;
	landmark_draw(seed, N, D, x);
	assert_int_equal(pool_new(&pool, 3), 0);
	for (kind = 0; landmark_kind_name(kind) != NULL; kind++) {
		struct landmark_map map = map_of(kind);
		struct landmark l;

		map.scales = scales;
		assert_int_equal(landmark_init(&l, &map, &z, 0x1p-20), 0);
		assert_int_equal(landmark_features(&l, &rows, phi[0], NULL), 0);
		assert_int_equal(landmark_features(&l, &rows, phi[1], pool), 0);
		assert_memory_equal(phi[0], phi[1], sizeof(phi[0]));
		h = hash(h, phi[0], (size_t)N * M);
		landmark_close(&l);
	}
	pool_free(pool);
	if (h != UINT64_C(0xa52cdb09cba9c3cf))
		fail_msg("hash %016llx", (unsigned long long)h);
}

static void
open_qsvm(struct task *t, const struct qsvm_spec *q, size_t d, size_t nclasses)
{
	const struct task_spec spec = {.name = "qsvm",
	    .nfeatures = (uint32_t)d,
	    .nclasses = (uint32_t)nclasses,
	    .head_scale = 4.0,
	    .loss = TASK_HINGE,
	    .qsvm = q};
	const char *why = task_check(&spec);

	if (why != NULL)
		fail_msg("%s", why);
	assert_int_equal(task_init(t, &spec), 0);
}

/* Landmarks that are given; the update's bits, with any number of threads. */
static void
test_qsvm(void **state)
{
	struct dataset ds = DATASET_INIT;
	struct train_hyper h;
	struct train_metrics m;
	int64_t params[3 * 9] = {0}, delta[3 * 9];
	struct train_job job = {.rows = &ds, .params = params, .hyper = &h};
	struct qsvm_spec q;
	struct task t;
	uint64_t got;

	(void)state;
	rows_make(&ds, 50, 4, 3);
	qsvm_spec_default(&q);
	q.nlandmarks = 8;
	q.landmarks = ds.features;
	open_qsvm(&t, &q, 4, 3);
	assert_int_equal(t.nparams, 27);
	assert_int_equal(t.nangles, 0);
	assert_true(t.spec.qsvm != &q && t.spec.qsvm->landmarks != q.landmarks);
	task_init_params(&t, seed, params);
	train_hyper_default(&h);
	job.task = &t;
	assert_int_equal(train_local(&job, delta, &m), 0);
	got = rows_hash(delta, 27);
	h.threads = 3;
	h.isa = LANES_PLAIN;
	assert_int_equal(train_local(&job, delta, &m), 0);
	assert_true(rows_hash(delta, 27) == got);
	if (got != UINT64_C(0x295b12979562bcb2))
		fail_msg("hash %016llx", (unsigned long long)got);
	task_close(&t);
	dataset_close(&ds);
}

/* The moment with noise, its projector, and rows behind it. */
static void
test_qpca(void **state)
{
	double means[8] = {0.5, 0.4, 0.5, 0.6, 0.5, 0.5, 0.3, 0.5};
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	struct dataset ds = DATASET_INIT, out;
	struct qpca_projector p;
	int64_t moment[36];
	struct qpca_spec s;
	int unit;

	(void)state;
	rows_make(&ds, 90, 8, 3);
	qpca_spec_default(&s);
	s.components = 3;
	s.means = means;
	s.noise = 50;
	for (unit = 0; unit < 2; unit++) {
		s.rows = unit ? QPCA_UNIT : QPCA_BALL;
		assert_int_equal(qpca_moment(&s, &ds, seed, moment), 0);
		assert_int_equal(qpca_projector_init(&p, &s, 8, moment), 0);
		assert_int_equal(qpca_project(&p, &ds, &out), 0);
		h = hash(h ^ rows_hash(moment, 36), out.features, out.n * 3);
		h = hash(h, p.vectors, 64);
		qpca_projector_close(&p);
		dataset_close(&out);
	}
	if (h != UINT64_C(0xfca163429988d262))
		fail_msg("hash %016llx", (unsigned long long)h);
	dataset_close(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_jacobi),
	    cmocka_unit_test(test_landmark),
	    cmocka_unit_test(test_qsvm),
	    cmocka_unit_test(test_qpca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
