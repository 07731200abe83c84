/*
 * parts.h - the files that `qmltrain split` makes of one source.
 *
 * One for each node, then, where there are such rows, validation and held-out
 * ones. CSV rows are copied as they are; arrays become .npy with the label as
 * the last column, in single precision where that loses nothing. Rows keep
 * the order of the source. Nothing is overwritten.
 */
#ifndef QML_DAEMON_TRAINER_PARTS_H
#define QML_DAEMON_TRAINER_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/trainer/table.h"

#define PARTS_PATH_LEN 4096
#define PARTS_NODES_MAX FEDERATION_MAX_MEMBERS

struct parts {
	const struct table *table;
	const struct table_source *source;
	const int16_t *owner; /* [rows] */
	size_t ring;          /* classes of a node that overlap, or 0 */
	size_t nnodes;
	const char *dir;
	bool arrays; /* the source is no text */
	FILE *files[PARTS_NODES_MAX + 2];
	size_t row;   /* while copying */
	bool in_rows; /* the header was copied */
};

/* Part nnodes is validation, nnodes + 1 held out. */
bool parts_holds(const struct parts *p, size_t part, size_t row);
size_t parts_count(const struct parts *p, size_t part);
void parts_name(const struct parts *p, size_t part,
    char path[static PARTS_PATH_LEN]);
/* Makes, fills and closes them. -EIO, -ENOMEM, said on stderr. */
int parts_write(struct parts *p) __attribute__((warn_unused_result));

#endif
