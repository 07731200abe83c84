#include "config/schema.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"

#define ROWS_MAX 160
#define PATH_MAX_LEN 96
#define NAMES_MAX 96

/* What one call of schema_fill knows. */
struct filling {
	const struct schema *s;
	const struct schema_input *in;
	struct config_error *e;
	const struct yaml_node *found[ROWS_MAX];
};

static size_t
edit_distance(const char *a, const char *b)
{
	size_t row[PATH_MAX_LEN + 1], la = strlen(a), lb = strlen(b);
	size_t i, j, diagonal, above, best;

	if (la > PATH_MAX_LEN || lb > PATH_MAX_LEN)
		return PATH_MAX_LEN;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			above = row[j];
			best = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[lb];
}

const char *
schema_nearest(const char *word, const char *const *words, size_t n)
{
	const char *best = NULL;
	size_t i, d, least = SIZE_MAX, limit;

	for (i = 0; i < n; i++) {
		d = edit_distance(word, words[i]);
		limit = (strlen(words[i]) + 2) / 3;
		/* Two for a swapped pair, but never a whole short word. */
		limit = limit < 2 ? 2 : limit;
		if (d <= limit && d < strlen(words[i]) && d < least) {
			best = words[i];
			least = d;
		}
	}
	return best;
}

/* The keys that may stand where the path ends with prefix: the next component
 * of every row below it, each once. */
static size_t
names_below(const struct schema *s, const char *prefix,
    char names[][PATH_MAX_LEN])
{
	size_t i, k, n = 0, plen = strlen(prefix), len;
	const char *name;

	for (i = 0; i < s->n; i++) {
		if (strncmp(s->rows[i].key, prefix, plen) != 0)
			continue;
		name = s->rows[i].key + plen;
		len = strcspn(name, ".");
		for (k = 0; k < n; k++)
			if (strlen(names[k]) == len &&
			    strncmp(names[k], name, len) == 0)
				break;
		if (k < n || n == NAMES_MAX || len >= PATH_MAX_LEN)
			continue;
		memcpy(names[n], name, len);
		names[n++][len] = '\0';
	}
	return n;
}

static int
unknown_key(const struct filling *f, const char *prefix,
    const struct yaml_node *entry)
{
	char names[NAMES_MAX][PATH_MAX_LEN], list[256] = "";
	const char *words[NAMES_MAX] = {NULL}, *near;
	size_t i, n = names_below(f->s, prefix, names), used = 0, room;
	int len;

	for (i = 0; i < n; i++)
		words[i] = names[i];
	near = schema_nearest(entry->key, words, n);
	if (near != NULL)
		return config_fail(f->e, entry->key_at,
		    "unknown key \"%s%s%.60s\"\n  did you mean \"%s\"?",
		    f->in->prefix, prefix, entry->key, near);
	for (i = 0; i < n && used < sizeof(list); i++) {
		room = sizeof(list) - used;
		len = snprintf(list + used, room, "%s%s", i ? ", " : "",
		    names[i]);
		used += len < 0 ? room : (size_t)len;
	}
	return config_fail(f->e, entry->key_at,
	    "unknown key \"%s%s%.60s\"\n  known here: %s", f->in->prefix,
	    prefix, entry->key, list);
}

static int
find_row(const struct schema *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->rows[i].key, path) == 0)
			return (int)i;
	return -1;
}

static bool
is_group(const struct schema *s, const char *path)
{
	size_t i, len = strlen(path);

	for (i = 0; i < s->n; i++)
		if (strncmp(s->rows[i].key, path, len) == 0 &&
		    s->rows[i].key[len] == '.')
			return true;
	return false;
}

static bool
is_nothing(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && n->text[0] == '\0' && !n->quoted;
}

/* Messages and manuals name a key by its path; in a file it has two levels.
 * Taken as a key it could stand there twice, and the reader of the file, who
 * looks for it in its group, would not find it. */
