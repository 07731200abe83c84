#include "daemon/cli/dossier_html.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/html.h"
#include "daemon/cli/markup.h"
#include "daemon/cli/plot.h"
#include "daemon/node/jv.h"

#define Q24 16777216.0
#define ROUNDS_SHOWN 200 /* of a longer chain the last ones */
#define LINE_LEN 256

#define COLUMNS(a) (a), sizeof(a) / sizeof((a)[0])

static const char *
text_of(const struct jv *o, const char *key)
{
	return jv_text(jv_get(o, key), "");
}

static const char *
class_of(const char *state)
{
	return strcmp(state, "proved") == 0 ? "proved"
	    : strcmp(state, "failed") == 0  ? "failed"
					    : "unknown";
}

static void
put_verdict(FILE *f, const struct jv *d)
{
	const struct jv *v = jv_get(d, "verdict");
	const char *state = text_of(v, "chain");

	fprintf(f, "<p class=\"verdict %s\"><strong>", class_of(state));
	if (strcmp(state, "proved") == 0 && jv_true(jv_get(v, "light"))) {
		fprintf(f,
		    "Signatures proved.</strong> Every block, certificate and "
		    "signature was checked again. The updates are not in this "
		    "bundle: no round, model, payment or state was computed "
		    "again, and members, data, accounts, votes and versions "
		    "below are those of block %" PRId64 ".</p>\n",
		    jv_int(jv_get(v, "state_of_block"), 0));
		return;
	}
	if (strcmp(state, "proved") == 0) {
		fputs("Proved.</strong> Every block, signature, round and "
		      "transaction of this chain was checked again from its "
		      "files alone.</p>\n",
		    f);
		return;
	}
	fprintf(f, "Not proved.</strong> Check %s fails at block %" PRId64 ": ",
	    text_of(v, "check"), jv_int(jv_get(v, "block"), 0));
	markup_words(f, text_of(v, "why"));
	fputs(".</p>\n", f);
}

static void
put_subject(FILE *f, const struct jv *d)
{
	const struct jv *fed = jv_get(d, "federation");
	const struct jv *chain = jv_get(d, "chain");
	const struct jv *again = jv_get(fed, "refounded");
	const char *by = text_of(jv_get(d, "proof"), "verificationMethod");
	char line[2 * LINE_LEN];

	fputs("<table class=\"facts\">\n", f);
	html_fact(f, "federation", text_of(fed, "name"));
	html_fact(f, "its id", text_of(fed, "id"));
	html_fact(f, "founded", text_of(fed, "founded"));
	if (again) {
		snprintf(line, sizeof(line),
		    "without a quorum, behind block %" PRId64 ", without %s",
		    jv_int(jv_get(again, "block"), 0),
		    text_of(again, "without"));
		html_fact(f, "re-founded", line);
		html_fact(f, "founded as", text_of(again, "founded_as"));
	}
	snprintf(line, sizeof(line), "%" PRId64 " blocks, the last one of %s",
	    jv_int(jv_get(chain, "blocks"), 0), text_of(chain, "head_time"));
	html_fact(f, "chain", line);
	html_fact(f, "last block", text_of(chain, "head"));
	html_fact(f, "model", text_of(chain, "model"));
	snprintf(line, sizeof(line), "%s, by %s", text_of(d, "made"),
	    text_of(d, "made_by"));
	html_fact(f, "this report", line);
	html_fact(f, "signed by",
	    *by ? by : "nobody: the report was made without a key");
	fputs("</table>\n", f);
}

static void
put_checks(FILE *f, const struct jv *d)
{
	const struct jv *list = jv_get(d, "checks");

	html_section(f, "Checks",
	    "Each is proved, failed, or cannot be known from a chain.");
	fputs("<table><thead><tr><th></th><th>check</th><th>result</th>"
	      "<th>what it means</th></tr></thead><tbody>\n",
	    f);
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *c = jv_at(list, i);
		const char *state = text_of(c, "state");

		fprintf(f, "<tr><td>%s</td><td>", text_of(c, "check"));
		markup_words(f, text_of(c, "name"));
		fprintf(f, "</td><td class=\"%s\"><strong>%s</strong></td><td>",
		    class_of(state), state);
		markup_words(f, text_of(c, "claim"));
		fputs("<br><span class=\"note\">", f);
		markup_words(f, text_of(c, "why"));
		fputs("</span></td></tr>\n", f);
	}
	fputs("</tbody></table>\n", f);
}

