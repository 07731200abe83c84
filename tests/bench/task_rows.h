/*
 * task_rows.h - what bench_tasks.c measures.
 */
#ifndef QML_TESTS_BENCH_TASK_ROWS_H
#define QML_TESTS_BENCH_TASK_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/course.h"

#define MODELS 5

/* A row of the table. */
struct entry {
	const char *name, *file;
	int32_t only[2]; /* labels, or both 0: all */
	uint32_t components;
	const struct model *models[MODELS]; /* to choose from */
	double bar;      /* accuracy to reach, pooled, over the folds */
	const char *why; /* where it is from */
};

/* Five folds; and one training file with its test file. */
extern const struct entry task_rows[], task_rows_generated[];
extern const size_t task_rows_count, task_rows_generated_count;

#endif
