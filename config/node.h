/*
 * node.h - qmlnode.yaml: what one operator decides about one node.
 */
#ifndef QML_CONFIG_NODE_H
#define QML_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/error.h"
#include "config/schema.h"

#define CONFIG_NODE_FILE "qmlnode.yaml"
#define CONFIG_NODE_KEYS_MAX 32
#define CONFIG_PATH_LEN 1024

enum config_log {
	CONFIG_LOG_ERROR,
	CONFIG_LOG_WARN,
	CONFIG_LOG_INFO,
	CONFIG_LOG_DEBUG
};

/* Paths are as written: relative ones are relative to the home directory
 * (daemon/node/home.h resolves them). "" means: not set. */
struct config_node {
	uint8_t version;
	char name[33];
	char listen[256];    /* host:port; "": dials out only */
	char advertise[256]; /* what the others dial; "": same as listen */
	char psk_file[CONFIG_PATH_LEN];
	char data_file[CONFIG_PATH_LEN];   /* "", and no command: no training */
	char data_labels[CONFIG_PATH_LEN]; /* "": in or beside data_file */
	struct schema_texts data_command;  /* prints the rows; n == 0: none */
	bool data_one_class;               /* rows of one class are enough */
	struct schema_texts trainer_command; /* n == 0: qmltrain beside us */
	uint16_t trainer_threads;
	bool trainer_confine;
	char control_socket[CONFIG_PATH_LEN];
	uint32_t storage_scrub; /* ms; 0: never */
	uint8_t log_level;      /* enum config_log */
	struct schema_origin origins[CONFIG_NODE_KEYS_MAX];
};

/* One row per key; qmlnode.yaml(5) lists them. */
extern const struct schema config_node_schema;

#define CONFIG_NODE_INIT ((struct config_node){0})

/* -EINVAL with e filled, or -ENOMEM. */
int config_node_parse(struct config_node *c, const void *data, size_t len,
    struct config_error *e) __attribute__((warn_unused_result));
/* The same from a file; also -errno (e says what). e->file is set to path. */
int config_node_load(struct config_node *c, const char *path,
    struct config_error *e) __attribute__((warn_unused_result));
void config_node_close(struct config_node *c); /* accepts CONFIG_NODE_INIT */

/* `check --effective`: every key, its value, where it comes from. */
void config_node_print(const struct config_node *c, const char *file, FILE *to);
/* All defaults, with a name. -EINVAL: no name at all, or too long. */
int config_node_default(struct config_node *c, const char *name)
    __attribute__((warn_unused_result));
/* The commented file that `init` writes. */
void config_node_example(const struct config_node *values, FILE *to);

/* A whole file of at most max bytes, malloc'd; for both kinds of file. */
int config_read(const char *path, size_t max, void **data, size_t *len,
    struct config_error *e) __attribute__((warn_unused_result));

#endif
