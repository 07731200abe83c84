#include "daemon/cli/sim_table.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"

struct reading {
	struct sim_table *t;
	const char *path, *skip;
	size_t skip_at; /* SIZE_MAX: none */
	size_t line, cap;
};

static char *
trim(char *s)
{
	char *end;

	s += strspn(s, " \t\"");
	end = s + strlen(s);
	while (end > s && strchr(" \t\"\r", end[-1]) != NULL)
		*--end = '\0';
	return s;
}

/* The next field of a line, or NULL. */
static char *
next_field(char **at)
{
	char *field = *at, *comma;

	if (field == NULL)
		return NULL;
	comma = strchr(field, ',');
	*at = comma ? comma + 1 : NULL;
	if (comma)
		*comma = '\0';
	return trim(field);
}

static bool
is_number(const char *s, double *v)
{
	char *end;

	*v = strtod(s, &end);
	return end != s && *end == '\0' && isfinite(*v);
}

/* Whether the line is names: some field is no number. -ENOMEM. */
static int
take_names(struct reading *r, const char *line)
{
	char *copy = strdup(line), *at = copy, *field;
	bool names = false;
	double v;
	size_t i;

	if (copy == NULL)
		return -ENOMEM;
	for (i = 0; (field = next_field(&at)) != NULL; i++) {
		names |= !is_number(field, &v);
		if (r->skip != NULL && strcmp(field, r->skip) == 0)
			r->skip_at = i;
	}
	free(copy);
	return names;
}

static int
put(struct reading *r, size_t n, double v)
{
	double *grown;

	if (n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 1024;
		grown = realloc(r->t->x, r->cap * sizeof(*grown));
		if (grown == NULL)
			return cli_error(CLI_FAILED, "no memory");
		r->t->x = grown;
	}
	r->t->x[n] = v;
	return CLI_OK;
}

static int
take_row(struct reading *r, char *line)
{
	struct sim_table *t = r->t;
	size_t at0 = t->rows * t->columns, n = at0, i;
	char *at = line, *field;
	double v;
	int rc = CLI_OK;

	for (i = 0; rc == CLI_OK && (field = next_field(&at)) != NULL; i++) {
		if (i == r->skip_at)
			continue;
		if (!is_number(field, &v))
			return cli_error(CLI_FAILED,
			    "%s:%zu: column %zu: \"%.40s\" is no number",
			    r->path, r->line, i + 1, field);
		rc = put(r, n++, v);
	}
	if (rc == CLI_OK && t->rows > 0 && n - at0 != t->columns)
		return cli_error(CLI_FAILED,
		    "%s:%zu: %zu numbers, %zu in the rows before", r->path,
		    r->line, n - at0, t->columns);
	if (n - at0 > SIM_TABLE_COLUMNS_MAX)
		return cli_error(CLI_FAILED, "%s: over %d columns", r->path,
		    SIM_TABLE_COLUMNS_MAX);
	t->columns = n - at0;
	t->rows++;
	return rc;
}

static int
take_line(struct reading *r, char *line)
{
	int rc;

	r->line++;
	if (line[strspn(line, " \t\r")] == '\0')
		return CLI_OK;
	if (r->t->rows > 0 || r->line > 1)
		return take_row(r, line);
	rc = take_names(r, line);
	if (rc < 0)
		return cli_error(CLI_FAILED, "no memory");
	if (rc == 0)
		return take_row(r, line);
	if (r->skip != NULL && r->skip_at == SIZE_MAX)
		return cli_error(CLI_FAILED, "%s: no column is called %.60s",
		    r->path, r->skip);
	return CLI_OK;
}

static int
take_text(struct reading *r, FILE *f)
{
	char *line = NULL;
	size_t cap = 0, bytes = 0;
	ssize_t n;
	int rc = CLI_OK;

	while (rc == CLI_OK && (n = getline(&line, &cap, f)) > 0) {
		bytes += (size_t)n;
		if (bytes > SIM_TABLE_BYTES_MAX)
			rc = cli_error(CLI_FAILED, "%s: over %zu bytes",
			    r->path, SIM_TABLE_BYTES_MAX);
		else if (strlen(line) != (size_t)n)
			rc = cli_error(CLI_FAILED, "%s:%zu: is no text",
			    r->path, r->line + 1);
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (rc == CLI_OK)
			rc = take_line(r, line);
	}
	if (rc == CLI_OK && ferror(f))
		rc = cli_error(CLI_IO, "%s: it cannot be read", r->path);
	free(line);
	return rc;
}

int
sim_table_read(struct sim_table *t, const char *path, const char *skip)
{
	struct reading r = {.t = t,
	    .path = path,
	    .skip = skip,
	    .skip_at = SIZE_MAX};
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	int rc;

	if (f == NULL)
		return cli_error(errno == ENOENT ? CLI_NOT_FOUND : CLI_IO,
		    "%s: %s", path, strerror(errno));
	rc = take_text(&r, f);
	if (f != stdin)
		fclose(f);
	if (rc == CLI_OK && (t->rows == 0 || t->columns == 0))
		rc = cli_error(CLI_FAILED, "%s: there are no numbers", path);
	if (rc != CLI_OK)
		sim_table_close(t);
	return rc;
}

void
sim_table_close(struct sim_table *t)
{
	free(t->x);
	*t = (struct sim_table)SIM_TABLE_INIT;
}

/* Eight bytes, the lowest first, whatever this machine has. */
static bool
write_double(FILE *f, double v)
{
	uint8_t b[8];
	uint64_t u;
	size_t i;

	memcpy(&u, &v, sizeof(u));
	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(u >> 8 * i);
	return fwrite(b, 1, 8, f) == 8;
}

int
sim_table_write_npy(const char *path, const double *x, size_t rows,
    size_t columns)
{
	FILE *f = fopen(path, "wb");
	char head[128];
	size_t i;
	bool good;
	int n;

	if (f == NULL)
		return cli_error(CLI_IO, "%s: %s", path, strerror(errno));
	n = snprintf(head + 10, sizeof(head) - 10,
	    "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu), }",
	    rows, columns);
	memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10); /* 0x76: 118 follow */
	memset(head + 10 + n, ' ', sizeof(head) - 11 - (size_t)n);
	head[sizeof(head) - 1] = '\n';
	good = fwrite(head, 1, sizeof(head), f) == sizeof(head);
	for (i = 0; good && i < rows * columns; i++)
		good = write_double(f, x[i]);
	good = fclose(f) == 0 && good;
	return good ? CLI_OK
		    : cli_error(CLI_IO, "%s: it cannot be written", path);
}
