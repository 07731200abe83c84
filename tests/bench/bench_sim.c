/*
 * bench_sim.c - what the simulator costs: gradients of batches of 64 samples,
 * one thread. Minimum and median of many repeats, since the machine is shared.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"

#define BATCH 64
#define REPEATS 200

struct shape {
	const char *name;
	const char *task;
	uint32_t features;
	uint32_t qubits;
	uint32_t layers;
};

static const struct shape shapes[] = {
    {"vqc, angle, 4 qubits, 6 layers", "vqc", 4, 4, 6},
    {"vqc, digits, 6 qubits, 8 layers", "vqc", 64, 6, 8},
    {"vqc, digits, 6 qubits, 12 layers", "vqc", 64, 6, 12},
    {"vqc, angle, 8 qubits, 6 layers", "vqc", 8, 8, 6},
    {"vqc, amplitude, 12 qubits, 6 layers", "vqc", 4096, 12, 6},
    {"linear, 64 features", "linear", 64, 1, 1},
};

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static int
fill(struct dataset *ds, uint32_t d)
{
	uint32_t noise = 1;
	size_t i;
	int rc = dataset_init(ds, BATCH, d);

	for (i = 0; rc == 0 && i < ds->n * d; i++) {
		noise = noise * 1664525 + 1013904223;
		ds->features[i] = (double)(noise >> 16) / 65536.0;
		ds->labels[i / d] = (int32_t)(i / d % 10);
	}
	return rc;
}

/* Prints one line; theta and grad have room for the task's parameters. */
static int
measure(struct fit *f, const char *name, const double *theta, double *grad)
{
	static double us[REPEATS];
	uint32_t pick[BATCH];
	int i, rc = 0;

	for (i = 0; i < BATCH; i++)
		pick[i] = (uint32_t)i;
	for (i = 0; i < REPEATS && rc == 0; i++) {
		double start = now_us();

		rc = fit_gradient(f, theta, pick, BATCH, grad);
		us[i] = now_us() - start;
	}
	qsort(us, REPEATS, sizeof(us[0]), by_size);
	printf("%-38s %-6s %10.1f us min %10.1f us median\n", name,
	    f->lanes->name, us[0], us[REPEATS / 2]);
	return rc;
}

/* One gradient a sample beside their sum, taken in turn. */
static int
measure_each(struct fit *f, const char *name, const double *theta, double *grad)
{
	static double sum_us[REPEATS], each_us[REPEATS];
	double *grads = lanes_alloc(BATCH * f->task->nparams);
	uint32_t pick[BATCH];
	int i, rc = grads == NULL ? -ENOMEM : 0;

	for (i = 0; i < BATCH; i++)
		pick[i] = (uint32_t)i;
	for (i = 0; i < REPEATS && rc == 0; i++) {
		double start = now_us();

		rc = fit_gradient(f, theta, pick, BATCH, grad);
		sum_us[i] = now_us() - start;
		start = now_us();
		fit_gradients(f, theta, pick, BATCH, grads);
		each_us[i] = now_us() - start;
	}
	qsort(sum_us, REPEATS, sizeof(sum_us[0]), by_size);
	qsort(each_us, REPEATS, sizeof(each_us[0]), by_size);
	printf("ratio per sample / summed gradient, %s: %.2f\n", name,
	    each_us[0] / sum_us[0]);
	free(grads);
	return rc;
}

static int
run(const struct shape *s)
{
	struct task_spec spec = {.name = s->task,
	    .nfeatures = s->features,
	    .nclasses = 10};
	struct dataset ds = DATASET_INIT;
	struct task task = TASK_INIT;
	struct fit fit = FIT_INIT;
	double *theta = NULL, *grad = NULL;
	size_t i;
	int rc;

	task_spec_suggest(&spec);
	spec.nqubits = s->qubits;
	spec.nlayers = s->layers;
	rc = task_init(&task, &spec);
	if (rc == 0)
		rc = fill(&ds, s->features);
	if (rc == 0)
		rc = fit_open(&fit, &task, &(struct fit_how){.nthreads = 1});
	if (rc == 0)
		rc = fit_load(&fit, &ds);
	if (rc < 0)
		goto out;
	theta = calloc(task.nparams, sizeof(*theta));
	grad = calloc(task.nparams, sizeof(*grad));
	if (theta == NULL || grad == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	for (i = 0; i < task.nparams; i++)
		theta[i] = (double)(i * 37 % 101) * 0.06 - 3.0;
	rc = measure(&fit, s->name, theta, grad);
	if (rc == 0)
		rc = measure_each(&fit, s->name, theta, grad);
out:
	free(theta);
	free(grad);
	fit_close(&fit);
	dataset_close(&ds);
	task_close(&task);
	return rc;
}

int
main(void)
{
	size_t i;
	int rc = 0;

	printf("gradient of the mean loss over %d samples, 1 thread\n", BATCH);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]) && rc == 0; i++)
		rc = run(&shapes[i]);
	return rc == 0 ? 0 : 1;
}
