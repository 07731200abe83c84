/*
 * jv.h - JSON values; the only room that knows jansson is jv.c.
 *
 * Building never fails in between: a lack of memory makes the value NULL, and
 * everything accepts NULL, so that one check of jv_dump at the end is enough.
 * Reading is forgiving in the same way: a missing key or another type gives
 * the default. A value put into another is owned by it.
 */
#ifndef QML_DAEMON_NODE_JV_H
#define QML_DAEMON_NODE_JV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JV_BYTES_MAX (64u << 20)

struct jv; /* opaque: hides jansson */

struct jv *jv_object(void);
struct jv *jv_array(void);
struct jv *jv_null(void);
/* Of bytes that are not UTF-8, what is not ASCII becomes '?'. */
struct jv *jv_string(const char *s);
struct jv *jv_number(double v); /* null when it is not finite */
struct jv *jv_integer(int64_t v);
struct jv *jv_boolean(bool v);
void jv_free(struct jv *v); /* NULL is fine */

/* Takes child, also on failure. */
void jv_put(struct jv *object, const char *key, struct jv *child);
void jv_put_string(struct jv *object, const char *key, const char *s);
void jv_put_number(struct jv *object, const char *key, double v);
void jv_put_integer(struct jv *object, const char *key, int64_t v);
void jv_put_boolean(struct jv *object, const char *key, bool v);
void jv_add(struct jv *array, struct jv *child);

void jv_drop(struct jv *object, const char *key); /* if it is there */

/* Borrowed; NULL when there is none. */
const struct jv *jv_get(const struct jv *object, const char *key);
const struct jv *jv_at(const struct jv *array, size_t i);
size_t jv_len(const struct jv *array); /* 0 for anything else */
/* The key after one that this gave, or the first for NULL; NULL at the end, or
 * when v is no object. Borrowed; in the order of the text. */
const char *jv_next_key(const struct jv *object, const char *key);
/* A copy with a life of its own; NULL gives NULL. */
struct jv *jv_copy(const struct jv *v);

bool jv_is_object(const struct jv *v);
bool jv_is_array(const struct jv *v);
bool jv_is_string(const struct jv *v);
bool jv_is_number(const struct jv *v); /* integers too */
bool jv_is_boolean(const struct jv *v);
const char *jv_text(const struct jv *v, const char *otherwise);
double jv_real(const struct jv *v, double otherwise);
int64_t jv_int(const struct jv *v, int64_t otherwise);
bool jv_true(const struct jv *v);

/* One line, keys in the order they were put; malloc'd. NULL: no memory, or v
 * is NULL. */
char *jv_dump(const struct jv *v);
/* Duplicate keys, trailing text and depth beyond 64 are refused: NULL, with
 * one sentence in err. */
struct jv *jv_parse(const char *text, size_t len, char *err, size_t errlen);

#endif
