/*
 * What the demo claims, without daemons: four nodes, each seeing mostly its
 * own digits, averaged for twenty rounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"
#include "sim/learn/split.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define NROWS 1797
#define NPIXELS 64
#define NNODES 4
#define ROUNDS 20
#define NPARAMS_MAX 1024

struct world {
	struct dataset part[NNODES];
	struct dataset heldout;
	struct task task;
	struct train_hyper hyper;
	int64_t start[NPARAMS_MAX];
};

static void
read_digits(struct dataset *ds)
{
	FILE *f = fopen("tests/data/datasets/digits.csv", "r");
	static char line[4096];
	size_t r, c;
	char *at;

	assert_non_null(f);
	assert_int_equal(dataset_init(ds, NROWS, NPIXELS), 0);
	assert_non_null(fgets(line, sizeof(line), f));
	for (r = 0; r < NROWS; r++) {
		assert_non_null(fgets(line, sizeof(line), f));
		for (at = line, c = 0; c < NPIXELS; c++, at++)
			ds->features[r * NPIXELS + c] = strtod(at, &at) / 16.0;
		ds->labels[r] = (int32_t)strtol(at, NULL, 10);
	}
	assert_null(fgets(line, sizeof(line), f));
	fclose(f);
}

static void
world_open(struct world *w, const char *task, const uint8_t *seed)
{
	struct task_spec spec = {.name = task,
	    .nfeatures = NPIXELS,
	    .nclasses = 10};
	static uint32_t rows[NROWS];
	static int16_t owner[NROWS];
	struct dataset all;
	struct split s;
	int k;

	read_digits(&all);
	s = (struct split){all.labels, all.n, 10, seed};
	assert_int_equal(split_heldout(&s, 20, owner), 0);
	assert_int_equal(split_label_skew(&s, NNODES, SPLIT_SKEW_PERCENT,
			     owner),
	    0);
	assert_int_equal(dataset_select(&w->heldout, &all, rows,
			     split_rows(owner, all.n, SPLIT_HELDOUT, rows)),
	    0);
	for (k = 0; k < NNODES; k++)
		assert_int_equal(dataset_select(&w->part[k], &all, rows,
				     split_rows(owner, all.n, k, rows)),
		    0);
	dataset_close(&all);
	task_spec_suggest(&spec);
	assert_int_equal(task_init(&w->task, &spec), 0);
	assert_true(w->task.nparams <= NPARAMS_MAX);
	task_init_params(&w->task, seed, w->start);
	train_hyper_default(&w->hyper);
	w->hyper.nrounds = ROUNDS;
	memcpy(w->hyper.seed, seed, sizeof(w->hyper.seed));
}

static void
world_close(struct world *w)
{
	int k;

	for (k = 0; k < NNODES; k++)
		dataset_close(&w->part[k]);
	dataset_close(&w->heldout);
	task_close(&w->task);
}

static double
accuracy(struct world *w, const int64_t *params)
{
	struct train_score score = {.guess = NULL};
	struct train_job job = {.task = &w->task,
	    .rows = &w->heldout,
	    .params = params,
	    .hyper = &w->hyper};

	assert_int_equal(train_evaluate(&job, &score), 0);
	return (double)score.correct / (double)score.rows;
}

static void
local(struct world *w, int node, const int64_t *params, int64_t *delta)
{
	struct train_metrics m;
	struct train_job job = {.task = &w->task,
	    .rows = &w->part[node],
	    .params = params,
	    .hyper = &w->hyper};

	w->hyper.seed[30] = (uint8_t)node;
	w->hyper.seed[31] = (uint8_t)w->hyper.round;
	assert_int_equal(train_local(&job, delta, &m), 0);
}

/* Nodes first .. last together; mean rounded towards zero. */
static double
federate(struct world *w, int first, int last)
{
	static int64_t params[NPARAMS_MAX], sum[NPARAMS_MAX],
	    delta[NPARAMS_MAX];
	size_t n = w->task.nparams, i;
	int k;

	memcpy(params, w->start, sizeof(params));
	for (w->hyper.round = 0; w->hyper.round < ROUNDS; w->hyper.round++) {
		memset(sum, 0, sizeof(sum));
		for (k = first; k <= last; k++) {
			local(w, k, params, delta);
			for (i = 0; i < n; i++)
				sum[i] += delta[i];
		}
		for (i = 0; i < n; i++)
			params[i] += sum[i] / (last - first + 1);
	}
	return accuracy(w, params);
}

static void
check(const char *task, uint8_t first_byte)
{
	const uint8_t seed[SPLIT_SEED_BYTES] = {first_byte};
	double together, alone, best = 0.0;
	struct world w;
	int k;

	world_open(&w, task, seed);
	together = federate(&w, 0, NNODES - 1);
	for (k = 0; k < NNODES; k++) {
		alone = federate(&w, k, k);
		best = alone > best ? alone : best;
	}
	print_message("%s: together %.4f, best alone %.4f\n", task, together,
	    best);
	assert_true(together >= 0.90);
	assert_true(together >= best + 0.08);
	world_close(&w);
}

static void
test_vqc(void **state)
{
	(void)state;
	check("vqc", 1);
	check("vqc", 2);
}

static void
test_linear(void **state)
{
	(void)state;
	check("linear", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vqc),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
