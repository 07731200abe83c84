#include "config/yaml.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#define BLOCK_BYTES 8192

/* Nodes and texts live in blocks that are freed together. */
struct yaml_block {
	struct yaml_block *next;
	size_t used, cap;
	alignas(max_align_t) unsigned char data[];
};

struct builder {
	yaml_parser_t parser;
	struct yaml_doc *doc;
	struct config_error *e;
	const unsigned char *data; /* all of it, for places */
	size_t len;
};

static void *
take(struct yaml_doc *d, size_t len)
{
	struct yaml_block *b = d->blocks;
	size_t cap = len > BLOCK_BYTES ? len : BLOCK_BYTES;
	void *p;

	len = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (b == NULL || b->cap - b->used < len) {
		cap = cap < len ? len : cap;
		b = malloc(sizeof(*b) + cap);
		if (b == NULL)
			return NULL;
		*b = (struct yaml_block){.next = d->blocks, .cap = cap};
		d->blocks = b;
	}
	p = b->data + b->used;
	b->used += len;
	memset(p, 0, len);
	return p;
}

static struct config_place
place_of(yaml_mark_t m)
{
	return (
	    struct config_place){(unsigned)m.line + 1, (unsigned)m.column + 1};
}

/* Where a byte stands that is no character: of that the parser says only the
 * offset. Columns count characters, as in its marks. */
static struct config_place
place_at(const struct builder *b, size_t offset)
{
	struct config_place at = {1, 1};

	for (size_t i = 0; i < offset && i < b->len; i++) {
		if (b->data[i] == '\n')
			at = (struct config_place){at.line + 1, 1};
		else if ((b->data[i] & 0xc0) != 0x80)
			at.col++;
	}
	return at;
}

/* The next event, or -EINVAL with the parser's own words. */
static int
next_event(struct builder *b, yaml_event_t *ev)
{
	const yaml_parser_t *p = &b->parser;

	if (yaml_parser_parse(&b->parser, ev))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	return config_fail(b->e,
	    p->error == YAML_READER_ERROR ? place_at(b, p->problem_offset)
					  : place_of(p->problem_mark),
	    "this is not YAML: %s%s%s", p->problem ? p->problem : "unreadable",
	    p->context ? " " : "", p->context ? p->context : "");
}

static int
new_node(struct builder *b, const yaml_event_t *ev, enum yaml_kind kind,
    struct yaml_node **out)
{
	struct yaml_node *n;

	if (b->doc->nnodes >= YAML_NODES_MAX)
		return config_fail(b->e, place_of(ev->start_mark),
		    "want at most %d values in the file", YAML_NODES_MAX);
	n = take(b->doc, sizeof(*n));
	if (n == NULL)
		return -ENOMEM;
	b->doc->nnodes++;
	n->kind = kind;
	n->at = place_of(ev->start_mark);
	*out = n;
	return 0;
}

/* A copy of a scalar's text: no zero byte, no control character but tab and
 * newline. */
static int
copy_text(struct builder *b, const yaml_event_t *ev, const char **out)
{
	const unsigned char *s = ev->data.scalar.value;
	size_t i, len = ev->data.scalar.length;
	char *copy;

	for (i = 0; i < len; i++)
		if ((s[i] < ' ' && s[i] != '\t' && s[i] != '\n') || s[i] == 127)
			return config_fail(b->e, place_of(ev->start_mark),
			    "want printable text, got the byte 0x%02x", s[i]);
	copy = take(b->doc, len + 1);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, s, len);
	*out = copy;
	return 0;
}

static int
refuse_extras(struct builder *b, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	}
	if (anchor != NULL || ev->type == YAML_ALIAS_EVENT)
		return config_fail(b->e, place_of(ev->start_mark),
		    "anchors and aliases are not used here; write the value "
		    "where it belongs");
	if (tag != NULL)
		return config_fail(b->e, place_of(ev->start_mark),
		    "tags are not used here; remove '%.40s'",
		    (const char *)tag);
	return 0;
}

static int parse_value(struct builder *b, yaml_event_t *ev, int depth,
    struct yaml_node **out);

static void
append(struct yaml_node *parent, struct yaml_node **last,
    struct yaml_node *child)
{
	if (*last == NULL)
		parent->first = child;
	else
		(*last)->next = child;
	*last = child;
	parent->n++;
}

static int
parse_list(struct builder *b, int depth, struct yaml_node *list)
{
	struct yaml_node *last = NULL, *child = NULL;
	yaml_event_t ev;
	int rc;

	for (;;) {
		rc = next_event(b, &ev);
		if (rc != 0)
			return rc;
		if (ev.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&ev);
			return 0;
		}
		rc = parse_value(b, &ev, depth, &child);
		if (rc != 0)
			return rc;
		append(list, &last, child);
	}
}

static int
check_key(struct builder *b, const struct yaml_node *map, const char *key,
    struct config_place at)
{
	const struct yaml_node *twin = yaml_get(map, key);

	if (key[0] == '\0')
		return config_fail(b->e, at, "want a key before the ':'");
	if (twin != NULL)
		return config_fail(b->e, at,
		    "key \"%.60s\" stands twice; the first is in line %u", key,
		    twin->key_at.line);
	if (map->n >= YAML_KEYS_MAX)
		return config_fail(b->e, at, "want at most %d keys in one map",
		    YAML_KEYS_MAX);
	return 0;
}

/* One `key: value`; *done at the end of the map. */
static int
parse_entry(struct builder *b, int depth, struct yaml_node *map,
    struct yaml_node **last, bool *done)
{
	struct yaml_node *child = NULL;
	struct config_place at;
	const char *key = NULL;
	yaml_event_t ev;
	int rc;

