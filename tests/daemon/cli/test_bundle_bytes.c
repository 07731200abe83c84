/*
 * A small chain in one file, every byte of it: changed, left out, there twice,
 * the last one. Nothing of it is accepted but the chain itself, or a beginning.
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
#include "exported.h"

#define BLOCKS 2
#define BYTES_MAX 16384

struct file {
	struct rich r;
	char path[PATH_LEN];
	uint8_t was[BYTES_MAX], now[2 * BYTES_MAX];
	size_t len;
	bool ends[BYTES_MAX + 1]; /* a part ends here */
	bool kinds[BYTES_MAX];    /* a block's kind of part is here */
};

static struct file file; /* too large for a stack */

static void
begin(struct file *f, bool light)
{
	struct bundle b;

	rich_open(&f->r, "town");
	for (unsigned k = 0; k < BLOCKS; k++)
		rich_commit(&f->r, rich_next(&f->r, NULL, 0, false));
	export_chain(&f->r, "bundle", light, f->path);
	assert_int_equal(bundle_open(&b, f->path), 0);
	assert_int_equal(b.nparts, BLOCKS + 1);
	assert_true(b.len <= BYTES_MAX && b.sound == b.len);
	memcpy(f->was, b.data, b.len);
	f->len = b.len;
	memset(f->ends, 0, sizeof(f->ends));
	memset(f->kinds, 0, sizeof(f->kinds));
	for (size_t k = 1; k < b.nparts; k++)
		f->kinds[b.parts[k].at - 5] = true;
	for (size_t k = 0; k < b.nparts; k++)
		f->ends[b.parts[k].at + b.parts[k].len] = true;
	bundle_close(&b);
}

static void
end(struct file *f)
{
	unlink(f->path);
	rich_close(&f->r);
}

static int
judge(struct file *f, size_t len, struct audit *a)
{
	FILE *out = fopen(f->path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(f->now, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	return audit_run(a, f->path, &f->r.chain.town.fid);
}

static void
refused(struct file *f, size_t len, const char *how, size_t at)
{
	struct audit a;

	if (judge(f, len, &a) == 0)
		fail_msg("byte %zu %s, and accepted", at, how);
}

/* Blocks without updates are the same bytes in both kinds of part: then it is
 * the chain, and more or less of it is computed again, which is said. */
static void
of_another_kind(struct file *f, size_t at)
{
	struct audit a;

	for (unsigned kind = 0; kind < 256; kind++) {
		if (kind == f->was[at])
			continue;
		f->now[at] = (uint8_t)kind;
		if (kind != BUNDLE_BLOCK && kind != BUNDLE_HEADS) {
			refused(f, f->len, "of another kind", at);
			continue;
		}
		assert_int_equal(judge(f, f->len, &a), 0);
		assert_int_equal(a.nblocks, BLOCKS);
		assert_true(a.light);
	}
}

static void
every_byte(bool light)
{
	struct file *f = &file;
	struct audit a;

	begin(f, light);
	for (size_t i = 0; i < f->len; i++) {
		memcpy(f->now, f->was, f->len);
		f->now[i] ^= (uint8_t)(1u << (5 * i + 3) % 8);
		if (!f->kinds[i])
			refused(f, f->len, "changed", i);
		else
			of_another_kind(f, i);
	}
	for (size_t i = 0; i < f->len; i++) {
		memcpy(f->now, f->was, i);
		if (i % 4 == 0) {
			memcpy(f->now + i, f->was + i + 1, f->len - i - 1);
			refused(f, f->len - 1, "left out", i);
		}
		if (i % 4 == 1) {
			memcpy(f->now + i + 1, f->was + i, f->len - i);
			f->now[i] = f->was[i];
			refused(f, f->len + 1, "there twice", i);
		}
		if (i % 4 != 2 && !f->ends[i])
			continue;
		if (!f->ends[i]) {
			refused(f, i, "the first that is missing", i);
			continue;
		}
		assert_int_equal(judge(f, i, &a), 0); /* a beginning */
		assert_true(a.nblocks < BLOCKS);
	}
	memcpy(f->now, f->was, f->len);
	memcpy(f->now + f->len, f->was, f->len);
	refused(f, 2 * f->len, "and all of it once more", f->len);
	f->now[f->len] = 0;
	refused(f, f->len + 1, "more", f->len);
	assert_int_equal(judge(f, f->len, &a), 0);
	assert_int_equal(a.nblocks, BLOCKS);
	end(f);
}

static void
of_a_full_one(void **state)
{
	(void)state;
	every_byte(false);
}

static void
of_a_light_one(void **state)
{
	(void)state;
	every_byte(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_a_full_one),
	    cmocka_unit_test(of_a_light_one),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
