/*
 * qpca(4) -> vqc over four sites that share sums only: moments in the first
 * round, then a circuit on four components. Judged against the same circuit on
 * the same components by one site alone with all rows.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "numbers.h"
#include "sim/learn/dataset.h"
#include "sim/learn/qpca.h"
#include "sim/learn/rng.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define NODES 4
#define ROUNDS 12
#define K 4
#define DMAX 32

static const uint8_t seed[32] = {4, 2};

struct chain {
	struct dataset node[NODES], pooled, test;
	struct task stage, vqc;
	int64_t *moment;
	int64_t *params;
};

/* Agreed ranges: mean +- 6 deviations, values outside cut off; so a half is
 * the mean. */
static void
load(struct dataset *ds, const char *name)
{
	double mean[DMAX], dev[DMAX];
	struct data_range range[DMAX];
	size_t i, c;

	numbers_csv(ds, name);
	numbers_moments(ds, mean, dev);
	for (c = 0; c < ds->d; c++) {
		range[c].lo = mean[c] - 6.0 * dev[c];
		range[c].hi = mean[c] + 6.0 * dev[c];
		for (i = 0; i < ds->n; i++) {
			double *x = &ds->features[i * ds->d + c];

			*x = *x < range[c].lo ? range[c].lo : *x;
			*x = *x > range[c].hi ? range[c].hi : *x;
		}
	}
	assert_int_equal(dataset_scale(ds, range, NULL), 0);
}

/* A third held out, the rest in blocks of uneven size. */
static void
split(struct chain *c, const struct dataset *all)
{
	static const size_t cut[NODES + 1] = {0, 15, 35, 65, 100};
	uint32_t order[1024];
	struct rng r;
	size_t i, k, n = all->n - all->n / 3;

	assert_true(all->n <= 1024);
	for (i = 0; i < all->n; i++)
		order[i] = (uint32_t)i;
	rng_init(&r, seed, 0);
	rng_shuffle(&r, order, all->n);
	assert_int_equal(dataset_select(&c->pooled, all, order, n), 0);
	assert_int_equal(dataset_select(&c->test, all, order + n, all->n - n),
	    0);
	for (k = 0; k < NODES; k++)
		assert_int_equal(dataset_select(&c->node[k], all,
				     order + n * cut[k] / 100,
				     n * cut[k + 1] / 100 - n * cut[k] / 100),
		    0);
}

static void
open_tasks(struct chain *c, size_t d, size_t nclasses)
{
	double half[DMAX];
	struct qpca_spec q;
	struct task_spec s = {.name = "qpca",
	    .nfeatures = (uint32_t)d,
	    .output = TASK_NOTHING,
	    .qpca = &q};
	size_t i;

	for (i = 0; i < d; i++)
		half[i] = 0.5;
	qpca_spec_default(&q);
	q.components = K;
	q.means = half;
	q.radius = 1.0;
	q.min_rows = 10;
	assert_int_equal(task_init(&c->stage, &s), 0);
	s = (struct task_spec){.name = "vqc",
	    .nfeatures = c->stage.ops->width(&c->stage),
	    .nclasses = (uint32_t)nclasses};
	task_spec_suggest(&s);
	assert_int_equal(task_init(&c->vqc, &s), 0);
	c->moment = calloc(c->stage.nparams, sizeof(*c->moment));
	c->params = calloc(c->vqc.nparams, sizeof(*c->params));
	assert_non_null(c->moment);
	assert_non_null(c->params);
}

/* params += mean of the updates, weighted by rows. */
static void
run_round(const struct task *t, const struct dataset *nodes, size_t n,
    struct train_hyper *h, int64_t *params)
{
	int64_t *delta = calloc(t->nparams, sizeof(*delta));
	double *sum = calloc(t->nparams, sizeof(*sum)), rows = 0.0;
	struct train_job job = {.task = t, .params = params, .hyper = h};
	struct train_metrics m;
	size_t k, i;

	assert_non_null(delta);
	assert_non_null(sum);
	for (k = 0; k < n; k++) {
		job.rows = &nodes[k];
		h->seed[0] = (uint8_t)k;
		assert_int_equal(train_local(&job, delta, &m), 0);
		rows += (double)nodes[k].n;
		for (i = 0; i < t->nparams; i++)
			sum[i] += (double)nodes[k].n * (double)delta[i];
	}
	for (i = 0; i < t->nparams; i++)
		params[i] += train_round_even(sum[i] / rows);
	free(delta);
	free(sum);
}

static double
train_vqc(struct chain *c, const struct dataset *nodes, size_t n)
{
	struct dataset small[NODES], test;
	struct train_score score = {.confusion = NULL};
	struct train_hyper h;
	struct train_job job = {.task = &c->vqc,
	    .rows = &test,
	    .params = c->params,
	    .hyper = &h};
	size_t k;

	for (k = 0; k < n; k++)
		assert_int_equal(c->stage.ops->project(&c->stage, c->moment,
				     &nodes[k], &small[k]),
		    0);
	assert_int_equal(c->stage.ops->project(&c->stage, c->moment, &c->test,
			     &test),
	    0);
	task_init_params(&c->vqc, seed, c->params);
	train_hyper_default(&h);
	h.nrounds = ROUNDS;
	for (h.round = 0; h.round < ROUNDS; h.round++)
		run_round(&c->vqc, small, n, &h, c->params);
	assert_int_equal(train_evaluate(&job, &score), 0);
	for (k = 0; k < n; k++)
		dataset_close(&small[k]);
	dataset_close(&test);
	return (double)score.correct / (double)score.rows;
}

static void
check(const char *name, size_t nclasses, double least)
{
	struct dataset all = DATASET_INIT;
	struct train_hyper h;
	struct chain c;
	double shared, alone;
	size_t k;

	load(&all, name);
	split(&c, &all);
	open_tasks(&c, all.d, nclasses);
	train_hyper_default(&h);
	run_round(&c.stage, c.node, NODES, &h, c.moment);
	shared = train_vqc(&c, c.node, NODES);
	alone = train_vqc(&c, &c.pooled, 1);
	print_message("%s: qpca(4) -> vqc %.4f, pooled %.4f of %zu rows\n",
	    name, shared, alone, c.test.n);
	assert_true(shared > alone - 0.03);
	assert_true(shared >= least);
	for (k = 0; k < NODES; k++)
		dataset_close(&c.node[k]);
	dataset_close(&c.pooled);
	dataset_close(&c.test);
	dataset_close(&all);
	task_close(&c.stage);
	task_close(&c.vqc);
	free(c.moment);
	free(c.params);
}

static void
test_chain(void **state)
{
	(void)state;
	check("wine", 3, 0.93);
	check("breast_cancer", 2, 0.93);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
