/* The pool: durable before it is vouched for, damaged means absent. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/pool.h"
#include "simdisk.h"

#define N 6

static uint8_t bytes[N][3000];
static struct pool_item items[N];

static int
setup(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < N; i++) {
		items[i].kind = i % 2 ? POOL_BLOCK : POOL_ANSWER;
		items[i].id = hash_bytes("test", &i, sizeof(i));
		items[i].len = (uint32_t)(i * 600);
		items[i].data = bytes[i];
		for (j = 0; j < items[i].len; j++)
			bytes[i][j] = items[i].id.b[j % HASH_LEN];
	}
	return 0;
}

static int
get(struct pool *p, size_t i)
{
	uint8_t *data;
	uint32_t len;
	int rc = pool_get(p, items[i].kind, &items[i].id, &data, &len);

	if (rc == 0) {
		assert_int_equal(len, items[i].len);
		assert_memory_equal(data, items[i].data, len);
	}
	free(data);
	return rc;
}

static const char *
name_of(size_t i)
{
	static char name[DISK_NAME_MAX];
	char hex[HASH_HEX_LEN];

	snprintf(name, sizeof(name), "%s/%c-%s", POOL_DIR, (int)items[i].kind,
	    hash_hex(&items[i].id, hex));
	return name;
}

static int
count(void *arg, enum pool_kind kind, const struct hash *id)
{
	size_t i;

	for (i = 0; i < N; i++)
		if (items[i].kind == kind && hash_equal(&items[i].id, id))
			break;
	assert_true(i < N);
	++*(int *)arg;
	return 0;
}

static void
test_life(void **state)
{
	struct simdisk d;
	struct disk_file *f;
	struct pool p;
	uint64_t syncs;
	size_t i;
	int n = 0;

	(void)state;
	simdisk_init(&d, 1);
	assert_int_equal(pool_open(&p, &d.disk, POOL_DIR), 0);
	assert_int_equal(get(&p, 1), -ENOENT);
	syncs = d.nsyncs;
	assert_int_equal(pool_put(&p, items, N), 0);
	assert_int_equal(d.nsyncs, syncs + N);
	assert_int_equal(pool_put(&p, items, N), 0); /* again: no harm */
	for (i = 0; i < N; i++)
		assert_int_equal(get(&p, i), 0);
	/* A file that is none of ours is left alone. */
	assert_int_equal(disk_open(&d.disk, POOL_DIR "/notes.txt", DISK_CREATE,
			     &f),
	    0);
	disk_close(f);
	assert_int_equal(pool_list(&p, count, &n), 0);
	assert_int_equal(n, N);
	assert_int_equal(pool_drop(&p, items[2].kind, &items[2].id), 0);
	assert_int_equal(pool_drop(&p, items[2].kind, &items[2].id), 0);
	assert_int_equal(get(&p, 2), -ENOENT);
	/* The same id as another kind is another object. */
	items[2].kind = POOL_BLOCK;
	assert_int_equal(get(&p, 2), -ENOENT);
	setup(NULL);
	simdisk_close(&d);
}

static void
test_damage(void **state)
{
	struct simdisk d;
	struct pool p;
	size_t bit, full;

	(void)state;
	simdisk_init(&d, 1);
	assert_int_equal(pool_open(&p, &d.disk, POOL_DIR), 0);
	assert_int_equal(pool_put(&p, items, N), 0);
	for (bit = 0; bit < 8 * (80 + 600); bit++) {
		simdisk_flip(&d, name_of(1), bit);
		assert_int_equal(get(&p, 1), -ENOENT);
		simdisk_flip(&d, name_of(1), bit);
	}
	assert_int_equal(get(&p, 1), 0);
	full = simdisk_image(&d, name_of(1))->size;
	for (; simdisk_image(&d, name_of(1))->size > 0;) {
		simdisk_image(&d, name_of(1))->size--;
		assert_int_equal(get(&p, 1), -ENOENT);
	}
	assert_int_equal(full, 80 + 600);
	assert_int_equal(pool_put(&p, &items[1], 1), 0); /* written again */
	assert_int_equal(get(&p, 1), 0);
	simdisk_close(&d);
}

/* Whatever put acknowledged is there after a power cut. */
static void
test_power_cuts(void **state)
{
	struct simdisk d;
	struct pool p;
	uint64_t k, seed;
	size_t i;
	int rc = -1;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		for (k = 1, rc = -1; rc < 0; k++) {
			simdisk_init(&d, seed * 100 + k);
			assert_int_equal(pool_open(&p, &d.disk, POOL_DIR), 0);
			assert_int_equal(pool_put(&p, items, 2), 0);
			d.calls = 0;
			d.fail_at = k;
			d.fail_with = k % 2 ? -EIO : -ENOSPC;
			rc = pool_put(&p, items, N);
			simdisk_crash(&d);
			for (i = 0; i < (rc < 0 ? 2 : N); i++)
				assert_int_equal(get(&p, i), 0);
			for (; i < N; i++) /* whole or absent: get checks */
				assert_in_range(get(&p, i) + 2, 0, 2);
			assert_int_equal(pool_put(&p, items, N), 0);
			simdisk_crash(&d);
			for (i = 0; i < N; i++)
				assert_int_equal(get(&p, i), 0);
			simdisk_close(&d);
		}
		assert_true(k > 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_power_cuts),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
