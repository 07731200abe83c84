/*
 * federation_columns.c - one entry of schema.columns: one column, several by
 * their names, or so many of one name with a number behind it.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"

/* Where a sentence goes and how it begins. */
struct said {
	const char *prefix;
	struct config_error *e;
};

static int
read_range(struct federation_column_draft *d, const struct yaml_node *n,
    const char *prefix, struct config_error *e)
{
	struct decimal *ends[2] = {&d->c.lo, &d->c.hi};
	const struct yaml_node *range = yaml_get(n, "range"), *end;
	const char *said[2] = {"", ""};
	size_t i = 0;

	assert(range != NULL && range->n == 2); /* the schema saw to it */
	for (end = range->first; end != NULL && i < 2; end = end->next, i++) {
		said[i] = end->text;
		if (end->quoted || decimal_parse(end->text, ends[i]) != 0)
			return config_fail(e, end->at,
			    "%srange: want two decimal numbers, got '%.60s'",
			    prefix, end->text);
	}
	if (decimal_compare(&d->c.lo, &d->c.hi) >= 0)
		return config_fail(e, range->at,
		    "%srange: want [lowest, highest], got [%s, %s]", prefix,
		    said[0], said[1]);
	return 0;
}

/* Appends one column per name; grows by doubling. */
static int
add_column(struct federation *f, const struct column *c, const char *name)
{
	struct column *grown;
	size_t cap = f->ncolumns;

	if ((cap & (cap - 1)) == 0) {
		grown = realloc(f->columns,
		    (cap == 0 ? 1 : 2 * cap) * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		f->columns = grown;
	}
	f->columns[f->ncolumns] = *c;
	memset(f->columns[f->ncolumns].name, 0, FEDERATION_TEXT_LEN);
	memcpy(f->columns[f->ncolumns].name, name, strlen(name));
	f->ncolumns++;
	return 0;
}

/* name0, name1, ... */
static int
add_numbered(struct federation *f, const struct federation_column_draft *d)
{
	char name[FEDERATION_TEXT_LEN + 8];
	int rc = 0;

	for (unsigned i = 0; i < d->count && rc == 0; i++) {
		snprintf(name, sizeof(name), "%s%u", d->c.name, i);
		rc = add_column(f, &d->c, name);
	}
	return rc;
}

static int
add_columns(struct federation *f, const struct federation_column_draft *d,
    const struct config_place *at, struct said to)
{
	size_t i, count = d->names.n;
	size_t more = count ? count : d->count ? d->count : 1;
	int rc = 0;

	if ((d->c.name[0] != '\0') == (count > 0))
		return config_fail(to.e, *at,
		    "%sname: want either name or names", to.prefix);
	if (f->ncolumns + more > FEDERATION_MAX_COLUMNS)
		return config_fail(to.e, *at, "schema.columns: want at most %d",
		    FEDERATION_MAX_COLUMNS);
	if (d->count > 0 &&
	    (count > 0 || strlen(d->c.name) + 5 > FEDERATION_TEXT_LEN))
		return config_fail(to.e, *at,
		    "%scount: want a name of at most %d bytes beside it",
		    to.prefix, FEDERATION_TEXT_LEN - 5);
	if (d->count > 0)
		return add_numbered(f, d);
	if (count == 0)
		return add_column(f, &d->c, d->c.name);
	for (i = 0; i < count && rc == 0; i++) {
		if (strlen(d->names.text[i]) >= FEDERATION_TEXT_LEN)
			return config_fail(to.e, *at,
			    "%snames: want at most %d bytes, got '%.70s'",
			    to.prefix, FEDERATION_TEXT_LEN - 1,
			    d->names.text[i]);
		rc = add_column(f, &d->c, d->names.text[i]);
	}
	return rc;
}

int
federation_read_column(struct federation *f, const struct yaml_node *n,
    size_t i, struct config_error *e)
{
	struct federation_column_draft d = {.names = {NULL, 0}};
	char prefix[40], what[80];
	struct schema_input in = {.map = n, .at = n->at, .prefix = prefix};
	int rc;

	snprintf(prefix, sizeof(prefix), "schema.columns[%zu].", i);
	if (n->kind != YAML_MAP)
		return config_fail(e, n->at,
		    "schema.columns: want {name: ..., range: [lo, hi]}, "
		    "got %s",
		    yaml_describe(n, what, sizeof(what)));
	rc = schema_fill(&federation_column_schema, &in, &d, e);
	if (rc == 0)
		rc = read_range(&d, n, prefix, e);
	if (rc == 0)
		rc = add_columns(f, &d, &n->at, (struct said){prefix, e});
	schema_close(&federation_column_schema, &d);
	return rc;
}
