/*
 * card_text.c - a model's card for people: plain, or Markdown with the
 * headings of model cards elsewhere.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/cli/card.h"
#include "daemon/node/plain.h"

#define LINE_LEN 512

struct pen {
	FILE *to;
	bool markdown;
};

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

/* Names are others' texts: no line of ours may be made by them. */
static void
put_text(const struct pen *p, const char *s)
{
	size_t n;

	for (; *s != '\0'; s++) {
		if (p->markdown && strchr("\\`*_[]<>|#", *s) != NULL)
			fputc('\\', p->to);
		n = plain_acts(s);
		fputc(n > 0 ? '?' : *s, p->to);
		s += n > 0 ? n - 1 : 0;
	}
}

static void
head(const struct pen *p, const char *title)
{
	fprintf(p->to, p->markdown ? "\n## %s\n\n" : "\n%s\n", title);
}

__attribute__((format(printf, 3, 4))) static void
item(const struct pen *p, const char *name, const char *format, ...)
{
	char line[LINE_LEN];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (name[0] == '\0')
		fputs(p->markdown ? "- " : "  ", p->to);
	else
		fprintf(p->to, p->markdown ? "- **%s**: " : "  %-18s", name);
	put_text(p, line);
	fputc('\n', p->to);
}

/* "1414/1442 (98.06 %)" */
static const char *
share(const struct jv *f, char out[static 64])
{
	if (jv_get(f, "exact") == NULL)
		return "not known";
	snprintf(out, 64, "%s (%.2f %%)", text_of(f, "exact"),
	    jv_real(jv_get(f, "ppm"), 0) / 10000);
	return out;
}

static void
front_matter(const struct pen *p, const struct jv *card)
{
	const struct jv *v = jv_get(card, "version");
	const struct jv *data = jv_get(card, "data");

	fprintf(p->to,
	    "---\nlibrary_name: qmlnode\ntags:\n- federated-learning\n"
	    "- quantum-machine-learning\n");
	if (jv_get(v, "parent") != NULL)
		fprintf(p->to, "base_model: %s\n", text_of(v, "parent"));
	for (size_t i = 0; i < jv_len(data); i++)
		fprintf(p->to, "%s- %s\n", i == 0 ? "datasets:\n" : "",
		    text_of(jv_at(data, i), "id"));
	fprintf(p->to, "---\n\n# Model card\n");
}

static void
print_version(const struct pen *p, const struct jv *card)
{
	const struct jv *v = jv_get(card, "version");
	const struct jv *shares = jv_get(card, "shares");
	char line[LINE_LEN] = "";
	size_t n = 0;

	head(p, "Version");
	item(p, "token", "%s", text_of(v, "id"));
	item(p, "model", "%s", text_of(v, "model"));
	item(p, "owner", "%s", text_of(v, "owner"));
	if (jv_get(v, "user") != NULL)
		item(p, "user", "%s, until block %" PRId64, text_of(v, "user"),
		    number_of(v, "user_until"));
	item(p, "parent", "%s",
	    jv_get(v, "parent") != NULL ? text_of(v, "parent") : "none");
	item(p, "minted", "in block %" PRId64 "; card as of block %" PRId64,
	    number_of(v, "minted"), number_of(card, "height"));
	for (size_t i = 0; i < jv_len(shares) && n < sizeof(line); i++)
		n +=
		    (size_t)snprintf(line + n, sizeof(line) - n, "%s%s %.4f %%",
			i ? ", " : "", text_of(jv_at(shares, i), "member"),
			jv_real(jv_get(jv_at(shares, i), "ppm"), 0) / 10000);
	item(p, "shares", "%s", line);
}

static void
print_training(const struct pen *p, const struct jv *card)
{
	const struct jv *job = jv_get(card, "job");
	const struct jv *t = jv_get(card, "training");

	head(p, "Training");
	if (job == NULL)
		item(p, "task", "not known: the job's bytes are not here");
	else
		item(p, "task", "%s, control arm: %s", text_of(job, "task"),
		    text_of(job, "control"));
	if (number_of(job, "qubits") > 0)
		item(p, "circuit",
		    "%" PRId64 " qubits, %s encoding, %" PRId64
		    " layers %s, readout %s, %" PRId64 " angles",
		    number_of(job, "qubits"), text_of(job, "encoding"),
		    number_of(job, "layers"), text_of(job, "ansatz"),
		    text_of(job, "readout"), number_of(job, "angles"));
	if (text_of(job, "circuit")[0] != '\0')
		item(p, "circuit text", "%s", text_of(job, "circuit"));
	if (job != NULL)
		item(p, "rule", "%s", text_of(job, "rule"));
	item(p, "rounds",
	    "%" PRId64 " aggregated, %" PRId64 " skipped, at most %" PRId64
	    " updates each",
	    number_of(t, "aggregated"), number_of(t, "skipped"),
	    number_of(t, "updates_max"));
}

static void
print_data(const struct pen *p, const struct jv *card)
{
	const struct jv *data = jv_get(card, "data");

	head(p, "Data");
	if (jv_len(data) == 0)
		item(p, "", "no registered data asset");
	for (size_t i = 0; i < jv_len(data); i++) {
		const struct jv *a = jv_at(data, i);

		item(p, "",
		    "%s of %s: %" PRId64 " rows, %" PRId64
		    " rounds, purpose \"%s\", licence \"%s\", consent: %s%s",
		    text_of(a, "name"), text_of(a, "owner"),
		    number_of(a, "rows"), number_of(a, "rounds"),
		    text_of(a, "purpose"), text_of(a, "licence"),
		    text_of(a, "state"),
		    jv_true(jv_get(a, "flagged")) ? "  FLAGGED" : "");
	}
}

