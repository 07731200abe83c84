/* qmlnode init: a home that nobody else looks into, however it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli/cli.h"
#include "proto/sign.h"
#include "quietly.h"

static int
init(const char *home)
{
	return quietly(cmd_init,
	    (const char *[]){"init", "--name", "alpha", "--home", home, NULL});
}

static unsigned
mode_of(const char *home, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_modes(void **state)
{
	static const char *const ends[] = {"", "/", "//"};
	static const char *const names[] = {"node.key", "votes.wal",
	    "data.salt", "qmlnode.yaml", "lock"};
	mode_t mask = umask(022);

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		char top[] = "/tmp/qml-init-XXXXXX", home[64], path[128];

		assert_non_null(mkdtemp(top));
		snprintf(home, sizeof(home), "%s/a/b%s", top, ends[k]);
		assert_int_equal(init(home), 0);
		assert_int_equal(init(home), 9); /* nothing is overwritten */
		assert_int_equal(mode_of(home, "."), 0700);
		assert_int_equal(mode_of(home, "node.key"), 0600);
		assert_int_equal(mode_of(home, "data.salt"), 0600);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(path, sizeof(path), "%s/%s", home, names[i]);
			assert_int_equal(unlink(path), 0);
		}
		snprintf(path, sizeof(path), "%s/a/b", top);
		assert_int_equal(rmdir(path), 0);
		snprintf(path, sizeof(path), "%s/a", top);
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(rmdir(top), 0);
	}
	umask(mask);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_modes),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
