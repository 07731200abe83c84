/* qmlnode assert-never-voted: what a person's word may stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/votelog.h"
#include "daemon/cli/cli.h"
#include "daemon/node/keys.h"
#include "proto/sign.h"
#include "quietly.h"

#define FLOOR 5 /* further than the chain, which has no block */

struct place {
	char home[32];
	struct disk_posix disk;
	struct keys keys;
};

static void
place_open(struct place *p)
{
	char path[64], err[KEYS_ERR_LEN];

	*p = (struct place){.home = "/tmp/qml-assert-XXXXXX",
	    .disk = DISK_POSIX_INIT,
	    .keys = KEYS_INIT};
	assert_non_null(mkdtemp(p->home));
	assert_int_equal(quietly(cmd_init,
			     (const char *[]){"init", "--name", "alpha",
				 "--home", p->home, NULL}),
	    0);
	snprintf(path, sizeof(path), "%s/node.key", p->home);
	assert_int_equal(keys_load(&p->keys, path, err, sizeof(err)), 0);
	assert_int_equal(disk_posix_open(&p->disk, p->home), 0);
}

static void
place_close(struct place *p)
{
	static const char *const names[] = {"node.key", "votes.wal",
	    "votes-1.wal", "votes-2.wal", "data.salt", "qmlnode.yaml", "lock"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(p->disk.dirfd, names[i], 0);
	disk_posix_close(&p->disk);
	keys_close(&p->keys);
	assert_int_equal(rmdir(p->home), 0);
}

/* A log that took a lost one's place, and the others said how far it was. */
static void
later_log(struct place *p, const struct votelog_record *more)
{
	const struct votelog_record floor = {.type = VOTELOG_HEIGHT,
	    .floor = FLOOR};
	const struct votelog_open_args args = {.name = "votes-1.wal",
	    .node = p->keys.id};
	struct votelog log = VOTELOG_INIT;

	assert_int_equal(votelog_create(&p->disk.disk, args.name, &p->keys.id),
	    0);
	assert_int_equal(votelog_open(&log, &p->disk.disk, &args), 0);
	assert_int_equal(votelog_append(&log, &floor), 0);
	if (more != NULL)
		assert_int_equal(votelog_append(&log, more), 0);
	votelog_close(&log);
}

static int
word(const struct place *p)
{
	return quietly(cmd_assert,
	    (const char *[]){"assert-never-voted", "--home", p->home,
		"--i-know", NULL});
}

/* The blocks up to the floor never come. */
static void
nothing_signed_since(void **state)
{
	struct place p;

	(void)state;
	place_open(&p);
	assert_int_equal(word(&p), 9); /* whole */
	later_log(&p, NULL);
	assert_int_equal(word(&p), 0);
	assert_int_equal(faccessat(p.disk.dirfd, "votes-2.wal", F_OK, 0), 0);
	assert_int_equal(word(&p), 9); /* once is enough */
	place_close(&p);
}

/* The chain was at the floor, and is not there any more: what was signed since
 * is in the log, and no word takes its place. */
static void
something_signed_since(void **state)
{
	static const struct votelog_record since[] = {
	    {.type = VOTELOG_BFT,
		.bft = {.type = BFT_RECORD_PREVOTE,
		    .height = 2 * FLOOR,
		    .valid_round = BFT_NO_ROUND,
		    .locked = {.round = BFT_NO_ROUND},
		    .valid = {.round = BFT_NO_ROUND}}},
	    {.type = VOTELOG_ANSWER, .answer = {.fl_round = 3}},
	    {.type = VOTELOG_ATTEST, .attest = {.fl_round = 3}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
		struct place p;

		place_open(&p);
		later_log(&p, &since[i]);
		assert_int_equal(word(&p), 9);
		assert_int_equal(faccessat(p.disk.dirfd, "votes-2.wal", F_OK,
				     0),
		    -1);
		place_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_signed_since),
	    cmocka_unit_test(something_signed_since),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
