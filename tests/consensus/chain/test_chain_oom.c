/* The k-th allocation fails, k = 1, 2, ... until none does: a clear error,
 * nothing leaked (the sanitizers look), and the files are as good as before. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/pool.h"
#include "consensus/chain/segments.h"
#include "consensus/chain/verify.h"
#include "consensus/chain/votelog.h"
#include "consensus/replica/store.h"
#include "tests/oom.h"

static struct disk_posix disk;
static char root[64];
static const struct hash id = {{3}};

static int
setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/qml-oom-XXXXXX");
	return mkdtemp(root) ? disk_posix_open(&disk, root) : -1;
}

static int
teardown(void **state)
{
	static const char *const files[] = {"chain/000001.seg", VOTELOG_NAME,
	    NULL};
	int i;

	(void)state;
	for (i = 0; files[i]; i++)
		assert_int_equal(unlinkat(disk.dirfd, files[i], 0), 0);
	assert_int_equal(unlinkat(disk.dirfd, "chain", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(disk.dirfd, "pool", AT_REMOVEDIR), 0);
	disk_posix_close(&disk);
	return rmdir(root);
}

/* Runs op with each allocation failing once. */
static void
survive(int (*op)(void))
{
	size_t k;
	bool through = false;
	int rc;

	for (k = 1; !through; k++) {
		oom_arm(k);
		rc = op();
		through = !oom_disarm();
		assert_int_equal(rc, through ? 0 : -ENOMEM);
	}
	assert_true(k > 2); /* something was allocated at all */
}

static int
op_create(void)
{
	return segments_create(&disk.disk, SEGMENTS_DIR, &id, "genesis", 7);
}

static struct segments log_open;

static int
op_append(void)
{
	return segments_append(&log_open, &id, "block", 5);
}

static int
op_open_read(void)
{
	struct segments s;
	uint8_t *data;
	uint32_t len;
	int rc =
	    segments_open(&s, &disk.disk, SEGMENTS_DIR, SEGMENTS_READ, NULL);

	if (rc < 0)
		return rc;
	rc = segments_read(&s, 1, &data, &len);
	assert_int_equal(data == NULL, rc < 0);
	free(data);
	segments_close(&s);
	return rc;
}

/* A block and its certificate, as they lie in a record; sound in form. */
static void
put_block(struct bytes_writer *w)
{
	const struct commit c = {.height = 1,
	    .nsigs = 1,
	    .sigs = {{.alg = SIGN_ED25519}}};
	struct block *b = block_new(0, 0, 0);

	assert_non_null(b);
	b->header.height = 1;
	assert_int_equal(block_seal(b), 0);
	block_put_full(w, b);
	commit_put(w, &c);
	assert_int_equal(w->error, 0);
	block_free(b);
}

/* What there is no memory to read is not damaged. */
static int
op_block(void)
{
	struct store s = STORE_INIT;
	struct wire_decided d = {.block = NULL};
	int rc = segments_open(&s.segments, &disk.disk, SEGMENTS_DIR,
	    SEGMENTS_READ, NULL);

	if (rc < 0)
		return rc;
	rc = store_block(&s, segments_head(&s.segments), &d);
	assert_int_equal(d.block == NULL, rc < 0);
	block_free(d.block);
	segments_close(&s.segments);
	return rc;
}

static struct bytes_writer encoded;

static int
op_decode(void)
{
	struct block *b;
	struct commit c;
	enum verify_verdict v =
	    verify_decode(encoded.data, encoded.len, 1, &b, &c);

	assert_int_equal(b == NULL, v != VERIFY_OK);
	block_free(b);
	if (v != VERIFY_OK)
		assert_int_equal(v, VERIFY_NO_MEMORY);
	return v == VERIFY_OK ? 0 : -ENOMEM;
}

static void
test_segments(void **state)
{
	int i;

	(void)state;
	survive(op_create);
	assert_int_equal(segments_open(&log_open, &disk.disk, SEGMENTS_DIR,
			     SEGMENTS_REPAIR, NULL),
	    0);
	survive(op_append);
	assert_int_equal(segments_head(&log_open), 1); /* once, not twice */
	for (i = 0; i < 100; i++) /* the entries grow on the way */
		assert_int_equal(op_append(), 0);
	while (log_open.nentries < log_open.cap)
		assert_int_equal(op_append(), 0);
	survive(op_append);
	put_block(&encoded);
	assert_int_equal(segments_append(&log_open, &id, encoded.data,
			     (uint32_t)encoded.len),
	    0);
	segments_close(&log_open);
	survive(op_open_read);
	survive(op_block);
	survive(op_decode);
	bytes_writer_close(&encoded);
}

static int
op_votelog(void)
{
	const struct votelog_open_args args = {.name = VOTELOG_NAME,
	    .node = id};
	struct votelog_record r = {.type = VOTELOG_HEIGHT, .floor = 5};
	struct votelog v;
	int rc = votelog_open(&v, &disk.disk, &args);

	if (rc < 0)
		return rc;
	rc = votelog_append(&v, &r);
	votelog_close(&v);
	return rc;
}

static int
op_votelog_create(void)
{
	return votelog_create(&disk.disk, VOTELOG_NAME, &id);
}

static void
test_votelog(void **state)
{
	(void)state;
	survive(op_votelog_create);
	survive(op_votelog);
}

static struct pool pool;

static int
op_pool(void)
{
	const struct pool_item item = {POOL_ANSWER, id, "answer", 6};
	uint8_t *data;
	uint32_t len;
	int rc = pool_put(&pool, &item, 1);

	if (rc == 0)
		rc = pool_get(&pool, item.kind, &id, &data, &len);
	if (rc == 0)
		free(data);
	return rc;
}

static void
test_pool(void **state)
{
	(void)state;
	assert_int_equal(pool_open(&pool, &disk.disk, POOL_DIR), 0);
	survive(op_pool);
	survive(op_pool); /* over an existing one */
	assert_int_equal(pool_drop(&pool, POOL_ANSWER, &id), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_segments),
	    cmocka_unit_test(test_votelog),
	    cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
