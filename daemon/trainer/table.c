#include "daemon/trainer/table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536
#define CELL_TEXT_LEN 48

/* One load in progress. */
struct load {
	const struct table_source *source;
	struct table *t;
	size_t nfields;            /* of the header; 0 until it was read */
	size_t cap;                /* rows that fit */
	struct data_range *ranges; /* [ncolumns] with a federation, or NULL */
	char *err;
	int rc;
};

static int fail(struct load *l, uint64_t line, const char *column,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Sets the sentence; returns 1, which stops the reader. */
static int
fail(struct load *l, uint64_t line, const char *column, const char *fmt, ...)
{
	char what[TABLE_ERR_LEN / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(l->err, TABLE_ERR_LEN, "%.400s:%" PRIu64 ": %s%s%s%s",
	    l->source->path, line, column ? "column " : "",
	    column ? column : "", column ? ": " : "", what);
	l->rc = -EINVAL;
	return 1;
}

static int
no_memory(struct load *l)
{
	snprintf(l->err, TABLE_ERR_LEN,
	    "%.400s: there is not enough memory for the rows", l->source->path);
	l->rc = -ENOMEM;
	return 1;
}

/* A cell in quotes, cut and made printable; or words that hide it. */
static const char *
cell_text(const struct load *l, const char *cell,
    char out[static CELL_TEXT_LEN])
{
	size_t i, n = strlen(cell);

	if (!l->source->show_values) {
		snprintf(out, CELL_TEXT_LEN, "the cell");
		return out;
	}
	out[0] = '"';
	for (i = 0; i < n && i + 6 < CELL_TEXT_LEN; i++)
		out[i + 1] = (unsigned char)cell[i] < 0x20 ? '?' : cell[i];
	snprintf(out + i + 1, CELL_TEXT_LEN - i - 1, "%s",
	    i < n ? "...\"" : "\"");
	return out;
}

/* Copies a column name or label; -1 when it does not fit. */
static int
set_name(char out[static FEDERATION_TEXT_LEN], const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= FEDERATION_TEXT_LEN)
		return -1;
	memcpy(out, text, n + 1);
	return 0;
}

static int
alloc_columns(struct load *l, size_t ncolumns)
{
	struct table *t = l->t;

	t->ncolumns = ncolumns;
	t->columns = calloc(ncolumns, sizeof(*t->columns));
	t->labels = calloc(FEDERATION_MAX_LABELS, sizeof(*t->labels));
	if (!t->columns || !t->labels)
		return no_memory(l);
	return 0;
}

/* Any table: every name once, the label last. */
static int
free_header(struct load *l, const struct csv_record *r)
{
	struct table *t = l->t;
	size_t i, j, n = r->nfields;
	bool unlabelled = l->source->unlabelled;

	if (n < 2 && !unlabelled)
		return fail(l, r->line, NULL,
		    "the header names %zu column; "
		    "at least one feature and the label are needed",
		    n);
	if (alloc_columns(l, unlabelled ? n : n - 1))
		return 1;
	t->label_at = t->ncolumns;
	for (i = 0; i < n; i++) {
		char *name = i < t->ncolumns ? t->columns[i].name : t->label;

		if (set_name(name, r->fields[i]))
			return fail(l, r->line, NULL,
			    "the name of column %zu "
			    "is empty or longer than %d bytes",
			    i + 1, FEDERATION_TEXT_LEN - 1);
		for (j = 0; j < i; j++) {
			if (strcmp(r->fields[j], name) == 0)
				return fail(l, r->line, name,
				    "the name is used twice");
		}
	}
	return 0;
}

/* Where the label column stands, or -1. */
static long
find_label(const struct csv_record *r, const char *label)
{
	size_t i;

	for (i = 0; i < r->nfields; i++) {
		if (strcmp(r->fields[i], label) == 0)
			return (long)i;
	}
	return -1;
}

static int
take_schema(struct load *l)
{
	const struct federation *f = l->source->federation;
	struct table *t = l->t;
	size_t i;

	l->ranges = calloc(f->ncolumns, sizeof(*l->ranges));
	if (!l->ranges || alloc_columns(l, f->ncolumns))
		return no_memory(l);
	for (i = 0; i < f->ncolumns; i++) {
		memcpy(t->columns[i].name, f->columns[i].name,
		    FEDERATION_TEXT_LEN);
		l->ranges[i].lo = decimal_double(&f->columns[i].lo);
		l->ranges[i].hi = decimal_double(&f->columns[i].hi);
	}
	memcpy(t->label, f->label, FEDERATION_TEXT_LEN);
	t->nlabels = f->nlabels;
	memcpy(t->labels, f->labels, f->nlabels * sizeof(*t->labels));
	return 0;
}

/* The agreed columns in the agreed order, and the label somewhere. */
static int
agreed_header(struct load *l, const struct csv_record *r)
{
	struct table *t = l->t;
	size_t i, at = 0;
	long label;

	if (take_schema(l))
		return 1;
	label = find_label(r, t->label);
	if (label < 0 && !l->source->unlabelled)
		return fail(l, r->line, t->label,
		    "the label column is "
		    "missing; the header must name it");
	t->label_at = label < 0 ? t->ncolumns : (size_t)label;
	for (i = 0; i < r->nfields; i++) {
		if ((long)i == label)
			continue;
		if (at == t->ncolumns)
			return fail(l, r->line, NULL,
			    "column %zu is \"%.64s\", "
			    "the schema of the federation has only %zu "
			    "columns; remove it",
			    i + 1, r->fields[i], t->ncolumns);
		if (strcmp(r->fields[i], t->columns[at].name) != 0)
			return fail(l, r->line, NULL,
			    "column %zu is \"%.64s\", "
			    "the schema of the federation has \"%s\" "
			    "there; names and order must be the agreed "
			    "ones",
			    i + 1, r->fields[i], t->columns[at].name);
		at++;
	}
	if (at < t->ncolumns)
		return fail(l, r->line, t->columns[at].name,
		    "the column is "
		    "missing; the schema of the federation has %zu "
		    "columns, the header %zu",
		    t->ncolumns, at);
	return 0;
}

static int
grow(struct load *l)
{
	struct dataset *ds = &l->t->rows;
	size_t cap = l->cap ? 2 * l->cap : 256;
	double *features;
	int32_t *labels;

	if (ds->n < l->cap)
		return 0;
	if (cap > TABLE_BYTES_MAX / (l->t->ncolumns * sizeof(double)))
		return no_memory(l);
	features =
	    realloc(ds->features, cap * l->t->ncolumns * sizeof(*features));
	if (features)
		ds->features = features;
	labels = realloc(ds->labels, cap * sizeof(*labels));
	if (labels)
		ds->labels = labels;
	if (!features || !labels)
		return no_memory(l);
	l->cap = cap;
	return 0;
}

static int
read_number(struct load *l, const struct csv_record *r, size_t field,
    size_t column)
{
	struct table_column *c = &l->t->columns[column];
	struct dataset *ds = &l->t->rows;
	char cell[CELL_TEXT_LEN];
	double v = 0;

	switch (csv_parse_number(r->fields[field], &v)) {
	case CSV_NUMBER_OK:
		break;
	case CSV_NUMBER_EMPTY:
		return fail(l, r->line, c->name,
		    "the cell is empty; fill it "
		    "in or remove the row");
	case CSV_NUMBER_NOT_FINITE:
		return fail(l, r->line, c->name,
		    "%s is not a finite number; "
		    "fill it in or remove the row",
		    cell_text(l, r->fields[field], cell));
	case CSV_NUMBER_BAD:
		return fail(l, r->line, c->name,
		    "%s is not a number; write a "
		    "decimal such as 12.5 or 1e-3",
		    cell_text(l, r->fields[field], cell));
	}
	if (l->ranges && (v < l->ranges[column].lo || v > l->ranges[column].hi))
		return fail(l, r->line, c->name,
		    "%s is outside the agreed "
		    "range [%g, %g]; correct it, remove the row, or agree "
		    "with all members on a wider range",
		    cell_text(l, r->fields[field], cell), l->ranges[column].lo,
		    l->ranges[column].hi);
	if (ds->n == 0 || v < c->min)
		c->min = v;
	if (ds->n == 0 || v > c->max)
		c->max = v;
	ds->features[ds->n * l->t->ncolumns + column] = v;
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

static int
read_label(struct load *l, const struct csv_record *r)
{
	struct table *t = l->t;
	const char *text = r->fields[t->label_at];
	char list[320], cell[CELL_TEXT_LEN];
	size_t i;

	for (i = 0; i < t->nlabels; i++) {
		if (strcmp(t->labels[i], text) == 0)
			break;
	}
	if (i == t->nlabels && l->source->federation) {
		list_labels(t, list, sizeof(list));
		return fail(l, r->line, t->label,
		    "%s is not one of the agreed "
		    "labels: %s",
		    cell_text(l, text, cell), list);
	}
	if (i == FEDERATION_MAX_LABELS)
		return fail(l, r->line, t->label,
		    "the column has more than %d "
		    "different values; is it a class?",
		    FEDERATION_MAX_LABELS);
	if (i == t->nlabels) {
		if (set_name(t->labels[i], text))
			return fail(l, r->line, t->label,
			    "the label is empty "
			    "or longer than %d bytes",
			    FEDERATION_TEXT_LEN - 1);
		t->nlabels++;
	}
	t->rows.labels[t->rows.n] = (int32_t)i;
	return 0;
}

static int
read_row(struct load *l, const struct csv_record *r)
{
	struct table *t = l->t;
	size_t i, column = 0;
	bool labelled = l->nfields > t->ncolumns;

	if (r->nfields != l->nfields)
		return fail(l, r->line, NULL,
		    "the row has %zu fields, the "
		    "header %zu; add what is missing or remove the row",
		    r->nfields, l->nfields);
	if (grow(l))
		return 1;
	for (i = 0; i < r->nfields; i++) {
		if (labelled && i == t->label_at)
			continue;
		if (read_number(l, r, i, column++))
			return 1;
	}
	t->rows.labels[t->rows.n] = 0;
	if (labelled && read_label(l, r))
		return 1;
	t->rows.n++;
	return 0;
}

static int
on_record(void *arg, const struct csv_record *r)
{
	struct load *l = arg;

	if (l->nfields)
		return read_row(l, r);
	l->nfields = r->nfields;
	return l->source->federation ? agreed_header(l, r) : free_header(l, r);
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

int
table_scan(struct csv *c, const char *path, char err[static TABLE_ERR_LEN])
{
	enum csv_verdict v = CSV_OK;
	ssize_t n = 0;
	char *chunk;
	int rc = 0, fd;

	chunk = malloc(CHUNK);
	fd = chunk ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		rc = chunk ? -errno : -ENOMEM;
		goto out;
	}
	while (v == CSV_OK && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = -errno;
			goto out;
		}
		v = csv_feed(c, chunk, (size_t)n);
	}
	v = csv_end(c);
	if (v == CSV_STOPPED)
		rc = -ECANCELED;
	else if (v != CSV_OK)
		rc = -EINVAL;
out:
	if (rc == -EINVAL && v != CSV_OK)
		snprintf(err, TABLE_ERR_LEN, "%.400s:%" PRIu64 ": %s", path,
		    c->line, csv_verdict_text(v));
	else if (rc < 0 && rc != -ECANCELED)
		snprintf(err, TABLE_ERR_LEN,
		    "%.400s: the data file cannot be "
		    "read: %s",
		    path, strerror(-rc));
	if (fd >= 0)
		close(fd);
	free(chunk);
	return rc;
}

int
table_load(struct table *t, const struct table_source *source,
    char err[static TABLE_ERR_LEN])
{
	struct load l = {.source = source, .t = t, .err = err};
	struct csv c = CSV_INIT;
	int rc;

	*t = (struct table)TABLE_INIT;
	err[0] = '\0';
	rc = csv_init(&c, on_record, &l);
	if (rc == 0)
		rc = table_scan(&c, source->path, err);
	csv_close(&c);
	free(l.ranges);
	if (rc == -ECANCELED)
		rc = l.rc;
	if (rc == 0 && t->rows.n == 0) {
		rc = -EINVAL;
		snprintf(err, TABLE_ERR_LEN, "%.400s: there are no rows%s",
		    source->path, l.nfields ? " below the header" : "");
	}
	t->rows.d = t->ncolumns;
	if (rc == 0 && !source->federation)
		rc = sort_labels(t);
	if (rc == -ENOMEM && err[0] == '\0')
		no_memory(&l);
	if (rc < 0)
		table_close(t);
	return rc;
}

void
table_close(struct table *t)
{
	free(t->columns);
	free(t->labels);
	dataset_close(&t->rows);
	*t = (struct table)TABLE_INIT;
}
