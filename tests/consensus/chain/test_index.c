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
#include "consensus/chain/sql.h"
#include "consensus/chain/verify.h"
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

/* Look through all of it; whether it was thrown away. */
static bool
scrub(struct index *x)
{
	bool whole = false;
	int rc = 0;

	while (rc == 0 && !whole)
		rc = index_scrub(x, 3, &whole);
	assert_true(rc == 0 || rc == -EBADMSG);
	return rc == -EBADMSG;
}

/* Open, look through it and catch up; how many blocks had to be applied. */
static uint64_t
fill(bool want_rebuilt)
{
	struct index *x;
	uint64_t n = 0;
	bool rebuilt;

	assert_int_equal(index_open(&x, path, &chain.town.f, &rebuilt), 0);
	assert_int_equal(scrub(x) || rebuilt, want_rebuilt);
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
	assert_int_equal(fill(true), all);
	exec("UPDATE meta SET value = 999 WHERE key = 'applied_height'");
	assert_int_equal(fill(true), all);
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

/* What a killed process leaves takes the place of the file. */
static void
copy_file(const char *from, const char *to)
{
	uint8_t buf[65536];
	ssize_t n;
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
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

/* All that readers can see, in one hash; 0, or why it cannot be seen. */
static int
read_all(struct hash *out)
{
	static const char *const tables[] = {"meta", "members", "blocks",
	    "commits", "rounds", "answers", "attests", "evidence", "txs",
	    "accounts", "entries", "payouts", "assets", "orders",
	    "order_assets", "proposals", "votes", "tokens", "shares",
	    "credentials", "uses"};
	struct hash_stream h;
	struct sql_stmt *st;
	struct sql *db;
	char query[80];
	int rc = sql_open(&db, path, false), more;

	hash_begin(&h, "test");
	for (size_t t = 0; rc == 0 && t < sizeof(tables) / sizeof(*tables);
	     t++) {
		snprintf(query, sizeof(query), "SELECT * FROM %s", tables[t]);
		rc = sql_prepare(db, query, &st);
		if (rc < 0)
			break;
		while ((more = sql_step(st)) == 1)
			for (int c = 0; c < 30; c++) {
				const char *v = sql_text(st, c);

				hash_add(&h, v, strlen(v) + 1);
			}
		rc = more;
		sql_finish(st);
	}
	if (db)
		sql_close(db);
	*out = hash_end(&h);
	return rc;
}

/* One bit anywhere in the file: nobody who reads through us is told anything
 * else than before, and looking through the file finds it. */
static void
test_flipped_bits(void **state)
{
	const uint64_t all = segments_head(&chain.log);
	struct hash sound, now;
	uint64_t random = 4711;
	struct stat st;
	unsigned refused = 0;
	uint8_t byte;
	int fd, rc;

	(void)state;
	remove_index();
	fill(false);
	assert_int_equal(read_all(&sound), 0);
	for (int i = 0; i < 300; i++) {
		off_t at;

		assert_int_equal(stat(path, &st), 0);
		random = random * 6364136223846793005u + 1442695040888963407u;
		at = (off_t)((random >> 20) % (uint64_t)st.st_size);
		fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1u << (random >> 60 & 7));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		rc = read_all(&now);
		if (rc == 0)
			assert_true(hash_equal(&now, &sound));
		refused += rc < 0;
		if (fill(true) != all)
			fail_msg("a flip at %ld is not found", (long)at);
		assert_int_equal(read_all(&now), 0);
		assert_true(hash_equal(&now, &sound));
	}
	/* Most pages are read by that. */
	assert_true(refused > 200);
}

static void
assert_sorted(void)
{
	assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE"
			     " type = 'index' AND sql NOT NULL"),
	    3);
}

/* A long chain goes in without a journal; until it is whole it is no index. */
static void
test_filled_at_once(void **state)
{
	struct hash slow, fast;
	struct index *x;

	(void)state;
	while (segments_head(&chain.log) < 1100)
		smallchain_step(&chain);
	remove_index();
	assert_int_equal(fill(false), segments_head(&chain.log));
	assert_int_equal(read_all(&fast), 0);
	assert_sorted();
	remove_index();
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	for (uint64_t h = 1; h <= segments_head(&chain.log); h++) {
		struct block *b;
		struct commit c;
		uint8_t *data;
		uint32_t len;

		assert_int_equal(segments_read(&chain.log, h, &data, &len), 0);
		assert_int_equal(verify_decode(data, len, ANSWER_DIM_MAX, &b,
				     &c),
		    0);
		assert_int_equal(index_apply(x, b, &c), 0);
		block_free(b);
		free(data);
	}
	index_close(x);
	assert_int_equal(read_all(&slow), 0);
	assert_true(hash_equal(&slow, &fast));
}

/* Closed on the way it goes on where it was; killed, it begins again. */
static void
test_fill_cut_short(void **state)
{
	const uint64_t all = segments_head(&chain.log);
	char killed[128];
	struct index *x;
	uint64_t n = 0;

	(void)state;
	snprintf(killed, sizeof(killed), "%s.killed", path);
	assert_true(all >= 1000);
	remove_index();
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	assert_int_equal(index_catch_up(x, &chain.log, 300, &n), 0);
	assert_int_equal(n, 300);
	index_close(x);
	assert_sorted();
	assert_int_equal(fill(false), all - 300);

	remove_index();
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	assert_int_equal(index_catch_up(x, &chain.log, 300, &n), 0);
	copy_file(path, killed);
	index_close(x);
	remove_index();
	assert_int_equal(rename(killed, path), 0);
	assert_int_equal(fill(true), all);
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
	    cmocka_unit_test(test_flipped_bits),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_books),
	    cmocka_unit_test(test_adopted),
	    cmocka_unit_test(test_filled_at_once),
	    cmocka_unit_test(test_fill_cut_short),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
