/*
 * schema.h - one row per key: parser, ranges, defaults, help and listing.
 *
 * A file is a table of rows and a struct that they fill. Adding a key is one
 * row. Keys are strict: one that has no row is an error that names the nearest
 * key there is.
 */
#ifndef QML_CONFIG_SCHEMA_H
#define QML_CONFIG_SCHEMA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/yaml.h"

enum schema_type {
	SCHEMA_INT,      /* uint8_t .. uint64_t, by size; lo..hi, or the one
			  * word in words, which stands for all ones */
	SCHEMA_BOOL,     /* bool: true or false */
	SCHEMA_TEXT,     /* char[size] */
	SCHEMA_WORD,     /* uint8_t: lo + index in words */
	SCHEMA_DECIMAL,  /* struct decimal */
	SCHEMA_DURATION, /* uint32_t milliseconds, written 100ms, 2s, 5m, 1h */
	SCHEMA_TEXTS,    /* struct schema_texts */
	SCHEMA_BLOCK,    /* char *, lines of at most hi bytes; owned; NULL */
	SCHEMA_OTHER,    /* read by the caller; only its presence is checked */
};

/* A list of texts, NULL-terminated like an argv; owned. */
struct schema_texts {
	char **text;
	size_t n;
};

struct schema_row {
	const char *key; /* full path: "trainer.threads" */
	enum schema_type type;
	size_t offset; /* into the struct */
	size_t size;   /* of the member */
	uint64_t lo, hi;
	const char *const *words; /* NULL-terminated */
	const char *def;          /* as it is written; NULL: required */
	const char *help;
	uint32_t when; /* the caller's: where the key has a meaning */
};

/* Where the value of each row stands in the file; line 0: the default. */
struct schema_origin {
	struct config_place at;
};

/* Keys are at most two levels deep, 160 of them. */
struct schema {
	const struct schema_row *rows;
	size_t n;
};

/* Fills out[] from map (NULL: an empty one) and the defaults. origins may be
 * NULL, else it is [n]. prefix is put before keys in messages ("" or
 * "members[2]."). -EINVAL with e filled, -ENOMEM. */
struct schema_input {
	const struct yaml_node *map;
	struct config_place at; /* where the map stands, for missing keys */
	const char *prefix;
	struct schema_origin *origins;
};

int schema_fill(const struct schema *s, const struct schema_input *in,
    void *out, struct config_error *e) __attribute__((warn_unused_result));
/* Frees what SCHEMA_TEXTS and SCHEMA_BLOCK rows own. */
void schema_close(const struct schema *s, void *out);

/* Every row with its value and where it comes from: `check --effective`. */
void schema_print_effective(const struct schema *s, const void *out,
    const struct schema_origin *origins, const char *file, FILE *to);
/* A file of all keys with help above each; unless all, values that are the
 * default are commented out. */
void schema_print_file(const struct schema *s, const void *out, FILE *to,
    bool all);

/* The nearest of n words (Levenshtein; at most a third of it wrong, or two
 * letters), or NULL. */
const char *schema_nearest(const char *word, const char *const *words,
    size_t n);

#endif
