/*
 * load.h - one table being filled, row by row: what all sources share.
 *
 * Used by table.c (CSV) and table_array.c (arrays). Each function that can
 * refuse sets the sentence and load.rc and returns 1, which stops its caller.
 */
#ifndef QML_DAEMON_TRAINER_LOAD_H
#define QML_DAEMON_TRAINER_LOAD_H

#include "daemon/trainer/rowfile.h"
#include "daemon/trainer/table.h"

struct load {
	const struct table_source *source;
	const char *name; /* of the file or command, for sentences */
	struct table *t;
	size_t nfields;            /* CSV: of the header; 0 before it */
	size_t cap;                /* rows that fit */
	struct data_range *ranges; /* [ncolumns] with a federation, or NULL */
	double *fills;       /* [ncolumns] of missing ones; NULL: refuse */
	bool numeric;        /* the label is a number to be learnt */
	struct rowfile file; /* where the rows are, once they are many */
	char *err;
	int rc;
};

/* Where a cell stands: a line of CSV, or a row from 1; column may be NULL. */
struct load_place {
	uint64_t line;
	const char *column;
};

int load_fail(struct load *l, const struct load_place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int load_no_memory(struct load *l);
/* May the label be missing? */
bool load_unlabelled(const struct load *l);
/* Columns and, with a federation, ranges, names and labels of the schema. */
int load_columns(struct load *l, size_t ncolumns);
int load_schema(struct load *l);

/* Room for one more row, which is rows.n. */
int load_grow(struct load *l);
/* A value of that row, checked against the range; text is the cell as it is
 * written, for its owner's eyes. */
int load_number(struct load *l, uint64_t line, size_t column, double v,
    const char *text);
/* A missing one: by the agreed rule, or refused because of what. */
int load_missing(struct load *l, uint64_t line, size_t column,
    const char *what);
int load_label(struct load *l, uint64_t line, const char *text);
/* After the last row: classes in order, rows where they stay. */
int load_finish(struct load *l);
void load_close(struct load *l); /* frees all but the table */

/* A cell in quotes, cut and made printable; or words that hide it. */
#define LOAD_CELL_LEN 48
const char *load_cell_text(const struct load *l, const char *cell,
    char out[static LOAD_CELL_LEN]);

/* Arrays of numbers instead of text. */
struct source;
int load_arrays(struct load *l, const struct source *s);

#endif
