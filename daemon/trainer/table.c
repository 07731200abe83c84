#include "daemon/trainer/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/load.h"

#define CHUNK 65536

int
table_set_name(char out[static FEDERATION_TEXT_LEN], const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= FEDERATION_TEXT_LEN)
		return -1;
	memcpy(out, text, n + 1);
	return 0;
}

/* Any table: every name once, the label last. */
static int
free_header(struct load *l, const struct csv_record *r)
{
	struct load_place at = {r->line, NULL};
	struct table *t = l->t;
	size_t i, j, n = r->nfields;
	bool unlabelled = l->source->unlabelled;

	if (n < 2 && !unlabelled)
		return load_fail(l, &at,
		    "the header names %zu column; "
		    "at least one feature and the label are needed",
		    n);
	if (load_columns(l, unlabelled ? n : n - 1))
		return 1;
	t->label_at = t->ncolumns;
	for (i = 0; i < n; i++) {
		char *name = i < t->ncolumns ? t->columns[i].name : t->label;

		if (table_set_name(name, r->fields[i]))
			return load_fail(l, &at,
			    "the name of column %zu "
			    "is empty or longer than %d bytes",
			    i + 1, FEDERATION_TEXT_LEN - 1);
		for (j = 0; j < i; j++) {
			if (strcmp(r->fields[j], name) != 0)
				continue;
			at.column = name;
			return load_fail(l, &at, "the name is used twice");
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

/* The agreed columns in the agreed order, and the label somewhere. */
static int
agreed_header(struct load *l, const struct csv_record *r)
{
	struct load_place at = {r->line, NULL};
	struct table *t = l->t;
	size_t i, n = 0;
	long label;

	if (load_schema(l))
		return 1;
	label = find_label(r, t->label);
	if (label < 0 && !load_unlabelled(l)) {
		at.column = t->label;
		return load_fail(l, &at,
		    "the label column is "
		    "missing; the header must name it");
	}
	t->label_at = label < 0 ? t->ncolumns : (size_t)label;
	for (i = 0; i < r->nfields; i++) {
		if ((long)i == label)
			continue;
		if (n == t->ncolumns)
			return load_fail(l, &at,
			    "column %zu is \"%.64s\", "
			    "the schema of the federation has only %zu "
			    "columns; remove it",
			    i + 1, r->fields[i], t->ncolumns);
		if (strcmp(r->fields[i], t->columns[n].name) != 0)
			return load_fail(l, &at,
			    "column %zu is \"%.64s\", "
			    "the schema of the federation has \"%s\" "
			    "there; names and order must be the agreed "
			    "ones",
			    i + 1, r->fields[i], t->columns[n].name);
		n++;
	}
	if (n < t->ncolumns) {
		at.column = t->columns[n].name;
		return load_fail(l, &at,
		    "the column is "
		    "missing; the schema of the federation has %zu "
		    "columns, the header %zu",
		    t->ncolumns, n);
	}
	return 0;
}

static int
read_number(struct load *l, const struct csv_record *r, size_t field,
    size_t column)
{
	struct load_place at = {r->line, l->t->columns[column].name};
	const char *text = r->fields[field];
	char cell[LOAD_CELL_LEN], what[LOAD_CELL_LEN + 32];
	double v = 0;

	switch (csv_parse_number(text, &v)) {
	case CSV_NUMBER_OK:
		break;
	case CSV_NUMBER_EMPTY:
		return load_missing(l, r->line, column, "the cell is empty");
	case CSV_NUMBER_NOT_FINITE:
		snprintf(what, sizeof(what), "%s is not a finite number",
		    load_cell_text(l, text, cell));
		return load_missing(l, r->line, column, what);
	case CSV_NUMBER_BAD:
		return load_fail(l, &at,
		    "%s is not a number; write a "
		    "decimal such as 12.5 or 1e-3",
		    load_cell_text(l, text, cell));
	}
	return load_number(l, r->line, column, v, text);
}

static int
read_row(struct load *l, const struct csv_record *r)
{
	struct load_place at = {r->line, NULL};
	struct table *t = l->t;
	size_t i, column = 0;
	bool labelled = l->nfields > t->ncolumns;

	if (r->nfields != l->nfields)
		return load_fail(l, &at,
		    "the row has %zu fields, the "
		    "header %zu; add what is missing or remove the row",
		    r->nfields, l->nfields);
	if (load_grow(l))
		return 1;
	for (i = 0; i < r->nfields; i++) {
		if (labelled && i == t->label_at)
			continue;
		if (read_number(l, r, i, column++))
			return 1;
	}
	t->rows.labels[t->rows.n] = 0;
	if (labelled && load_label(l, r->line, r->fields[t->label_at]))
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

int
table_feed(struct csv *c, struct source *s, char err[static TABLE_ERR_LEN])
{
	enum csv_verdict v = CSV_OK;
	char *chunk = malloc(CHUNK);
	ssize_t n = -ENOMEM;

	while (chunk && v == CSV_OK && (n = source_read(s, chunk, CHUNK)) > 0)
		v = csv_feed(c, chunk, (size_t)n);
	free(chunk);
	if (n < 0) {
		source_explain(s, (int)n, err);
		return (int)n;
	}
	v = csv_end(c);
	if (v == CSV_STOPPED)
		return -ECANCELED;
	if (v == CSV_OK)
		return source_finish(s, err);
	snprintf(err, TABLE_ERR_LEN, "%.400s:%" PRIu64 ": %s", s->name, c->line,
	    csv_verdict_text(v));
	return -EINVAL;
}

int
table_scan(struct csv *c, const char *path, char err[static TABLE_ERR_LEN])
{
	struct source_spec spec = {.path = path};
	struct source s;
	int rc = source_open(&s, &spec, err);

	if (rc == 0 && s.kind != SOURCE_TEXT) {
		snprintf(err, TABLE_ERR_LEN, "%.400s: this is no CSV", path);
		rc = -EINVAL;
	}
	if (rc == 0)
		rc = table_feed(c, &s, err);
	source_close(&s);
	return rc;
}

static int
load_text(struct load *l, struct source *s)
{
	struct csv c = CSV_INIT;
	int rc = csv_init(&c, on_record, l);

	if (rc == 0)
		rc = table_feed(&c, s, l->err);
	csv_close(&c);
	return rc == -ECANCELED ? l->rc : rc;
}

int
table_load(struct table *t, const struct table_source *source,
    char err[static TABLE_ERR_LEN])
{
	struct table_source from = *source;
	struct source_spec spec = {.path = source->path,
	    .labels = source->labels,
	    .command = source->command,
	    .text = source->text,
	    .text_len = source->text_len};
	struct load l = {.source = &from,
	    .t = t,
	    .file = ROWFILE_INIT,
	    .err = err};
	struct source s;
	int rc;

	*t = (struct table)TABLE_INIT;
	err[0] = '\0';
	if (from.memory_max == 0)
		from.memory_max = TABLE_MEMORY_MAX;
	rc = source_open(&s, &spec, err);
	l.name = s.name ? s.name : source->path;
	if (rc == 0)
		rc = s.kind == SOURCE_TEXT ? load_text(&l, &s)
					   : load_arrays(&l, &s);
	if (rc == 0)
		rc = load_finish(&l);
	source_close(&s);
	if (rc == -ENOMEM && err[0] == '\0')
		load_no_memory(&l);
	load_close(&l);
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
