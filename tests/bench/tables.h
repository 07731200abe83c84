/*
 * tables.h - rows of the benchmark data, their folds, and what is fitted on
 * training rows alone: standardising, principal components, ranges.
 */
#ifndef QML_TESTS_BENCH_TABLES_H
#define QML_TESTS_BENCH_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/dataset.h"

/* A header line, then numbers, the label last: 0, 1, .. or -1, 1. *nclasses is
 * one more than the largest. -ENOENT, -EINVAL, -ENOMEM. */
int tables_csv(const char *path, struct dataset *out, uint32_t *nclasses);

/* The JSON list of that key into out[n]. -ENOENT, -EINVAL. */
int tables_list(const char *path, const char *key, int32_t *out, size_t n);

/* Rows of two labels, renamed 0 and 1, in place; keep[n] says which. */
void tables_two_labels(struct dataset *ds, int32_t a, int32_t b, int32_t *keep);

struct tables_prepare {
	uint32_t components; /* whitened; 0: all features, standardised */
	double reach;        /* deviations that become 0 and 1; 0: the range of
			      * the training rows; features without components
			      * are then as they are */
};

/* Fitted on train, applied to both; what lies outside is cut. */
int tables_scale(const struct tables_prepare *p, struct dataset *train,
    struct dataset *test);

#endif
