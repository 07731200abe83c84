/*
 * bench_chain.c - what a long chain costs a node that has it on its disk.
 *
 * Without arguments: a chain of BLOCKS (20,000) blocks of four members, then
 * per block the time to scan the segments at a start, to bring the state back,
 * to fill index.db from the segments and to verify what block sync brings.
 * "in DIR": the first of the two chains, made there once and kept.
 * "make N HOME...": the chain of N blocks that the homes of all members, made
 * by qmlnode init and join, could have agreed on, into the first of them; what
 * bench_sync.py and bench_restart.py begin with.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "consensus/chain/disk_posix.h"
#include "consensus/chain/index.h"
#include "consensus/replica/store.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "tests/bench/longchain.h"

#define BLOCKS_DEFAULT 20000
#define REBUILD_GOAL 20000.0

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct clock {
	double wall, cpu;
};

static struct clock
begin(void)
{
	return (struct clock){now_s(), cpu_s()};
}

static void
say(const char *what, struct clock from, uint64_t n)
{
	double wall = now_s() - from.wall, cpu = cpu_s() - from.cpu;

	printf("  %-40s %8.2f s %9.0f blocks/s %7.1f us CPU a block\n", what,
	    wall, (double)n / wall, cpu / (double)n * 1e6);
	fflush(stdout);
}

static int
scan(const char *home, uint64_t n)
{
	struct disk_posix d = DISK_POSIX_INIT;
	struct segments s;
	struct clock t = begin();
	int rc = disk_posix_open(&d, home);

	if (rc == 0)
		rc = segments_open(&s, &d.disk, SEGMENTS_DIR, SEGMENTS_READ,
		    NULL);
	if (rc == 0) {
		say("scan of the segments", t, n);
		segments_close(&s);
	}
	disk_posix_close(&d);
	return rc;
}

static int
load(const char *home, const struct federation *f, const struct hash *node)
{
	struct disk_posix d = DISK_POSIX_INIT;
	struct store s = STORE_INIT;
	struct store_report rep;
	struct replica *r = NULL;
	struct replica_config cfg = {.federation = f, .self = REPLICA_NOBODY};
	struct sign_key *key;
	uint8_t seed[SIGN_SEED_LEN] = {99};
	uint64_t height;
	struct clock t;
	int rc = sign_key_new(seed, &key);

	if (rc < 0)
		return rc;
	cfg.key = key;
	rc = disk_posix_open(&d, home);
	t = begin();
	if (rc == 0)
		rc = store_open(&s, &d.disk, f, node, &rep);
	if (rc == 0)
		rc = replica_new(&cfg, &r);
	if (rc == 0)
		rc = store_load(&s, r, &height);
	if (rc == 0)
		say("start: scan and state", t, segments_head(&s.segments));
	replica_free(r);
	store_close(&s);
	disk_posix_close(&d);
	sign_key_free(key);
	return rc;
}

static int
rebuild(const char *home, const struct federation *f)
{
	struct disk_posix d = DISK_POSIX_INIT;
	struct segments s = SEGMENTS_INIT;
	struct index *x = NULL;
	uint64_t n = 0, total = 0, head;
	struct clock t;
	char path[HOME_PATH_LEN];
	int rc = home_path(home, INDEX_NAME, path, sizeof(path));

	if (rc == 0)
		rc = disk_posix_open(&d, home);
	if (rc == 0)
		rc = segments_open(&s, &d.disk, SEGMENTS_DIR, SEGMENTS_READ,
		    NULL);
	head = segments_head(&s);
	t = begin();
	if (rc == 0)
		rc = index_open(&x, path, f, NULL);
	while (rc == 0 && index_head(x) < head) {
		rc = index_catch_up(x, &s, 64, &n);
		total += n;
	}
	index_close(x);
	if (rc == 0) {
		say("index.db filled from the segments", t, total);
		printf("ratio index blocks/s / %g: %.2f\n", REBUILD_GOAL,
		    (double)total / (now_s() - t.wall) / REBUILD_GOAL);
	}
	segments_close(&s);
	disk_posix_close(&d);
	return rc;
}

/* As block sync has them: from bytes, all signatures. */
static int
verify(const char *home, const struct federation *f)
{
	struct disk_posix d = DISK_POSIX_INIT;
	struct store s = STORE_INIT;
	struct ledger *l = NULL;
	struct wire_decided w;
	uint64_t head, n = 0;
	struct clock t;
	int rc = disk_posix_open(&d, home);

	if (rc == 0)
		rc = segments_open(&s.segments, &d.disk, SEGMENTS_DIR,
		    SEGMENTS_READ, NULL);
	if (rc == 0)
		rc = ledger_new(f, &l);
	head = segments_head(&s.segments);
	if (head > 3000)
		head = 3000;
	t = begin();
	for (uint64_t h = 1; rc == 0 && h <= head; h++, n++) {
		rc = store_block(&s, h, &w);
		if (rc < 0)
			break;
		if (ledger_check_commit(l, &w.commit, h, &w.block->id) !=
		    LEDGER_OK)
			rc = -EBADMSG;
		if (rc == 0)
			rc = ledger_apply(l, w.block);
		block_free(w.block);
	}
	if (rc == 0)
		say("block sync: decode, verify, apply", t, n);
	ledger_free(l);
	store_close(&s);
	disk_posix_close(&d);
	return rc;
}

