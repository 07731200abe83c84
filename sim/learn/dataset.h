/*
 * dataset.h - labelled rows in memory, and their scaling by public ranges.
 *
 * Features are row-major doubles: row r, column c at features[r * d + c].
 * dataset_scale() maps each column through its agreed range to [0, 1]; what
 * a task makes of that (angles, amplitudes, plain numbers) is the task's.
 * Pure: parsing files is the caller's work.
 */
#ifndef QML_SIM_LEARN_DATASET_H
#define QML_SIM_LEARN_DATASET_H

#include <stddef.h>
#include <stdint.h>

struct dataset {
	size_t n;         /* rows */
	size_t d;         /* features of a row */
	double *features; /* n * d, owned */
	int32_t *labels;  /* n, 0 .. classes-1, owned */
	double *targets;  /* n, of regression, in [0, 1], owned; or NULL */
	/* Gives features back where they are not from malloc (a mapped file);
	 * NULL: free(). */
	void (*release)(void *features, size_t bytes);
};

#define DATASET_INIT             \
	{                        \
		.features = NULL \
	}

struct data_range {
	double lo;
	double hi;
};

/* Where dataset_scale() stopped. */
struct data_place {
	size_t row;
	size_t col;
	double value;
};

/* Allocates n zeroed rows of d features. -EINVAL if n or d is 0, -EOVERFLOW,
 * -ENOMEM. */
int dataset_init(struct dataset *ds, size_t n, size_t d);

void dataset_close(struct dataset *ds);

/* Zeroed targets, if there are none yet. -ENOMEM. */
int dataset_want_targets(struct dataset *ds);

/* Copies rows[0 .. nrows-1] of *from, in that order, into a new *ds.
 * Each index must be below from->n. nrows may be 0: an empty set. */
int dataset_select(struct dataset *ds, const struct dataset *from,
    const uint32_t *rows, size_t nrows);

/* Scales in place: x becomes (x - lo) / (hi - lo), in [0, 1]. A column with
 * lo == hi becomes 0. -ERANGE at the first value that is not finite or lies
 * outside its range: *where says which (may be NULL), and *ds is unchanged.
 * -EINVAL if a range is not finite or has lo > hi. */
int dataset_scale(struct dataset *ds, const struct data_range *ranges,
    struct data_place *where);

/* Rows of each label into counts[nclasses]; returns the largest count. A label
 * outside 0 .. nclasses-1 is a bug. */
size_t dataset_count(const struct dataset *ds, size_t nclasses, size_t *counts);

#endif
