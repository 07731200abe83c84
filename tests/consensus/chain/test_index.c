/* index.db: what is in it, and that it is filled again whenever it must be. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "consensus/chain/index.h"
#include "simdisk.h"
#include "smallchain.h"

#define HEAD 12

static char dir[64], path[96];
static struct simdisk disk;
static struct smallchain chain;

static void
remove_index(void)
{
	char name[128];

	unlink(path);
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
}

static int
setup(void **state)
{
	int i;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/qml-index-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", dir, INDEX_NAME);
	simdisk_init(&disk, 1);
	smallchain_open(&chain, &disk.disk, 4, 20);
	for (i = 0; i < HEAD; i++)
		smallchain_step(&chain);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	remove_index();
	smallchain_close(&chain);
	simdisk_close(&disk);
	return rmdir(dir);
}

/* One number by SQL, as a person would ask it: read-only. */
static int64_t
ask(const char *query)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t v;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
	    SQLITE_OK);
	if (sqlite3_prepare_v2(db, query, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", query, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return v;
}

/* Open and catch up; how many blocks had to be applied. */
static uint64_t
fill(bool want_rebuilt)
{
	struct index *x;
	uint64_t n = 0;
	bool rebuilt;

	assert_int_equal(index_open(&x, path, &chain.town.f, &rebuilt), 0);
	assert_int_equal(rebuilt, want_rebuilt);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, &n), 0);
	assert_int_equal(index_head(x), segments_head(&chain.log));
	index_close(x);
	return n;
}

static void
test_tables(void **state)
{
	(void)state;
	remove_index();
	assert_int_equal(fill(false), HEAD);
	assert_int_equal(ask("SELECT count(*) FROM blocks"), HEAD);
	assert_int_equal(ask("SELECT count(*) FROM members"), 4);
	assert_int_equal(ask("SELECT count(*) FROM commits"), 4 * HEAD);
	assert_int_equal(ask("SELECT count(*) FROM rounds"), HEAD - 1);
	assert_int_equal(ask("SELECT count(*) FROM rounds WHERE kind = 'skip'"),
	    2);
	assert_int_equal(
	    ask("SELECT height FROM blocks WHERE kind = 'heartbeat'"), 7);
	assert_int_equal(ask("SELECT count(*) FROM answers"), 4 * (HEAD - 1));
	assert_int_equal(
	    ask("SELECT count(*) FROM answers WHERE kind = 'no update'"), 12);
	assert_int_equal(ask("SELECT count(*) FROM attests"), 4 * (HEAD - 1));
	assert_int_equal(ask("SELECT value FROM meta"
			     " WHERE key = 'applied_height'"),
	    HEAD);
	/* rows of members 0..3 are 10..13, losses 3 and 2 */
	assert_int_equal(ask("SELECT rows FROM rounds WHERE round = 0"), 46);
	assert_int_equal(
	    ask("SELECT 10 * loss_after FROM rounds WHERE round = 0"), 20);
	assert_int_equal(ask("SELECT duration_ms FROM rounds"
			     " WHERE round = 0"),
	    500);
	assert_int_equal(ask("SELECT count(*) FROM metrics WHERE round = 1"
			     " AND name = 'accuracy'"),
	    1);
	assert_int_equal(fill(false), 0); /* nothing to do */
}

/* Every entry of an account after the other gives what it holds. */
static void
check_entries(void)
{
	assert_int_equal(ask("SELECT count(*) FROM meta"
			     " WHERE key = 'books_stopped'"),
	    0);
	assert_int_equal(ask("SELECT count(*) FROM accounts AS a WHERE balance"
			     " != (SELECT sum(change) FROM entries AS e"
			     " WHERE e.account = a.account)"),
	    0);
	assert_int_equal(ask("SELECT count(*) FROM accounts AS a WHERE balance"
			     " != (SELECT balance FROM entries AS e"
			     " WHERE e.account = a.account"
			     " ORDER BY height DESC, seq DESC LIMIT 1)"),
	    0);
	assert_int_equal(ask("SELECT sum(change) FROM entries"
			     " WHERE account = 'treasury'"),
	    ask("SELECT value FROM meta WHERE key = 'treasury'"));
}

static void
test_books(void **state)
{
	int64_t entries, paid;

	(void)state;
	remove_index();
	assert_int_equal(fill(false), segments_head(&chain.log));
	assert_int_equal(ask("SELECT count(*) FROM accounts"), 4);
	assert_int_equal(ask("SELECT count(*) FROM entries"
			     " WHERE cause = 'opening'"),
	    4);
	check_entries();
	/* Signers of every aggregate but the first, which carries the
	 * certificate of the block before the round. */
	assert_true(ask("SELECT count(*) FROM entries"
			" WHERE cause = 'signed'") > 0);
	entries = ask("SELECT count(*) FROM entries");
	paid = ask("SELECT total(change) FROM entries");
	/* In two goes, the second of which has to read the first again. */
	remove_index();
	smallchain_step(&chain);
	assert_int_equal(fill(false), segments_head(&chain.log));
	smallchain_step(&chain);
	assert_int_equal(fill(false), 1);
	check_entries();
	assert_true(ask("SELECT count(*) FROM entries") > entries);
	assert_true(ask("SELECT total(change) FROM entries") > paid);
}

