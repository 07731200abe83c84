/* The real disk, in a directory of its own. */
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

#include "consensus/chain/disk_posix.h"
#include "simdisk.h"

static char root[64];
static struct disk_posix disk;

static int
setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/qml-disk-XXXXXX");
	return mkdtemp(root) && disk_posix_open(&disk, root) == 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(disk.dirfd, "d/one", 0);
	unlinkat(disk.dirfd, "two", 0);
	unlinkat(disk.dirfd, "d", AT_REMOVEDIR);
	disk_posix_close(&disk);
	disk_posix_close(&disk); /* closing twice is fine */
	return rmdir(root);
}

static int
count(void *arg, const char *name)
{
	assert_string_equal(name, "one");
	++*(int *)arg;
	return 0;
}

static void
test_file(void **state)
{
	char buf[8] = "abcdefg", got[8] = "";
	struct disk *d = &disk.disk;
	struct disk_file *f;
	struct stat st;
	uint64_t size;
	int n = 0;

	(void)state;
	assert_int_equal(disk_make_dir(d, "d"), 0);
	assert_int_equal(disk_make_dir(d, "d"), 0);
	assert_int_equal(disk_open(d, "d/one", DISK_READ, &f), -ENOENT);
	assert_null(f);
	assert_int_equal(disk_open(d, "d/one", DISK_WRITE, &f), -ENOENT);
	assert_int_equal(disk_open(d, "d/one", DISK_CREATE, &f), 0);
	assert_int_equal(disk_write(f, buf, 8, 100), 0);
	assert_int_equal(disk_size(f, &size), 0);
	assert_int_equal(size, 108);
	assert_int_equal(disk_reserve(f, 5000), 0);
	assert_int_equal(disk_reserve(f, 50), 0); /* never shrinks */
	assert_int_equal(disk_size(f, &size), 0);
	assert_int_equal(size, 5000);
	assert_int_equal(disk_sync(f), 0);
	assert_int_equal(disk_read(f, got, 8, 100), 0);
	assert_memory_equal(got, buf, 8);
	assert_int_equal(disk_read(f, got, 8, 4993), -ENODATA);
	disk_close(f);
	disk_close(NULL);
	assert_int_equal(disk_open(d, "d/one", DISK_CREATE, &f), -EEXIST);
	assert_int_equal(disk_sync_dir(d, "d"), 0);
	assert_int_equal(disk_sync_dir(d, ""), 0);
	assert_int_equal(disk_list(d, "d", count, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(disk_list(d, "none", count, &n), -ENOENT);
	assert_int_equal(fstatat(disk.dirfd, "d/one", &st, 0), 0);
	assert_int_equal(st.st_mode & 07, 0); /* nothing for others */
	assert_int_equal(disk_unlink(d, "d/one"), 0);
	assert_int_equal(disk_unlink(d, "d/one"), -ENOENT);
}

static void
test_readonly(void **state)
{
	struct disk_posix ro;
	struct disk_file *f;

	(void)state;
	assert_int_equal(disk_open(&disk.disk, "two", DISK_CREATE, &f), 0);
	disk_close(f);
	assert_int_equal(disk_posix_open_readonly(&ro, root), 0);
	assert_int_equal(disk_open(&ro.disk, "two", DISK_WRITE, &f), -EROFS);
	assert_int_equal(disk_open(&ro.disk, "new", DISK_CREATE, &f), -EROFS);
	assert_int_equal(disk_make_dir(&ro.disk, "new"), -EROFS);
	assert_int_equal(disk_unlink(&ro.disk, "two"), -EROFS);
	assert_int_equal(disk_open(&ro.disk, "two", DISK_READ, &f), 0);
	assert_true(disk_write(f, "x", 1, 0) < 0);
	disk_close(f);
	disk_posix_close(&ro);
	assert_int_equal(disk_posix_open(&ro, "/nonexistent"), -ENOENT);
}

/* fsyncgate: after one failed sync nothing may claim to be durable. */
static void
test_failed_sync_is_final(void **state)
{
	struct simdisk d;
	struct disk_file *f, *g;

	(void)state;
	simdisk_init(&d, 1);
	assert_int_equal(disk_open(&d.disk, "a", DISK_CREATE, &f), 0);
	assert_int_equal(disk_open(&d.disk, "b", DISK_CREATE, &g), 0);
	assert_int_equal(disk_write(f, "x", 1, 0), 0);
	d.fail_at = d.calls + 1;
	d.fail_with = -EIO;
	assert_int_equal(disk_sync(f), -EIO);
	assert_int_equal(disk_sync(f), -EIO);
	assert_int_equal(disk_sync(g), -EIO);
	assert_int_equal(disk_write(g, "x", 1, 0), -EIO);
	assert_int_equal(disk_reserve(g, 100), -EIO);
	assert_int_equal(disk_sync_dir(&d.disk, ""), -EIO);
	assert_int_equal(disk_make_dir(&d.disk, "d"), -EIO);
	assert_int_equal(disk_unlink(&d.disk, "a"), -EIO);
	disk_close(f);
	disk_close(g);
	simdisk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_readonly),
	    cmocka_unit_test(test_failed_sync_is_final),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
