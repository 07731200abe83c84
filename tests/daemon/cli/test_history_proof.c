/* One block's proof: by certificate and history tree, nothing else believed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/history_proof.h"
#include "daemon/node/jv.h"
#include "rich.h"

static struct jv *
proof_of(struct rich *r, uint64_t height)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = r->root, .log = &log};
	struct history_proof p;
	struct audit_watch watch;
	struct audit a;
	struct jv *out;

	history_proof_open(&p, height);
	watch = history_proof_watch(&p);
	assert_int_equal(audit_watch(&a, &o, &watch), 0);
	out = history_proof_json(&p);
	history_proof_close(&p);
	tlog_close(&log);
	return out;
}

static int
check(const char *text, struct history_claim *c)
{
	char err[160], why[HISTORY_PROOF_WHY_LEN] = "";
	struct jv *v = jv_parse(text, strlen(text), err, sizeof(err));
	int rc = v ? history_proof_check(v, c, why) : -EBADMSG;

	if (v && rc < 0)
		assert_true(why[0] != '\0');
	jv_free(v);
	return rc;
}

static void
test_every_block(void **state)
{
	struct history_claim c = {0};
	struct rich r;
	uint64_t last;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	last = segments_head(&r.chain.log);
	assert_null(proof_of(&r, 0));
	assert_null(proof_of(&r, last));
	assert_null(proof_of(&r, UINT64_MAX));
	for (uint64_t h = 1; h < last; h++) {
		struct jv *v = proof_of(&r, h);
		char *text = jv_dump(v);
		struct hash id;

		assert_non_null(text);
		assert_int_equal(check(text, &c), 0);
		id = header_id(&c.block);
		assert_true(
		    hash_equal(&id, &segments_find(&r.chain.log, h)->id));
		assert_true(hash_equal(&c.federation, &r.chain.town.fid));
		assert_int_equal(c.head.height, last);
		assert_int_equal(c.nsigners, RICH_MEMBERS);
		free(text);
		jv_free(v);
	}
	rich_close(&r);
}

/* Any digit of it changed: refused, or a founding of another id. */
static void
test_every_digit(void **state)
{
	struct history_claim c = {0};
	struct rich r;
	struct jv *v;
	char *text;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	v = proof_of(&r, 3);
	text = jv_dump(v);
	assert_non_null(text);
	assert_int_equal(check(text, &c), 0);
	for (size_t i = strlen("{\"schema\":\"qml.proof/1\""); text[i];
	     i += 3) {
		char old = text[i];

		if (!strchr("0123456789abcdef", old))
			continue;
		text[i] = old == '0' ? '1' : '0';
		if (check(text, &c) == 0)
			fail_msg("digit %zu is not looked at", i);
		text[i] = old;
	}
	assert_int_equal(check(text, &c), 0);
	free(text);
	jv_free(v);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_block),
	    cmocka_unit_test(test_every_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