static void
put_members(FILE *f, const struct jv *d)
{
	static const struct html_column who[] = {
	    {"name", "member", HTML_TEXT},
	    {"node", "node", HTML_SHORT},
	    {"key", "signing key", HTML_SHORT},
	    {"power", "votes", HTML_NUMBER},
	    {"weight", "weight", HTML_NUMBER},
	    {"active", "active", HTML_FLAG},
	};
	static const struct html_column did[] = {
	    {"member", "member", HTML_TEXT},
	    {"updates", "updates", HTML_NUMBER},
	    {"refusals", "refused", HTML_NUMBER},
	    {"blocks_proposed", "blocks proposed", HTML_NUMBER},
	    {"blocks_signed", "blocks signed", HTML_NUMBER},
	};
	static const struct html_column offences[] = {
	    {"member", "member", HTML_TEXT},
	    {"kind", "signed two", HTML_TEXT},
	    {"at", "at", HTML_NUMBER},
	    {"height", "shown in block", HTML_NUMBER},
	};
	const struct jv *fed = jv_get(d, "federation");
	char line[LINE_LEN];

	snprintf(line, sizeof(line),
	    "It tolerates %" PRId64 " faulty members of equal power.",
	    jv_int(jv_get(fed, "tolerates"), 0));
	html_section(f, "Members", line);
	html_table(f, jv_get(fed, "members"), COLUMNS(who), "None.");
	html_table(f, jv_get(d, "contributions"), COLUMNS(did), "None.");
	html_table(f, jv_get(d, "offences"), COLUMNS(offences),
	    "Nobody was seen to sign two things that contradict each other.");
}

static void
put_task(FILE *f, const char *role, const struct jv *t)
{
	if (!t)
		return;
	fprintf(f, "<tr><td>%s</td><td>%s, %" PRId64 " parameters", role,
	    text_of(t, "kind"), jv_int(jv_get(t, "parameters"), 0));
	if (jv_get(t, "qubits"))
		fprintf(f, ", %" PRId64 " qubits",
		    jv_int(jv_get(t, "qubits"), 0));
	if (*text_of(t, "encoding"))
		fprintf(f, ", %s encoding", text_of(t, "encoding"));
	if (*text_of(t, "ansatz"))
		fprintf(f, ", %s", text_of(t, "ansatz"));
	fputs("</td></tr>\n", f);
}

static void
put_jobs(FILE *f, const struct jv *d)
{
	const struct jv *jobs = jv_get(d, "jobs");
	char line[LINE_LEN];

	html_section(f, "Jobs", "What was trained, in order.");
	for (size_t i = 0; i < jv_len(jobs); i++) {
		const struct jv *j = jv_at(jobs, i);

		fputs("<table class=\"facts\">\n", f);
		snprintf(line, sizeof(line), "%zu", i);
		html_fact(f, "job", line);
		html_fact(f, "its hash", text_of(j, "id"));
		put_task(f, "task", jv_get(j, "task"));
		put_task(f, "first stage", jv_get(j, "stage"));
		put_task(f, "control arm", jv_get(j, "control"));
		snprintf(line, sizeof(line), "%" PRId64,
		    jv_int(jv_get(j, "rounds"), 0));
		html_fact(f, "rounds ordered", line);
		snprintf(line, sizeof(line), "%s%s%s", text_of(j, "before"),
		    *text_of(j, "before") ? ", then " : "", text_of(j, "rule"));
		html_fact(f, "combined by", line);
		html_fact(f, "updates clipped to", text_of(j, "clip"));
		fputs("</table>\n", f);
	}
}

/* One curve: rounds numbered over all jobs. */
struct curve {
	double *x, *y;
	size_t n;
};

static bool
fill(struct curve *c, const struct jv *rounds, const char *key)
{
	size_t n = jv_len(rounds);

	c->n = 0;
	c->x = calloc(n + 1, sizeof(*c->x));
	c->y = calloc(n + 1, sizeof(*c->y));
	for (size_t i = 0; c->x && c->y && i < n; i++) {
		const struct jv *r = jv_at(rounds, i);

		if (jv_int(jv_get(r, "rows"), 0) == 0 ||
		    jv_int(jv_get(r, key), 0) == 0)
			continue;
		c->x[c->n] = (double)i;
		c->y[c->n++] = (double)jv_int(jv_get(r, key), 0) / Q24;
	}
	return c->n > 0;
}

/* Without the line that makes an SVG a document of its own. */
static void
put_picture(FILE *f, const struct plot_lines *p)
{
	char *text = NULL, *from;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	int rc;

	if (!memory)
		return;
	rc = plot_lines(memory, p);
	if (fclose(memory) == 0 && rc == 0 &&
	    (from = strstr(text, "<svg")) != NULL)
		fprintf(f, "<figure>\n%s</figure>\n", from);
	else
		fputs("<p class=\"note\">No round has a loss to draw.</p>\n",
		    f);
	free(text);
}

