/*
 * sql.c - the only file that includes sqlite3.h.
 *
 * SQLite notices a broken tree, not a changed byte. So its files go through a
 * layer that keeps a sum in eight bytes which SQLite leaves free at the end of
 * each page, and reads no page whose sum is wrong.
 */
#include "consensus/chain/sql.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#define BUSY_MS 2000
#define SUM_VFS "qml-sums"
#define SUM_LEN 8
#define SUM_AT (SQL_PAGE - SUM_LEN)

static const uint8_t zero_page[SQL_PAGE];

/* One changed word changes one of both sums and with it all that follow: each
 * step can be undone, so it stays changed. */
static void
page_sum(const uint8_t *page, uint8_t out[static SUM_LEN])
{
	uint32_t a = 1, b = 1;

	for (size_t i = 0; i < SUM_AT; i += 8) {
		uint32_t w[2];

		memcpy(w, page + i, sizeof(w));
		a += w[0] + b;
		b += w[1] + a;
	}
	memcpy(out, &a, 4);
	memcpy(out + 4, &b, 4);
}

bool
sql_page_sound(const uint8_t page[static SQL_PAGE])
{
	uint8_t sum[SUM_LEN];

	page_sum(page, sum);
	return memcmp(sum, page + SUM_AT, SUM_LEN) == 0 ||
	    memcmp(page, zero_page, SQL_PAGE) == 0;
}

/* The layer's file; the one below it follows in the same memory. */
struct sum_file {
	sqlite3_file base;
	bool sums; /* the database itself: not its log */
};

static sqlite3_file *
below(sqlite3_file *f)
{
	return (sqlite3_file *)((struct sum_file *)f + 1);
}

static bool
is_page(const sqlite3_file *f, int len, sqlite3_int64 at)
{
	return ((const struct sum_file *)f)->sums && len == SQL_PAGE &&
	    at % SQL_PAGE == 0;
}

static int
sum_close(sqlite3_file *f)
{
	return below(f)->pMethods->xClose(below(f));
}

static int
sum_read(sqlite3_file *f, void *buf, int len, sqlite3_int64 at)
{
	int code = below(f)->pMethods->xRead(below(f), buf, len, at);

	if (code == SQLITE_OK && is_page(f, len, at) && !sql_page_sound(buf))
		code = SQLITE_IOERR_DATA;
	return code;
}

static int
sum_write(sqlite3_file *f, const void *buf, int len, sqlite3_int64 at)
{
	uint8_t page[SQL_PAGE];

	if (!is_page(f, len, at))
		return below(f)->pMethods->xWrite(below(f), buf, len, at);
	memcpy(page, buf, SUM_AT);
	page_sum(page, page + SUM_AT);
	return below(f)->pMethods->xWrite(below(f), page, len, at);
}

static int
sum_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return below(f)->pMethods->xTruncate(below(f), size);
}

static int
sum_sync(sqlite3_file *f, int flags)
{
	return below(f)->pMethods->xSync(below(f), flags);
}

static int
sum_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return below(f)->pMethods->xFileSize(below(f), size);
}

static int
sum_lock(sqlite3_file *f, int level)
{
	return below(f)->pMethods->xLock(below(f), level);
}

static int
sum_unlock(sqlite3_file *f, int level)
{
	return below(f)->pMethods->xUnlock(below(f), level);
}

static int
sum_locked(sqlite3_file *f, int *yes)
{
	return below(f)->pMethods->xCheckReservedLock(below(f), yes);
}

static int
sum_control(sqlite3_file *f, int op, void *arg)
{
	return below(f)->pMethods->xFileControl(below(f), op, arg);
}

static int
sum_sector(sqlite3_file *f)
{
	return below(f)->pMethods->xSectorSize(below(f));
}

static int
sum_device(sqlite3_file *f)
{
	return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

static int
sum_shm_map(sqlite3_file *f, int page, int size, int extend,
    void volatile **out)
{
	return below(f)->pMethods->xShmMap(below(f), page, size, extend, out);
}

static int
sum_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
}

static void
sum_shm_barrier(sqlite3_file *f)
{
	below(f)->pMethods->xShmBarrier(below(f));
}

static int
sum_shm_unmap(sqlite3_file *f, int forget)
{
	return below(f)->pMethods->xShmUnmap(below(f), forget);
}

