/* A chain in one file: what is accepted is the decided chain, nothing else. */
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

#include "daemon/cli/audit_fork.h"
#include "daemon/cli/bundle.h"
#include "daemon/cli/ctl.h"
#include "exported.h"

#define FLIPS 300

static uint8_t *
slurp(const char *path, size_t *len)
{
	struct bundle b;
	uint8_t *data;

	assert_int_equal(bundle_open(&b, path), 0);
	assert_int_equal(b.sound, b.len);
	data = b.data;
	*len = b.len;
	b.data = NULL;
	bundle_close(&b);
	return data;
}

static void
put_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
test_full(void **state)
{
	char path[PATH_LEN];
	struct audit a, home;
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	export_chain(&r, "full", false, path);
	assert_int_equal(audit_run(&home, r.root, &r.chain.town.fid), 0);
	assert_int_equal(audit_run(&a, path, &r.chain.town.fid), 0);
	assert_false(a.light);
	assert_int_equal(a.nblocks, home.nblocks);
	assert_int_equal(a.npayloads, home.npayloads);
	assert_true(hash_equal(&a.model, &home.model));
	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++)
		assert_int_equal(a.checks.of[id].state,
		    home.checks.of[id].state);
	unlink(path);
	rich_close(&r);
}

static void
test_light(void **state)
{
	static const enum check_id proved[] = {CHECK_FOUNDING, CHECK_ORDER,
	    CHECK_CERTIFICATES, CHECK_HISTORY, CHECK_PERSONAL, CHECK_UNUSUAL};
	bool want[CHECKS] = {false};
	char full[PATH_LEN], light[PATH_LEN];
	struct rich r;
	struct audit a;
	size_t big, small;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	export_chain(&r, "full", false, full);
	export_chain(&r, "light", true, light);
	free(slurp(full, &big));
	free(slurp(light, &small));
	assert_int_equal(audit_run(&a, light, &r.chain.town.fid), 0);
	assert_true(a.light);
	assert_int_equal(a.npayloads, 0);
	assert_int_equal(a.nanswers, RICH_MEMBERS * RICH_ROUNDS);
	assert_int_equal(big - small,
	    RICH_MEMBERS * RICH_ROUNDS * r.chain.town.f.job.update *
		sizeof(int64_t));
	for (size_t i = 0; i < sizeof(proved) / sizeof(*proved); i++)
		want[proved[i]] = true;
	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++)
		assert_int_equal(a.checks.of[id].state,
		    want[id] ? CHECK_PROVED : CHECK_UNKNOWN);
	unlink(full);
	unlink(light);
	rich_close(&r);
}

/* Any bit of it. */
static void
flip_all(const char *path, const struct hash *id)
{
	struct audit a;
	uint8_t *data;
	size_t len;

	data = slurp(path, &len);
	for (uint64_t i = 0; i < FLIPS; i++) {
		struct hash x = hash_bytes("test.flip", &i, sizeof(i));
		uint64_t bit;

		memcpy(&bit, x.b, sizeof(bit));
		bit = 8 * 13 + bit % (8 * (len - 13)); /* behind the magic */
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		put_file(path, data, len);
		assert_int_equal(audit_run(&a, path, id), -EBADMSG);
		assert_int_not_equal(checks_first(&a.checks), CHECK_NONE);
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	put_file(path, data, len);
	assert_int_equal(audit_run(&a, path, id), 0);
	free(data);
}

static void
test_flips(void **state)
{
	char path[PATH_LEN];
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	export_chain(&r, "b", false, path);
	flip_all(path, &r.chain.town.fid);
	export_chain(&r, "b", true, path);
	flip_all(path, &r.chain.town.fid);
	unlink(path);
	rich_close(&r);
}

/* The parts of `from` in this order, SIZE_MAX at the end. */
static void
arrange(const char *path, const struct bundle *from, const size_t *order)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(BUNDLE_MAGIC, f);
	for (; *order != SIZE_MAX; order++)
		bundle_put(f, (enum bundle_kind)from->parts[*order].kind,
		    from->data + from->parts[*order].at,
		    from->parts[*order].len);
	assert_int_equal(fclose(f), 0);
}

