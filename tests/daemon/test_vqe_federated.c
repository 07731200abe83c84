/*
 * The vqe task in a federation of 4 and of 7, in process: updates by the task,
 * combined by group_median. Equal to one node with all parts, one plain step a
 * round; liars and silent members change nothing; it reaches the energy.
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

#include "consensus/aggregate/group_median.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqe.h"
#include "sim/learn/vqe_circuit.h"
#include "sim/learn/vqe_model.h"

#define N_MAX 7
#define Q24 16777216.0
#define H2_EXACT -1.137306035753

static char *
slurp(const char *name, size_t *len)
{
	char path[128];
	char *text = malloc(1 << 16);
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/vqe/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_non_null(text);
	*len = fread(text, 1, 1 << 16, f);
	fclose(f);
	return text;
}

struct federation {
	struct task task;
	struct train_hyper hyper;
	struct group_median_shape shape;
	uint8_t *assigned;
	int64_t *updates[N_MAX];
	const int64_t *rows[N_MAX];
	int64_t *model, *change;
	uint32_t round;
};

static void
federation_open(struct federation *f, const char *name, enum vqe_ansatz ansatz,
    uint16_t n)
{
	struct vqe_spec v = {.ansatz = ansatz, .layers = 2};
	struct task_spec s = {.name = "vqe",
	    .output = TASK_NOTHING,
	    .vqe = &v,
	    .start = TASK_START_SMALL};
	char *text = slurp(name, &v.len), err[160];
	uint8_t seed[TRAIN_SEED_BYTES] = {5};
	struct vqe_shape shape;
	uint16_t m;

	memset(f, 0, sizeof(*f));
	v.hamiltonian = text;
	assert_null(task_check(&s));
	assert_int_equal(task_init(&f->task, &s), 0);
	assert_int_equal(vqe_shape(&v, &shape, err), 0);
	free(text);
	assert_int_equal(shape.nangles, f->task.nangles);
	f->shape = (struct group_median_shape){n, (uint16_t)((n - 1) / 3),
	    shape.nparts, shape.nangles};
	assert_int_equal(group_median_check(&f->shape), 0);
	assert_int_equal(group_median_dim(&f->shape), f->task.nupdate);
	assert_int_equal(group_median_model_dim(&f->shape), f->task.nparams);
	train_hyper_default(&f->hyper);
	f->hyper.lr = f->hyper.lr_end = 0.2;
	f->assigned = calloc(n, shape.nparts);
	for (m = 0; m < n; m++)
		f->updates[m] = calloc(f->task.nupdate, sizeof(int64_t));
	f->model = calloc(f->task.nparams, sizeof(int64_t));
	f->change = calloc(f->task.nparams, sizeof(int64_t));
	task_init_params(&f->task, seed, f->model);
	assert_true(f->model[0] != 0 && f->model[f->task.nangles] == 0);
}

static void
federation_close(struct federation *f)
{
	uint16_t m;

	for (m = 0; m < f->shape.nmembers; m++)
		free(f->updates[m]);
	free(f->assigned);
	free(f->model);
	free(f->change);
	task_close(&f->task);
}

static struct train_job
job_of(const struct federation *f)
{
	return (struct train_job){.task = &f->task,
	    .params = f->model,
	    .hyper = &f->hyper};
}

static void
make_updates(struct federation *f)
{
	struct hash seed = {{7, (uint8_t)f->round}};
	const struct train_job job = job_of(f);
	struct train_metrics metrics;
	uint16_t m;

	group_median_assign(&f->shape, &seed, f->assigned);
	for (m = 0; m < f->shape.nmembers; m++) {
		vqe_assign(&f->task, f->assigned + m * f->shape.nparts);
		f->hyper.seed[1] = (uint8_t)m;
		f->hyper.seed[2] = (uint8_t)f->round;
		assert_int_equal(train_local(&job, f->updates[m], &metrics), 0);
		assert_true(group_median_fits(&f->shape, f->assigned, m,
		    f->updates[m]));
		assert_int_equal(metrics.steps, 1);
		f->rows[m] = f->updates[m];
	}
}

static void
combine(struct federation *f)
{
	const struct group_median_input in = {f->shape, f->assigned, f->rows,
	    f->model};
	size_t i;

	assert_int_equal(group_median_run(&in, f->change), 0);
	for (i = 0; i < f->task.nparams; i++)
		f->model[i] += f->change[i];
	f->round++;
}

/* The gradient of all of H at once, as a person would write it. */
static void
test_single_node(void **state)
{
	struct federation f, one;
	struct vqe_model m;
	struct vqe_room room;
	double theta[64] = {0.0}, grad[64];
	char err[160];
	size_t i, k;
	int round, parts;

	(void)state;
	federation_open(&f, "lih_1.60_as2e3o_jw_6q.json", VQE_UCCSD, 4);
	federation_open(&one, "lih_1.60_as2e3o_jw_6q.json", VQE_UCCSD, 1);
	assert_int_equal(vqe_model_open(&m, f.task.spec.vqe, err), 0);
	assert_int_equal(vqe_room_init(&room, m.h.nqubits), 0);
	parts = (int)m.nparts + 1;
	for (i = 0; i < f.task.nangles; i++)
		theta[i] = (double)f.model[i] / Q24;
	for (round = 0; round < 25; round++) {
		vqe_circuit_run(&m.c, theta, &room.psi);
		vqe_circuit_gradient(&m.c, &m.h.sum, theta, &room, grad);
		make_updates(&f);
		combine(&f);
		make_updates(&one);
		combine(&one);
		/* To the bit one node with all parts; to rounding the plain
		 * step: half a unit a part and round, which descent does not
		 * make larger. */
		assert_memory_equal(f.model, one.model,
		    f.task.nparams * sizeof(int64_t));
		for (k = 0; k < f.task.nangles; k++) {
			theta[k] -= 0.2 * grad[k];
			assert_true(fabs((double)f.model[k] / Q24 - theta[k]) <
			    (round + 1) * parts * 0.5 / Q24);
		}
		assert_true(fabs((double)f.model[f.task.nangles] / Q24 -
				pauli_expect(&m.h.sum, &room.psi)) < 1e-5);
	}
	vqe_room_close(&room);
	vqe_model_close(&m);
	federation_close(&one);
	federation_close(&f);
}

