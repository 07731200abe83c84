#include "daemon/trainer/groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/tool.h"

#define GROUPS_BYTES_MAX (64u << 20)

/* Printable ASCII without what JSON would escape. */
static bool
name_ok(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return false;
	return len > 0 && len < GROUPS_NAME_LEN;
}

/* The group's number, made where it is new; -ENOSPC: too many. */
static int
group_of(struct groups *g, const char *s, size_t len)
{
	size_t i = 0;

	while (i < g->n &&
	    (strlen(g->name[i]) != len || memcmp(g->name[i], s, len) != 0))
		i++;
	if (i == GROUPS_MAX)
		return -ENOSPC;
	if (i == g->n) {
		memcpy(g->name[i], s, len);
		g->name[i][len] = '\0';
		g->n++;
	}
	return (int)i;
}

static int
complain(const char *path, size_t line, const char *what)
{
	fprintf(stderr, "qmltrain: %s: line %zu: %s\n", path, line, what);
	return -EINVAL;
}

static size_t
count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n + (len > 0 && text[len - 1] != '\n');
}

static int
read_lines(struct groups *g, const char *path, const char *text, size_t len,
    size_t rows)
{
	const size_t lines = count_lines(text, len);
	const char *p = text, *end = text + len;

	if (lines != rows && lines != rows + 1)
		return complain(path, lines, "want a group for each row");
	for (size_t i = 0; i < lines; i++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((stop ? stop : end) - p);
		int k = 0;

		if (n > 0 && p[n - 1] == '\r')
			n--;
		if (!name_ok(p, n))
			return complain(path, i + 1,
			    "want 1 to 63 printable characters");
		if (i >= lines - rows)
			k = group_of(g, p, n);
		if (k < 0)
			return complain(path, i + 1, "more than 32 groups");
		if (i >= lines - rows)
			g->of_row[i - (lines - rows)] = (uint8_t)k;
		p = stop ? stop + 1 : end;
	}
	return 0;
}

int
groups_read(struct groups *g, const char *path, size_t rows)
{
	uint8_t *data = NULL;
	size_t len = 0;
	int rc;

	*g = GROUPS_INIT;
	if (tool_load_file(path, GROUPS_BYTES_MAX, &data, &len) != TOOL_DONE)
		return -ENOENT;
	g->of_row = calloc(rows + 1, 1);
	rc = g->of_row ? read_lines(g, path, (const char *)data, len, rows)
		       : -ENOMEM;
	free(data);
	return rc;
}

void
groups_close(struct groups *g)
{
	free(g->of_row);
	*g = GROUPS_INIT;
}

static void
print_group(const char *name, const uint32_t *counts, size_t n, uint32_t rows)
{
	if (rows < GROUPS_ROWS_MIN) {
		printf("{\"group\":\"%s\",\"suppressed\":true}", name);
		return;
	}
	printf("{\"group\":\"%s\",\"rows\":%u,\"confusion\":[", name,
	    (unsigned)rows);
	for (size_t i = 0; i < n * n; i++)
		printf("%s%u%s",
		    i % n   ? ","
			: i ? ",["
			    : "[",
		    (unsigned)counts[i], i % n == n - 1 ? "]" : "");
	printf("]}");
}

int
groups_print_json(const struct groups *g, const struct groups_counts *c)
{
	const size_t n = c->nclasses, cells = n * n;
	uint32_t *counts = calloc(g->n * cells + 1, sizeof(*counts));

	if (!counts)
		return -ENOMEM;
	for (size_t i = 0; i < c->rows; i++)
		counts[g->of_row[i] * cells + (size_t)c->is[i] * n +
		    (size_t)c->said[i]]++;
	printf("\"groups_rows_min\":%d,\"groups\":[", GROUPS_ROWS_MIN);
	for (size_t k = 0; k < g->n; k++) {
		uint32_t rows = 0;

		for (size_t i = 0; i < cells; i++)
			rows += counts[k * cells + i];
		printf("%s", k ? "," : "");
		print_group(g->name[k], &counts[k * cells], n, rows);
	}
	printf("],");
	free(counts);
	return 0;
}
