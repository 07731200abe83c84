#include "daemon/trainer/load.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/trainer/csv.h"

/* Sets the sentence; returns 1, which stops the reader. */
int
load_fail(struct load *l, const struct load_place *at, const char *fmt, ...)
{
	char what[TABLE_ERR_LEN / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(l->err, TABLE_ERR_LEN, "%.400s:%" PRIu64 ": %s%s%s%s", l->name,
	    at->line, at->column ? "column " : "", at->column ? at->column : "",
	    at->column ? ": " : "", what);
	l->rc = -EINVAL;
	return 1;
}

int
load_no_memory(struct load *l)
{
	snprintf(l->err, TABLE_ERR_LEN,
	    "%.400s: there is not enough memory for the rows", l->name);
	l->rc = -ENOMEM;
	return 1;
}

bool
load_unlabelled(const struct load *l)
{
	const struct federation *f = l->source->federation;

	return l->source->unlabelled || (f && !federation_labelled(f));
}

static int
no_room(struct load *l, int rc)
{
	snprintf(l->err, TABLE_ERR_LEN,
	    "%.400s: the rows do not fit in memory, and not in a file in "
	    "TMPDIR or /var/tmp: %s",
	    l->name, strerror(-rc));
	l->rc = rc;
	return 1;
}

const char *
load_cell_text(const struct load *l, const char *cell,
    char out[static LOAD_CELL_LEN])
{
	size_t i, n = strlen(cell);

	if (!l->source->show_values) {
		snprintf(out, LOAD_CELL_LEN, "the cell");
		return out;
	}
	out[0] = '"';
	for (i = 0; i < n && i + 6 < LOAD_CELL_LEN; i++)
		out[i + 1] = (unsigned char)cell[i] < 0x20 ? '?' : cell[i];
	snprintf(out + i + 1, LOAD_CELL_LEN - i - 1, "%s",
	    i < n ? "...\"" : "\"");
	return out;
}

int
load_columns(struct load *l, size_t ncolumns)
{
	struct table *t = l->t;

	t->ncolumns = ncolumns;
	t->columns = calloc(ncolumns, sizeof(*t->columns));
	t->labels = calloc(FEDERATION_MAX_LABELS, sizeof(*t->labels));
	if (!t->columns || !t->labels)
		return load_no_memory(l);
	return 0;
}

int
load_schema(struct load *l)
{
	const struct federation *f = l->source->federation;
	struct table *t = l->t;
	size_t i;

	l->ranges = calloc(f->ncolumns, sizeof(*l->ranges));
	if (!l->ranges || load_columns(l, f->ncolumns))
		return load_no_memory(l);
	for (i = 0; i < f->ncolumns; i++) {
		memcpy(t->columns[i].name, f->columns[i].name,
		    FEDERATION_TEXT_LEN);
		l->ranges[i].lo = decimal_double(&f->columns[i].lo);
		l->ranges[i].hi = decimal_double(&f->columns[i].hi);
	}
	if (f->missing != FEDERATION_REFUSE)
		l->fills = calloc(f->ncolumns, sizeof(*l->fills));
	if (f->missing != FEDERATION_REFUSE && !l->fills)
		return load_no_memory(l);
	for (i = 0; i < f->ncolumns && l->fills; i++)
		l->fills[i] = f->missing == FEDERATION_LOWEST
		    ? l->ranges[i].lo
		    : 0.5 * l->ranges[i].lo + 0.5 * l->ranges[i].hi;
	l->numeric = f->nlabels == 0 && federation_labelled(f);
	memcpy(t->label, f->label, FEDERATION_TEXT_LEN);
	t->nlabels = f->nlabels;
	if (f->nlabels > 0) /* numbers to learn have no label map */
		memcpy(t->labels, f->labels, f->nlabels * sizeof(*t->labels));
	return 0;
}

static int
grow_labels(struct load *l, size_t cap)
{
	struct dataset *ds = &l->t->rows;
	int32_t *labels = realloc(ds->labels, cap * sizeof(*labels));

	double *targets = NULL;

	if (labels)
		ds->labels = labels;
	if (l->numeric)
		targets = realloc(ds->targets, cap * sizeof(*targets));
	if (targets) {
		/* Rows without a label: their loss is no number's. */
		memset(targets + l->cap, 0, (cap - l->cap) * sizeof(*targets));
		ds->targets = targets;
	}
	return !labels || (l->numeric && !targets) ? load_no_memory(l) : 0;
}

/* Into the file, with all rows so far when they were in memory. */
static int
grow_file(struct load *l, size_t bytes)
{
	struct dataset *ds = &l->t->rows;
	bool first = !l->file.map;
	int rc = rowfile_grow(&l->file, bytes);

	if (rc < 0)
		return no_room(l, rc);
	if (first && ds->features)
		memcpy(l->file.map, ds->features,
		    ds->n * l->t->ncolumns * sizeof(*ds->features));
	if (first)
		free(ds->features);
	ds->features = l->file.map;
	return 0;
}

int
load_grow(struct load *l)
{
	struct dataset *ds = &l->t->rows;
	size_t cap = l->cap ? 2 * l->cap : 256;
	size_t row = l->t->ncolumns * sizeof(double);
	double *features;
	int rc;

	if (ds->n < l->cap)
		return 0;
	if (cap > TABLE_BYTES_MAX / row || cap > TABLE_ROWS_MAX)
		return no_room(l, -EFBIG);
	if (cap * row > l->source->memory_max) {
		rc = grow_file(l, cap * row);
	} else {
		features = realloc(ds->features, cap * row);
		if (features)
			ds->features = features;
		rc = features ? 0 : load_no_memory(l);
	}
	if (rc == 0)
		rc = grow_labels(l, cap);
	if (rc == 0)
		l->cap = cap;
	return rc;
}

static void
put_value(struct load *l, size_t column, double v)
{
	struct table_column *c = &l->t->columns[column];
	struct dataset *ds = &l->t->rows;

	if (ds->n == 0 || v < c->min)
		c->min = v;
	if (ds->n == 0 || v > c->max)
		c->max = v;
	ds->features[ds->n * l->t->ncolumns + column] = v;
}

int
load_number(struct load *l, uint64_t line, size_t column, double v,
    const char *text)
{
	struct load_place at = {line, l->t->columns[column].name};
	char cell[LOAD_CELL_LEN];

	if (l->ranges && (v < l->ranges[column].lo || v > l->ranges[column].hi))
		return load_fail(l, &at,
		    "%s is outside the agreed "
		    "range [%g, %g]; correct it, remove the row, or agree "
		    "with all members on a wider range",
		    load_cell_text(l, text, cell), l->ranges[column].lo,
		    l->ranges[column].hi);
	put_value(l, column, v);
	return 0;
}

int
load_missing(struct load *l, uint64_t line, size_t column, const char *what)
{
	struct load_place at = {line, l->t->columns[column].name};

	if (!l->fills)
		return load_fail(l, &at, "%s; fill it in or remove the row",
		    what);
	put_value(l, column, l->fills[column]);
	l->t->nfilled++;
	return 0;
}

/* The labels that are accepted, as many as fit. */
static void
list_labels(const struct table *t, char *out, size_t size)
{
	size_t i, len = 0;

	out[0] = '\0';
	for (i = 0; i < t->nlabels && len + FEDERATION_TEXT_LEN + 8 < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s",
		    i ? ", " : "", t->labels[i]);
	if (i < t->nlabels)
		snprintf(out + len, size - len, ", ...");
}

/* Of a regression: a number in its range, kept as a part of it. */
static int
load_target(struct load *l, const struct load_place *at, const char *text)
{
	const struct federation *f = l->source->federation;
	double lo = decimal_double(&f->label_lo);
	double hi = decimal_double(&f->label_hi), v = 0;
	struct dataset *ds = &l->t->rows;
	char cell[LOAD_CELL_LEN];

	if (csv_parse_number(text, &v) != CSV_NUMBER_OK || v < lo || v > hi)
		return load_fail(l, at,
		    "%s is not a number in the agreed range [%g, %g]",
		    load_cell_text(l, text, cell), lo, hi);
	ds->targets[ds->n] = (0.5 * v - 0.5 * lo) / (0.5 * hi - 0.5 * lo);
	return 0;
}

int
load_label(struct load *l, uint64_t line, const char *text)
{
	struct table *t = l->t;
	struct load_place at = {line, t->label};
	char list[320], cell[LOAD_CELL_LEN];
	size_t i;

	if (l->numeric)
		return load_target(l, &at, text);
	for (i = 0; i < t->nlabels; i++) {
		if (strcmp(t->labels[i], text) == 0)
			break;
	}
	if (i == t->nlabels && l->source->federation) {
		list_labels(t, list, sizeof(list));
		return load_fail(l, &at,
		    "%s is not one of the agreed "
		    "labels: %s",
		    load_cell_text(l, text, cell), list);
	}
	if (i == FEDERATION_MAX_LABELS)
		return load_fail(l, &at,
		    "the column has more than %d "
		    "different values; is it a class?",
		    FEDERATION_MAX_LABELS);
	if (i == t->nlabels) {
		if (table_set_name(t->labels[i], text))
			return load_fail(l, &at,
			    "the label is empty "
			    "or longer than %d bytes",
			    FEDERATION_TEXT_LEN - 1);
		t->nlabels++;
	}
	t->rows.labels[t->rows.n] = (int32_t)i;
	return 0;
}

/* Numbers in numeric order, anything else in byte order. */
static bool
label_before(const char *a, const char *b, bool numeric)
{
	double x = 0, y = 0;

	if (numeric && csv_parse_number(a, &x) == CSV_NUMBER_OK &&
	    csv_parse_number(b, &y) == CSV_NUMBER_OK && x != y)
		return x < y;
	return strcmp(a, b) < 0;
}

/* Classes must not depend on the order of the rows. */
static int
sort_labels(struct table *t)
{
	int32_t rank[FEDERATION_MAX_LABELS];
	char(*sorted)[FEDERATION_TEXT_LEN];
	bool numeric = true;
	double v;
	size_t i, j;

	sorted = calloc(FEDERATION_MAX_LABELS, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < t->nlabels; i++)
		numeric &= csv_parse_number(t->labels[i], &v) == CSV_NUMBER_OK;
	for (i = 0; i < t->nlabels; i++) {
		rank[i] = 0;
		for (j = 0; j < t->nlabels; j++)
			rank[i] +=
			    label_before(t->labels[j], t->labels[i], numeric);
		memcpy(sorted[rank[i]], t->labels[i], sizeof(*sorted));
	}
	for (i = 0; i < t->rows.n && t->nlabels > 0; i++)
		t->rows.labels[i] = rank[t->rows.labels[i]];
	free(t->labels);
	t->labels = sorted;
	return 0;
}

static void
unmap(void *features, size_t bytes)
{
	munmap(features, bytes);
}

int
load_finish(struct load *l)
{
	struct table *t = l->t;
	size_t bytes = t->rows.n * t->ncolumns * sizeof(double);
	double *map;
	int rc = 0;

	t->rows.d = t->ncolumns;
	if (t->rows.n == 0) {
		snprintf(l->err, TABLE_ERR_LEN, "%.400s: there are no rows%s",
		    l->name, l->nfields ? " below the header" : "");
		return -EINVAL;
	}
	if (l->file.map) {
		map = rowfile_take(&l->file, bytes);
		if (!map)
			return -ENOMEM;
		t->rows.features = map;
		t->rows.release = unmap;
	}
	if (!l->source->federation)
		rc = sort_labels(t);
	return rc;
}

void
load_close(struct load *l)
{
	/* What the file holds is not the table's to free. */
	if (l->file.map)
		l->t->rows.features = NULL;
	rowfile_close(&l->file);
	free(l->ranges);
	free(l->fills);
}
