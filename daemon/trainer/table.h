/*
 * table.h - a source to labelled rows, checked against the agreed schema.
 *
 * With a federation, its columns must be there by name and in order, each
 * value inside the agreed range, each label in the label map; the label column
 * may stand anywhere. Without one, any numeric table goes: the last column is
 * the label and the classes are its values, sorted. A refusal is one sentence:
 * file, line, column, what is wrong, what is wanted, how to mend it. Cells are
 * private: a sentence quotes one only if show_values says that the reader is
 * its owner at a terminal.
 */
#ifndef QML_DAEMON_TRAINER_TABLE_H
#define QML_DAEMON_TRAINER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/trainer/csv.h"
#include "daemon/trainer/source.h"
#include "proto/federation.h"
#include "sim/learn/dataset.h"

#define TABLE_ERR_LEN 1024
/* Features take 8 bytes each; up to the first bound they are in memory, then
 * in a mapped file without a name. */
#define TABLE_MEMORY_MAX ((size_t)1 << 28)
#define TABLE_BYTES_MAX ((size_t)1 << 38)
#define TABLE_ROWS_MAX ((size_t)1 << 30)

struct table_column {
	char name[FEDERATION_TEXT_LEN];
	double min; /* over the rows */
	double max;
};

struct table {
	size_t ncolumns; /* features; the label column is not one */
	struct table_column *columns;
	char label[FEDERATION_TEXT_LEN];
	size_t nlabels;
	char (*labels)[FEDERATION_TEXT_LEN]; /* class i */
	size_t label_at;  /* its place in the file; ncolumns if there is none */
	uint64_t nfilled; /* missing values that the agreed rule filled in */
	struct dataset rows; /* as in the file, not scaled */
};

#define TABLE_INIT                   \
	{                            \
		.rows = DATASET_INIT \
	}

struct table_source {
	const char *path; /* or NULL and a command: as struct source_spec */
	const char *labels;
	char *const *command;
	const uint8_t *text; /* CSV that is here already; or NULL */
	size_t text_len;
	size_t memory_max;                   /* 0: TABLE_MEMORY_MAX */
	const struct federation *federation; /* NULL: any table */
	bool unlabelled; /* the label column may be missing: classes are 0 */
	bool show_values;
};

/* -EINVAL: refused; -errno of the file; -ENOMEM. err says it in words. */
int table_load(struct table *t, const struct table_source *source,
    char err[static TABLE_ERR_LEN]) __attribute__((warn_unused_result));
void table_close(struct table *t); /* accepts TABLE_INIT */

/* Runs c over the text of s; errors as table_scan(). */
int table_feed(struct csv *c, struct source *s, char err[static TABLE_ERR_LEN])
    __attribute__((warn_unused_result));
/* Copies a column name or label; -1 when it is empty or does not fit. */
int table_set_name(char out[static FEDERATION_TEXT_LEN], const char *text);
/* Runs c over a file. As table_load; -ECANCELED when the callback stopped
 * it, and then err is left alone. */
int table_scan(struct csv *c, const char *path, char err[static TABLE_ERR_LEN])
    __attribute__((warn_unused_result));

#endif
