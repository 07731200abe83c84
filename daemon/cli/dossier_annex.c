/*
 * Annex IV of Regulation (EU) 2024/1689, point by point: what the chain knows
 * is filled in, what only a person can say is marked as theirs. A skeleton for
 * the provider's technical documentation, not the documentation, and not legal
 * advice.
 */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "daemon/cli/dossier_html.h"
#include "daemon/cli/html.h"
#include "daemon/cli/markup.h"
#include "daemon/node/jv.h"

static const char *
text_of(const struct jv *o, const char *key)
{
	return jv_text(jv_get(o, key), "");
}

static int64_t
number_of(const struct jv *o, const char *key)
{
	return jv_int(jv_get(o, key), 0);
}

static const struct jv *
last_of(const struct jv *list)
{
	return jv_at(list, jv_len(list) - 1);
}

static void
about_system(FILE *f, const struct jv *d)
{
	const struct jv *fed = jv_get(d, "federation");
	const struct jv *versions = jv_get(d, "versions");

	fputs("Federation ", f);
	markup_words(f, text_of(fed, "name"));
	fprintf(f,
	    " (%s), %zu members, founded %s. Model %s; %zu versions minted. "
	    "Software: %s, build %.16s.",
	    text_of(fed, "id"), jv_len(jv_get(fed, "members")),
	    text_of(fed, "founded"), text_of(jv_get(d, "chain"), "model"),
	    jv_len(versions), text_of(d, "made_by"), text_of(d, "build"));
}

static void
about_design(FILE *f, const struct jv *d)
{
	const struct jv *j = last_of(jv_get(d, "jobs"));
	const struct jv *t = jv_get(j, "task");

	fprintf(f,
	    "Task %s with %" PRId64 " parameters, learnt federated: each "
	    "member trains on its own rows, updates are clipped to %s and "
	    "combined by %s. Circuits run in a simulator on ordinary "
	    "computers; no quantum advantage is claimed.",
	    text_of(t, "kind"), number_of(t, "parameters"), text_of(j, "clip"),
	    text_of(j, "rule"));
	if (jv_get(j, "control"))
		fputs(" A linear model is trained beside it on the same rows, "
		      "as a control.",
		    f);
}

static void
about_data(FILE *f, const struct jv *d)
{
	const struct jv *schema = jv_get(jv_get(d, "federation"), "schema");
	const struct jv *assets = jv_get(d, "assets");

	fprintf(f, "%zu columns with public ranges, label \"",
	    jv_len(jv_get(schema, "columns")));
	markup_words(f, text_of(schema, "label"));
	fprintf(f,
	    "\" with %zu classes. %zu data assets are registered, with owner, "
	    "licence, purpose and consent: see the section on data. Rows are "
	    "not on the chain.",
	    jv_len(jv_get(schema, "labels")), jv_len(assets));
}

static void
about_oversight(FILE *f, const struct jv *d)
{
	fprintf(f,
	    "Members decide by vote, %zu proposals so far; an emergency pause "
	    "is one of the kinds. An owner can withdraw data, honoured from "
	    "the next round on.",
	    jv_len(jv_get(d, "proposals")));
}

static void
about_tests(FILE *f, const struct jv *d)
{
	const struct jv *rounds = jv_get(d, "rounds");
	const struct jv *best = NULL;

	for (size_t i = 0; i < jv_len(rounds); i++)
		if (number_of(jv_at(rounds, i), "valid_rows") > 0)
			best = jv_at(rounds, i);
	if (!best) {
		fputs("No validation rows were kept back in this job: the "
		      "chain has figures on training rows only.",
		    f);
		return;
	}
	fprintf(f,
	    "Last validated round %" PRId64 ": %" PRId64 " of %" PRId64
	    " rows kept back were classified rightly, by the members' own "
	    "count.",
	    number_of(best, "round"), number_of(best, "valid_correct"),
	    number_of(best, "valid_rows"));
}

static void
about_security(FILE *f, const struct jv *d)
{
	const struct jv *fed = jv_get(d, "federation");

	fprintf(f,
	    "Agreement by more than two thirds of the power tolerates %" PRId64
	    " faulty members; links are encrypted (Noise)%s; every step is "
	    "signed (Ed25519, not post-quantum) and in a hash-chained log "
	    "whose audit is on the first page.",
	    number_of(fed, "tolerates"),
	    jv_true(jv_get(fed, "shared_key")) ? " with a second, shared key"
					       : "");
}

