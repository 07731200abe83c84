/*
 * csv.h - bytes of a CSV file to records, with a bound on everything.
 *
 * The useful part of RFC 4180: commas, LF or CRLF, an optional byte order
 * mark, fields in double quotes with "" inside. Blanks around an unquoted
 * field are dropped. Blank lines may only end the file. Bytes are pushed in
 * pieces of any size; a record comes out through a callback. Numbers are read
 * strictly. Pure: no file, no locale. One thread per reader.
 */
#ifndef QML_DAEMON_TRAINER_CSV_H
#define QML_DAEMON_TRAINER_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_FIELDS_MAX 4097
#define CSV_RECORD_BYTES_MAX (1u << 18) /* of one record */
#define CSV_FIELD_BYTES_MAX 255         /* of one field */

enum csv_verdict {
	CSV_OK,
	CSV_STOPPED, /* the callback asked for it */
	CSV_RECORD_TOO_LONG,
	CSV_FIELD_TOO_LONG,
	CSV_TOO_MANY_FIELDS,
	CSV_BAD_QUOTE,    /* text before or after a quoted field */
	CSV_OPEN_QUOTE,   /* the file ends inside quotes */
	CSV_CONTROL_BYTE, /* a zero or control byte: not a text file */
	CSV_BLANK_LINE,   /* in the middle of the file */
};

struct csv_record {
	uint64_t line; /* where it starts, from 1 */
	size_t nfields;
	const char *const *fields; /* terminated; valid during the callback */
};

/* Nonzero stops the reader. */
typedef int csv_record_fn(void *arg, const struct csv_record *r);

enum csv_state {
	CSV_FIELD_START,
	CSV_UNQUOTED,
	CSV_QUOTED,
	CSV_QUOTE_SEEN, /* inside quotes: an end, or the first of two */
	CSV_AFTER_QUOTES,
	CSV_CR_SEEN,
};

struct csv {
	csv_record_fn *fn;
	void *arg;
	enum csv_verdict verdict; /* the first one that is not CSV_OK */
	enum csv_state state;
	unsigned nbom;       /* bytes of the byte order mark seen; 3: no more */
	uint64_t line;       /* being read, from 1; of the verdict at the end */
	uint64_t first_line; /* of the record being read */
	uint64_t blank_line; /* the first of a run of blank lines, or 0 */
	size_t nfields;      /* finished fields of the record */
	size_t field_at;     /* where the current field starts in text */
	size_t len;
	bool quoted;         /* the current field is in quotes */
	bool any_quoted;     /* so was one of the record's fields */
	char *text;          /* [CSV_RECORD_BYTES_MAX], owned */
	const char **fields; /* [CSV_FIELDS_MAX], owned */
};

#define CSV_INIT ((struct csv){0})

/* -ENOMEM. */
int csv_init(struct csv *c, csv_record_fn *fn, void *arg)
    __attribute__((warn_unused_result));
void csv_close(struct csv *c); /* accepts CSV_INIT */

/* More bytes. After the first verdict that is not CSV_OK it does nothing and
 * repeats it; c->line then says where. */
enum csv_verdict csv_feed(struct csv *c, const void *data, size_t len);
/* No more bytes: the last line needs no line end. */
enum csv_verdict csv_end(struct csv *c);
/* What is wrong, without a full stop. */
const char *csv_verdict_text(enum csv_verdict v);

enum csv_number {
	CSV_NUMBER_OK,
	CSV_NUMBER_EMPTY,
	CSV_NUMBER_NOT_FINITE, /* nan, inf, or too large for a double */
	CSV_NUMBER_BAD,
};

/* [+-] digits with at most one point [e[+-]digits], nothing else: no hex, no
 * comma, no thousands. -0 becomes 0. *out is set on CSV_NUMBER_OK only. */
enum csv_number csv_parse_number(const char *text, double *out);

#endif