	rc = next_event(b, &ev);
	if (rc != 0)
		return rc;
	at = place_of(ev.start_mark);
	*done = ev.type == YAML_MAPPING_END_EVENT;
	if (!*done) {
		rc = refuse_extras(b, &ev);
		if (rc == 0 && ev.type != YAML_SCALAR_EVENT)
			rc = config_fail(b->e, at, "want a plain key");
		if (rc == 0)
			rc = copy_text(b, &ev, &key);
		if (rc == 0)
			rc = check_key(b, map, key, at);
	}
	yaml_event_delete(&ev);
	if (rc != 0 || *done)
		return rc;
	rc = next_event(b, &ev);
	if (rc == 0)
		rc = parse_value(b, &ev, depth, &child);
	if (rc != 0)
		return rc;
	child->key = key;
	child->key_at = at;
	append(map, last, child);
	return 0;
}

static int
parse_map(struct builder *b, int depth, struct yaml_node *map)
{
	struct yaml_node *last = NULL;
	bool done = false;
	int rc = 0;

	while (rc == 0 && !done)
		rc = parse_entry(b, depth, map, &last, &done);
	return rc;
}

/* NULL in *out goes with an error. */
static int
parse_scalar(struct builder *b, const yaml_event_t *ev, struct yaml_node **out)
{
	struct yaml_node *n = NULL;
	int rc = new_node(b, ev, YAML_SCALAR, &n);

	if (rc == 0 && n != NULL) {
		n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		rc = copy_text(b, ev, &n->text);
	}
	*out = n;
	return rc;
}

/* The value that begins with *ev; deletes it. */
static int
parse_value(struct builder *b, yaml_event_t *ev, int depth,
    struct yaml_node **out)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;
	struct yaml_node *n = NULL;
	int rc = refuse_extras(b, ev);

	if (rc == 0 && depth >= YAML_DEPTH_MAX)
		rc = config_fail(b->e, place_of(ev->start_mark),
		    "want at most %d levels", YAML_DEPTH_MAX);
	if (rc == 0 && ev->type == YAML_SCALAR_EVENT)
		rc = parse_scalar(b, ev, &n);
	else if (rc == 0)
		rc = new_node(b, ev, map ? YAML_MAP : YAML_LIST, &n);
	yaml_event_delete(ev);
	*out = n;
	if (rc != 0 || n == NULL || n->kind == YAML_SCALAR)
		return rc;
	return map ? parse_map(b, depth + 1, n) : parse_list(b, depth + 1, n);
}

/* Events up to the first value of the document; *empty when there is none. */
static int
skip_start(struct builder *b, yaml_event_t *ev)
{
	int rc;

	for (;;) {
		rc = next_event(b, ev);
		if (rc != 0 ||
		    (ev->type != YAML_STREAM_START_EVENT &&
			ev->type != YAML_DOCUMENT_START_EVENT))
			return rc;
		yaml_event_delete(ev);
	}
}

/* After the root: nothing but the ends of document and stream. */
static int
expect_end(struct builder *b)
{
	yaml_event_t ev;
	int rc = next_event(b, &ev);
	struct config_place at;

	if (rc != 0)
		return rc;
	yaml_event_delete(&ev); /* the document's end */
	rc = next_event(b, &ev);
	if (rc != 0)
		return rc;
	at = place_of(ev.start_mark);
	if (ev.type != YAML_STREAM_END_EVENT)
		rc = config_fail(b->e, at,
		    "want one document; remove what follows the '---'");
	yaml_event_delete(&ev);
	return rc;
}

static int
parse_root(struct builder *b)
{
	struct yaml_node *root = NULL;
	yaml_event_t ev;
	int rc = skip_start(b, &ev);

	if (rc != 0)
		return rc;
	if (ev.type == YAML_STREAM_END_EVENT) {
		yaml_event_delete(&ev);
		return 0;
	}
	rc = parse_value(b, &ev, 0, &root);
	if (rc == 0 && root != NULL && root->kind != YAML_MAP)
		rc = config_fail(b->e, root->at, "want `key: value` lines");
	if (rc == 0)
		rc = expect_end(b);
	if (rc == 0)
		b->doc->root = root;
	return rc;
}

int
yaml_parse(struct yaml_doc *d, const void *data, size_t len,
    struct config_error *e)
{
	struct builder b = {.doc = d, .e = e, .data = data, .len = len};
	int rc;

	*d = YAML_DOC_INIT;
	if (len > YAML_BYTES_MAX)
		return config_fail(e, (struct config_place){0, 0},
		    "want at most %u bytes, got %zu", YAML_BYTES_MAX, len);
	if (!yaml_parser_initialize(&b.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, data, len);
	rc = parse_root(&b);
	yaml_parser_delete(&b.parser);
	if (rc != 0)
		yaml_close(d);
	return rc;
}

void
yaml_close(struct yaml_doc *d)
{
	struct yaml_block *b, *next;

	for (b = d->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*d = YAML_DOC_INIT;
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n;

	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (n = map->first; n != NULL; n = n->next)
		if (n->key != NULL && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

const char *
yaml_describe(const struct yaml_node *n, char *buf, size_t len)
{
	if (n->kind == YAML_MAP)
		return "a map";
	if (n->kind == YAML_LIST)
		return "a list";
	if (n->text[0] == '\0' && !n->quoted)
		return "nothing";
	snprintf(buf, len, "%s%.60s%s%s", n->quoted ? "\"" : "'", n->text,
	    strlen(n->text) > 60 ? "..." : "", n->quoted ? "\"" : "'");
	return buf;
}