static int
is_path(const struct filling *f, const struct yaml_node *entry)
{
	size_t len = strcspn(entry->key, ".");

	return config_fail(f->e, entry->key_at,
	    "%s%s: want two levels\n  write %.*s: and below it, indented, %s:",
	    f->in->prefix, entry->key, (int)len, entry->key,
	    entry->key + len + 1);
}

/* Files every entry of map under its row; rows are at most two levels deep. */
static int
walk(struct filling *f, const struct yaml_node *map, const char *prefix)
{
	char path[PATH_MAX_LEN], what[80];
	const struct yaml_node *n;
	int row, rc = 0, len;

	for (n = map->first; n != NULL && rc == 0; n = n->next) {
		len = snprintf(path, sizeof(path), "%s%s", prefix, n->key);
		row = len > 0 && (size_t)len < sizeof(path) - 1
		    ? find_row(f->s, path)
		    : -1;
		if (row >= 0 && strchr(n->key, '.') != NULL)
			return is_path(f, n);
		if (row >= 0) {
			f->found[row] = n;
			continue;
		}
		if (prefix[0] != '\0' || !is_group(f->s, path))
			return unknown_key(f, prefix, n);
		if (n->kind != YAML_MAP && !is_nothing(n))
			return config_fail(f->e, n->at,
			    "%s%s: want indented `key: value` lines, got %s",
			    f->in->prefix, path,
			    yaml_describe(n, what, sizeof(what)));
		memcpy(path + len, ".", 2);
		rc = walk(f, n, path);
	}
	return rc;
}

static int
bad_value(const struct filling *f, const struct schema_row *row,
    const struct yaml_node *n)
{
	char want[256], what[80];

	value_want(row, want, sizeof(want));
	return config_fail(f->e, n->at, "%s%s: want %s, got %s%s%s",
	    f->in->prefix, row->key, want, yaml_describe(n, what, sizeof(what)),
	    row->help != NULL ? "\n  " : "",
	    row->help != NULL ? row->help : "");
}

static int
fill_texts(const struct filling *f, const struct schema_row *row,
    const struct yaml_node *n, struct schema_texts *to)
{
	const struct yaml_node *entry;

	if (n->kind != YAML_LIST || n->n < row->lo || n->n > row->hi)
		return bad_value(f, row, n);
	for (entry = n->first; entry != NULL; entry = entry->next)
		if (entry->kind != YAML_SCALAR || is_nothing(entry))
			return bad_value(f, row, entry);
	to->text = calloc(n->n + 1, sizeof(*to->text));
	if (to->text == NULL)
		return -ENOMEM;
	for (entry = n->first; entry != NULL; entry = entry->next) {
		to->text[to->n] = strdup(entry->text);
		if (to->text[to->n] == NULL)
			return -ENOMEM;
		to->n++;
	}
	return 0;
}

/* A literal block, or one line of it; ends with one line end. */
static int
fill_block(const struct filling *f, const struct schema_row *row,
    const struct yaml_node *n, unsigned char *to)
{
	size_t len;
	char *text;

	if (n->kind != YAML_SCALAR || is_nothing(n) || n->text[0] == '\0')
		return bad_value(f, row, n);
	len = strlen(n->text);
	while (len > 0 && n->text[len - 1] == '\n')
		len--;
	if (len == 0 || len + 1 > row->hi)
		return bad_value(f, row, n);
	text = malloc(len + 2);
	if (text == NULL)
		return -ENOMEM;
	memcpy(text, n->text, len);
	memcpy(text + len, "\n", 2);
	memcpy(to, &text, sizeof(text));
	return 0;
}

