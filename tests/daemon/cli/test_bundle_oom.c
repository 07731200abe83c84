/*
 * Parts of a bundle without a chain in them: what may stand behind what, a file
 * that is too large, and no memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli/bundle.h"
#include "tests/oom.h"

#define PART 64
#define MAGIC (sizeof(BUNDLE_MAGIC) - 1)

/* Kinds in this order, each with `PART` bytes; 0 ends. */
static size_t
write_parts(const char *path, const uint8_t *kinds)
{
	static const uint8_t nothing[PART];
	FILE *f = fopen(path, "wb");
	long len;

	assert_non_null(f);
	fputs(BUNDLE_MAGIC, f);
	for (; *kinds != 0; kinds++)
		bundle_put(f, (enum bundle_kind) * kinds, nothing, PART);
	len = ftell(f);
	assert_int_equal(fclose(f), 0);
	return (size_t)len;
}

static void
new_file(char path[static 32])
{
	int fd;

	snprintf(path, 32, "/tmp/qml-bundle-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

/* The last block of a federation is followed by what founds it again, and that
 * by nothing of its own; seats stand before it. */
static void
test_refounded(void **state)
{
	static const uint8_t orders[][5] = {
	    {BUNDLE_FOUNDING, BUNDLE_HEADS, BUNDLE_SEATS, BUNDLE_REFOUND},
	    {BUNDLE_FOUNDING, BUNDLE_BLOCK, BUNDLE_REFOUND, BUNDLE_BLOCK},
	    {BUNDLE_FOUNDING, BUNDLE_HEADS, BUNDLE_REFOUND, BUNDLE_SEATS},
	    {BUNDLE_FOUNDING, BUNDLE_HEADS, BUNDLE_REFOUND, BUNDLE_REFOUND},
	    {BUNDLE_FOUNDING, BUNDLE_BLOCK, BUNDLE_SEATS},
	    {BUNDLE_FOUNDING, BUNDLE_HEADS, BUNDLE_SEATS, BUNDLE_SEATS},
	    {BUNDLE_REFOUND},
	};
	static const size_t good[] = {4, 4, 3, 3, 2, 3, 0};
	struct bundle b;
	char path[32];

	(void)state;
	new_file(path);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		size_t len = write_parts(path, orders[i]);

		assert_int_equal(bundle_open(&b, path), 0);
		assert_int_equal(b.len, len);
		assert_int_equal(b.sound, MAGIC + good[i] * (5 + PART));
		if (i == 0) {
			assert_int_equal(b.nparts, 2);
			assert_int_equal(b.parts[1].seats_len, PART);
			assert_int_equal(b.parts[1].refound_len, PART);
			assert_int_equal(b.parts[1].refound_at, len - PART);
		}
		bundle_close(&b);
	}
	unlink(path);
}

static void
test_too_large(void **state)
{
	struct bundle b;
	char path[32];

	(void)state;
	new_file(path);
	if (truncate(path, (off_t)BUNDLE_BYTES_MAX + 1) != 0) {
		unlink(path);
		skip(); /* no such files here */
	}
	assert_int_equal(bundle_open(&b, path), -EFBIG);
	assert_null(b.data);
	assert_int_equal(truncate(path, 3), 0); /* not even a beginning */
	assert_int_equal(bundle_open(&b, path), 0);
	assert_int_equal(b.sound, 0);
	bundle_close(&b);
	unlink(path);
}

static void
test_no_memory(void **state)
{
	static const uint8_t many[] = {BUNDLE_FOUNDING, BUNDLE_BLOCK,
	    BUNDLE_BLOCK, BUNDLE_BLOCK, BUNDLE_BLOCK, 0};
	struct bundle b;
	char path[32];
	size_t failed = 0;

	(void)state;
	new_file(path);
	(void)write_parts(path, many);
	for (size_t k = 1;; k++) {
		int rc;

		oom_arm(k);
		rc = bundle_open(&b, path);
		if (!oom_disarm()) {
			assert_int_equal(rc, 0);
			break;
		}
		failed++;
		assert_int_equal(rc, -ENOMEM);
		assert_null(b.data);
		assert_null(b.parts);
	}
	/* The file and lists of 1, 2, 4 and 8. */
	assert_int_equal(failed, 5);
	assert_int_equal(b.nparts, 5);
	bundle_close(&b);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refounded),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