/* Version 2: without the third's xFetch no page comes around xRead. */
static const sqlite3_io_methods sum_methods = {
    .iVersion = 2,
    .xClose = sum_close,
    .xRead = sum_read,
    .xWrite = sum_write,
    .xTruncate = sum_truncate,
    .xSync = sum_sync,
    .xFileSize = sum_size,
    .xLock = sum_lock,
    .xUnlock = sum_unlock,
    .xCheckReservedLock = sum_locked,
    .xFileControl = sum_control,
    .xSectorSize = sum_sector,
    .xDeviceCharacteristics = sum_device,
    .xShmMap = sum_shm_map,
    .xShmLock = sum_shm_lock,
    .xShmBarrier = sum_shm_barrier,
    .xShmUnmap = sum_shm_unmap,
};

static int
sum_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out)
{
	sqlite3_vfs *real = vfs->pAppData;
	int code = real->xOpen(real, name, below(f), flags, out);

	((struct sum_file *)f)->sums = flags & SQLITE_OPEN_MAIN_DB;
	/* With methods, SQLite closes what failed to open, too. */
	f->pMethods = below(f)->pMethods != NULL ? &sum_methods : NULL;
	return code;
}

/* All but files is the system's own. */
static void
sum_register(void)
{
	static sqlite3_vfs vfs;
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	if (real == NULL)
		return;
	vfs = *real;
	vfs.pNext = NULL;
	vfs.zName = SUM_VFS;
	vfs.szOsFile = (int)sizeof(struct sum_file) + real->szOsFile;
	vfs.pAppData = real;
	vfs.xOpen = sum_open;
	(void)sqlite3_vfs_register(&vfs, 0);
}

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
	if (code == SQLITE_IOERR_DATA)
		return -EBADMSG;
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
	static const char pragmas[] = "PRAGMA page_size = 4096;"
				      "PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = NORMAL;";
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
			  : SQLITE_OPEN_READONLY;
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int reserve = SUM_LEN, rc;
	sqlite3 *db = NULL;

	pthread_once(&once, sum_register);
	rc = error_of(
	    sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, SUM_VFS));
	*out = (struct sql *)(void *)db;
	if (rc == 0) {
		sqlite3_extended_result_codes(db, 1);
		sqlite3_busy_timeout(db, BUSY_MS);
		(void)sqlite3_file_control(db, "main",
		    SQLITE_FCNTL_RESERVE_BYTES, &reserve);
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
sql_page_read(struct sql *s, uint64_t i, uint8_t page[static SQL_PAGE])
{
	const sqlite3_int64 at = (sqlite3_int64)i * SQL_PAGE;
	sqlite3_int64 size = 0;
	sqlite3_file *f = NULL;
	int code = sqlite3_file_control(db_of(s), "main",
	    SQLITE_FCNTL_FILE_POINTER, &f);

	if (code == SQLITE_OK && (f == NULL || f->pMethods == NULL))
		code = SQLITE_MISUSE;
	if (code == SQLITE_OK)
		code = sum_size(f, &size);
	if (code == SQLITE_OK && at >= size)
		return 0;
	if (code == SQLITE_OK && size - at < SQL_PAGE)
		return -EBADMSG;
	/* Below the sums: they are asked for apart. */
	if (code == SQLITE_OK)
		code = below(f)->pMethods->xRead(below(f), page, SQL_PAGE, at);
	return code == SQLITE_OK ? 1 : error_of(code);
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
bind_text(sqlite3_stmt *st, int i, const char *text, bool keep)
{
	return text ? sqlite3_bind_text(st, i, text, -1,
			  keep ? SQLITE_TRANSIENT : SQLITE_STATIC)
		    : sqlite3_bind_null(st, i);
}

static int
bind_optional(sqlite3_stmt *st, int i, const int64_t *v)
{
	return v ? sqlite3_bind_int64(st, i, *v) : sqlite3_bind_null(st, i);
}

/* keep: texts may be gone before the last step. */
static int
bind_all(sqlite3_stmt *st, const char *types, va_list ap, bool keep)
{
	int i, code = SQLITE_OK;

	for (i = 1; *types && code == SQLITE_OK; i++, types++) {
		if (*types == 'i')
			code = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		else if (*types == 'd')
			code = sqlite3_bind_double(st, i, va_arg(ap, double));
		else if (*types == 't')
			code = bind_text(st, i, va_arg(ap, const char *), keep);
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
	rc = bind_all(stmt_of(st), types, ap, false);
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
	rc = bind_all(stmt_of(st), types, ap, true);
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
