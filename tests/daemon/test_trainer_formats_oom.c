/*
 * The formats of an owner's files and the pipe to the trainer: every request
 * for memory fails once, and every way in which they can be wrong.
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
#define ZLIB_CONST
#include <zlib.h>

#include "daemon/trainer/frames.h"
#include "daemon/trainer/groups.h"
#include "daemon/trainer/inflate.h"
#include "tests/oom.h"

#define PLAIN_LEN 200000
#define PACKED_MAX 300000

static uint8_t plain[PLAIN_LEN], packed[PACKED_MAX];

/* gzip for wbits 31, raw deflate for -15. */
static size_t
pack(int wbits)
{
	z_stream z = {.next_in = plain, .avail_in = PLAIN_LEN};

	for (size_t i = 0; i < PLAIN_LEN; i++)
		plain[i] = (uint8_t)(i * i >> 3);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, wbits, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	z.next_out = packed;
	z.avail_out = PACKED_MAX;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (size_t)(z.next_out - packed);
}

static void
gzip(void **state)
{
	size_t n = pack(31), len = 0, k;
	uint8_t *out = NULL;
	bool through = false;
	int rc;

	(void)state;
	for (k = 1; !through; k++) {
		oom_arm(k);
		rc = inflate_gzip(packed, n, PLAIN_LEN, &out, &len);
		through = !oom_disarm();
		assert_int_equal(rc, through ? 0 : -ENOMEM);
	}
	assert_true(k > 3);
	assert_int_equal(len, PLAIN_LEN);
	assert_memory_equal(out, plain, len);
	free(out);
	assert_int_equal(inflate_gzip(packed, n, PLAIN_LEN - 1, &out, &len),
	    -EFBIG);
	assert_int_equal(inflate_gzip(packed, n - 9, PLAIN_LEN, &out, &len),
	    -EBADMSG);
	assert_int_equal(inflate_gzip(packed, 0, PLAIN_LEN, &out, &len),
	    -EBADMSG);
	packed[n / 2] ^= 0x55;
	rc = inflate_gzip(packed, n, PLAIN_LEN, &out, &len);
	assert_int_equal(rc, -EBADMSG);
}

static void
raw(void **state)
{
	size_t n = pack(-15);
	uint8_t *out = malloc(PLAIN_LEN + 1);
	bool through = false;
	uint8_t empty[2] = {3, 0};
	int rc;

	(void)state;
	assert_non_null(out);
	for (size_t k = 1; !through; k++) {
		oom_arm(k);
		rc = inflate_raw(packed, n, out, PLAIN_LEN);
		through = !oom_disarm();
		assert_int_equal(rc, through ? 0 : -ENOMEM);
	}
	assert_memory_equal(out, plain, PLAIN_LEN);
	assert_int_equal(inflate_raw(packed, n, out, PLAIN_LEN + 1), -EBADMSG);
	assert_int_equal(inflate_raw(packed, n, out, PLAIN_LEN - 1), -EBADMSG);
	assert_int_equal(inflate_raw(packed, n - 5, out, PLAIN_LEN), -EBADMSG);
	assert_int_equal(inflate_raw(empty, 2, out, 0), 0);
	free(out);
}

/* Bytes into a pipe whose other end then closes. */
static int
pipe_of(const void *data, size_t len)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], data, len), (ssize_t)len);
	close(fd[1]);
	return fd[0];
}

static void
check_pipe(const void *data, size_t len, int want)
{
	int fd = pipe_of(data, len);
	struct trainwire_msg m;

	assert_int_equal(frames_recv(fd, &m), want);
	close(fd);
}

static void
frames(void **state)
{
	struct trainwire_msg m = {.type = TRAINWIRE_REFUSED};
	uint8_t bytes[64];
	bool through = false;
	int fd[2], rc;
	ssize_t n;

	(void)state;
	check_pipe("", 0, 0);
	check_pipe("\0\0", 2, -EPROTO);
	check_pipe("\0\0\0\0", 4, -EPROTO);
	check_pipe("\377\0\0\0", 4, -EPROTO);
	check_pipe("\0\0\0\5ab", 6, -EPROTO);
	check_pipe("\0\0\0\5", 4, -EPROTO);
	check_pipe("\0\0\0\2\377\377", 6, -EPROTO);
	assert_int_equal(frames_recv(-1, &m), -EBADF);
	m = (struct trainwire_msg){.type = TRAINWIRE_REFUSED};
	assert_int_equal(frames_send(-1, &m), -EBADF);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(frames_send(fd[1], &m), 0);
	n = read(fd[0], bytes, sizeof(bytes));
	assert_true(n > 4);
	close(fd[0]);
	close(fd[1]);
	for (size_t k = 1; !through; k++) {
		fd[0] = pipe_of(bytes, (size_t)n);
		oom_arm(k);
		rc = frames_recv(fd[0], &m);
		through = !oom_disarm();
		assert_true(through ? rc == 1 : rc < 0);
		close(fd[0]);
	}
	assert_int_equal(m.type, TRAINWIRE_REFUSED);
	trainwire_msg_close(&m);
}

static char path[64];

static void
put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
check_groups(const char *text, size_t rows, int want)
{
	struct groups g;

	put(text);
	assert_int_equal(groups_read(&g, path, rows), want);
	groups_close(&g);
}

static void
groups(void **state)
{
	const int32_t is[3] = {0, 1, 1}, said[3] = {0, 1, 0};
	const struct groups_counts c = {is, said, 3, 2};
	char many[33 * 4 + 1] = "";
	bool through = false;
	struct groups g;
	int fd, rc;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/qml-groups-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	check_groups("a\nb\n", 3, -EINVAL);
	check_groups("a\n\nb\n", 3, -EINVAL);
	check_groups("a\nb\t\nc\n", 3, -EINVAL);
	for (unsigned i = 0; i < 33; i++)
		snprintf(many + 4 * i, 5, "g%02u\n", i);
	check_groups(many, 33, -EINVAL);
	check_groups(many, 32, 0); /* the first is a header */
	put("group\na\r\nb\na");
	for (size_t k = 1; !through; k++) {
		oom_arm(k);
		rc = groups_read(&g, path, 3);
		through = !oom_disarm();
		assert_true(through ? rc == 0 : rc < 0);
		if (!through)
			groups_close(&g);
	}
	assert_int_equal(g.n, 2);
	assert_string_equal(g.name[0], "a");
	assert_int_equal(g.of_row[1], 1);
	printf("# "); /* a remark, to who counts tests */
	assert_int_equal(groups_print_json(&g, &c), 0);
	printf("\n");
	groups_close(&g);
	unlink(path);
	assert_int_equal(groups_read(&g, path, 3), -ENOENT);
	groups_close(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gzip),
	    cmocka_unit_test(raw),
	    cmocka_unit_test(frames),
	    cmocka_unit_test(groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
