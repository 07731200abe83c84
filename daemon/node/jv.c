#include "daemon/node/jv.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JV_DEPTH_MAX 64

static json_t *
in(const struct jv *v)
{
	return (json_t *)(uintptr_t)v;
}

static struct jv *
out(json_t *j)
{
	return (struct jv *)j;
}

struct jv *
jv_object(void)
{
	return out(json_object());
}

struct jv *
jv_array(void)
{
	return out(json_array());
}

struct jv *
jv_null(void)
{
	return out(json_null());
}

/* s with a '?' for every byte that is not ASCII. */
static json_t *
ascii(const char *s)
{
	char *copy = strdup(s);
	json_t *j;

	for (char *p = copy; p != NULL && *p != '\0'; p++)
		if ((*p & 0x80) != 0)
			*p = '?';
	j = copy != NULL ? json_string(copy) : NULL;
	free(copy);
	return j;
}

/* jansson takes UTF-8 only. A sentence may quote a cell of somebody's Latin-1
 * file: it is better shown with a hole than not at all. */
struct jv *
jv_string(const char *s)
{
	json_t *j = json_string(s);

	return out(j == NULL && s != NULL ? ascii(s) : j);
}

struct jv *
jv_number(double v)
{
	return isfinite(v) ? out(json_real(v)) : jv_null();
}

struct jv *
jv_integer(int64_t v)
{
	return out(json_integer(v));
}

struct jv *
jv_boolean(bool v)
{
	return out(json_boolean(v));
}

void
jv_free(struct jv *v)
{
	json_decref(in(v));
}

void
jv_put(struct jv *object, const char *key, struct jv *child)
{
	(void)json_object_set_new(in(object), key, in(child));
}

void
jv_put_string(struct jv *object, const char *key, const char *s)
{
	jv_put(object, key, jv_string(s));
}

void
jv_put_number(struct jv *object, const char *key, double v)
{
	jv_put(object, key, jv_number(v));
}

void
jv_put_integer(struct jv *object, const char *key, int64_t v)
{
	jv_put(object, key, jv_integer(v));
}

void
jv_put_boolean(struct jv *object, const char *key, bool v)
{
	jv_put(object, key, jv_boolean(v));
}

void
jv_add(struct jv *array, struct jv *child)
{
	(void)json_array_append_new(in(array), in(child));
}

const struct jv *
jv_get(const struct jv *object, const char *key)
{
	return out(json_object_get(in(object), key));
}

const struct jv *
jv_at(const struct jv *array, size_t i)
{
	return out(json_array_get(in(array), i));
}

const char *
jv_next_key(const struct jv *object, const char *key)
{
	json_t *o = in(object);
	void *at = key ? json_object_iter_next(o, json_object_key_to_iter(key))
		       : json_object_iter(o);

	return at ? json_object_iter_key(at) : NULL;
}

size_t
jv_len(const struct jv *array)
{
	return json_array_size(in(array));
}

struct jv *
jv_copy(const struct jv *v)
{
	return out(json_deep_copy(in(v)));
}

bool
jv_is_object(const struct jv *v)
{
	return json_is_object(in(v));
}

bool
jv_is_array(const struct jv *v)
{
	return json_is_array(in(v));
}

bool
jv_is_string(const struct jv *v)
{
	return json_is_string(in(v));
}

bool
jv_is_number(const struct jv *v)
{
	return json_is_number(in(v));
}

bool
jv_is_boolean(const struct jv *v)
{
	return json_is_boolean(in(v));
}

void
jv_drop(struct jv *object, const char *key)
{
	(void)json_object_del(in(object), key);
}

const char *
jv_text(const struct jv *v, const char *otherwise)
{
	return json_is_string(in(v)) ? json_string_value(in(v)) : otherwise;
}

double
jv_real(const struct jv *v, double otherwise)
{
	return json_is_number(in(v)) ? json_number_value(in(v)) : otherwise;
}

int64_t
jv_int(const struct jv *v, int64_t otherwise)
{
	return json_is_integer(in(v)) ? json_integer_value(in(v)) : otherwise;
}

bool
jv_true(const struct jv *v)
{
	return json_is_true(in(v));
}

char *
jv_dump(const struct jv *v)
{
	if (v == NULL)
		return NULL;
	return json_dumps(in(v),
	    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

/* jansson's own limit is 2048 deep; nothing of ours needs that. */
static bool
is_shallow(const char *text, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > JV_DEPTH_MAX)
			return false;
	}
	return true;
}

struct jv *
jv_parse(const char *text, size_t len, char *err, size_t errlen)
{
	json_error_t e;
	json_t *j;

	if (len > JV_BYTES_MAX || !is_shallow(text, len)) {
		snprintf(err, errlen, "too large or nested too deeply");
		return NULL;
	}
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (j == NULL)
		snprintf(err, errlen, "column %d: %s", e.column, e.text);
	return out(j);
}
