/* audit: yes to what was signed, no to one flipped bit or a forged block. */
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
#include "daemon/cli/audit.h"
#include "daemon/cli/cli.h"
#include "quietly.h"
#include "tests/consensus/chain/smallchain.h"

#define HEAD 12
#define FLIPS 500
#define ROOT_LEN 64

/* A home with a chain in it. */
struct home {
	char root[ROOT_LEN];
	char file[ROOT_LEN + 32];
	struct disk_posix disk;
	struct smallchain chain;
};

static void
home_open(struct home *h)
{
	snprintf(h->root, sizeof(h->root), "/tmp/qml-audit-XXXXXX");
	assert_non_null(mkdtemp(h->root));
	snprintf(h->file, sizeof(h->file), "%s/chain/000001.seg", h->root);
	assert_int_equal(disk_posix_open(&h->disk, h->root), 0);
	smallchain_open(&h->chain, &h->disk.disk, 4, 20);
}

static void
home_close(struct home *h)
{
	smallchain_close(&h->chain);
	unlink(h->file);
	assert_int_equal(unlinkat(h->disk.dirfd, "chain", AT_REMOVEDIR), 0);
	disk_posix_close(&h->disk);
	assert_int_equal(rmdir(h->root), 0);
}

static void
home_fill(struct home *h)
{
	int i;

	home_open(h);
	for (i = 0; i < HEAD; i++)
		smallchain_step(&h->chain);
}

