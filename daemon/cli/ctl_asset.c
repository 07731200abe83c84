/*
 * ctl_asset.c - one data asset in full, and its erasure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ctl_books.h"
#include "daemon/cli/ctl_data.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/cli/process.h"

/* Versions of models whose jobs used the asset, with how many rounds. */
static int
put_models(struct ctl *c, struct jv *asset)
{
	struct jv *uses = NULL, *tokens = NULL, *models = jv_array();
	const char *id = ctl_string(asset, "id");
	int64_t rounds = 0;
	int rc = ctl_books_table(c, "uses", &uses);

	if (rc == CLI_OK)
		rc = ctl_books_table(c, "tokens", &tokens);
	for (size_t i = 0; i < jv_len(jv_get(uses, "rows")); i++) {
		const struct jv *u = jv_at(jv_get(uses, "rows"), i);
		const struct jv *all = jv_get(tokens, "rows");

		if (strcmp(ctl_string(u, "asset"), id) != 0)
			continue;
		rounds += ctl_integer(u, "rounds");
		for (size_t k = 0; k < jv_len(all); k++) {
			const struct jv *t = jv_at(all, k);
			struct jv *m;

			if (strcmp(ctl_string(t, "job"),
				ctl_string(u, "job")) != 0)
				continue;
			m = jv_object();
			jv_put_string(m, "token", ctl_string(t, "id"));
			jv_put_string(m, "owner", ctl_string(t, "owner"));
			jv_put_integer(m, "rounds", ctl_integer(u, "rounds"));
			jv_put_boolean(m, "uses_withdrawn_data",
			    jv_true(jv_get(t, "uses_withdrawn_data")));
			jv_add(models, m);
		}
	}
	jv_put_integer(asset, "rounds_in_jobs", rounds);
	jv_put(asset, "models", models);
	jv_free(uses);
	jv_free(tokens);
	return rc;
}

/* The asset of that id, a copy with "height" and "models". */
static int
get_asset(struct ctl *c, const char *id, struct jv **out)
{
	struct jv *list = NULL;
	const struct jv *rows;
	int rc = ctl_books_table(c, "assets", &list);

	rows = jv_get(list, "rows");
	for (size_t i = 0; i < jv_len(rows) && *out == NULL; i++)
		if (strcmp(ctl_string(jv_at(rows, i), "id"), id) == 0)
			*out = jv_copy(jv_at(rows, i));
	if (rc == CLI_OK && *out == NULL)
		rc = cli_error(CLI_NOT_FOUND,
		    "no data asset %.80s: qmlctl data list", id);
	if (rc == CLI_OK) {
		jv_put_integer(*out, "height", ctl_integer(list, "height"));
		rc = put_models(c, *out);
	}
	jv_free(list);
	return rc;
}

static void
print_list(const char *title, const struct jv *list, const char *otherwise)
{
	printf("%-10s", title);
	for (size_t i = 0; i < jv_len(list); i++)
		printf("%s%s", i ? ", " : "", jv_text(jv_at(list, i), ""));
	puts(jv_len(list) == 0 ? otherwise : "");
}

static void
print_limits(const struct jv *a)
{
	const int64_t max = ctl_integer(a, "rounds_max");
	const int64_t used = ctl_integer(a, "rounds_used");
	const int64_t eps = ctl_integer(a, "epsilon_milli");
	const int64_t left =
	    ctl_integer(a, "expires") - 1 - ctl_integer(a, "height");

	printf("consent   until block %" PRId64 ", %" PRId64 " blocks from "
	       "now\n",
	    ctl_integer(a, "expires"), left > 0 ? left : 0);
	if (max > 0)
		printf("rounds    %" PRId64 " used, %" PRId64
		       " left of %" PRId64 "\n",
		    used, max > used ? max - used : 0, max);
	else
		printf("rounds    %" PRId64 " used, no limit\n", used);
	if (eps > 0)
		printf(
		    "privacy   epsilon %.3f spent of %.3f at delta 1e-%" PRId64
		    ", %" PRId64 " noisy steps\n",
		    jv_real(jv_get(a, "epsilon_spent_nano"), 0) / 1e9,
		    jv_real(jv_get(a, "epsilon_milli"), 0) / 1000,
		    ctl_integer(a, "delta_exp"), ctl_integer(a, "noisy_steps"));
	else
		puts("privacy   no budget: updates without noise are allowed");
}

static void
print_models(const struct jv *a)
{
	const struct jv *models = jv_get(a, "models");
	char id[CTL_TEXT_LEN];

	if (jv_len(models) == 0)
		puts("models    none used it yet");
	for (size_t i = 0; i < jv_len(models); i++) {
		const struct jv *m = jv_at(models, i);

		printf("%-10s%s of %s, %" PRId64 " rounds%s\n",
		    i == 0 ? "models" : "",
		    ctl_text_id(ctl_string(m, "token"), id),
		    ctl_string(m, "owner"), ctl_integer(m, "rounds"),
		    jv_true(jv_get(m, "uses_withdrawn_data"))
			? "  FLAGGED: trained on data withdrawn since"
			: "");
	}
}