static void
about_limits(FILE *f, const struct jv *d)
{
	size_t budgets = 0;
	const struct jv *assets = jv_get(d, "assets");

	for (size_t i = 0; i < jv_len(assets); i++)
		budgets +=
		    jv_get(jv_at(assets, i), "epsilon_spent_nano") != NULL;
	fprintf(f,
	    "%zu data assets have a privacy budget; what was spent is in the "
	    "section on privacy. What no chain can show is listed on the "
	    "first pages.",
	    budgets);
}

static void
about_changes(FILE *f, const struct jv *d)
{
	const struct jv *chain = jv_get(d, "chain");

	fprintf(f,
	    "%zu jobs, %zu rounds, %zu proposals and %zu model versions over "
	    "%" PRId64 " blocks, each with its place in the log.",
	    jv_len(jv_get(d, "jobs")), jv_len(jv_get(d, "rounds")),
	    jv_len(jv_get(d, "proposals")), jv_len(jv_get(d, "versions")),
	    number_of(chain, "blocks"));
}

static void
about_logs(FILE *f, const struct jv *d)
{
	(void)d;
	fputs("The chain is the automatic log of Article 12; nothing in it is "
	      "ever deleted by the software.",
	    f);
}

static const struct {
	const char *point, *title;
	void (*fact)(FILE *f, const struct jv *d); /* NULL: none */
	const char *human;
} points[] = {
    {"1", "General description", about_system,
	"Intended purpose; name and address of the provider; forms in which "
	"it is placed on the market; hardware at each member; user interface "
	"and instructions for use."},
    {"2(a) to (c)", "Development, design and architecture", about_design,
	"Why this task, circuit and rule; what the system is optimised for; "
	"assumptions about the persons it is used on; trade-offs; computing "
	"resources used."},
    {"2(d)", "Data", about_data,
	"Origin, scope and main characteristics of the data; how they were "
	"obtained and selected; labelling and cleaning; examination for "
	"bias (Article 10)."},
    {"2(e)", "Human oversight", about_oversight,
	"Measures of Article 14 where the model is used: who may overrule "
	"it, and how outputs are made interpretable."},
    {"2(f)", "Changes foreseen", NULL,
	"Changes determined beforehand and how continuous compliance is "
	"kept."},
    {"2(g)", "Validation and testing", about_tests,
	"Test data independent of the members' own; metrics for accuracy, "
	"robustness and potentially discriminatory impact; test reports, "
	"dated and signed."},
    {"2(h)", "Cybersecurity", about_security,
	"Keys and machines at each member; who may reach them."},
    {"3", "Monitoring, functioning and control", about_limits,
	"Accuracy for the persons and groups it is meant for; foreseeable "
	"unintended outcomes and risks to health, safety, fundamental rights "
	"and of discrimination; specifications of input data in use."},
    {"4", "Appropriateness of the metrics", NULL,
	"Why accuracy and loss on these rows are the right measures here."},
    {"5", "Risk management", NULL, "The risk management system of Article 9."},
    {"6", "Changes over the lifecycle", about_changes,
	"Changes made outside the federation."},
    {"7", "Standards", NULL,
	"Harmonised standards applied, or how else the requirements are met."},
    {"8", "EU declaration of conformity", NULL, "A copy (Article 47)."},
    {"9", "Post-market monitoring", about_logs,
	"The plan of Article 72(3); who keeps logs and for how long "
	"(Articles 18 and 19)."},
};

void
dossier_annex(FILE *f, const struct jv *d)
{
	html_section(f, "Annex IV of the EU AI Act: a skeleton",
	    "Technical documentation under Article 11 of Regulation (EU) "
	    "2024/1689. Blue: facts of the chain. Orange: for a person to "
	    "write. An engineering aid, not legal advice.");
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		fprintf(f, "<h3>%s &nbsp; %s</h3>\n", points[i].point,
		    points[i].title);
		if (points[i].fact) {
			fputs("<div class=\"fact\">", f);
			points[i].fact(f, d);
			fputs("</div>\n", f);
		}
		fputs("<div class=\"human\"><strong>To be written:</strong> ",
		    f);
		markup_words(f, points[i].human);
		fputs("</div>\n", f);
	}
}
