/* A checkpoint that an auditor kept: A19 and A7 are killed by theirs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rich.h"

static char *
checkpoint_of(const struct tlog *l, const struct sign_key *key)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	tlog_put_checkpoint(f, l, key);
	assert_int_equal(fclose(f), 0);
	return text;
}

static int
audit_with(struct rich *r, struct audit *a, char *checkpoint)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = r->root,
	    .federation = &r->chain.town.fid,
	    .checkpoint = checkpoint,
	    .log = &log};
	int rc = audit_watch(a, &o, NULL);

	tlog_close(&log);
	free(checkpoint);
	return rc;
}

/* What the auditor kept: of this chain, of a longer one, of another one, of
 * somebody who is no member. */
static void
test_checkpoints(void **state)
{
	const uint8_t seed[SIGN_SEED_LEN] = {99};
	struct tlog log = TLOG_INIT;
	struct sign_key *stranger;
	struct rich r;
	struct audit a;
	struct audit_order o;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	o = (struct audit_order){.path = r.root, .log = &log};
	assert_int_equal(audit_watch(&a, &o, NULL), 0);
	assert_int_equal(sign_key_new(seed, &stranger), 0);
	assert_int_equal(audit_with(&r, &a,
			     checkpoint_of(&log, r.chain.town.keys[2])),
	    0);
	assert_int_equal(a.checks.of[CHECK_COMPLETE].state, CHECK_PROVED);
	rich_failed(&a, CHECK_NONE, "checkpoint");
	assert_int_equal(audit_with(&r, &a, checkpoint_of(&log, stranger)),
	    -EBADMSG);
	rich_failed(&a, CHECK_COMPLETE, "signed by a stranger");
	assert_int_equal(audit_with(&r, &a, strdup("no checkpoint\n")),
	    -EBADMSG);
	rich_failed(&a, CHECK_COMPLETE, "not a checkpoint");
	log.leaves[3].b[0] ^= 1;
	assert_int_equal(audit_with(&r, &a,
			     checkpoint_of(&log, r.chain.town.keys[2])),
	    -EBADMSG);
	rich_failed(&a, CHECK_HISTORY, "another history");
	log.leaves[3].b[0] ^= 1;
	assert_int_equal(tlog_append(&log, "one more", 8), 0);
	assert_int_equal(audit_with(&r, &a,
			     checkpoint_of(&log, r.chain.town.keys[2])),
	    -EBADMSG);
	rich_failed(&a, CHECK_COMPLETE, "blocks missing at the end");
	log.origin[20] ^= 1;
	assert_int_equal(audit_with(&r, &a,
			     checkpoint_of(&log, r.chain.town.keys[2])),
	    -EBADMSG);
	rich_failed(&a, CHECK_COMPLETE, "another federation's");
	sign_key_free(stranger);
	tlog_close(&log);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_checkpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
