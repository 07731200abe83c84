#include "tests/bench/tables.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/jacobi.h"

#define LINE_BYTES 8192

static size_t
count_commas(const char *line)
{
	size_t n = 0;

	for (; *line != '\0'; line++)
		n += *line == ',';
	return n;
}

static int
read_row(char *line, struct dataset *ds, size_t r)
{
	char *at = line;
	size_t c;

	for (c = 0; c < ds->d; c++) {
		ds->features[r * ds->d + c] = strtod(at, &at);
		if (*at++ != ',')
			return -EINVAL;
	}
	ds->labels[r] = (int32_t)strtol(at, NULL, 10);
	if (ds->labels[r] < 0)
		ds->labels[r] = 0;
	return 0;
}

static int
read_rows(FILE *f, struct dataset *out, uint32_t *nclasses)
{
	static char line[LINE_BYTES];
	size_t n = 0, d, r;
	int rc;

	if (fgets(line, sizeof(line), f) == NULL)
		return -EINVAL;
	d = count_commas(line);
	while (fgets(line, sizeof(line), f) != NULL)
		n++;
	rc = dataset_init(out, n, d);
	rewind(f);
	if (rc < 0 || fgets(line, sizeof(line), f) == NULL)
		return rc < 0 ? rc : -EINVAL;
	*nclasses = 0;
	for (r = 0; r < n && rc == 0; r++) {
		rc = fgets(line, sizeof(line), f) == NULL
		    ? -EINVAL
		    : read_row(line, out, r);
		if ((uint32_t)out->labels[r] >= *nclasses)
			*nclasses = (uint32_t)out->labels[r] + 1;
	}
	return rc;
}

int
tables_csv(const char *path, struct dataset *out, uint32_t *nclasses)
{
	FILE *f = fopen(path, "r");
	int rc;

	*out = (struct dataset)DATASET_INIT;
	if (f == NULL)
		return -ENOENT;
	rc = read_rows(f, out, nclasses);
	fclose(f);
	if (rc < 0)
		dataset_close(out);
	return rc;
}

int
tables_list(const char *path, const char *key, int32_t *out, size_t n)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "r");
	char quoted[64], *at;
	size_t len, i;

	if (f == NULL)
		return -ENOENT;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	at = strstr(text, quoted);
	at = at != NULL ? strchr(at, '[') : NULL;
	if (at == NULL)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		at++;
		out[i] = (int32_t)strtol(at, &at, 10);
		at += strspn(at, " \n");
		if (*at != (i + 1 < n ? ',' : ']'))
			return -EINVAL;
	}
	return 0;
}

void
tables_two_labels(struct dataset *ds, int32_t a, int32_t b, int32_t *keep)
{
	size_t r;

	for (r = 0; r < ds->n; r++) {
		keep[r] = ds->labels[r] == a || ds->labels[r] == b;
		ds->labels[r] = ds->labels[r] == b;
	}
}

/* Columns become (x - mean) / deviation of the training rows; a constant one
 * becomes 0. */
static void
standardise(struct dataset *train, struct dataset *test)
{
	size_t d = train->d, r, c;

	for (c = 0; c < d; c++) {
		double mean = 0.0, var = 0.0, by;

		for (r = 0; r < train->n; r++)
			mean += train->features[r * d + c] / (double)train->n;
		for (r = 0; r < train->n; r++) {
			double off = train->features[r * d + c] - mean;

			var += off * off / (double)train->n;
		}
		by = var > 1e-20 ? 1.0 / sqrt(var) : 0.0;
		for (r = 0; r < train->n; r++)
			train->features[r * d + c] =
			    (train->features[r * d + c] - mean) * by;
		for (r = 0; r < test->n; r++)
			test->features[r * d + c] =
			    (test->features[r * d + c] - mean) * by;
	}
}

static int
covariance(const struct dataset *ds, double *a)
{
	size_t d = ds->d, r, i, j;

	memset(a, 0, d * d * sizeof(*a));
	for (r = 0; r < ds->n; r++) {
		const double *x = ds->features + r * d;

		for (i = 0; i < d; i++) {
			for (j = i; j < d; j++)
				a[i * d + j] += x[i] * x[j] / (double)ds->n;
		}
	}
	return 0;
}

static int
project(struct dataset *ds, const double *values, const double *vectors,
    uint32_t k)
{
	double *to = calloc(ds->n * k, sizeof(*to));
	size_t d = ds->d, r, i, c;

	if (to == NULL)
		return -ENOMEM;
	for (r = 0; r < ds->n; r++) {
		for (i = 0; i < k; i++) {
			for (c = 0; c < d; c++)
				to[r * k + i] += vectors[i * d + c] *
				    ds->features[r * d + c];
			to[r * k + i] /= sqrt(values[i]);
		}
	}
	free(ds->features);
	ds->features = to;
	ds->d = k;
	return 0;
}

static int
whiten(struct dataset *train, struct dataset *test, uint32_t k)
{
	size_t d = train->d;
	double *a = calloc(2 * d * d + d, sizeof(*a));
	double *vectors = a + d * d, *values = vectors + d * d;
	int rc;

	if (a == NULL)
		return -ENOMEM;
	covariance(train, a);
	rc = jacobi_eigen(a, d, values, vectors);
	if (rc == 0)
		rc = project(train, values, vectors, k);
	if (rc == 0)
		rc = project(test, values, vectors, k);
	free(a);
	return rc;
}

static void
cut(struct dataset *ds, const struct data_range *range)
{
	size_t i;

	for (i = 0; i < ds->n * ds->d; i++) {
		const struct data_range *r = &range[i % ds->d];
		double *x = &ds->features[i];

		*x = *x < r->lo ? r->lo : *x > r->hi ? r->hi : *x;
	}
}

static void
find_ranges(const struct dataset *ds, double reach, struct data_range *range)
{
	size_t r, c;

	for (c = 0; c < ds->d; c++) {
		range[c] = (struct data_range){-reach, reach};
		for (r = 0; r < ds->n && reach == 0.0; r++) {
			double x = ds->features[r * ds->d + c];

			if (r == 0 || x < range[c].lo)
				range[c].lo = x;
			if (r == 0 || x > range[c].hi)
				range[c].hi = x;
		}
	}
}

int
tables_scale(const struct tables_prepare *p, struct dataset *train,
    struct dataset *test)
{
	struct data_range *range = calloc(train->d, sizeof(*range));
	int rc = 0;

	if (range == NULL)
		return -ENOMEM;
	if (p->reach > 0.0 || p->components > 0)
		standardise(train, test);
	if (p->components > 0)
		rc = whiten(train, test, p->components);
	if (rc == 0) {
		find_ranges(train, p->reach, range);
		cut(train, range);
		cut(test, range);
		rc = dataset_scale(train, range, NULL);
	}
	if (rc == 0)
		rc = dataset_scale(test, range, NULL);
	free(range);
	return rc;
}
