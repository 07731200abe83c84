#include "numbers.h"

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

#include "sim/learn/dataset.h"

#define LINE_MAX_BYTES 4096

static double *
read_record(FILE *f, size_t n)
{
	double *x = calloc(n, sizeof(*x));
	size_t i;

	assert_non_null(x);
	for (i = 0; i < n; i++)
		assert_int_equal(fscanf(f, "%lf", &x[i]), 1);
	return x;
}

double *
numbers_read(const char *path, const char *name, size_t want)
{
	FILE *f = fopen(path, "r");
	char got[128];
	double *x = NULL;
	size_t n;

	if (f == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	while (x == NULL && fscanf(f, "%127s %zu", got, &n) == 2) {
		x = read_record(f, n);
		if (strcmp(got, name) != 0) {
			free(x);
			x = NULL;
		} else if (want != 0) {
			assert_int_equal(n, want);
		}
	}
	fclose(f);
	if (x == NULL)
		fail_msg("%s: no %s", path, name);
	return x;
}

double
numbers_one(const char *path, const char *name)
{
	double *x = numbers_read(path, name, 0), first = x[0];

	free(x);
	return first;
}

static size_t
count_commas(const char *line)
{
	size_t n = 0;

	for (; *line != '\0'; line++)
		n += *line == ',';
	return n;
}

void
numbers_csv(struct dataset *ds, const char *name)
{
	char path[128], line[LINE_MAX_BYTES];
	size_t n = 0, d, i, c;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/datasets/%s.csv", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	assert_non_null(fgets(line, sizeof(line), f));
	d = count_commas(line);
	while (fgets(line, sizeof(line), f) != NULL)
		n++;
	rewind(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(dataset_init(ds, n, d), 0);
	for (i = 0; i < n; i++) {
		char *at = line;

		assert_non_null(fgets(line, sizeof(line), f));
		for (c = 0; c < d; c++, at++)
			ds->features[i * d + c] = strtod(at, &at);
		ds->labels[i] = (int32_t)strtol(at, NULL, 10);
	}
	fclose(f);
}

void
numbers_moments(const struct dataset *ds, double *mean, double *dev)
{
	size_t i, c;

	for (c = 0; c < ds->d; c++) {
		double sum = 0.0, square = 0.0;

		for (i = 0; i < ds->n; i++)
			sum += ds->features[i * ds->d + c];
		mean[c] = sum / (double)ds->n;
		for (i = 0; i < ds->n; i++) {
			double x = ds->features[i * ds->d + c] - mean[c];

			square += x * x;
		}
		dev[c] = sqrt(square / (double)ds->n);
	}
}