static int
print_asset(const struct jv *a)
{
	char text[80], price[CTL_TEXT_LEN];

	printf("asset     %s\n          %s\nowner     %s\nstate     %s",
	    ctl_text_clean(ctl_string(a, "name"), text, sizeof(text)),
	    ctl_string(a, "id"), ctl_string(a, "owner"),
	    ctl_string(a, "state"));
	if (ctl_integer(a, "withdrawn") > 0)
		printf(", withdrawn in block %" PRId64,
		    ctl_integer(a, "withdrawn"));
	if (ctl_integer(a, "erased") > 0)
		printf(", salt key destroyed in block %" PRId64,
		    ctl_integer(a, "erased"));
	printf("\nrows      %" PRId64 "\nroot      %s\nmanifest  %s\n",
	    ctl_integer(a, "rows"), ctl_string(a, "root"),
	    ctl_string(a, "manifest"));
	if (ctl_string(a, "parent")[0] != '\0')
		printf("parent    %s\n", ctl_string(a, "parent"));
	printf("purpose   %s\n",
	    ctl_text_clean(ctl_string(a, "purpose"), text, sizeof(text)));
	printf("licence   %s\n",
	    ctl_text_clean(ctl_string(a, "licence"), text, sizeof(text)));
	print_list("tasks", jv_get(a, "tasks"), "none");
	print_list("circuits", jv_get(a, "circuits"),
	    "any circuit of these tasks");
	printf("buyers    %s\nprice     %s tokens a round\n",
	    ctl_string(a, "credential")[0] != '\0' ? ctl_string(a, "credential")
						   : "need no credential",
	    ctl_text_tokens(ctl_integer(a, "price"), price));
	print_limits(a);
	print_models(a);
	return CLI_OK;
}

int
ctl_data_show(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl data show ID\n"
	    "One data asset: terms, consent, what is left, models that used "
	    "it.\n",
	    2};
	struct jv *asset = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc != 3)
		rc = cli_error(CLI_USAGE,
		    "data show: want an ID: qmlctl data list --json");
	if (rc == CLI_OK)
		rc = get_asset(&c, argv[2], &asset);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(asset) : print_asset(asset);
	jv_free(asset);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

/* What qmltrain makes of the rows now: their root, or "" without a salt.
 * False: it does not say. */
static bool
root_of_rows(struct ctl *c, char out[static 80])
{
	char trainer[PROCESS_PATH_LEN], home[HOME_PATH_LEN], err[160];
	char *argv[] = {trainer, (char *)"check", (char *)"--home", home,
	    (char *)"--json", NULL};
	char *text = NULL;
	struct jv *v = NULL;
	bool said = false;

	if (c->home == NULL)
		c->home = home_default(c->home_buf, sizeof(c->home_buf));
	snprintf(home, sizeof(home), "%s", c->home);
	if (process_beside("qmltrain", trainer, sizeof(trainer)) == 0 &&
	    process_capture(argv, &text) == 0)
		v = jv_parse(text, strlen(text), err, sizeof(err));
	if (jv_get(v, "asset") != NULL) {
		snprintf(out, 80, "%s", jv_text(jv_get(v, "asset"), ""));
		said = true;
	}
	free(text);
	jv_free(v);
	return said;
}

static void
print_remains(const struct jv *a, const struct jv *gone)
{
	printf("remains   with every member, for as long as there is a copy of "
	       "the chain:\n"
	       "          root      %s\n"
	       "          manifest  %s\n"
	       "          schema    %s\n"
	       "          %" PRId64 " rows, the terms above, %" PRId64
	       " rounds of jobs, and the models made from them\n",
	    ctl_string(a, "root"), ctl_string(a, "manifest"),
	    ctl_string(a, "schema"), ctl_integer(a, "rows"),
	    ctl_integer(a, "rounds_in_jobs"));
	puts(
	    "tells     a leaf of the root is a hash over a row and 256 bits "
	    "that came from the\n"
	    "          salt key: without it no guess of a row can be confirmed "
	    "by anybody,\n"
	    "          not even by its owner");
	printf(
	    "not ours  %s; copies in backups, snapshots and the drive's spare "
	    "blocks are\n"
	    "          out of reach: destroy those, and the rows, yourself\n",
	    jv_true(jv_get(gone, "in_place"))
		? "this file system overwrites in place"
		: "this file system may keep the old blocks: it does not "
		  "overwrite in place");
}

