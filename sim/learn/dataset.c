#include "sim/learn/dataset.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int
dataset_init(struct dataset *ds, size_t n, size_t d)
{
	*ds = (struct dataset)DATASET_INIT;
	if (n == 0 || d == 0)
		return -EINVAL;
	if (d > SIZE_MAX / sizeof(*ds->features) / n)
		return -EOVERFLOW;
	ds->features = calloc(n * d, sizeof(*ds->features));
	ds->labels = calloc(n, sizeof(*ds->labels));
	if (ds->features == NULL || ds->labels == NULL) {
		dataset_close(ds);
		return -ENOMEM;
	}
	ds->n = n;
	ds->d = d;
	return 0;
}

void
dataset_close(struct dataset *ds)
{
	if (ds->release != NULL)
		ds->release(ds->features,
		    ds->n * ds->d * sizeof(*ds->features));
	else
		free(ds->features);
	free(ds->labels);
	free(ds->targets);
	*ds = (struct dataset)DATASET_INIT;
}

int
dataset_want_targets(struct dataset *ds)
{
	if (ds->targets == NULL)
		ds->targets = calloc(ds->n + 1, sizeof(*ds->targets));
	return ds->targets == NULL ? -ENOMEM : 0;
}

int
dataset_select(struct dataset *ds, const struct dataset *from,
    const uint32_t *rows, size_t nrows)
{
	size_t i;
	int rc;

	*ds = (struct dataset)DATASET_INIT;
	ds->d = from->d;
	if (nrows == 0)
		return 0;
	rc = dataset_init(ds, nrows, from->d);
	if (rc < 0)
		return rc;
	if (from->targets != NULL && dataset_want_targets(ds) < 0) {
		dataset_close(ds);
		return -ENOMEM;
	}
	for (i = 0; i < nrows; i++) {
		assert(rows[i] < from->n);
		memcpy(ds->features + i * ds->d,
		    from->features + rows[i] * from->d,
		    ds->d * sizeof(*ds->features));
		ds->labels[i] = from->labels[rows[i]];
		if (from->targets != NULL)
			ds->targets[i] = from->targets[rows[i]];
	}
	return 0;
}

static int
check_ranges(const struct data_range *ranges, size_t d)
{
	size_t c;

	for (c = 0; c < d; c++) {
		if (!isfinite(ranges[c].lo) || !isfinite(ranges[c].hi) ||
		    ranges[c].lo > ranges[c].hi)
			return -EINVAL;
	}
	return 0;
}

static int
check_values(const struct dataset *ds, const struct data_range *ranges,
    struct data_place *where)
{
	size_t i;

	for (i = 0; i < ds->n * ds->d; i++) {
		const struct data_range *r = &ranges[i % ds->d];
		double x = ds->features[i];

		if (x >= r->lo && x <= r->hi)
			continue;
		if (where != NULL)
			*where = (struct data_place){.row = i / ds->d,
			    .col = i % ds->d,
			    .value = x};
		return -ERANGE;
	}
	return 0;
}

int
dataset_scale(struct dataset *ds, const struct data_range *ranges,
    struct data_place *where)
{
	size_t i;
	int rc = check_ranges(ranges, ds->d);

	if (rc == 0)
		rc = check_values(ds, ranges, where);
	if (rc < 0)
		return rc;
	for (i = 0; i < ds->n * ds->d; i++) {
		const struct data_range *r = &ranges[i % ds->d];
		double *x = &ds->features[i];

		/* Halves first: hi - lo must not overflow. */
		if (r->lo < r->hi)
			*x = (0.5 * *x - 0.5 * r->lo) /
			    (0.5 * r->hi - 0.5 * r->lo);
		else
			*x = 0.0;
	}
	return 0;
}

size_t
dataset_count(const struct dataset *ds, size_t nclasses, size_t *counts)
{
	size_t i, most = 0;

	memset(counts, 0, nclasses * sizeof(*counts));
	for (i = 0; i < ds->n; i++) {
		assert(ds->labels[i] >= 0 && (size_t)ds->labels[i] < nclasses);
		counts[ds->labels[i]]++;
	}
	for (i = 0; i < nclasses; i++) {
		if (counts[i] > most)
			most = counts[i];
	}
	return most;
}