static void
test_rearranged(void **state)
{
	static const size_t orders[][6] = {
	    {0, 1, 3, 4, SIZE_MAX}, /* one is missing */
	    {0, 2, 1, 3, SIZE_MAX}, /* swapped */
	    {0, 1, 1, 2, SIZE_MAX}, /* twice */
	    {0, 4, SIZE_MAX},       /* only the end */
	    {0, 0, 1, 2, SIZE_MAX}, /* founded twice */
	    {1, 2, 3, SIZE_MAX},    /* no founding */
	};
	static const size_t whole[] = {0, 1, 2, 3, SIZE_MAX};
	char path[PATH_LEN], copy[PATH_LEN];
	struct bundle b;
	struct audit a;
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	export_chain(&r, "b", false, path);
	snprintf(copy, sizeof(copy), "%s/copy", r.root);
	assert_int_equal(bundle_open(&b, path), 0);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		arrange(copy, &b, orders[i]);
		assert_int_equal(audit_run(&a, copy, &r.chain.town.fid),
		    -EBADMSG);
	}
	arrange(copy, &b, whole); /* a beginning: its blind spot */
	assert_int_equal(audit_run(&a, copy, &r.chain.town.fid), 0);
	put_file(copy, b.data, b.len - 7);
	assert_int_equal(audit_run(&a, copy, &r.chain.town.fid), -EBADMSG);
	assert_int_equal(a.fault.height, b.nparts - 1);
	bundle_close(&b);
	unlink(path);
	unlink(copy);
	rich_close(&r);
}

/* A bundle of another federation, whose id is another. */
static void
test_other_federation(void **state)
{
	char path[PATH_LEN];
	struct rich ours, other;
	struct audit a;

	(void)state;
	rich_open(&ours, "town");
	rich_open(&other, "village");
	rich_grow(&other, RICH_OPEN);
	export_chain(&other, "b", true, path);
	assert_int_equal(audit_run(&a, path, &other.chain.town.fid), 0);
	assert_int_equal(audit_run(&a, path, &ours.chain.town.fid), -EBADMSG);
	assert_int_equal(a.fault.check, CHECK_FOUNDING);
	unlink(path);
	rich_close(&ours);
	rich_close(&other);
}

/* One more block, certified by three of four in this view. */
static void
fork_off(struct rich *r, uint64_t amount, uint16_t without, uint32_t view)
{
	struct town *t = &r->chain.town;
	struct tx *x = rich_transfer(r, 3, amount, "");
	struct block *b = rich_next(r, &x, 1, false);
	struct commit *c = &t->commit;

	town_certify(t, c, b->header.height, &b->id);
	for (uint16_t i = without; i + 1 < c->nsigs; i++) {
		c->validators[i] = c->validators[i + 1];
		c->sigs[i] = c->sigs[i + 1];
	}
	c->nsigs--;
	c->round = view;
	for (uint16_t i = 0; i < c->nsigs; i++) {
		struct vote v = commit_vote(c, i);

		vote_sign(&v, town_key(t, c->validators[i]), &t->fid);
		c->sigs[i] = v.sig;
	}
	rich_append(r, b);
	block_free(b);
}

static void
marks_of(struct rich *r, struct audit_marks *m)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = r->root,
	    .log = &log,
	    .light = true};
	const struct audit_watch watch = audit_marks_watch(m);
	struct audit a;

	assert_int_equal(audit_watch(&a, &o, &watch), 0);
	tlog_close(&log);
}

static void
test_fork(void **state)
{
	struct audit_marks m[2] = {AUDIT_MARKS_INIT, AUDIT_MARKS_INIT};
	uint16_t who[FEDERATION_MAX_MEMBERS];
	struct rich one, two;
	uint64_t last;

	(void)state;
	rich_open(&one, "town");
	rich_open(&two, "town");
	rich_grow(&one, RICH_OPEN);
	rich_grow(&two, RICH_OPEN);
	marks_of(&one, &m[0]);
	marks_of(&two, &m[1]);
	assert_int_equal(audit_fork_height(&m[0], &m[1]), 0);
	audit_marks_close(&m[1]);
	last = segments_head(&one.chain.log);
	fork_off(&one, 5, 0, 0);
	fork_off(&two, 6, 3, 0);
	marks_of(&two, &m[1]); /* one is longer, no fork yet */
	assert_int_equal(audit_fork_height(&m[0], &m[1]), 0);
	audit_marks_close(&m[0]);
	marks_of(&one, &m[0]);
	assert_int_equal(audit_fork_height(&m[0], &m[1]), last + 1);
	assert_int_equal(audit_fork_signers(&m[0], &m[1], last + 1, who), 2);
	assert_int_equal(who[0], 1);
	assert_int_equal(who[1], 2);
	audit_marks_close(&m[0]);
	audit_marks_close(&m[1]);
	rich_close(&one);
	rich_close(&two);
}

/* What a command printed; *rc: how it ended. */
static char *
printed(int (*run)(void *arg), void *arg, int *rc)
{
	char path[] = "/tmp/qml-said-XXXXXX";
	int fd = mkstemp(path), out = dup(1), err = dup(2);
	char *text = calloc(1, 4096);

	assert_true(fd >= 0 && out >= 0 && err >= 0);
	assert_non_null(text);
	fflush(NULL);
	dup2(fd, 1);
	dup2(fd, 2);
	*rc = run(arg);
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	assert_true(pread(fd, text, 4095, 0) >= 0);
	close(fd);
	unlink(path);
	return text;
}

struct pair {
	const char *one, *two;
	bool json;
};