static int
make(const char *home, const struct federation *f, struct sign_key **keys,
    uint64_t n, bool heartbeats)
{
	struct disk_posix d = DISK_POSIX_INIT;
	struct longchain c = {.l = NULL};
	struct clock t = begin();
	int rc = longchain_fast(&d, home);

	if (rc == 0)
		rc = longchain_open(&c, f, keys);
	c.heartbeats = heartbeats;
	if (rc == 0)
		rc = longchain_write(&c, &d.disk, n);
	if (rc == 0)
		say("made, with all signatures", t, n);
	longchain_close(&c);
	disk_posix_close(&d);
	return rc;
}

/* Everything under a name made by mkdtemp, which nobody else has. */
static void
forget(const char *dir)
{
	static const char *const names[] = {"chain/000001.seg",
	    "chain/000002.seg", "chain/000003.seg", "chain/000004.seg",
	    "index.db", "index.db-wal", "index.db-shm", "votes.wal"};
	char path[HOME_PATH_LEN];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/chain", dir);
	(void)rmdir(path);
	snprintf(path, sizeof(path), "%s/pool", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

/* ONLY: one letter each for scan, load, rebuild, verify; all when not set. */
static bool
asked(char part)
{
	const char *only = getenv("ONLY");

	return only == NULL || strchr(only, part) != NULL;
}

static int
phases(const char *dir, const struct federation *f, uint64_t blocks)
{
	const struct hash node = {.b = {1}};
	struct disk_posix d = DISK_POSIX_INIT;
	int rc = disk_posix_open(&d, dir);

	if (rc == 0)
		rc = votelog_create(&d.disk, VOTELOG_NAME, &node);
	if (rc == -EEXIST)
		rc = 0;
	if (rc == 0 && asked('s'))
		rc = scan(dir, blocks);
	if (rc == 0 && asked('l'))
		rc = load(dir, f, &node);
	if (rc == 0 && asked('r'))
		rc = rebuild(dir, f);
	if (rc == 0 && asked('v'))
		rc = verify(dir, f);
	disk_posix_close(&d);
	return rc;
}

/* at: an empty folder, or one that was used so before; NULL: a new one. */
static int
measure(const char *at, uint64_t blocks, bool heartbeats)
{
	char made[] = "/tmp/qml-bench-chain-XXXXXX";
	struct sign_key *keys[LONGCHAIN_MEMBERS] = {NULL};
	struct federation f = FEDERATION_INIT;
	const char *dir = at != NULL ? at : mkdtemp(made);
	int rc = -EIO;

	if (dir != NULL)
		rc = longchain_found(&f, keys, 4);
	printf("%" PRIu64 " blocks of four members, %s\n", blocks,
	    heartbeats ? "heartbeats" : "nine of ten with four updates");
	if (rc == 0 && !home_has(dir, HOME_CHAIN))
		rc = make(dir, &f, keys, blocks, heartbeats);
	if (rc == 0)
		rc = phases(dir, &f, blocks);
	for (int i = 0; i < 4; i++)
		sign_key_free(keys[i]);
	federation_close(&f);
	if (at == NULL && dir != NULL)
		forget(dir);
	return rc;
}

static int
make_for(uint64_t n, char **homes, int nhomes)
{
	struct federation f = FEDERATION_INIT;
	struct config_error e = {.file = NULL};
	struct keys k[LONGCHAIN_MEMBERS];
	struct sign_key *keys[LONGCHAIN_MEMBERS] = {NULL};
	char path[HOME_PATH_LEN], err[KEYS_ERR_LEN] = "";
	int rc = home_path(homes[0], HOME_FEDERATION, path, sizeof(path));

	for (int i = 0; i < LONGCHAIN_MEMBERS; i++)
		k[i] = KEYS_INIT;
	if (rc == 0)
		rc = federation_file_load(&f, path, false, &e);
	if (rc == 0 && (nhomes > LONGCHAIN_MEMBERS || nhomes != f.nmembers))
		rc = -EINVAL;
	for (int i = 0; i < nhomes && rc == 0; i++) {
		rc = home_path(homes[i], HOME_KEY, path, sizeof(path));
		if (rc == 0)
			rc = keys_load(&k[i], path, err, sizeof(err));
		for (uint16_t m = 0; m < f.nmembers && rc == 0; m++)
			if (memcmp(&f.members[m].sign, &k[i].sign_public,
				sizeof(k[i].sign_public)) == 0)
				keys[m] = k[i].sign;
	}
	if (rc == 0)
		rc = make(homes[0], &f, keys, n, false);
	for (int i = 0; i < nhomes && i < LONGCHAIN_MEMBERS; i++)
		keys_close(&k[i]);
	federation_close(&f);
	return rc;
}

int
main(int argc, char **argv)
{
	const char *blocks = getenv("BLOCKS");
	uint64_t n = blocks ? strtoull(blocks, NULL, 10) : BLOCKS_DEFAULT;
	int rc = sign_setup();

	if (rc == 0 && argc > 3 && strcmp(argv[1], "make") == 0)
		rc = make_for(strtoull(argv[2], NULL, 10), argv + 3, argc - 3);
	else if (rc == 0 && argc == 1)
		rc = measure(NULL, n, false);
	else if (rc == 0 && argc == 3 && strcmp(argv[1], "in") == 0)
		rc = measure(argv[2], n, false);
	else
		rc = -EINVAL;
	if (rc == 0 && argc == 1)
		rc = measure(NULL, n, true);
	if (rc < 0)
		fprintf(stderr, "bench_chain: %s\n", strerror(-rc));
	return rc < 0 ? 1 : 0;
}
