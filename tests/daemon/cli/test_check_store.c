/* What qmlnode check says of rules that are to come, and of a disk that is
 * full: see check_store.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/checkpoint.h"
#include "consensus/ledger/params.h"
#include "consensus/replica/store.h"
#include "daemon/cli/check_store.h"
#include "daemon/cli/cli.h"
#include "rich.h"

#define LATER (LEDGER_VERSIONS + 1)
#define AT 30 /* height */
#define SAID_LEN 1024

struct said {
	int code;
	char text[CHECK_STORE_TEXT_LEN];
	uint64_t until;
	char err[SAID_LEN];
};

static struct said
ask_rules(const struct rich *r)
{
	struct prepare *p = calloc(1, sizeof(*p));
	struct said s = {.until = 99};
	FILE *to = tmpfile();
	int err = dup(2);

	assert_non_null(p);
	assert_true(err >= 0 && to != NULL);
	p->home = r->root;
	p->federation = r->chain.town.f;
	dup2(fileno(to), 2);
	s.code = check_store_rules(p, s.text, &s.until);
	fflush(stderr);
	dup2(err, 2);
	assert_true(pread(fileno(to), s.err, SAID_LEN - 1, 0) >= 0);
	close(err);
	fclose(to);
	free(p);
	return s;
}

static void
rules_to_come(void **state)
{
	const struct payload wish = {.upgrade = {LATER, AT}};
	struct said s;
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	s = ask_rules(&r);
	assert_int_equal(s.code, CLI_OK);
	assert_int_equal(s.until, 0);
	assert_string_equal(s.text, "version 1");
	rich_pass(&r, PROPOSAL_UPGRADE, &wish);
	while (ledger_params(r.chain.town.l)->next_version == 0)
		rich_commit(&r, rich_next(&r, NULL, 0, false));
	assert_true(ledger_height(r.chain.town.l) + 1 < AT);
	s = ask_rules(&r);
	assert_int_equal(s.code, CLI_OK);
	assert_int_equal(s.until, AT - 1);
	assert_non_null(strstr(s.text, "from block 30 on"));
	assert_non_null(strstr(s.text, "rules of version 3"));
	assert_non_null(strstr(s.text, "install a newer one"));
	/* Where it stops: run would end at once, with this code. */
	while (ledger_height(r.chain.town.l) + 1 < AT)
		rich_commit(&r, rich_next(&r, NULL, 0, false));
	s = ask_rules(&r);
	assert_int_equal(s.code, CLI_CONFIG);
	assert_non_null(strstr(s.err, "from block 30 on"));
	assert_non_null(strstr(s.err, "rules of version 3"));
	assert_non_null(strstr(s.err, "Install a newer one"));
	rich_close(&r);
}

/* No chain, no rules but the founding's; blocks that do not follow are told
 * with their height. */
static void
no_state(void **state)
{
	char moved[RICH_ROOT_LEN + 48];
	struct block *b;
	struct said s;
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	snprintf(moved, sizeof(moved), "%s.away", r.file);
	assert_int_equal(rename(r.file, moved), 0);
	s = ask_rules(&r);
	assert_int_equal(s.code, CLI_OK);
	assert_string_equal(s.text, "those of the founding");
	assert_int_equal(rename(moved, r.file), 0);
	b = rich_next(&r, NULL, 0, false);
	b->header.state_root.b[0] ^= 1;
	rich_seal(&r, b);
	s = ask_rules(&r);
	assert_int_equal(s.code, CLI_DAMAGED);
	assert_non_null(strstr(s.err, "does not follow"));
	block_free(b);
	rich_close(&r);
}

static void
a_full_disk(void **state)
{
	const struct statvfs roomy = {.f_frsize = 4096,
	    .f_bavail = 2000,
	    .f_files = 10,
	    .f_favail = 1};
	const uint64_t want = UINT64_C(2000) * 4096;
	struct statvfs v = roomy;
	char text[CHECK_STORE_TEXT_LEN];

	(void)state;
	assert_int_equal(check_store_fits(&v, want, text), 0);
	assert_non_null(strstr(text, "8.2 MB are free"));
	assert_int_equal(check_store_fits(&v, want + 1, text), -ENOSPC);
	assert_non_null(strstr(text, "8.2 MB are free on its disk"));
	v.f_bavail = 0;
	assert_int_equal(check_store_fits(&v, want, text), -ENOSPC);
	assert_non_null(strstr(text, "0 B are free"));
	v = roomy;
	v.f_favail = 0;
	assert_int_equal(check_store_fits(&v, want, text), -ENOSPC);
	assert_non_null(strstr(text, "df -i"));
	/* Such a file system does not count its files. */
	v.f_files = 0;
	assert_int_equal(check_store_fits(&v, want, text), 0);
}

/* The bound is the one that the store itself goes by. */
static void
the_stores_own_bound(void **state)
{
	struct store s;
	struct store_report report;
	struct votelog_open_args a = {.name = VOTELOG_NAME};
	struct rich r;
	char path[RICH_ROOT_LEN + 32];

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	assert_int_equal(votelog_create(&r.disk.disk, a.name, &a.node), 0);
	assert_int_equal(store_open(&s, &r.disk.disk, &r.chain.town.f, &a.node,
			     &report),
	    0);
	assert_int_equal(s.room, store_room(&r.chain.town.f));
	assert_true(s.room > 0);
	store_close(&s);
	snprintf(path, sizeof(path), "%s/" VOTELOG_NAME, r.root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/" POOL_DIR, r.root);
	rmdir(path);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_to_come),
	    cmocka_unit_test(no_state),
	    cmocka_unit_test(a_full_disk),
	    cmocka_unit_test(the_stores_own_bound),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