static int
print_erased(const struct jv *a, const struct jv *proof)
{
	const struct jv *gone = jv_get(proof, "destroyed");
	const char *before = ctl_string(proof, "root_before");
	const char *after = ctl_string(proof, "root_after");

	if (jv_true(jv_get(gone, "was_gone")))
		puts("destroyed data.salt was not there any more");
	else
		printf("destroyed data.salt: overwritten twice, synced, "
		       "unlinked (%s)\n",
		    ctl_string(gone, "filesystem"));
	printf("chain     %s is erased in block %" PRId64
	       ": it allows nothing any more\n",
	    ctl_string(a, "id"), ctl_integer(proof, "height"));
	if (before[0] != '\0')
		printf("before    qmltrain made of these rows the root %s\n",
		    strcmp(before, ctl_string(a, "root")) == 0 ? "on the chain"
							       : before);
	printf("now       %s\n",
	    jv_get(proof, "root_after") == NULL
		? "qmltrain finds no rows to look at"
		: after[0] == '\0'
		? "qmltrain has no salt: the root cannot be computed again"
		: "qmltrain still computes a root: another salt is in use");
	print_remains(a, gone);
	print_models(a);
	for (size_t i = 0; i < jv_len(jv_get(gone, "also")); i++)
		printf("%-10s%s, %s: the same salt key; say it on the chain, "
		       "too\n",
		    i == 0 ? "also" : "",
		    ctl_string(jv_at(jv_get(gone, "also"), i), "name"),
		    ctl_string(jv_at(jv_get(gone, "also"), i), "id"));
	puts("next: take data out of qmlnode.yaml before the next start; until "
	     "then the node\n      goes on as a validator without rows");
	return CLI_OK;
}

/* The file first: a word on the chain that it is gone must not be early. */
static int
erase(struct ctl *c, struct jv *asset)
{
	struct jv *p = jv_object(), *gone = NULL, *last = NULL, *proof;
	struct jv *tx = jv_object();
	char before[80] = "", after[80] = "";
	const char *id = ctl_string(asset, "id");
	bool said;
	int rc;

	jv_put_string(p, "id", id);
	(void)root_of_rows(c, before);
	rc = ctl_call(c, "data.erase", p, &gone);
	jv_put_string(tx, "id", id);
	if (rc == CLI_OK) {
		rc = ctl_books_submit(c, "asset_erased", tx, &last);
		if (rc != CLI_OK)
			fprintf(stderr,
			    "  the salt key is destroyed, but the chain does "
			    "not say so yet\n  Say it again: qmlctl data erase "
			    "%s --yes\n",
			    id);
	} else {
		jv_free(tx);
	}
	if (rc != CLI_OK) {
		jv_free(gone);
		jv_free(last);
		return rc;
	}
	said = root_of_rows(c, after);
	proof = jv_object();
	jv_put_string(proof, "schema", "qml.data_erased/1");
	jv_put_string(proof, "tx", ctl_string(last, "id"));
	jv_put_integer(proof, "height", ctl_integer(last, "height"));
	jv_put_string(proof, "root_before", before);
	if (said)
		jv_put_string(proof, "root_after", after);
	jv_put(proof, "destroyed", gone);
	if (c->json) {
		jv_put(proof, "asset", jv_copy(asset));
		rc = ctl_print_json(proof);
	} else {
		rc = print_erased(asset, proof);
	}
	jv_free(proof);
	jv_free(last);
	return rc;
}

int
ctl_data_erase(int argc, char **argv)
{
	bool yes = false;
	const struct cli_option own[] = {{"yes", NULL, &yes}};
	const struct ctl_args a = {own, 1,
	    "usage: qmlctl data erase ID --yes\n"
	    "Destroy this node's salt key, which links its rows to the roots "
	    "on the chain,\nsay so on the chain, and show what remains. It "
	    "cannot be undone, and the node\nhas no rows any more.\n",
	    2};
	struct jv *asset = NULL, *p, *v = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc != 3)
		rc = cli_error(CLI_USAGE,
		    "data erase: want an ID: qmlctl data list --json");
	if (rc == CLI_OK)
		rc = get_asset(&c, argv[2], &asset);
	if (rc == CLI_OK && !yes) {
		p = jv_object();
		jv_put_string(p, "id", argv[2]);
		jv_put_boolean(p, "dry_run", true);
		rc = ctl_call(&c, "data.erase", p, &v);
	}
	if (rc == CLI_OK && !yes)
		rc = cli_error(CLI_USAGE,
		    "this destroys the salt key of %s and of %zu other assets "
		    "for ever\n  The node then trains no more; withdrawing "
		    "alone is: qmlctl data withdraw ID\n  If that is what you "
		    "want: qmlctl data erase %s --yes",
		    ctl_string(asset, "name"), jv_len(jv_get(v, "also")),
		    argv[2]);
	if (rc == CLI_OK)
		rc = erase(&c, asset);
	jv_free(v);
	jv_free(asset);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
