/*
 * sql.c - the only file that includes sqlite3.h.
 */
#include "consensus/chain/sql.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>

#define BUSY_MS 2000

/* The handles are SQLite's own: nothing is to be kept beside them. */
static sqlite3 *
db_of(struct sql *s)
{
	return (sqlite3 *)(void *)s;
}

static sqlite3_stmt *
stmt_of(struct sql_stmt *st)
{
	return (sqlite3_stmt *)(void *)st;
}

static int
error_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return -EIO;
	default: /* corrupt, not a database, tables that are not ours */
		return -EBADMSG;
	}
}

int
sql_open(struct sql **out, const char *path, bool write)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = NORMAL;";
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
			  : SQLITE_OPEN_READONLY;
	sqlite3 *db = NULL;
	int rc = error_of(
	    sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL));

	*out = (struct sql *)(void *)db;
	if (rc == 0) {
		sqlite3_busy_timeout(db, BUSY_MS);
		if (write)
			rc = sql_exec(*out, pragmas);
	}
	if (rc < 0) {
		sqlite3_close(db);
		*out = NULL;
	}
	return rc;
}

void
sql_close(struct sql *s)
{
	sqlite3_close(db_of(s));
}

int
sql_exec(struct sql *s, const char *text)
{
	return error_of(sqlite3_exec(db_of(s), text, NULL, NULL, NULL));
}

int
sql_prepare(struct sql *s, const char *text, struct sql_stmt **out)
{
	sqlite3_stmt *st = NULL;
	int rc = error_of(sqlite3_prepare_v2(db_of(s), text, -1, &st, NULL));

	*out = (struct sql_stmt *)(void *)st;
	return rc;
}

void
sql_finish(struct sql_stmt *st)
{
	sqlite3_finalize(stmt_of(st));
}

static int
bind_text(sqlite3_stmt *st, int i, const char *text)
{
	return text ? sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT)
		    : sqlite3_bind_null(st, i);
}

static int
bind_optional(sqlite3_stmt *st, int i, const int64_t *v)
{
	return v ? sqlite3_bind_int64(st, i, *v) : sqlite3_bind_null(st, i);
}

static int
bind_all(sqlite3_stmt *st, const char *types, va_list ap)
{
	int i, code = SQLITE_OK;

	for (i = 1; *types && code == SQLITE_OK; i++, types++) {
		if (*types == 'i')
			code = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		else if (*types == 'd')
			code = sqlite3_bind_double(st, i, va_arg(ap, double));
		else if (*types == 't')
			code = bind_text(st, i, va_arg(ap, const char *));
		else if (*types == 'o')
			code =
			    bind_optional(st, i, va_arg(ap, const int64_t *));
		else
			code = sqlite3_bind_null(st, i);
	}
	return error_of(code);
}

int
sql_run(struct sql_stmt *st, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = bind_all(stmt_of(st), types, ap);
	va_end(ap);
	if (rc == 0)
		rc = error_of(sqlite3_step(stmt_of(st)));
	sqlite3_reset(stmt_of(st));
	return rc;
}

int
sql_bind(struct sql_stmt *st, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = bind_all(stmt_of(st), types, ap);
	va_end(ap);
	return rc;
}

int
sql_step(struct sql_stmt *st)
{
	int code = sqlite3_step(stmt_of(st));

	return code == SQLITE_ROW ? 1 : error_of(code);
}

void
sql_reset(struct sql_stmt *st)
{
	sqlite3_reset(stmt_of(st));
}

int64_t
sql_integer(struct sql_stmt *st, int column)
{
	return sqlite3_column_int64(stmt_of(st), column);
}

double
sql_real(struct sql_stmt *st, int column)
{
	return sqlite3_column_double(stmt_of(st), column);
}

const char *
sql_text(struct sql_stmt *st, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt_of(st), column);

	return text ? (const char *)text : "";
}

bool
sql_is_null(struct sql_stmt *st, int column)
{
	return sqlite3_column_type(stmt_of(st), column) == SQLITE_NULL;
}