/* With the state of its head nothing is read again. */
static void
test_adopted(void **state)
{
	struct ledger *copy;
	struct index *x;
	uint64_t n;

	(void)state;
	remove_index();
	assert_int_equal(fill(false), segments_head(&chain.log));
	assert_int_equal(ledger_clone(chain.town.l, &copy), 0);
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	index_adopt(x, copy);
	smallchain_step(&chain);
	assert_int_equal(index_catch_up(x, &chain.log, 1, &n), 0);
	assert_int_equal(n, 1);
	/* One of another height is of no use. */
	assert_int_equal(ledger_clone(chain.town.l, &copy), 0);
	index_close(x);
	smallchain_step(&chain);
	assert_int_equal(fill(false), 1);
	smallchain_step(&chain);
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	index_adopt(x, copy);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, &n), 0);
	assert_int_equal(n, 1);
	index_close(x);
	check_entries();
}

static void
test_behind(void **state)
{
	(void)state;
	remove_index();
	assert_int_equal(fill(false), HEAD);
	smallchain_step(&chain);
	smallchain_step(&chain);
	assert_int_equal(fill(false), 2);
	assert_int_equal(ask("SELECT max(height) FROM blocks"), HEAD + 2);
	assert_int_equal(ask("SELECT count(DISTINCT height) FROM commits"),
	    HEAD + 2);
}

static void
exec(const char *statement)
{
	sqlite3 *db;
	char *err = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, statement, NULL, NULL, &err) != SQLITE_OK)
		fail_msg("%s: %s", statement, err);
	sqlite3_close(db);
}

/* Another schema, federation or branch; no database at all; half a file. */
static void
test_refilled(void **state)
{
	uint64_t all = segments_head(&chain.log);
	char junk[5000];
	int fd;

	(void)state;
	remove_index();
	fill(false);
	exec("PRAGMA user_version = 77");
	assert_int_equal(fill(true), all);
	exec("UPDATE meta SET value = 'ab' WHERE key = 'federation'");
	assert_int_equal(fill(true), all);
	exec("DROP TABLE answers");
	assert_int_equal(fill(true), all);
	exec("UPDATE blocks SET id = 'qb1' WHERE height = "
	     "(SELECT max(height) FROM blocks)");
	assert_int_equal(fill(false), all); /* found by catch_up */
	exec("UPDATE meta SET value = 999 WHERE key = 'applied_height'");
	assert_int_equal(fill(false), all);
	memset(junk, 'x', sizeof(junk));
	remove_index();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	close(fd);
	assert_int_equal(fill(true), all);
	assert_int_equal(truncate(path, 9000), 0);
	assert_int_equal(fill(true), all);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(fill(true), all);
}

/* A page overwritten while the node was down. */
static void
test_damaged_page(void **state)
{
	uint64_t all = segments_head(&chain.log);
	char junk[4096];
	struct stat st;
	off_t at;
	int fd;

	(void)state;
	memset(junk, 0x5a, sizeof(junk));
	remove_index();
	fill(false);
	assert_int_equal(stat(path, &st), 0);
	for (at = 0; at < st.st_size; at += 4096) {
		fd = open(path, O_WRONLY);
		assert_int_equal(pwrite(fd, junk, sizeof(junk), at), 4096);
		close(fd);
		assert_int_equal(fill(true), all);
	}
}

static void
test_order(void **state)
{
	struct index *x;
	struct block *b;

	(void)state;
	remove_index();
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	b = smallchain_next(&chain);
	smallchain_append(&chain, b);
	assert_int_equal(index_apply(x, b, &chain.town.commit),
	    -EINVAL); /* a gap */
	assert_int_equal(index_head(x), 0);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, NULL), 0);
	block_free(b);
	b = smallchain_next(&chain);
	smallchain_append(&chain, b);
	assert_int_equal(index_apply(x, b, &chain.town.commit), 0);
	assert_int_equal(index_head(x), segments_head(&chain.log));
	block_free(b);
	index_close(x);
	index_close(NULL);
	assert_int_equal(index_open(&x, "/nonexistent/index.db", &chain.town.f,
			     NULL),
	    -EIO);
	assert_null(x);
}

/* A rebuild goes in steps, so that votes need not wait for all of it. */
static void
test_steps(void **state)
{
	struct index *x;
	uint64_t n = 0;

	(void)state;
	remove_index();
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	assert_int_equal(index_catch_up(x, &chain.log, 3, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(index_head(x), 3);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, &n), 0);
	assert_int_equal(index_head(x), segments_head(&chain.log));
	assert_int_equal(index_catch_up(x, &chain.log, 3, &n), 0);
	assert_int_equal(n, 0);
	index_close(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_behind),
	    cmocka_unit_test(test_refilled),
	    cmocka_unit_test(test_damaged_page),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_books),
	    cmocka_unit_test(test_adopted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
