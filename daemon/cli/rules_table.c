#include "daemon/cli/rules_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/plot.h"

#define CELL_LEN 16

static int
read_row(struct rules_table *t, size_t i, const struct jv *row)
{
	double worst = 1;

	if (jv_len(row) != t->nattacks)
		return -EINVAL;
	for (size_t k = 0; k < t->nattacks; k++) {
		double x = jv_real(jv_at(row, k), -1);

		if (!(x >= 0 && x <= 1))
			return -EINVAL;
		t->accuracy[i][k] = x;
		worst = x < worst ? x : worst;
	}
	t->accuracy[i][t->nattacks] = worst;
	return 0;
}

/* Insertion: as in the sweep where two are alike. */
static void
sort_rules(struct rules_table *t)
{
	for (size_t i = 1; i < t->nrules; i++)
		for (size_t k = i; k > 0 &&
		     t->accuracy[k - 1][t->nattacks] <
			 t->accuracy[k][t->nattacks];
		     k--) {
			double row[RULES_TABLE_COLUMNS + 1];
			const char *name = t->rules[k];

			memcpy(row, t->accuracy[k], sizeof(row));
			memcpy(t->accuracy[k], t->accuracy[k - 1], sizeof(row));
			memcpy(t->accuracy[k - 1], row, sizeof(row));
			t->rules[k] = t->rules[k - 1];
			t->rules[k - 1] = name;
		}
}

int
rules_table_read(struct rules_table *t, const struct jv *v)
{
	const struct jv *rules = jv_get(v, "rules");
	const struct jv *attacks = jv_get(v, "attacks");
	const struct jv *rows = jv_get(v, "accuracy");

	*t = (struct rules_table){.nrules = jv_len(rules),
	    .nattacks = jv_len(attacks),
	    .members = (unsigned)jv_int(jv_get(v, "members"), 0),
	    .liars = (unsigned)jv_int(jv_get(v, "liars"), 0),
	    .f = (unsigned)jv_int(jv_get(v, "f"), 0),
	    .rounds = (unsigned)jv_int(jv_get(v, "rounds"), 0),
	    .heldout_rows = (unsigned)jv_int(jv_get(v, "heldout_rows"), 0)};
	if (t->nrules < 1 || t->nrules > RULES_TABLE_ROWS || t->nattacks < 1 ||
	    t->nattacks > RULES_TABLE_COLUMNS || jv_len(rows) != t->nrules)
		return -EINVAL;
	for (size_t k = 0; k < t->nattacks; k++)
		t->attacks[k] = jv_text(jv_at(attacks, k), "?");
	t->attacks[t->nattacks] = "worst case";
	for (size_t i = 0; i < t->nrules; i++) {
		t->rules[i] = jv_text(jv_at(rules, i), "?");
		if (read_row(t, i, jv_at(rows, i)) < 0)
			return -EINVAL;
	}
	sort_rules(t);
	return 0;
}

static void
note_text(const struct rules_table *t, char *out, size_t len)
{
	snprintf(out, len,
	    "%u of %u members lie, f = %u; accuracy in %% on %u held-out rows "
	    "after %u rounds",
	    t->liars, t->members, t->f, t->heldout_rows, t->rounds);
}

void
rules_table_print(const struct rules_table *t, FILE *out)
{
	char note[160];

	note_text(t, note, sizeof(note));
	fprintf(out, "%s\n\n%-26s", note, "");
	for (size_t k = 0; k <= t->nattacks; k++)
		fprintf(out, " %15s", t->attacks[k]);
	for (size_t i = 0; i < t->nrules; i++) {
		fprintf(out, "\n%-26s", t->rules[i]);
		for (size_t k = 0; k <= t->nattacks; k++)
			fprintf(out, " %15.2f", 100 * t->accuracy[i][k]);
	}
	fprintf(out, "\n");
}

int
rules_table_plot(const struct rules_table *t, FILE *out)
{
	size_t n = t->nattacks + 1, ncells = t->nrules * n;
	char(*text)[CELL_LEN] = calloc(ncells, sizeof(*text));
	const char **words = calloc(ncells, sizeof(*words));
	double *shade = calloc(ncells, sizeof(*shade));
	char note[160];
	struct plot_table p = {.title = "Aggregation rules under attack",
	    .note = note,
	    .row_name = "rule",
	    .column_name = "attack",
	    .rows = t->rules,
	    .columns = t->attacks,
	    .nrows = t->nrules,
	    .ncolumns = n,
	    .shade = shade,
	    .words = words,
	    .scale = {"0 %", "100 %"},
	    .rule_after = t->nattacks};
	int rc = text && words && shade ? 0 : -ENOMEM;

	note_text(t, note, sizeof(note));
	for (size_t at = 0; rc == 0 && at < ncells; at++) {
		shade[at] = t->accuracy[at / n][at % n];
		snprintf(text[at], CELL_LEN, "%.2f", 100 * shade[at]);
		words[at] = text[at];
	}
	if (rc == 0)
		rc = plot_table(out, &p);
	free(text);
	free(words);
	free(shade);
	return rc;
}
