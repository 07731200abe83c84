/*
 * A chain that goes on by rules which this program does not have: read up to
 * there, and nobody is blamed for what the members agreed on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/ledger/params.h"
#include "consensus/votes/payload.h"
#include "daemon/cli/audit.h"
#include "rich.h"

#define LATER (LEDGER_VERSIONS + 1)
#define AT 30 /* height */

static void
agree(struct rich *r)
{
	const struct payload wish = {.upgrade = {LATER, AT}};

	rich_pass(r, PROPOSAL_UPGRADE, &wish);
}

static int
judge(struct rich *r, struct audit *a)
{
	return audit_run(a, r->root, &r->chain.town.fid);
}

static void
up_to_there(void **state)
{
	struct block *b;
	struct audit a;
	struct rich r;
	struct town *t;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	t = &r.chain.town;
	agree(&r);
	while (ledger_height(t->l) + 1 < AT)
		rich_commit(&r, rich_next(&r, NULL, 0, false));
	assert_int_equal(ledger_params(t->l)->next_version, LATER);
	assert_int_equal(judge(&r, &a), 0);
	/* By those who have it. */
	ledger_version_limit(t->l, LATER);
	b = rich_next(&r, NULL, 0, false);
	assert_int_equal(b->header.app_version, LATER);
	rich_seal(&r, b);
	block_free(b);
	assert_int_equal(judge(&r, &a), -EBADMSG);
	assert_int_equal(a.fault.height, AT);
	assert_int_equal(a.nblocks, AT - 1);
	assert_non_null(strstr(a.fault.why, "later version"));
	rich_close(&r);
}

/* A version that nobody agreed on is another matter. */
static void
of_their_own(void **state)
{
	struct block *b;
	struct audit a;
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	b = rich_next(&r, NULL, 0, false);
	b->header.app_version = LATER;
	rich_seal(&r, b);
	assert_int_equal(judge(&r, &a), -EBADMSG);
	assert_int_equal(a.fault.height, b->header.height);
	assert_non_null(strstr(a.fault.why, "not agreed on"));
	block_free(b);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(up_to_there),
	    cmocka_unit_test(of_their_own),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
