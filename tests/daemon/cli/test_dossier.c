/* The dossier of a chain with everything on it: figures, page, signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli/audit_report.h"
#include "daemon/cli/dossier.h"
#include "daemon/cli/dossier_html.h"
#include "daemon/node/jv.h"
#include "exported.h"

#define NOW_MS UINT64_C(1800000000000)

static struct jv *
make(struct rich *r, struct audit *a)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = r->root,
	    .federation = &r->chain.town.fid,
	    .log = &log};
	struct jv *d;

	assert_int_equal(dossier_make(a, &o, NOW_MS, &d), 0);
	assert_non_null(d);
	tlog_close(&log);
	return d;
}

static int64_t
number(const struct jv *o, const char *key)
{
	assert_true(jv_is_number(jv_get(o, key)));
	return jv_int(jv_get(o, key), 0);
}

static int64_t
balance_of(const struct jv *d, const char *name)
{
	const struct jv *list = jv_get(d, "accounts");

	for (size_t i = 0; i < jv_len(list); i++)
		if (strcmp(jv_text(jv_get(jv_at(list, i), "name"), ""), name) ==
		    0)
			return number(jv_at(list, i), "balance");
	fail_msg("no account of %s", name);
	return 0;
}

static int64_t
sum_of(const struct jv *units)
{
	const char *key = NULL;
	int64_t sum = 0;

	while ((key = jv_next_key(units, key)) != NULL)
		sum += number(units, key);
	return sum;
}

/* What the journal told adds up to what the books hold, for everybody. */
static void
test_accounts(void **state)
{
	const struct economy e = ECONOMY_DEFAULT;
	const struct jv *list, *tokens;
	struct rich r;
	struct audit a;
	struct jv *d;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	d = make(&r, &a);
	list = jv_get(d, "contributions");
	tokens = jv_get(d, "tokens");
	assert_int_equal(jv_len(list), RICH_MEMBERS);
	for (size_t i = 0; i < RICH_MEMBERS; i++) {
		const struct jv *m = jv_at(list, i);

		assert_int_equal((int64_t)e.opening +
			sum_of(jv_get(m, "units")),
		    balance_of(d, jv_text(jv_get(m, "member"), "")));
		assert_int_equal(number(m, "updates"), RICH_ROUNDS);
		assert_int_equal(number(m, "blocks_signed"), a.nblocks);
	}
	assert_int_equal(sum_of(jv_get(tokens, "treasury_units")),
	    number(tokens, "treasury"));
	jv_free(d);
	rich_close(&r);
}

static void
test_facts(void **state)
{
	const struct jv *assets;
	struct rich r;
	struct audit a;
	struct jv *d;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	d = make(&r, &a);
	assert_int_equal(jv_len(jv_get(d, "rounds")), RICH_ROUNDS);
	assert_int_equal(jv_len(jv_get(d, "jobs")), 1);
	assert_int_equal(jv_len(jv_get(d, "checks")), CHECKS - 1);
	assert_int_equal(jv_len(jv_get(d, "offences")), 0);
	assert_string_equal(jv_text(jv_get(jv_at(jv_get(d, "proposals"), 0),
					"state"),
				""),
	    "executed");
	assert_true(jv_len(jv_get(d, "versions")) >= 1);
	assets = jv_get(d, "assets");
	assert_int_equal(jv_len(assets), RICH_MEMBERS);
	for (size_t i = 0; i < RICH_MEMBERS; i++) {
		const struct jv *x = jv_at(assets, i);

		assert_int_equal(number(x, "noisy_steps"), 5 * RICH_ROUNDS);
		assert_in_range(number(x, "epsilon_spent_nano"), 1,
		    (uint64_t)number(x, "epsilon_milli") * 1000000);
	}
	jv_free(d);
	rich_close(&r);
}

static void
test_page(void **state)
{
	static const char *const words[] = {"<!DOCTYPE html>", "Proved.", "A20",
	    "our policy", "CC-BY-4.0", "Annex IV", "epsilon",
	    "To be written:", "No round has a loss to draw.", "</html>"};
	struct rich r;
	struct audit a;
	struct jv *d;
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	d = make(&r, &a);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	dossier_html(f, d);
	assert_int_equal(fclose(f), 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strstr(text, words[i]))
			fail_msg("no '%s' on the page", words[i]);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "http://"));
	free(text);
	jv_free(d);
	rich_close(&r);
}

static void
test_signature(void **state)
{
	char by[CREDENTIAL_DID_LEN], err[CREDENTIAL_ERR_LEN];
	char did[CREDENTIAL_DID_LEN];
	struct sign_public pk;
	struct rich r;
	struct audit a;
	struct jv *d;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	d = make(&r, &a);
	assert_int_not_equal(dossier_verify(d, by, err), 0);
	assert_int_equal(dossier_sign(d, r.chain.town.keys[1], NOW_MS), 0);
	assert_int_equal(dossier_verify(d, by, err), 0);
	pk = sign_key_public(r.chain.town.keys[1]);
	assert_string_equal(by, credential_did(&pk, did));
	jv_put_string(d, "made", "2026-01-01T00:00:00Z");
	assert_int_not_equal(dossier_verify(d, by, err), 0);
	jv_free(d);
	rich_close(&r);
}

/* Whose is it? An id that was given is looked at. */
static void
test_of_whom(void **state)
{
	char path[PATH_LEN], *text;
	struct hash other = {{1}};
	struct rich r;
	struct audit a;
	struct jv *d;
	FILE *f;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	d = make(&r, &a);
	assert_int_equal(dossier_sign(d, r.chain.town.keys[0], NOW_MS), 0);
	text = jv_dump(d);
	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/report.json", r.root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(audit_report_verify(path, NULL, true), 0);
	assert_int_equal(audit_report_verify(path, &r.chain.town.fid, true), 0);
	assert_int_equal(audit_report_verify(path, &other, true), 8);
	free(text);
	jv_free(d);
	unlink(path);
	rich_close(&r);
}

static char *
page_of(const char *path, struct rich *r)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = path,
	    .federation = &r->chain.town.fid,
	    .log = &log};
	struct audit a;
	char *text = NULL;
	struct jv *d;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(dossier_make(&a, &o, NOW_MS, &d), 0);
	dossier_html(f, d);
	assert_int_equal(fclose(f), 0);
	tlog_close(&log);
	jv_free(d);
	return text;
}

/* Without the updates nothing was computed again, and the page says so. */
static void
test_without_updates(void **state)
{
	static const char all[] = "signature, round and transaction";
	char path[PATH_LEN], *text;
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	export_chain(&r, "light", true, path);
	text = page_of(r.root, &r);
	assert_non_null(strstr(text, all));
	free(text);
	text = page_of(path, &r);
	assert_null(strstr(text, all));
	assert_non_null(strstr(text, "no round, model, payment or state"));
	free(text);
	unlink(path);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_whom),
	    cmocka_unit_test(test_without_updates),
	    cmocka_unit_test(test_accounts),
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_page),
	    cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