static void
put_curves(FILE *f, const struct jv *rounds)
{
	static const struct {
		const char *key, *name;
		bool dashed;
		unsigned colour;
	} rows[] = {
	    {"loss_after_q24", "main, training", false, 0},
	    {"valid_loss_q24", "main, validation", true, 0},
	    {"control_loss_q24", "control, training", false, 1},
	};
	struct curve c[3];
	struct plot_lines p = {.title = "Loss over rounds",
	    .note = "mean over the members' rows, as they claim it",
	    .x_name = "round",
	    .y_name = "mean loss per row"};

	for (size_t i = 0; i < 3; i++)
		if (fill(&c[i], rounds, rows[i].key))
			p.curves[p.ncurves++] =
			    (struct plot_curve){.name = rows[i].name,
				.x = c[i].x,
				.y = c[i].y,
				.n = c[i].n,
				.dashed = rows[i].dashed,
				.colour = rows[i].colour};
	put_picture(f, &p);
	for (size_t i = 0; i < 3; i++) {
		free(c[i].x);
		free(c[i].y);
	}
}

static void
put_rounds(FILE *f, const struct jv *d)
{
	static const struct html_column columns[] = {
	    {"job", "job", HTML_NUMBER},
	    {"round", "round", HTML_NUMBER},
	    {"height", "block", HTML_NUMBER},
	    {"kind", "", HTML_TEXT},
	    {"updates", "updates", HTML_NUMBER},
	    {"rows", "rows", HTML_NUMBER},
	    {"correct", "right", HTML_NUMBER},
	    {"loss_before_q24", "loss before", HTML_Q24},
	    {"loss_after_q24", "loss after", HTML_Q24},
	    {"valid_rows", "kept back", HTML_NUMBER},
	    {"valid_correct", "right", HTML_NUMBER},
	};
	const struct jv *rounds = jv_get(d, "rounds");
	size_t n = jv_len(rounds);
	size_t from = n > ROUNDS_SHOWN ? n - ROUNDS_SHOWN : 0;
	struct jv *shown = jv_array();

	html_section(f, "Rounds",
	    "Losses and counts are what members claim about their own rows.");
	put_curves(f, rounds);
	for (size_t i = from; i < n; i++)
		jv_add(shown, jv_copy(jv_at(rounds, i)));
	if (from > 0)
		fprintf(f,
		    "<p class=\"note\">The last %d of %zu rounds; the JSON "
		    "document has them all.</p>\n",
		    ROUNDS_SHOWN, n);
	html_table(f, shown, COLUMNS(columns), "No round was closed.");
	jv_free(shown);
}

static void
put_data(FILE *f, const struct jv *d)
{
	static const struct html_column assets[] = {
	    {"name", "asset", HTML_TEXT},
	    {"owner", "owner", HTML_TEXT},
	    {"state", "consent", HTML_TEXT},
	    {"rows", "rows", HTML_NUMBER},
	    {"purpose", "purpose", HTML_TEXT},
	    {"licence", "licence", HTML_TEXT},
	    {"expires", "until block", HTML_NUMBER},
	    {"rounds_used", "rounds", HTML_NUMBER},
	    {"price", "price a round", HTML_TOKENS},
	    {"root", "root of its rows", HTML_SHORT},
	};
	static const struct html_column orders[] = {
	    {"id", "order", HTML_SHORT},
	    {"buyer", "buyer", HTML_TEXT},
	    {"state", "state", HTML_TEXT},
	    {"task", "task", HTML_TEXT},
	    {"purpose", "purpose", HTML_TEXT},
	    {"rounds_run", "rounds run", HTML_NUMBER},
	    {"rounds", "of", HTML_NUMBER},
	    {"paid", "paid", HTML_TOKENS},
	};

	html_section(f, "Data and consent",
	    "Rows never leave their owner; the chain holds a salted root over "
	    "them, and the terms.");
	html_table(f, jv_get(d, "assets"), COLUMNS(assets),
	    "No data asset is registered on this chain.");
	fputs("<h3>Orders</h3>\n", f);
	html_table(f, jv_get(d, "orders"), COLUMNS(orders),
	    "Nobody ordered a job: the founding job was trained.");
}

static void
put_privacy(FILE *f, const struct jv *d)
{
	const struct jv *list = jv_get(d, "assets");
	bool any = false;

	html_section(f, "Privacy spent",
	    "Record-level differential privacy by what the updates claim, "
	    "counted in integers by the ledger.");
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *a = jv_at(list, i);

		if (!jv_get(a, "epsilon_spent_nano"))
			continue;
		any = true;
		fputs("<p><strong>", f);
		markup_words(f, text_of(a, "name"));
		fprintf(f,
		    "</strong>: epsilon %.4f of %.3f spent at delta "
		    "10<sup>-%" PRId64 "</sup>, in %" PRId64
		    " noisy steps.</p>\n",
		    jv_real(jv_get(a, "epsilon_spent_nano"), 0) / 1e9,
		    jv_real(jv_get(a, "epsilon_milli"), 0) / 1e3,
		    jv_int(jv_get(a, "delta_exp"), 0),
		    jv_int(jv_get(a, "noisy_steps"), 0));
	}
	if (!any)
		fputs("<p class=\"note\">No data asset has a privacy budget: "
		      "updates were sent without a bound on what they "
		      "disclose.</p>\n",
		    f);
}