/* One turns signs and sends rubbish, or nothing. */
static void
lie(struct federation *f, uint16_t who, bool silent)
{
	size_t i;

	for (i = 0; i < f->task.nupdate; i++)
		f->updates[who][i] *= -1000;
	if (silent)
		f->rows[who] = NULL;
}

static void
test_liars(void **state)
{
	struct federation honest, f;
	uint16_t n, m;
	int round;

	(void)state;
	for (n = 4; n <= 7; n += 3) {
		federation_open(&honest, "h2_0.735_jw_4q.json", VQE_HEA, n);
		federation_open(&f, "h2_0.735_jw_4q.json", VQE_HEA, n);
		for (round = 0; round < 8; round++) {
			make_updates(&honest);
			combine(&honest);
			make_updates(&f);
			for (m = 0; m < f.shape.faults; m++)
				lie(&f, (uint16_t)((round + m) % n),
				    (round + m) % 3 == 0);
			combine(&f);
			assert_memory_equal(f.model, honest.model,
			    f.task.nparams * sizeof(int64_t));
		}
		federation_close(&honest);
		federation_close(&f);
	}
}

/* Down to chemical accuracy; the variance says that it is an eigenstate, and
 * the energy on the chain is that of the angles before. */
static void
test_converges(void **state)
{
	struct federation f;
	struct train_score score = {.loss = 0.0};
	struct train_job job;
	double e = 0.0;
	int round;

	(void)state;
	federation_open(&f, "h2_0.735_jw_4q.json", VQE_UCCSD, 4);
	f.hyper.lr = f.hyper.lr_end = 0.3;
	for (round = 0; round < 40; round++) {
		job = job_of(&f);
		assert_int_equal(train_evaluate(&job, &score), 0);
		make_updates(&f);
		combine(&f);
		e = (double)f.model[f.task.nangles] / Q24;
		assert_true(fabs(e - score.loss) < 1e-6);
	}
	print_message("h2 uccsd, 4 nodes, 40 rounds: error %.2e, variance "
		      "%.2e\n",
	    e - H2_EXACT, (double)f.model[f.task.nangles + 1] / Q24);
	assert_true(fabs(e - H2_EXACT) < 1e-6);
	assert_true((double)f.model[f.task.nangles + 1] / Q24 < 1e-5);
	federation_close(&f);
}

/* Two members' reports of a part that both have. */
static void
check_differ(const struct federation *f)
{
	uint32_t p, found = 0, block = f->shape.nangles + 1;

	for (p = 0; p + 1 < f->shape.nparts; p++) {
		if (!f->assigned[p] || !f->assigned[f->shape.nparts + p])
			continue;
		assert_memory_not_equal(f->updates[0] + p * block,
		    f->updates[1] + p * block, block * sizeof(int64_t));
		found++;
	}
	assert_true(found > 0);
}

/* Shots: honest reports differ; a liar stays between them. */
static void
test_shots(void **state)
{
	struct federation f;
	struct train_score score = {.loss = 0.0};
	struct train_job job;
	size_t i;
	int round;

	(void)state;
	federation_open(&f, "h2_0.735_parity_2q.json", VQE_UCCSD, 4);
	f.hyper.lr = f.hyper.lr_end = 0.3;
	f.hyper.shots = 400;
	f.hyper.method = TRAIN_SHIFT;
	for (round = 0; round < 30; round++) {
		make_updates(&f);
		if (round == 0)
			check_differ(&f);
		for (i = 0; i < f.task.nupdate; i++)
			f.updates[3][i] *= -1000;
		combine(&f);
	}
	f.hyper.shots = 0;
	job = job_of(&f);
	assert_int_equal(train_evaluate(&job, &score), 0);
	print_message("h2 uccsd, 400 shots, one liar: error %.2e\n",
	    score.loss - H2_EXACT);
	assert_true(fabs(score.loss - H2_EXACT) < 1.6e-3);
	federation_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_single_node),
	    cmocka_unit_test(test_liars),
	    cmocka_unit_test(test_converges),
	    cmocka_unit_test(test_shots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
