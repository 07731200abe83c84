/*
 * sql.h - SQL statements with arguments by type; the one room with SQLite.
 *
 * Arguments and columns are named by one letter each: i int64_t, d double,
 * t text (const char *; NULL is NULL), o const int64_t * (NULL is NULL), n
 * NULL (no argument). Codes are negative errnos: -EBADMSG is a file that is no
 * sound database, a page that is not as it was written here, or a name that is
 * not there; -EBUSY one that somebody else holds. One thread at a time.
 */
#ifndef QML_CONSENSUS_CHAIN_SQL_H
#define QML_CONSENSUS_CHAIN_SQL_H

#include <stdbool.h>
#include <stdint.h>

#define SQL_PAGE 4096

struct sql; /* opaque: hides sqlite3 */
struct sql_stmt;

/* write: made where it is missing, with a write-ahead log. Else read-only,
 * also beside a writer. *out is NULL on failure. */
int sql_open(struct sql **out, const char *path, bool write)
    __attribute__((warn_unused_result));
void sql_close(struct sql *s); /* its statements are gone before; NULL: fine */

/* A page of a database file as it lies on the disk: has it the sum that it was
 * written with? A database that others wrote has none. */
bool sql_page_sound(const uint8_t page[static SQL_PAGE]);
/* That page, from 0. 1, or 0: no more. -EBADMSG: not a whole one. Whoever opens
 * the file of an open database himself and closes it takes the locks away that
 * SQLite has on it: another program then deletes the log under us. */
int sql_page_read(struct sql *s, uint64_t i, uint8_t page[static SQL_PAGE])
    __attribute__((warn_unused_result));

/* Any number of statements without arguments and without rows. */
int sql_exec(struct sql *s, const char *text)
    __attribute__((warn_unused_result));

int sql_prepare(struct sql *s, const char *text, struct sql_stmt **out)
    __attribute__((warn_unused_result));
void sql_finish(struct sql_stmt *st); /* NULL is fine */

/* A statement without rows, from its arguments to its end. */
int sql_run(struct sql_stmt *st, const char *types, ...)
    __attribute__((warn_unused_result));

/* Rows: bind, step until 0, reset. */
int sql_bind(struct sql_stmt *st, const char *types, ...)
    __attribute__((warn_unused_result));
/* 1: a row; 0: no more. */
int sql_step(struct sql_stmt *st) __attribute__((warn_unused_result));
void sql_reset(struct sql_stmt *st);

/* Of the row; columns from 0. Text lives until the next step or reset; "" for
 * NULL. */
int64_t sql_integer(struct sql_stmt *st, int column);
double sql_real(struct sql_stmt *st, int column);
const char *sql_text(struct sql_stmt *st, int column);
bool sql_is_null(struct sql_stmt *st, int column);

#endif