static void
flip(const char *file, uint64_t bit)
{
	int fd = open(file, O_RDWR);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
	byte ^= (uint8_t)(1u << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
	close(fd);
}

static int
command(const char *path, const char *option, const char *value)
{
	return quietly(cmd_audit,
	    (const char *[]){"audit", path, option, value, NULL});
}

static void
test_untouched(void **state)
{
	char path[ROOT_LEN + 16], hex[HASH_HEX_LEN];
	struct hash other = {{1}};
	struct stat before, after;
	struct audit a;
	struct home h;
	FILE *f;

	(void)state;
	home_fill(&h);
	assert_int_equal(stat(h.file, &before), 0);
	assert_int_equal(audit_run(&a, h.root, NULL), 0);
	assert_int_equal(a.nrecords, HEAD + 1);
	assert_int_equal(a.nblocks, HEAD);
	assert_int_equal(a.ncommit_signatures, 4 * HEAD);
	assert_int_equal(a.nanswers, 44);
	assert_int_equal(a.npayloads, 32);
	assert_int_equal(a.nattests, 44);
	assert_int_equal(a.naggregates, 9);
	assert_int_equal(a.nskips, 2);
	assert_int_equal(a.nheartbeats, 1);
	assert_int_equal(a.nfiles, 1);
	assert_string_equal(a.name, "town");
	assert_true(hash_equal(&a.federation, &h.chain.town.fid));
	assert_int_equal(audit_run(&a, h.root, &h.chain.town.fid), 0);
	assert_int_equal(audit_run(&a, h.root, &other), -EBADMSG);
	assert_int_equal(a.fault.height, 0);
	/* The chain folder, the file, and the command. */
	snprintf(path, sizeof(path), "%s/chain", h.root);
	assert_int_equal(audit_run(&a, path, NULL), 0);
	assert_int_equal(audit_run(&a, h.file, NULL), 0);
	assert_int_equal(a.nblocks, HEAD);
	hash_hex(&h.chain.town.fid, hex);
	assert_int_equal(command(h.root, NULL, NULL), 0);
	assert_int_equal(command(path, "--federation", hex), 0);
	assert_int_equal(command(h.file, "--json", NULL), 0);
	hex[0] = hex[0] == '0' ? '1' : '0';
	assert_int_equal(command(h.root, "--federation", hex), 8);
	assert_int_equal(command(h.root, "--federation", "qf1"), 2);
	assert_int_equal(command(h.root, "--checkpoint", h.file), 2);
	snprintf(path, sizeof(path), "%s/kept", h.root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("{\"schema\":\"qml.proof/1\"}\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(command(h.root, "--checkpoint", path), 2);
	unlink(path);
	assert_int_equal(command(h.root, "--checkpoint", path), 5);
	assert_int_equal(command("/nonexistent", NULL, NULL), 5);
	assert_int_equal(command("/", NULL, NULL), 5); /* no chain */
	assert_int_equal(stat(h.file, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_size, after.st_size);
	home_close(&h);
}

/* Height of the record that a byte lies in; HEAD + 1 behind the last. */
static uint64_t
height_of(struct home *h, uint64_t byte)
{
	const struct segments_entry *e;
	uint64_t height;

	for (height = 0; height <= HEAD; height++) {
		e = segments_find(&h->chain.log, height);
		if (byte < e->offset + record_extent(e->len))
			break;
	}
	return height;
}

/* 500 places: three in four within the records, the others anywhere. */
static void
test_flips(void **state)
{
	uint64_t i, bit, tail, seen = 0;
	struct hash x;
	struct audit a;
	struct home h;

	(void)state;
	home_fill(&h);
	tail = segments_find(&h.chain.log, HEAD)->offset +
	    record_extent(segments_find(&h.chain.log, HEAD)->len);
	for (i = 0; i < FLIPS; i++) {
		x = hash_bytes("test.flip", &i, sizeof(i));
		memcpy(&bit, x.b, sizeof(bit));
		bit %= 8 * (i % 4 ? tail : SEGMENTS_STEP);
		flip(h.file, bit);
		assert_int_equal(audit_run(&a, h.root, NULL), -EBADMSG);
		if (a.fault.height != height_of(&h, bit / 8))
			fail_msg("bit %ju: block %ju named, not %ju",
			    (uintmax_t)bit, (uintmax_t)a.fault.height,
			    (uintmax_t)height_of(&h, bit / 8));
		assert_string_equal(a.fault.file, h.file);
		assert_in_range(bit / 8, a.fault.offset, a.fault.end);
		/* What lies before is still proved. */
		if (a.fault.height > 0)
			assert_int_equal(a.nblocks, a.fault.height - 1);
		if (i % 25 == 0)
			assert_int_equal(command(h.root, NULL, NULL), 8);
		flip(h.file, bit);
		seen++;
	}
	assert_int_equal(seen, FLIPS);
	assert_int_equal(audit_run(&a, h.root, NULL), 0);
	home_close(&h);
}

/* Cut short: seen inside a block, not behind one; that is what it says. */
static void
test_truncated(void **state)
{
	const struct segments_entry *e;
	struct audit a;
	struct home h;

	(void)state;
	home_fill(&h);
	e = segments_find(&h.chain.log, HEAD);
	assert_int_equal(truncate(h.file, (off_t)e->offset + 200), 0);
	assert_int_equal(audit_run(&a, h.root, NULL), -EBADMSG);
	assert_int_equal(a.fault.height, HEAD);
	assert_int_equal(truncate(h.file, (off_t)e->offset), 0);
	assert_int_equal(audit_run(&a, h.root, NULL), 0);
	assert_int_equal(a.nblocks, HEAD - 1);
	home_close(&h);
}

/* Somebody who can make checksums but no signatures, or who has keys of a
 * third of the members, writes block 4. */
enum forgery {
	FORGE_MODEL,
	FORGE_AGGREGATE,
	FORGE_STATE,
	FORGE_ANSWER_SIGNATURE,
	FORGE_LEFT_OUT,
	FORGE_QUORUM,
	FORGE_KINDS
};

static void
certify(struct home *h, const struct block *b)
{
	town_certify(&h->chain.town, &h->chain.town.commit, b->header.height,
	    &b->id);
}

static void
forge(struct home *h, struct block *b, enum forgery what)
{
	struct town *t = &h->chain.town;

	switch (what) {
	case FORGE_MODEL:
		b->header.model.b[3] ^= 1;
		break;
	case FORGE_AGGREGATE:
		b->header.aggregate.b[3] ^= 1;
		break;
	case FORGE_STATE:
		b->header.state_root.b[3] ^= 1;
		break;
	case FORGE_ANSWER_SIGNATURE:
		b->answers[2]->sig.b[3] ^= 1;
		break;
	case FORGE_LEFT_OUT: /* an answer that everybody attested */
		answer_unref(b->answers[3]);
		b->answers[3] = NULL;
		b->header.nanswers = 3;
		break;
	case FORGE_QUORUM:
	case FORGE_KINDS:
		break;
	}
	assert_int_equal(block_seal(b), 0);
	certify(h, b); /* even if all validators signed it */
	if (what == FORGE_QUORUM)
		t->commit.nsigs = 2;
}

static void
test_forged(void **state)
{
	static const char *const why[FORGE_KINDS] = {
	    [FORGE_ANSWER_SIGNATURE] = "an answer has a bad signature of",
	    [FORGE_QUORUM] = "the certificate has no quorum",
	};
	enum forgery what;
	struct block *b;
	struct audit a;
	struct home h;
	int i;

	(void)state;
	for (what = 0; what < FORGE_KINDS; what++) {
		home_open(&h);
		for (i = 1; i < 4; i++)
			smallchain_step(&h.chain);
		b = smallchain_next(&h.chain);
		forge(&h, b, what);
		smallchain_append(&h.chain, b);
		block_free(b);
		assert_int_equal(audit_run(&a, h.root, NULL), -EBADMSG);
		assert_int_equal(a.fault.height, 4);
		assert_int_equal(a.nblocks, 3);
		assert_int_equal(a.nrecords, 5); /* checksums are right */
		if (why[what])
			assert_non_null(strstr(a.fault.why, why[what]));
		else
			assert_null(strstr(a.fault.why, "signature"));
		home_close(&h);
	}
}

/* Sound records from different chains put together. */
static void
test_spliced(void **state)
{
	struct home h, other;
	struct audit a;
	uint8_t *data;
	uint32_t len;

	(void)state;
	home_open(&h);
	home_open(&other);
	smallchain_step(&h.chain);
	smallchain_step(&h.chain);
	smallchain_step(&other.chain);
	assert_int_equal(segments_read(&h.chain.log, 2, &data, &len), 0);
	assert_int_equal(segments_append(&other.chain.log,
			     &segments_find(&h.chain.log, 2)->id, data, len),
	    0);
	free(data);
	assert_int_equal(audit_run(&a, other.root, NULL), 0); /* same chain */
	assert_int_equal(segments_read(&h.chain.log, 1, &data, &len), 0);
	assert_int_equal(segments_append(&other.chain.log,
			     &segments_find(&h.chain.log, 1)->id, data, len),
	    0);
	assert_int_equal(audit_run(&a, other.root, NULL), -EBADMSG);
	assert_int_equal(a.fault.height, 3); /* block 1 once more */
	free(data);
	home_close(&h);
	home_close(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_untouched),
	    cmocka_unit_test(test_flips),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_forged),
	    cmocka_unit_test(test_spliced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
