/* index.db beside people who open, lock and remove it while a node runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
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

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/qml-others-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", dir, INDEX_NAME);
	simdisk_init(&disk, 1);
	smallchain_open(&chain, &disk.disk, 4, 20);
	for (int i = 0; i < HEAD; i++)
		smallchain_step(&chain);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	smallchain_close(&chain);
	simdisk_close(&disk);
	return rmdir(dir);
}

/* Look through all of it; whether it was thrown away. */
static bool
scrub(struct index *x)
{
	bool whole = false;
	int rc = 0;

	while (rc == 0 && !whole)
		rc = index_scrub(x, 3, &whole);
	return rc != 0;
}

/* Somebody looks at it with his own program, which could write as well. */
static int
look_inside(const char *file)
{
	int64_t height = -1;
	sqlite3_stmt *st;
	sqlite3 *db;

	if (sqlite3_open(file, &db) != SQLITE_OK ||
	    sqlite3_prepare_v2(db,
		"SELECT value FROM meta WHERE key = 'applied_height'", -1, &st,
		NULL) != SQLITE_OK)
		return 255;
	if (sqlite3_step(st) == SQLITE_ROW)
		height = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return height >= 0 && height < 200 ? (int)height : 254;
}

/* In a process of its own; what applied_height is there. */
static int
ask_elsewhere(void)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		execl("/proc/self/exe", "test_index_others", path,
		    (char *)NULL);
		_exit(253);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Nothing that we do takes our locks away: who comes and goes does not take
 * the log with him, and the next one sees all that is written. */
static void
test_others_look(void **state)
{
	struct index *x;

	(void)state;
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, NULL), 0);
	for (int i = 0; i < 3; i++) {
		assert_false(scrub(x));
		assert_int_equal(ask_elsewhere(), segments_head(&chain.log));
		smallchain_step(&chain);
		assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX,
				     NULL),
		    0);
	}
	index_close(x);
}

/* Removed by somebody while the node runs, who was told that he may. */
static void
test_gone(void **state)
{
	struct index *x;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(index_open(&x, path, &chain.town.f, NULL), 0);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, &n), 0);
	assert_int_equal(unlink(path), 0);
	smallchain_step(&chain);
	assert_int_equal(index_catch_up(x, &chain.log, UINT64_MAX, &n), 0);
	assert_int_equal(index_refills(x), 1);
	assert_int_equal(ask_elsewhere(), segments_head(&chain.log));
	index_close(x);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_others_look),
	    cmocka_unit_test(test_gone),
	};

	if (argc > 1)
		return look_inside(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
