/* What qmlnode check says of a disk that is full: see check_store.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/replica/store.h"
#include "daemon/cli/check_store.h"
#include "rich.h"

static void
a_full_disk(void **state)
{
	const struct statvfs roomy = {.f_frsize = 4096,
	    .f_bavail = 2000,
	    .f_files = 10,
	    .f_favail = 1};
	const uint64_t want = UINT64_C(2000) * 4096;
	struct statvfs v = roomy;
	char text[CHECK_STORE_TEXT_LEN];

	(void)state;
	assert_int_equal(check_store_fits(&v, want, text), 0);
	assert_non_null(strstr(text, "8.2 MB are free"));
	assert_int_equal(check_store_fits(&v, want + 1, text), -ENOSPC);
	assert_non_null(strstr(text, "8.2 MB are free on its disk"));
	v.f_bavail = 0;
	assert_int_equal(check_store_fits(&v, want, text), -ENOSPC);
	assert_non_null(strstr(text, "0 B are free"));
	v = roomy;
	v.f_favail = 0;
	assert_int_equal(check_store_fits(&v, want, text), -ENOSPC);
	assert_non_null(strstr(text, "df -i"));
	/* Such a file system does not count its files. */
	v.f_files = 0;
	assert_int_equal(check_store_fits(&v, want, text), 0);
}

/* The bound is the one that the store itself goes by. */
static void
the_stores_own_bound(void **state)
{
	struct store s;
	struct store_report report;
	struct votelog_open_args a = {.name = VOTELOG_NAME};
	struct rich r;
	char path[RICH_ROOT_LEN + 32];

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	assert_int_equal(votelog_create(&r.disk.disk, a.name, &a.node), 0);
	assert_int_equal(store_open(&s, &r.disk.disk, &r.chain.town.f, &a.node,
			     &report),
	    0);
	assert_int_equal(s.room, store_room(&r.chain.town.f));
	assert_true(s.room > 0);
	store_close(&s);
	snprintf(path, sizeof(path), "%s/" VOTELOG_NAME, r.root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/" POOL_DIR, r.root);
	rmdir(path);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_disk),
	    cmocka_unit_test(the_stores_own_bound),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
