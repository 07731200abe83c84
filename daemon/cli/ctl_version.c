/*
 * ctl_version.c - one version of a model: whose it is, where it comes from,
 * what was done with it.
 */
#include "daemon/cli/ctl_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/federation_draft.h"
#include "daemon/cli/ctl_text.h"

const struct jv *
ctl_first(const struct jv *v, const char *list)
{
	return jv_at(jv_get(v, list), 0);
}

int
ctl_get_version(struct ctl *c, const char *token, struct jv **out)
{
	struct jv *p = jv_object();
	int rc;

	jv_put_string(p, "token", token);
	rc = ctl_call(c, "model.version", p, out);
	if (rc == CLI_OK && ctl_first(*out, "token") == NULL)
		rc = cli_error(CLI_NOT_FOUND,
		    "index.db does not have this version yet: try again");
	return rc;
}

static int
print_version(const struct jv *v)
{
	const struct jv *t = ctl_first(v, "token");
	const struct jv *shares = jv_get(v, "shares");

	printf("version   %s\nmodel     %s\n", ctl_string(t, "id"),
	    ctl_string(t, "model"));
	printf("owner     %s\n", ctl_string(t, "owner"));
	if (jv_get(t, "approved") != NULL)
		printf("approved  %s may transfer it\n",
		    ctl_string(t, "approved"));
	if (jv_get(t, "user") != NULL)
		printf("user      %s, until block %" PRId64 "\n",
		    ctl_string(t, "user"), ctl_integer(t, "user_until"));
	printf("minted    in block %" PRId64 ", of rounds %" PRId64
	       " to %" PRId64 " of job %.16s...\n",
	    ctl_integer(t, "minted"), ctl_integer(t, "round_from"),
	    ctl_integer(t, "round_to") - 1, ctl_string(t, "job"));
	printf("parent    %s\n",
	    jv_get(t, "parent") != NULL ? ctl_string(t, "parent")
					: "none: the first of its line");
	printf("shares    ");
	for (size_t i = 0; i < jv_len(shares); i++)
		printf("%s%s %.4f %%", i ? ", " : "",
		    ctl_string(jv_at(shares, i), "member"),
		    jv_real(jv_get(jv_at(shares, i), "ppm"), 0) / 10000);
	printf("\nroyalty   %.4f %% of leases, to these shares\n",
	    jv_real(jv_get(t, "royalty_ppm"), 0) / 10000);
	printf("data      %zu assets%s\n", jv_len(jv_get(v, "data")),
	    jv_true(jv_get(t, "uses_withdrawn_data"))
		? "; FLAGGED: some was withdrawn or erased since"
		: "");
	printf("next: qmlctl model card %s\n", ctl_string(t, "id"));
	return CLI_OK;
}

/* What an event was, as a sentence's part. */
static void
event_text(const struct jv *e, char *out, size_t len)
{
	const char *kind = ctl_string(e, "kind");
	char price[CTL_TEXT_LEN], name[80];

	if (strcmp(kind, "minted") == 0)
		snprintf(out, len, "minted: model %s", ctl_string(e, "about"));
	else if (strcmp(kind, "model_transfer") == 0)
		snprintf(out, len, "%s transferred it to %s",
		    ctl_string(e, "sender"), ctl_string(e, "receiver"));
	else if (strcmp(kind, "model_approve") == 0)
		snprintf(out, len, "%s allowed %s to transfer it",
		    ctl_string(e, "sender"), ctl_string(e, "receiver"));
	else if (strcmp(kind, "model_lease") == 0)
		snprintf(out, len,
		    "%s is its user until block %" PRId64 ", for %s tokens",
		    ctl_string(e, "receiver"), ctl_integer(e, "until"),
		    ctl_text_tokens(ctl_integer(e, "amount"), price));
	else
		snprintf(out, len, "its data \"%s\": %s by %s",
		    ctl_text_clean(ctl_string(e, "about"), name, sizeof(name)),
		    strcmp(kind, "asset_erased") == 0 ? "salt key destroyed"
						      : "consent withdrawn",
		    ctl_string(e, "sender"));
}

static int
print_history(const struct jv *v)
{
	static const char *const titles[] = {">BLOCK", "TIME (UTC)", "WHAT"};
	const struct jv *events = jv_get(v, "events");
	const struct jv *parents = jv_get(v, "parents");
	struct ctl_table t;
	int rc;

	ctl_table_init(&t, titles, 3);
	for (size_t i = 0; i < jv_len(events); i++) {
		const struct jv *e = jv_at(events, i);
		char height[24], when[FEDERATION_TIME_LEN], text[256];
		const char *cells[3] = {height, when, text};

		snprintf(height, sizeof(height), "%" PRId64,
		    ctl_integer(e, "height"));
		federation_time_text((uint64_t)ctl_integer(e, "time_ms"), when);
		event_text(e, text, sizeof(text));
		ctl_table_add(&t, cells);
	}
	rc = ctl_table_print(&t, stdout) == 0
	    ? CLI_OK
	    : cli_error(CLI_FAILED, "out of memory");
	ctl_table_close(&t);
	if (jv_len(parents) == 0)
		puts("no parent: the first of its line");
	for (size_t i = 0; i < jv_len(parents); i++)
		printf("%s%s  block %" PRId64 ", owner %s\n",
		    i == 0 ? "comes from  " : "      from  ",
		    ctl_string(jv_at(parents, i), "id"),
		    ctl_integer(jv_at(parents, i), "minted"),
		    ctl_string(jv_at(parents, i), "owner"));
	return rc;
}

static int
show(int argc, char **argv, const char *usage, int (*print)(const struct jv *v))
{
	const struct ctl_args a = {NULL, 0, usage, 2};
	struct jv *v = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc != 3)
		rc = cli_error(CLI_USAGE,
		    "want a TOKEN: qmlctl model list --json");
	if (rc == CLI_OK)
		rc = ctl_get_version(&c, argv[2], &v);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(v) : print(v);
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

int
ctl_model_version(int argc, char **argv)
{
	return show(argc, argv,
	    "usage: qmlctl model show TOKEN\n"
	    "A version: owner, user, parent, shares, data.\n",
	    print_version);
}

int
ctl_model_history(int argc, char **argv)
{
	return show(argc, argv,
	    "usage: qmlctl model history TOKEN\n"
	    "A version's life: minted, transferred, leased, its data "
	    "withdrawn; and the\nversions that it comes from.\n",
	    print_history);
}
