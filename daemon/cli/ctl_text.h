/*
 * ctl_text.h - times, sizes, curves and tables as a person reads them.
 *
 * Pure but for the printing of a finished table.
 */
#ifndef QML_DAEMON_CLI_CTL_TEXT_H
#define QML_DAEMON_CLI_CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/node/jv.h"

#define CTL_TEXT_LEN 64

/* "84 ms", "1.8 s", "2 min 5 s", "3 h 4 min", "3 d 4 h". Returns out. */
char *ctl_text_span(int64_t ms, char out[static CTL_TEXT_LEN]);
/* "512 B", "1.4 kB", "3.2 MB" (powers of 1000). */
char *ctl_text_bytes(int64_t bytes, char out[static CTL_TEXT_LEN]);
/* Token units as "-12.500001". Returns out. */
char *ctl_text_tokens(int64_t units, char out[static CTL_TEXT_LEN]);
/* The head of an id: enough to recognise it, not to compare it. */
char *ctl_text_id(const char *id, char out[static CTL_TEXT_LEN]);
/* Bar characters from the lowest to the highest value, the last ones that fit
 * into len bytes; a constant curve is all low. */
void ctl_text_spark(const double *v, size_t n, char *out, size_t len);
/* What acts on the place where it is shown (plain.h) becomes '?'. Cut to
 * len. */
char *ctl_text_clean(const char *text, char *out, size_t len);
/* Columns that text takes in UTF-8, one per character. */
size_t ctl_text_width(const char *text);

#define CTL_TABLE_COLUMNS 10

/* Rows of copied cells; columns as wide as their widest cell. */
struct ctl_table {
	size_t ncolumns;
	const char *const *titles; /* borrowed; '>' in front: to the right */
	char **cells;              /* [nrows * ncolumns] */
	size_t nrows, cap;
	bool failed; /* out of memory: print says so */
};

void ctl_table_init(struct ctl_table *t, const char *const *titles,
    size_t ncolumns);
void ctl_table_add(struct ctl_table *t, const char *const *cells);
/* -ENOMEM when a row could not be kept; nothing is printed then. */
int ctl_table_print(const struct ctl_table *t, FILE *to)
    __attribute__((warn_unused_result));
void ctl_table_close(struct ctl_table *t);

/* Of a round or a member's part: false where noise was added, and no loss is
 * said. */
bool ctl_text_has_loss(const struct jv *o);
/* Main task and control arm of a round side by side, what was validated, and
 * which of the two is ahead; nothing when there is nothing to compare. */
void ctl_text_arms(const struct jv *round);

#endif
