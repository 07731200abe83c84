/*
 * table_array.c - rows from arrays of numbers. Columns have no names there:
 * with a federation their number must be the schema's; without one they are
 * called x0, x1, ... The labels are an array of their own or the last column;
 * a label is the shortest decimal of its number, so that class "7" is 7.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/trainer/load.h"
#include "daemon/trainer/source.h"

#define NUMBER_LEN 32

static int
name_columns(struct load *l, size_t ncolumns)
{
	size_t i;

	if (load_columns(l, ncolumns))
		return 1;
	for (i = 0; i < ncolumns; i++)
		snprintf(l->t->columns[i].name, sizeof(l->t->columns[i].name),
		    "x%zu", i);
	snprintf(l->t->label, sizeof(l->t->label), "label");
	return 0;
}

/* Whether the last column is the label; or a refusal. */
static int
set_shape(struct load *l, const struct source *s, bool *last)
{
	const struct federation *f = l->source->federation;
	size_t cols = s->features.cols, want;
	const struct load_place at = {1, NULL};

	*last = false;
	if (!f) {
		*last = !s->has_labels && !l->source->unlabelled;
		if (cols - *last < 1 || cols - *last > FEDERATION_MAX_COLUMNS)
			return load_fail(l, &at,
			    "a row has %zu values; want 1 to %d features%s",
			    cols, FEDERATION_MAX_COLUMNS,
			    *last ? " and the label" : "");
		return name_columns(l, cols - *last);
	}
	want = f->ncolumns;
	*last = !s->has_labels && cols == want + 1;
	if (cols - *last != want)
		return load_fail(l, &at,
		    "a row has %zu values, the schema of the federation has "
		    "%zu columns%s",
		    cols, want, s->has_labels ? "" : " and the label");
	if (!s->has_labels && !*last && !load_unlabelled(l))
		return load_fail(l, &at,
		    "there are no labels: want a last column, an array \"y\", "
		    "or data.labels");
	return load_schema(l);
}

static int
read_value(struct load *l, const struct matrix *m, size_t row, size_t column)
{
	double v = matrix_at(m, row, column);
	char text[NUMBER_LEN];

	if (!isfinite(v))
		return load_missing(l, row + 1, column,
		    "the value is not a finite number");
	/* Only where it is wrong is its text needed. */
	if (l->ranges && (v < l->ranges[column].lo || v > l->ranges[column].hi))
		snprintf(text, sizeof(text), "%.9g", v);
	else
		text[0] = '\0';
	return load_number(l, row + 1, column, v == 0 ? 0.0 : v, text);
}

static int
read_class(struct load *l, double v, size_t row)
{
	struct load_place at = {row + 1, l->t->label};
	char text[NUMBER_LEN];

	if (!isfinite(v))
		return load_fail(l, &at, "the label is not a finite number");
	snprintf(text, sizeof(text), "%.15g", v == 0 ? 0.0 : v);
	return load_label(l, row + 1, text);
}

int
load_arrays(struct load *l, const struct source *s)
{
	struct table *t = l->t;
	size_t row, i;
	double label;
	bool last;

	if (set_shape(l, s, &last))
		return l->rc;
	t->label_at = t->ncolumns;
	for (row = 0; row < s->features.rows; row++) {
		if (load_grow(l))
			return l->rc;
		for (i = 0; i < t->ncolumns; i++) {
			if (read_value(l, &s->features, row, i))
				return l->rc;
		}
		t->rows.labels[t->rows.n] = 0;
		label = last        ? matrix_at(&s->features, row, t->ncolumns)
		    : s->has_labels ? matrix_at(&s->labels, row, 0)
				    : 0;
		if ((last || s->has_labels) && read_class(l, label, row))
			return l->rc;
		t->rows.n++;
	}
	return 0;
}
