/* The storage thread: what peers may ask of it, and how it ends. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/disk_posix.h"
#include "daemon/node/storage.h"
#include "tests/consensus/chain/smallchain.h"

#define HEAD 6
#define ROOT_LEN 64
#define WATCHDOG_S 600 /* of a slow machine, with a sanitizer */

struct place {
	char root[ROOT_LEN];
	struct disk_posix disk;
	struct smallchain chain;
	struct storage *storage;
	uv_loop_t loop;
	unsigned nserved[2]; /* blocks, by peer */
	unsigned nstored, nstopped, nfailed;
};

static void
served_cb(void *arg, uint16_t peer, uint8_t *data, size_t len)
{
	struct place *p = arg;

	assert_true(len > 0 && peer < 2);
	p->nserved[peer]++;
	free(data);
}

static void
stopped_cb(void *arg)
{
	struct place *p = arg;

	p->nstopped++;
}

static void
failed_cb(void *arg, int err, const char *text)
{
	struct place *p = arg;

	(void)err;
	(void)text;
	p->nfailed++;
}

static void
stored_cb(void *arg, uint64_t seq)
{
	struct place *p = arg;

	(void)seq;
	p->nstored++;
}

static void
open_storage(struct place *p)
{
	struct store_report rep;

	assert_int_equal(storage_open(&p->storage, p->root, &p->chain.town.f,
			     &p->chain.town.f.members[0].id, &rep),
	    0);
	assert_int_equal(uv_loop_init(&p->loop), 0);
}

static void
place_reopen(struct place *p)
{
	assert_int_equal(uv_loop_close(&p->loop), 0);
	storage_free(p->storage);
	open_storage(p);
}

static void
place_open(struct place *p)
{
	const struct hash *node;

	*p = (struct place){.root = "/tmp/qml-storage-XXXXXX"};
	alarm(WATCHDOG_S);
	assert_non_null(mkdtemp(p->root));
	assert_int_equal(disk_posix_open(&p->disk, p->root), 0);
	smallchain_open(&p->chain, &p->disk.disk, 4, 20);
	for (int i = 0; i < HEAD; i++)
		smallchain_step(&p->chain);
	node = &p->chain.town.f.members[0].id;
	assert_int_equal(votelog_create(&p->disk.disk, VOTELOG_NAME, node), 0);
	open_storage(p);
}

static void
place_start(struct place *p)
{
	const struct storage_callbacks cb = {.arg = p,
	    .stored = stored_cb,
	    .served = served_cb,
	    .failed = failed_cb,
	    .stopped = stopped_cb};

	assert_int_equal(storage_start(p->storage, &p->loop, &cb), 0);
}

static void
place_close(struct place *p)
{
	static const char *const files[] = {"chain/000001.seg", "votes.wal",
	    "index.db", "index.db-wal", "index.db-shm"};

	assert_int_equal(uv_loop_close(&p->loop), 0);
	storage_free(p->storage);
	smallchain_close(&p->chain);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlinkat(p->disk.dirfd, files[i], 0);
	(void)unlinkat(p->disk.dirfd, "chain", AT_REMOVEDIR);
	(void)unlinkat(p->disk.dirfd, "pool", AT_REMOVEDIR);
	disk_posix_close(&p->disk);
	assert_int_equal(rmdir(p->root), 0);
}

static void
ask(struct place *p, uint16_t peer)
{
	struct replica_action a = {.type = REPLICA_SERVE,
	    .peer = peer,
	    .height = 1,
	    .count = HEAD};

	storage_submit(p->storage, &a);
}

/* A member that asks for old blocks without end must not keep our votes from
 * the disk, nor another member from its blocks. */
static void
requests_are_bounded(void **state)
{
	struct place p;

	(void)state;
	place_open(&p);
	for (int i = 0; i < 1000; i++)
		ask(&p, 1);
	ask(&p, 0);
	place_start(&p);
	storage_stop(p.storage);
	assert_int_equal(uv_run(&p.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(p.nserved[0], HEAD);
	assert_in_range(p.nserved[1], HEAD, 4 * HEAD);
	assert_int_equal(p.nstopped, 1);
	assert_int_equal(p.nfailed, 0);
	place_close(&p);
}

static void
again_cb(void *arg, uint16_t peer, uint8_t *data, size_t len)
{
	struct place *p = arg;

	served_cb(arg, peer, data, len);
	if (p->nserved[peer] % HEAD != 0)
		return;
	if (p->nserved[peer] < 10 * HEAD)
		ask(p, peer);
	else
		storage_stop(p->storage);
}

/* One that asks again when it has got what it asked for gets everything. */
static void
requests_in_turn(void **state)
{
	struct place p;

	(void)state;
	place_open(&p);
	const struct storage_callbacks cb = {.arg = &p,
	    .served = again_cb,
	    .failed = failed_cb,
	    .stopped = stopped_cb};

	ask(&p, 1);
	assert_int_equal(storage_start(p.storage, &p.loop, &cb), 0);
	assert_int_equal(uv_run(&p.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(p.nserved[1], 10 * HEAD);
	place_close(&p);
}

static void
store(struct place *p, enum replica_store what, const struct hash *id)
{
	struct replica_action a = {.type = REPLICA_STORE,
	    .store = what,
	    .seq = p->nstored + 1,
	    .id = *id,
	    .data = malloc(1)};

	assert_non_null(a.data);
	a.data[a.len++] = 1;
	storage_submit(p->storage, &a);
}

static uint8_t
store_next(struct place *p)
{
	struct block *b = smallchain_next(&p->chain);
	struct bytes_writer w = BYTES_WRITER_INIT;
	const uint8_t kind = b->header.kind;
	struct replica_action a = {.type = REPLICA_STORE,
	    .store = REPLICA_STORE_BLOCK,
	    .height = b->header.height,
	    .id = b->id,
	    .commit = malloc(sizeof(*a.commit))};

	assert_non_null(a.commit);
	*a.commit = p->chain.town.commit;
	block_put_full(&w, b);
	assert_int_equal(bytes_writer_take(&w, &a.data, &a.len), 0);
	storage_submit(p->storage, &a);
	block_free(b);
	return kind;
}

static size_t
count_pool(struct place *p)
{
	int fd = openat(p->disk.dirfd, "pool", O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* A hundred members give a hundred answers a round, and the proposers some
 * bodies: when it is closed all of them go, or there are more every round. */
static void
a_round_leaves_nothing(void **state)
{
	struct place p;

	(void)state;
	place_open(&p);
	for (uint8_t i = 0; i < 3 * FEDERATION_MAX_MEMBERS / 2; i++) {
		const struct hash id = {{1, i}};

		store(&p, i % 3 ? REPLICA_STORE_ANSWER : REPLICA_STORE_BODY,
		    &id);
	}
	assert_int_equal(store_next(&p), BLOCK_ORDINARY);
	place_start(&p);
	storage_stop(p.storage);
	assert_int_equal(uv_run(&p.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(p.nstored, 3 * FEDERATION_MAX_MEMBERS / 2 + 1);
	assert_int_equal(count_pool(&p), FEDERATION_MAX_MEMBERS);
	place_reopen(&p);
	assert_int_not_equal(store_next(&p), BLOCK_ORDINARY);
	place_start(&p);
	storage_stop(p.storage);
	assert_int_equal(uv_run(&p.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(count_pool(&p), 0);
	assert_int_equal(p.nfailed, 0);
	place_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_bounded),
	    cmocka_unit_test(requests_in_turn),
	    cmocka_unit_test(a_round_leaves_nothing),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