static void
print_privacy(const struct pen *p, const struct jv *card)
{
	const struct jv *v = jv_get(card, "privacy");
	const struct jv *list = jv_get(v, "assets");

	head(p, "Privacy");
	if (!jv_true(jv_get(v, "noise")))
		item(p, "noise", "none: no differential privacy is claimed");
	else
		item(p, "noise",
		    "record level; multiplier %.3f, sampling rate %.6f, "
		    "%" PRId64 " noisy steps a round",
		    jv_real(jv_get(v, "sigma_milli"), 0) / 1000,
		    jv_real(jv_get(v, "q_ppb"), 0) / 1e9,
		    number_of(v, "steps_a_round"));
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *a = jv_at(list, i);

		item(p, "spent",
		    "%s: epsilon %.3f of %.3f at delta 1e-%" PRId64
		    ", in all jobs together",
		    text_of(a, "asset"),
		    jv_real(jv_get(a, "epsilon_spent_nano"), 0) / 1e9,
		    jv_real(jv_get(a, "epsilon_milli"), 0) / 1000,
		    number_of(a, "delta_exp"));
	}
}

static void
print_classes(const struct pen *p, const struct jv *classes)
{
	char a[64], b[64];

	for (size_t i = 0; i < jv_len(classes); i++) {
		const struct jv *c = jv_at(classes, i);

		if (jv_true(jv_get(c, "suppressed")))
			item(p, "",
			    "class %s: insufficient, fewer than %d rows",
			    text_of(c, "class"), CARD_ROWS_MIN);
		else
			item(p, "",
			    "class %s: recall %s, precision %s, %" PRId64
			    " rows",
			    text_of(c, "class"), share(jv_get(c, "recall"), a),
			    share(jv_get(c, "precision"), b),
			    number_of(c, "rows"));
	}
}

static void
print_metrics(const struct pen *p, const struct jv *card)
{
	const struct jv *m = jv_get(card, "metrics");
	const struct jv *last = jv_get(card, "claimed");
	const struct jv *control = jv_get(card, "control");
	char a[64], b[64];

	head(p, "Metrics");
	if (m != NULL)
		item(p, "accuracy", "%s on the %" PRId64 " rows of a file",
		    share(jv_get(m, "accuracy"), a), number_of(m, "rows"));
	print_classes(p, jv_get(m, "classes"));
	if (number_of(last, "rows") > 0)
		item(p, "claimed",
		    "%" PRId64 " of %" PRId64
		    " rows right, on the members' own rows before the last "
		    "step",
		    number_of(last, "correct"), number_of(last, "rows"));
	else if (jv_true(jv_get(jv_get(card, "job"), "private")))
		item(p, "claimed",
		    "nothing: the job adds noise, and its members tell no "
		    "figures");
	if (control == NULL)
		item(p, "control arm", "none was trained");
	else if (number_of(control, "rows") == 0)
		item(p, "control arm", "trained beside; measured on %s",
		    text_of(control, "on"));
	else
		item(p, "control arm", "model %s, control %s on %s; ahead: %s",
		    share(jv_get(control, "model"), a),
		    share(jv_get(control, "control"), b),
		    text_of(control, "on"), text_of(control, "ahead"));
	item(p, "quantum advantage", "%s", text_of(card, "quantum_advantage"));
}

static void
print_fairness(const struct pen *p, const struct jv *card)
{
	const struct jv *f = jv_get(card, "fairness");
	const struct jv *groups = jv_get(f, "groups");
	const struct jv *gaps = jv_get(f, "gaps");
	char a[64], b[64];

	head(p, "Fairness");
	if (f == NULL)
		item(p, "", "not measured: no groups were given");
	for (size_t i = 0; i < jv_len(groups); i++) {
		const struct jv *g = jv_at(groups, i);

		if (jv_true(jv_get(g, "suppressed")))
			item(p, "",
			    "group %s: insufficient, fewer than %" PRId64
			    " rows",
			    text_of(g, "group"), number_of(f, "rows_min"));
		else if (jv_get(g, "rows") == NULL)
			item(p, "", "group %s: %" PRId64 " rows or more",
			    text_of(g, "group"), number_of(f, "rows_min"));
		else
			item(p, "", "group %s: %" PRId64 " rows",
			    text_of(g, "group"), number_of(g, "rows"));
	}
	for (size_t i = 0; i < jv_len(gaps); i++) {
		const struct jv *g = jv_at(gaps, i);

		item(p, "",
		    "class %s: demographic parity gap %s, equalised odds gap "
		    "%s",
		    text_of(g, "class"),
		    share(jv_get(g, "demographic_parity"), a),
		    share(jv_get(g, "equalised_odds"), b));
	}
}

void
card_print(const struct jv *card, bool markdown, FILE *to)
{
	const struct pen p = {to, markdown};
	const struct jv *limits = jv_get(card, "limitations");

	if (markdown)
		front_matter(&p, card);
	else
		fputs("Model card\n", to);
	print_version(&p, card);
	print_training(&p, card);
	print_data(&p, card);
	print_privacy(&p, card);
	print_metrics(&p, card);
	print_fairness(&p, card);
	head(&p, "Limitations");
	for (size_t i = 0; i < jv_len(limits); i++)
		item(&p, "", "%s", jv_text(jv_at(limits, i), ""));
}
