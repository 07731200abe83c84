/*
 * yaml.h - a YAML file as a tree with lines and columns.
 *
 * The part of YAML that configuration needs: maps, lists, scalars. Anchors,
 * aliases, tags, several documents and duplicate keys are refused, and size,
 * depth and the number of nodes are bounded, so a file cannot be a bomb. What
 * a scalar means is the reader's business: `no` is the text "no". Pure.
 */
#ifndef QML_CONFIG_YAML_H
#define QML_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "config/error.h"

#define YAML_BYTES_MAX (1u << 20)
#define YAML_DEPTH_MAX 8
#define YAML_NODES_MAX 65536
#define YAML_KEYS_MAX 128 /* of one map */

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node {
	enum yaml_kind kind;
	struct config_place at;
	const char *key; /* in a map; else NULL */
	struct config_place key_at;
	const char *text; /* of a scalar, UTF-8, zero-terminated; else NULL */
	bool quoted;
	size_t n; /* entries of a map or list */
	struct yaml_node *first;
	struct yaml_node *next;
};

struct yaml_doc {
	struct yaml_node *root; /* a map; NULL: an empty file */
	struct yaml_block *blocks;
	size_t nnodes;
};

#define YAML_DOC_INIT ((struct yaml_doc){0})

/* -EINVAL with e filled, or -ENOMEM. data may hold anything. */
int yaml_parse(struct yaml_doc *d, const void *data, size_t len,
    struct config_error *e) __attribute__((warn_unused_result));
void yaml_close(struct yaml_doc *d); /* accepts YAML_DOC_INIT */

/* The entry of that name, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* "a map", "a list", "'text'" for messages; buf keeps a shortened text. */
const char *yaml_describe(const struct yaml_node *n, char *buf, size_t len);

#endif
