#include "daemon/node/jcs.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/jv.h"
#include "proto/bytes.h"

#define KEYS_MAX 1024
#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

/* One code point off a valid UTF-8 text; 0 at the end. jansson let only valid
 * UTF-8 in. */
static uint32_t
next_point(const uint8_t **p)
{
	static const uint8_t lead[] = {0, 0x1f, 0x0f, 0x07};
	uint32_t c = **p;
	unsigned more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (c == 0)
		return 0;
	(*p)++;
	if (more)
		c &= lead[more];
	while (more-- > 0)
		c = c << 6 | (*(*p)++ & 0x3fu);
	return c;
}

/* The first of its UTF-16 units and the second one, as one number that sorts
 * as the pair does. */
static uint32_t
as_utf16(uint32_t c)
{
	if (c < 0x10000)
		return c << 16;
	c -= 0x10000;
	return (0xd800u | c >> 10) << 16 | (0xdc00u | (c & 0x3ffu));
}

static int
compare_keys(const void *a, const void *b)
{
	const uint8_t *x = *(const uint8_t *const *)a;
	const uint8_t *y = *(const uint8_t *const *)b;

	for (;;) {
		uint32_t c = next_point(&x);
		uint32_t d = next_point(&y);

		if (c == 0 || d == 0)
			return (c != 0) - (d != 0);
		c = as_utf16(c);
		d = as_utf16(d);
		if (c != d)
			return c < d ? -1 : 1;
	}
}

static void
put_escape(struct bytes_writer *w, uint8_t c)
{
	static const char shorts[] = "\b\t\n\f\r\"\\";
	static const char letters[] = "btnfr\"\\";
	const char *at = strchr(shorts, c);
	char text[8];

	if (at)
		snprintf(text, sizeof(text), "\\%c", letters[at - shorts]);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	bytes_put_raw(w, text, strlen(text));
}

static void
put_string(struct bytes_writer *w, const char *s)
{
	bytes_put_u8(w, '"');
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;

		if (c < 0x20 || c == '"' || c == '\\')
			put_escape(w, c);
		else
			bytes_put_u8(w, c);
	}
	bytes_put_u8(w, '"');
}

static int
put_number(struct bytes_writer *w, const struct jv *v)
{
	double real = jv_real(v, 0.5);
	int64_t x = jv_int(v, 0);
	char text[32];

	if (floor(real) != real || fabs(real) > (double)INTEGER_MAX ||
	    (double)x != real)
		return -EINVAL;
	snprintf(text, sizeof(text), "%" PRId64, x);
	bytes_put_raw(w, text, strlen(text));
	return 0;
}

static int put_value(struct bytes_writer *w, const struct jv *v);

static int
put_array(struct bytes_writer *w, const struct jv *v)
{
	bytes_put_u8(w, '[');
	for (size_t i = 0; i < jv_len(v); i++) {
		int rc;

		if (i > 0)
			bytes_put_u8(w, ',');
		rc = put_value(w, jv_at(v, i));
		if (rc < 0)
			return rc;
	}
	bytes_put_u8(w, ']');
	return 0;
}

static int
put_members(struct bytes_writer *w, const struct jv *v, const char *const *keys,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc;

		if (i > 0)
			bytes_put_u8(w, ',');
		put_string(w, keys[i]);
		bytes_put_u8(w, ':');
		rc = put_value(w, jv_get(v, keys[i]));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
put_object(struct bytes_writer *w, const struct jv *v)
{
	const char **keys = calloc(KEYS_MAX, sizeof(*keys));
	const char *key = NULL;
	size_t n = 0;
	int rc = 0;

	if (!keys)
		return -ENOMEM;
	while ((key = jv_next_key(v, key)) != NULL && n < KEYS_MAX)
		keys[n++] = key;
	if (key)
		rc = -EINVAL;
	qsort(keys, n, sizeof(*keys), compare_keys);
	bytes_put_u8(w, '{');
	if (rc == 0)
		rc = put_members(w, v, keys, n);
	bytes_put_u8(w, '}');
	free(keys);
	return rc;
}

static int
put_value(struct bytes_writer *w, const struct jv *v)
{
	if (jv_is_object(v))
		return put_object(w, v);
	if (jv_is_array(v))
		return put_array(w, v);
	if (jv_is_string(v))
		put_string(w, jv_text(v, ""));
	else if (jv_is_number(v))
		return put_number(w, v);
	else if (jv_is_boolean(v))
		bytes_put_raw(w, jv_true(v) ? "true" : "false",
		    jv_true(v) ? 4 : 5);
	else
		bytes_put_raw(w, "null", 4);
	return 0;
}

int
jcs_text(const struct jv *v, char **out, size_t *len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	uint8_t *data = NULL;
	int rc = v ? put_value(&w, v) : -ENOMEM;

	*len = 0;
	bytes_put_u8(&w, '\0');
	if (rc == 0)
		rc = bytes_writer_take(&w, &data, len);
	else
		bytes_writer_close(&w);
	if (rc < 0)
		return rc;
	(*len)--;
	*out = (char *)data;
	return 0;
}
