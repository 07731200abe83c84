/* index.db and checkpoints where they cannot be written, and when they can. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/disk_posix.h"
#include "daemon/node/tables.h"
#include "tests/consensus/chain/smallchain.h"

#define HEAD 6
#define EVERY 3

struct place {
	char root[64];
	struct disk_posix disk;
	struct smallchain chain;
	struct store store;
	struct tables tables;
	struct tables_news news;
	uint64_t now;
};

/* The chain gets more blocks; the store reads them. */
static void
grow(struct place *p, unsigned n)
{
	struct store_report rep;

	store_close(&p->store);
	for (; n > 0; n--)
		smallchain_step(&p->chain);
	assert_int_equal(store_open(&p->store, &p->disk.disk, &p->chain.town.f,
			     &p->chain.town.f.members[0].id, &rep),
	    0);
	p->store.every = EVERY;
}

static void
place_open(struct place *p)
{
	*p = (struct place){.root = "/tmp/qml-tables-XXXXXX",
	    .store = STORE_INIT,
	    .now = 1000};
	assert_non_null(mkdtemp(p->root));
	assert_int_equal(disk_posix_open(&p->disk, p->root), 0);
	smallchain_open(&p->chain, &p->disk.disk, 4, 20);
	assert_int_equal(votelog_create(&p->disk.disk, VOTELOG_NAME,
			     &p->chain.town.f.members[0].id),
	    0);
	grow(p, HEAD);
	assert_int_equal(tables_open(&p->tables, p->root, &p->chain.town.f), 0);
}

static void
place_close(struct place *p)
{
	static const char *const files[] = {"chain/000001.seg", "votes.wal",
	    "index.db", "index.db-wal", "index.db-shm",
	    "state/000000000006.state", "state/000000000007.state",
	    "state/000000000008.state", "state/000000000009.state"};

	tables_close(&p->tables);
	store_close(&p->store);
	smallchain_close(&p->chain);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlinkat(p->disk.dirfd, files[i], 0);
	(void)unlinkat(p->disk.dirfd, "state", AT_REMOVEDIR);
	(void)unlinkat(p->disk.dirfd, "chain", AT_REMOVEDIR);
	(void)unlinkat(p->disk.dirfd, "pool", AT_REMOVEDIR);
	disk_posix_close(&p->disk);
	assert_int_equal(rmdir(p->root), 0);
}

static void
follow(struct place *p)
{
	assert_true(tables_wait_ms(&p->tables, &p->store, p->now) == 0);
	tables_follow(&p->tables, &p->store, p->now, &p->news);
}

static uint64_t
wait_ms(const struct place *p)
{
	return tables_wait_ms(&p->tables, &p->store, p->now);
}

/* No file may have more than a page: told once, tried again later and later,
 * told when it is right again, and then all is in it. */
static void
index_comes_back(void **state)
{
	const struct rlimit little = {4096, RLIM_INFINITY};
	struct rlimit before;
	struct place p;

	(void)state;
	place_open(&p);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	follow(&p);
	for (uint64_t pause = TABLES_PAUSE_MS; pause < 8 * TABLES_PAUSE_MS;
	     pause *= 2) {
		assert_true(
		    p.news.any[TABLES_INDEX] == (pause == TABLES_PAUSE_MS));
		assert_true(
		    p.news.err[TABLES_INDEX] < 0 || pause > TABLES_PAUSE_MS);
		assert_true(wait_ms(&p) == pause);
		p.now += pause - 1;
		assert_true(wait_ms(&p) == 1);
		p.now++;
		follow(&p);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(wait_ms(&p) > 0);
	tables_hurry(&p.tables);
	follow(&p);
	assert_true(p.news.any[TABLES_INDEX]);
	assert_int_equal(p.news.err[TABLES_INDEX], 0);
	assert_int_equal(index_head(p.tables.index), HEAD);
	assert_true(wait_ms(&p) == UINT64_MAX);
	/* The next failure is met with patience as the first one was. */
	assert_int_equal(p.tables.pause_ms, 0);
	place_close(&p);
}

/* Something lies where the folder should be. */
static void
checkpoint_comes_back(void **state)
{
	struct place p;
	int fd;

	(void)state;
	place_open(&p);
	fd = openat(p.disk.dirfd, CHECKPOINT_DIR, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	follow(&p);
	assert_true(p.news.any[TABLES_STATE]);
	assert_true(p.news.err[TABLES_STATE] < 0);
	assert_false(p.news.any[TABLES_INDEX]);
	assert_true(wait_ms(&p) == UINT64_MAX);
	grow(&p, 1);
	follow(&p);
	assert_false(p.news.any[TABLES_STATE]); /* once */
	assert_int_equal(unlinkat(p.disk.dirfd, CHECKPOINT_DIR, 0), 0);
	grow(&p, 1);
	follow(&p);
	assert_true(p.news.any[TABLES_STATE]);
	assert_int_equal(p.news.err[TABLES_STATE], 0);
	assert_int_equal(p.store.saved, HEAD + 2);
	place_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(index_comes_back),
	    cmocka_unit_test(checkpoint_comes_back),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