static int
fill_row(const struct filling *f, size_t i, unsigned char *out)
{
	const struct schema_row *row = &f->s->rows[i];
	const struct yaml_node *n = f->found[i];
	int rc;

	if (n == NULL && row->def == NULL)
		return config_fail(f->e, f->in->at,
		    "%s%s is missing\n  it is %s", f->in->prefix, row->key,
		    row->help);
	if (row->type == SCHEMA_OTHER)
		return 0;
	if (row->type == SCHEMA_TEXTS)
		return n == NULL
		    ? 0
		    : fill_texts(f, row, n, (void *)(out + row->offset));
	if (row->type == SCHEMA_BLOCK)
		return n == NULL ? 0 : fill_block(f, row, n, out + row->offset);
	if (n == NULL) {
		rc = value_parse(row, row->def, false, out + row->offset);
		assert(rc == 0); /* a default out of its own range */
		return rc;
	}
	if (n->kind != YAML_SCALAR ||
	    value_parse(row, n->text, n->quoted, out + row->offset) != 0)
		return bad_value(f, row, n);
	return 0;
}

int
schema_fill(const struct schema *s, const struct schema_input *in, void *out,
    struct config_error *e)
{
	struct filling f = {.s = s, .in = in, .e = e};
	size_t i;
	int rc = 0;

	assert(s->n <= ROWS_MAX);
	if (in->map != NULL)
		rc = walk(&f, in->map, "");
	for (i = 0; i < s->n && rc == 0; i++) {
		rc = fill_row(&f, i, out);
		if (in->origins != NULL)
			in->origins[i].at = f.found[i] != NULL
			    ? f.found[i]->at
			    : (struct config_place){0, 0};
	}
	if (rc != 0)
		schema_close(s, out);
	return rc;
}

static void
close_texts(struct schema_texts *t)
{
	size_t k;

	for (k = 0; k < t->n; k++)
		free(t->text[k]);
	free(t->text);
	*t = (struct schema_texts){0};
}

void
schema_close(const struct schema *s, void *out)
{
	unsigned char *at;
	char *text = NULL, *none = NULL;
	size_t i;

	for (i = 0; i < s->n; i++) {
		at = (unsigned char *)out + s->rows[i].offset;
		if (s->rows[i].type == SCHEMA_TEXTS)
			close_texts((void *)at);
		if (s->rows[i].type != SCHEMA_BLOCK)
			continue;
		memcpy(&text, at, sizeof(text));
		free(text);
		memcpy(at, &none, sizeof(none));
	}
}

void
schema_print_effective(const struct schema *s, const void *out,
    const struct schema_origin *origins, const char *file, FILE *to)
{
	const struct schema_row *row;
	size_t i;

	for (i = 0; i < s->n; i++) {
		row = &s->rows[i];
		fprintf(to, "%-18s ", row->key);
		value_print(row, out, to);
		if (origins[i].at.line > 0)
			fprintf(to, "   # %s:%u\n", file, origins[i].at.line);
		else
			fprintf(to, "   # default\n");
	}
}

void
schema_print_file(const struct schema *s, const void *out, FILE *to, bool all)
{
	const struct schema_row *row;
	const char *dot, *indent = "";
	char group[PATH_MAX_LEN] = "";
	size_t i, len;

	for (i = 0; i < s->n; i++) {
		row = &s->rows[i];
		if (row->type == SCHEMA_OTHER || row->type == SCHEMA_BLOCK)
			continue;
		dot = strchr(row->key, '.');
		len = dot != NULL ? (size_t)(dot - row->key) : 0;
		if (dot != NULL &&
		    (strncmp(group, row->key, len) != 0 ||
			group[len] != '\0')) {
			memcpy(group, row->key, len);
			group[len] = '\0';
			fprintf(to, "\n%s:\n", group);
		}
		indent = dot != NULL ? "  " : "";
		fprintf(to, "%s# %s\n%s%s%s: ", indent, row->help, indent,
		    all || !value_is_default(row, out) ? "" : "#",
		    dot != NULL ? dot + 1 : row->key);
		value_print(row, out, to);
		fputc('\n', to);
	}
}