static int
run_against(void *arg)
{
	const struct pair *p = arg;
	const struct audit_order o = {.path = p->one};

	return audit_fork_run(&o, p->two, p->json);
}

/* Who locked on a block may be shown that more than two thirds want another
 * one, and sign that: only within one view is a name a verdict. */
static void
test_fork_of_two_views(void **state)
{
	(void)state;
	for (uint32_t view = 0; view < 2; view++) {
		struct rich one, two;
		struct pair p = {one.root, two.root, false};
		char *text;
		int rc;

		rich_open(&one, "town");
		rich_open(&two, "town");
		rich_grow(&one, RICH_OPEN);
		rich_grow(&two, RICH_OPEN);
		fork_off(&one, 5, 0, 0);
		fork_off(&two, 6, 3, view);
		text = printed(run_against, &p, &rc);
		assert_int_equal(rc, 8);
		assert_non_null(strstr(text, "signed both (2 of the power 4)"));
		if (view == 0)
			assert_non_null(strstr(text, "honest member never"));
		else
			assert_null(strstr(text, "honest member never"));
		free(text);
		p.json = true;
		text = printed(run_against, &p, &rc);
		assert_int_equal(rc, 8);
		assert_non_null(strstr(text,
		    view == 0 ? "\"same_view\":true" : "\"same_view\":false"));
		free(text);
		rich_close(&one);
		rich_close(&two);
	}
}

static int
run_export(void *arg)
{
	const struct pair *p = arg;
	char *argv[] = {"chain", "export", (char *)(uintptr_t)p->two, "--home",
	    (char *)(uintptr_t)p->one, "--json", NULL};

	return ctl_cmd_chain(6, argv);
}

/* Of a source that has no block 0, or no updates, or is not whole. */
static void
test_export_of_less(void **state)
{
	char light[PATH_LEN], out[PATH_LEN], *text;
	struct pair p = {light, out, true};
	struct rich r;
	FILE *f;
	int rc;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	export_chain(&r, "light", true, light);
	snprintf(out, sizeof(out), "%s/out", r.root);
	text = printed(run_export, &p, &rc);
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "\"payloads\":false"));
	free(text);
	assert_int_equal(unlink(out), 0);
	f = fopen(light, "wb");
	assert_non_null(f);
	fputs(BUNDLE_MAGIC, f);
	assert_int_equal(fclose(f), 0);
	text = printed(run_export, &p, &rc);
	assert_int_equal(rc, 5);
	free(text);
	assert_int_equal(access(out, F_OK), -1);
	/* What lies beside a chain is not its own: the file is not to blame. */
	snprintf(light, sizeof(light), "%s/refounded", r.root);
	f = fopen(light, "wb");
	assert_non_null(f);
	fputs("nothing of the kind", f);
	assert_int_equal(fclose(f), 0);
	p.one = r.root;
	text = printed(run_export, &p, &rc);
	assert_int_equal(rc, 65);
	assert_null(strstr(text, out));
	free(text);
	assert_int_equal(access(out, F_OK), -1);
	assert_int_equal(unlink(light), 0);
	snprintf(light, sizeof(light), "%s/light", r.root);
	assert_int_equal(unlink(light), 0);
	rich_close(&r);
}

/* What is no bundle, and parts that are too short to be anything. */
static void
test_no_bundle(void **state)
{
	char path[] = "/tmp/qml-bundle-XXXXXX", bytes[200];
	int fd = mkstemp(path);
	const size_t head = strlen(BUNDLE_MAGIC);
	struct bundle b;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(bundle_open(&b, "/tmp"), -EINVAL);
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, BUNDLE_MAGIC, head);
	bytes[head] = BUNDLE_FOUNDING;
	bytes[head + 4] = 100;
	put_file(path, bytes, head + 105);
	assert_true(bundle_is(path));
	assert_int_equal(bundle_open(&b, path), 0);
	assert_int_equal(b.nparts, 1);
	assert_int_equal(b.sound, head + 105);
	bundle_close(&b);
	bytes[head + 4] = 10;
	put_file(path, bytes, head + 15);
	assert_int_equal(bundle_open(&b, path), 0);
	assert_int_equal(b.nparts, 0);
	assert_int_equal(b.sound, head);
	bundle_close(&b);
	/* Seats belong to a block of heads, and are some. */
	bytes[head + 4] = 100;
	bytes[head + 105] = BUNDLE_SEATS;
	put_file(path, bytes, head + 110);
	assert_int_equal(bundle_open(&b, path), 0);
	assert_int_equal(b.sound, head + 105);
	bundle_close(&b);
	unlink(path);
	assert_false(bundle_is(path));
	assert_int_equal(bundle_open(&b, path), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_light),
	    cmocka_unit_test(test_flips),
	    cmocka_unit_test(test_rearranged),
	    cmocka_unit_test(test_other_federation),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_fork_of_two_views),
	    cmocka_unit_test(test_export_of_less),
	    cmocka_unit_test(test_no_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