static void
put_pay(FILE *f, const struct jv *d)
{
	const struct jv *list = jv_get(d, "contributions");
	const struct jv *t = jv_get(d, "tokens");

	html_section(f, "Contributions and pay",
	    "In the consortium's own credits, a million units each; positive "
	    "is received.");
	fprintf(f,
	    "<p>Minted %.6f, burned %.6f, in the treasury %.6f.</p>\n<ul>\n",
	    jv_real(jv_get(t, "minted"), 0) / 1e6,
	    jv_real(jv_get(t, "burned"), 0) / 1e6,
	    jv_real(jv_get(t, "treasury"), 0) / 1e6);
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *o = jv_at(list, i);
		const struct jv *u = jv_get(o, "units");
		const char *key = NULL;
		bool first = true;

		fputs("<li><strong>", f);
		markup_words(f, text_of(o, "member"));
		fputs("</strong>: ", f);
		while ((key = jv_next_key(u, key)) != NULL) {
			fprintf(f, "%s%s %+.6f", first ? "" : ", ", key,
			    jv_real(jv_get(u, key), 0) / 1e6);
			first = false;
		}
		fputs(first ? "nothing moved</li>\n" : "</li>\n", f);
	}
	fputs("</ul>\n", f);
}

static void
put_decisions(FILE *f, const struct jv *d)
{
	static const struct html_column proposals[] = {
	    {"id", "no.", HTML_NUMBER},
	    {"kind", "kind", HTML_TEXT},
	    {"title", "title", HTML_TEXT},
	    {"proposer", "by", HTML_TEXT},
	    {"state", "outcome", HTML_TEXT},
	    {"submitted", "block", HTML_NUMBER},
	    {"end", "until", HTML_NUMBER},
	    {"eta", "in force", HTML_NUMBER},
	    {"payload", "what was voted", HTML_SHORT},
	};
	static const struct html_column versions[] = {
	    {"id", "version", HTML_SHORT},
	    {"model", "model", HTML_SHORT},
	    {"owner", "owner", HTML_TEXT},
	    {"round_from", "rounds", HTML_NUMBER},
	    {"round_to", "to", HTML_NUMBER},
	    {"minted", "block", HTML_NUMBER},
	    {"royalty_ppm", "royalty, ppm", HTML_NUMBER},
	    {"uses_withdrawn_data", "withdrawn data", HTML_FLAG},
	};
	static const struct html_column credentials[] = {
	    {"id", "credential", HTML_SHORT},
	    {"issuer", "issuer", HTML_TEXT},
	    {"subject", "subject", HTML_TEXT},
	    {"issued", "block", HTML_NUMBER},
	    {"expires", "until", HTML_NUMBER},
	    {"revoked", "revoked", HTML_NUMBER},
	};

	html_section(f, "Votes", NULL);
	html_table(f, jv_get(d, "proposals"), COLUMNS(proposals),
	    "No proposal was made.");
	html_section(f, "Model versions", NULL);
	html_table(f, jv_get(d, "versions"), COLUMNS(versions),
	    "No version was minted: no job has finished.");
	html_section(f, "Credentials", NULL);
	html_table(f, jv_get(d, "credentials"), COLUMNS(credentials),
	    "None is on the chain.");
}

static void
put_blind(FILE *f, const struct jv *d)
{
	const struct jv *list = jv_get(d, "cannot_be_known");

	html_section(f, "What no chain can show", NULL);
	fputs("<ul>\n", f);
	for (size_t i = 0; i < jv_len(list); i++) {
		fputs("<li>", f);
		markup_words(f, jv_text(jv_at(list, i), ""));
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

void
dossier_html(FILE *f, const struct jv *d)
{
	const char *name = text_of(jv_get(d, "federation"), "name");
	char title[LINE_LEN];

	snprintf(title, sizeof(title), "Dossier of the federation %s", name);
	html_head(f, title);
	fputs("<h1>", f);
	markup_words(f, title);
	fputs("</h1>\n", f);
	put_verdict(f, d);
	put_subject(f, d);
	put_checks(f, d);
	put_blind(f, d);
	put_members(f, d);
	put_jobs(f, d);
	put_rounds(f, d);
	put_data(f, d);
	put_privacy(f, d);
	put_pay(f, d);
	put_decisions(f, d);
	dossier_annex(f, d);
	fputs("<footer>Made from the chain's files alone; quantum advantage: "
	      "not shown.</footer>\n",
	    f);
	html_tail(f);
}
