#include "daemon/cli/sim_labelled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/sim_table.h"

/* Keeps l->names sorted; the place of name, or -1: too many. */
static int
add_name(struct sim_labelled *l, long name)
{
	size_t i = 0;

	while (i < l->nclasses && l->names[i] < name)
		i++;
	if (i < l->nclasses && l->names[i] == name)
		return (int)i;
	if (l->nclasses == SIM_LABELLED_CLASSES_MAX)
		return -1;
	memmove(l->names + i + 1, l->names + i,
	    (l->nclasses - i) * sizeof(l->names[0]));
	l->names[i] = name;
	l->nclasses++;
	return (int)i;
}

static int
find_name(const struct sim_labelled *l, long name)
{
	size_t i;

	for (i = 0; i < l->nclasses; i++) {
		if (l->names[i] == name)
			return (int)i;
	}
	return -1;
}

static int
check_label(const char *path, size_t row, double v)
{
	if (v == floor(v) && fabs(v) <= 1e9)
		return CLI_OK;
	return cli_error(CLI_FAILED,
	    "%s: row %zu: the label (the last column) is %g, no whole number",
	    path, row + 1, v);
}

static int
find_classes(struct sim_labelled *l, const struct sim_table *t,
    const char *path)
{
	size_t i;
	int rc = CLI_OK;

	for (i = 0; i < t->rows && rc == CLI_OK; i++) {
		double v = t->x[(i + 1) * t->columns - 1];

		rc = check_label(path, i, v);
		if (rc == CLI_OK && add_name(l, lround(v)) < 0)
			rc = cli_error(CLI_FAILED,
			    "%s: over %d classes; is the last column a label?",
			    path, SIM_LABELLED_CLASSES_MAX);
	}
	if (rc == CLI_OK && l->nclasses < 2)
		rc = cli_error(CLI_FAILED,
		    "%s: one class only: there is nothing to tell apart", path);
	return rc;
}

static int
fill(struct sim_labelled *l, const struct sim_table *t, const char *path)
{
	size_t d = t->columns - 1, i;

	if (dataset_init(&l->rows, t->rows, d) < 0)
		return cli_error(CLI_FAILED, "no memory");
	for (i = 0; i < t->rows; i++) {
		const double *row = t->x + i * t->columns;
		int label = find_name(l, lround(row[d]));

		if (check_label(path, i, row[d]) != CLI_OK)
			return CLI_FAILED;
		if (label < 0)
			return cli_error(CLI_FAILED,
			    "%s: row %zu: label %ld is not in the rows to "
			    "learn from",
			    path, i + 1, lround(row[d]));
		l->rows.labels[i] = label;
		memcpy(l->rows.features + i * d, row, d * sizeof(*row));
	}
	return CLI_OK;
}

int
sim_labelled_read(struct sim_labelled *l, const char *path,
    const struct sim_labelled *like)
{
	struct sim_table t = SIM_TABLE_INIT;
	int rc = sim_table_read(&t, path, NULL);

	if (rc == CLI_OK && t.columns < 2)
		rc = cli_error(CLI_FAILED,
		    "%s: one column; want features and, last, a label", path);
	if (rc == CLI_OK && like != NULL && t.columns - 1 != like->rows.d)
		rc = cli_error(CLI_FAILED,
		    "%s: %zu features, %zu in the rows to learn from", path,
		    t.columns - 1, like->rows.d);
	if (rc == CLI_OK && like != NULL) {
		l->nclasses = like->nclasses;
		memcpy(l->names, like->names, sizeof(l->names));
	} else if (rc == CLI_OK) {
		rc = find_classes(l, &t, path);
	}
	if (rc == CLI_OK)
		rc = fill(l, &t, path);
	sim_table_close(&t);
	return rc;
}

void
sim_labelled_close(struct sim_labelled *l)
{
	dataset_close(&l->rows);
	*l = (struct sim_labelled)SIM_LABELLED_INIT;
}

static void
scale_column(struct dataset *ds, size_t c, double lo, double hi)
{
	size_t i;

	for (i = 0; i < ds->n; i++) {
		double *x = &ds->features[i * ds->d + c];

		*x = hi > lo ? (*x - lo) / (hi - lo) : 0.0;
		*x = fmin(fmax(*x, 0.0), 1.0);
	}
}

void
sim_labelled_minmax(struct dataset *train, struct dataset *test)
{
	size_t i, c;

	for (c = 0; c < train->d; c++) {
		double lo = train->features[c], hi = lo;

		for (i = 1; i < train->n; i++) {
			lo = fmin(lo, train->features[i * train->d + c]);
			hi = fmax(hi, train->features[i * train->d + c]);
		}
		scale_column(train, c, lo, hi);
		if (test != NULL)
			scale_column(test, c, lo, hi);
	}
}
