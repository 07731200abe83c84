#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_file.h"
#include "daemon/cli/ctl.h"
#include "daemon/cli/plot.h"
#include "daemon/cli/process.h"
#include "daemon/cli/rules_table.h"
#include "daemon/cli/whole_file.h"

#define ROUNDS_MAX 1000
#define JSON_BYTES_MAX (1u << 20)
#define CELL_LEN 16

static const char usage[] =
    "usage: qmlctl plot loss -o FILE.svg [--n N] [OPTIONS]\n"
    "       qmlctl plot confusion ROWS.csv -o FILE.svg [OPTIONS]\n"
    "       qmlctl plot rules SWEEP.json -o FILE.svg\n"
    "A picture for a report: white ground, axes with units, numbers in every\n"
    "cell. loss: the last N rounds (1000) that the daemon remembers, the mean\n"
    "of what members claim. confusion: the current model on rows that\n"
    "qmltrain reads. rules: what `qmlnode demo --sweep --json` printed.\n"
    "An existing FILE is replaced when the new one is whole.\n";

struct plot_wish {
	const char *what, *source, *out, *rounds;
};

static int
canvas_open(struct whole_file *c, const char *out)
{
	int rc = whole_file_open(c, out);

	return rc < 0 ? cli_error(CLI_IO, "%s: %s", out, strerror(-rc))
		      : CLI_OK;
}

/* rc: of the drawing, 0 or -errno. */
static int
canvas_close(struct whole_file *c, int rc)
{
	const char *out = c->place;

	rc = whole_file_close(c, rc);
	if (rc == 0) {
		printf("wrote %s\n", out);
		return CLI_OK;
	}
	return rc == -EINVAL
	    ? cli_error(CLI_NOT_FOUND, "there is nothing to draw yet")
	    : cli_error(CLI_IO, "%s: %s", out, strerror(-rc));
}

/* One curve out of the rounds: those that have a number under this key. */
struct series {
	const char *key, *name;
	bool dashed;
	unsigned colour;
	double x[ROUNDS_MAX], y[ROUNDS_MAX];
	size_t n;
};

static void
fill_series(struct series *s, const struct jv *rounds)
{
	for (size_t i = 0; i < jv_len(rounds) && s->n < ROUNDS_MAX; i++) {
		const struct jv *r = jv_at(rounds, i);
		double y = jv_real(jv_get(r, s->key), NAN);

		if (strcmp(ctl_string(r, "kind"), "skip") == 0 || !isfinite(y))
			continue;
		s->x[s->n] = (double)ctl_integer(r, "round");
		s->y[s->n++] = y;
	}
}

static int
draw_loss(const struct jv *rounds, FILE *out)
{
	static struct series all[] = {
	    {.key = "loss_after", .name = "main, training"},
	    {.key = "valid_loss", .name = "main, validation", .dashed = true},
	    {.key = "control_loss", .name = "control, training", .colour = 1},
	    {.key = "valid_control_loss",
		.name = "control, validation",
		.dashed = true,
		.colour = 1},
	};
	struct plot_lines p = {.title = "Loss over rounds",
	    .note = "mean over the members' rows, as they claim it; no single "
		    "member's rows are shown",
	    .x_name = "round",
	    .y_name = "mean loss per row"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct series *s = &all[i];

		fill_series(s, rounds);
		if (s->n == 0)
			continue;
		p.curves[p.ncurves++] = (struct plot_curve){.name = s->name,
		    .x = s->x,
		    .y = s->y,
		    .n = s->n,
		    .dashed = s->dashed,
		    .colour = s->colour};
	}
	return plot_lines(out, &p);
}

static int
plot_loss(struct ctl *c, const struct plot_wish *w)
{
	struct jv *params = jv_object(), *answer = NULL;
	struct whole_file canvas;
	uint64_t n = ROUNDS_MAX;
	int rc;

	if (w->rounds != NULL &&
	    (!ctl_number(w->rounds, &n) || n < 1 || n > ROUNDS_MAX)) {
		jv_free(params);
		return cli_error(CLI_USAGE, "-n: want 1 to %d", ROUNDS_MAX);
	}
	jv_put_integer(params, "n", (int64_t)n);
	rc = ctl_call(c, "rounds", params, &answer);
	if (rc == CLI_OK)
		rc = canvas_open(&canvas, w->out);
	if (rc == CLI_OK)
		rc = canvas_close(&canvas,
		    draw_loss(jv_get(answer, "rounds"), canvas.f));
	jv_free(answer);
	return rc;
}

/* Rows by row, dark where most of a true class go. */
static int
draw_confusion(const struct jv *score, const struct federation *f, FILE *out)
{
	const struct jv *rows = jv_get(score, "confusion");
	size_t n = f->nlabels, ncells = n * n;
	char(*text)[CELL_LEN] = calloc(ncells + 1, sizeof(*text));
	const char **words = calloc(ncells + 1, sizeof(*words));
	const char **names = calloc(n + 1, sizeof(*names));
	double *shade = calloc(ncells + 1, sizeof(*shade));
	char note[160];
	struct plot_table p = {.title = "What the model says",
	    .note = note,
	    .row_name = "true class",
	    .column_name = "the model's class",
	    .rows = names,
	    .columns = names,
	    .nrows = n,
	    .ncolumns = n,
	    .shade = shade,
	    .words = words,
	    .scale = {"none of the class", "all of it"}};
	int rc = text && words && names && shade ? 0 : -ENOMEM;

	if (rc == 0 && (n < 1 || jv_len(rows) != n))
		rc = -EINVAL;
	snprintf(note, sizeof(note),
	    "rows of each true class by what the model says; %.2f %% of %lld "
	    "rows are right",
	    100 * jv_real(jv_get(score, "accuracy"), 0),
	    (long long)ctl_integer(score, "rows"));
	for (size_t at = 0; rc == 0 && n > 0 && at < ncells; at++) {
		const struct jv *row = jv_at(rows, at / n);
		int64_t total = 0, count = jv_int(jv_at(row, at % n), 0);

		for (size_t k = 0; k < n; k++)
			total += jv_int(jv_at(row, k), 0);
		names[at / n] = f->labels[at / n];
		shade[at] = total > 0 ? (double)count / (double)total : 0;
		snprintf(text[at], CELL_LEN, "%lld", (long long)count);
		words[at] = text[at];
	}
	if (rc == 0)
		rc = plot_table(out, &p);
	free(text);
	free(words);
	free(names);
	free(shade);
	return rc;
}

static int
load_federation(const char *path, struct federation *f)
{
	struct config_error e = {.file = path};
	int rc = federation_file_load(f, path, false, &e);

	if (rc == 0)
		return CLI_OK;
	return cli_error(rc == -ENOENT ? CLI_NOT_FOUND : CLI_CONFIG, "%s: %s",
	    path, rc == -EINVAL ? e.text : strerror(-rc));
}

/* The trainer reads the rows, nobody else does. */
static int
ask_score(struct ctl *c, const char *federation, const char *rows,
    struct jv **score)
{
	char trainer[PROCESS_PATH_LEN], model[32], why[256], *text = NULL;
	char *argv[] = {trainer, (char *)"score", (char *)"--federation",
	    (char *)(uintptr_t)federation, (char *)"--data",
	    (char *)(uintptr_t)rows, (char *)"--model", model, (char *)"--json",
	    NULL};
	struct jv *m = NULL;
	FILE *f = NULL;
	int rc = ctl_call(c, "model", NULL, &m);

	if (rc != CLI_OK)
		return rc;
	text = jv_dump(m);
	jv_free(m);
	f = tmpfile();
	if (text == NULL || f == NULL || fputs(text, f) < 0 || fflush(f) != 0 ||
	    process_beside("qmltrain", trainer, sizeof(trainer)) < 0)
		rc = cli_error(CLI_IO, "a temporary file: %s", strerror(errno));
	free(text);
	text = NULL;
	if (rc == CLI_OK) {
		snprintf(model, sizeof(model), "/dev/fd/%d", fileno(f));
		rc = process_capture(argv, &text);
		*score = rc == 0
		    ? jv_parse(text, strlen(text), why, sizeof(why))
		    : NULL;
		if (*score == NULL)
			rc = cli_error(rc > 0 ? rc : CLI_FAILED,
			    "qmltrain score says no");
	}
	free(text);
	if (f != NULL)
		fclose(f);
	return rc;
}

static int
plot_confusion(struct ctl *c, const struct plot_wish *w)
{
	const char *home = c->home;
	char path[HOME_PATH_LEN];
	struct federation f = FEDERATION_INIT;
	struct jv *score = NULL;
	struct whole_file canvas;
	int rc;

	if (home == NULL)
		home = home_default(c->home_buf, sizeof(c->home_buf));
	if (home_path(home, HOME_FEDERATION, path, sizeof(path)) < 0)
		return cli_error(CLI_FAILED, "a path is too long");
	rc = load_federation(path, &f);
	if (rc == CLI_OK)
		rc = ask_score(c, path, w->source, &score);
	if (rc == CLI_OK)
		rc = canvas_open(&canvas, w->out);
	if (rc == CLI_OK)
		rc = canvas_close(&canvas, draw_confusion(score, &f, canvas.f));
	jv_free(score);
	federation_close(&f);
	return rc;
}

static int
plot_rules(const struct plot_wish *w)
{
	char why[256] = "", *text = calloc(1, JSON_BYTES_MAX + 1);
	FILE *in = text ? fopen(w->source, "r") : NULL;
	struct rules_table t;
	struct whole_file canvas;
	struct jv *v = NULL;
	size_t n;
	int rc = CLI_OK;

	if (in == NULL) {
		free(text);
		return cli_error(CLI_NOT_FOUND, "%s: %s", w->source,
		    strerror(errno));
	}
	n = fread(text, 1, JSON_BYTES_MAX, in);
	fclose(in);
	v = jv_parse(text, n, why, sizeof(why));
	free(text);
	if (v == NULL || rules_table_read(&t, v) < 0)
		rc = cli_error(CLI_FAILED,
		    "%s: not what `qmlnode demo --sweep --json` prints%s%s",
		    w->source, why[0] != '\0' ? ": " : "", why);
	if (rc == CLI_OK)
		rc = canvas_open(&canvas, w->out);
	if (rc == CLI_OK)
		rc = canvas_close(&canvas, rules_table_plot(&t, canvas.f));
	jv_free(v);
	return rc;
}

static int
check_plot_wish(struct plot_wish *w, int argc, char **argv)
{
	bool loss;

	w->what = argc > 1 ? argv[1] : "";
	w->source = argc > 2 ? argv[2] : NULL;
	loss = strcmp(w->what, "loss") == 0;
	if (!loss && strcmp(w->what, "confusion") != 0 &&
	    strcmp(w->what, "rules") != 0)
		return cli_error(CLI_USAGE,
		    "plot: \"%.40s\" is not known; want loss, confusion or "
		    "rules",
		    w->what);
	if (loss != (w->source == NULL))
		return cli_error(CLI_USAGE, "plot %s: want %s", w->what,
		    loss ? "no further word"
			: strcmp(w->what, "rules") == 0
			? "the file that `qmlnode demo --sweep --json` printed"
			: "a file of labelled rows to test the model on");
	if (w->out == NULL)
		return cli_error(CLI_USAGE, "plot %s: want -o FILE.svg",
		    w->what);
	return CLI_OK;
}

int
ctl_cmd_plot(int argc, char **argv)
{
	struct plot_wish w = {NULL, NULL, NULL, NULL};
	const struct cli_option own[] = {{"out", &w.out, NULL},
	    {"n", &w.rounds, NULL}};
	const struct ctl_args a = {own, 2, usage, 2};
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	rc = check_plot_wish(&w, argc, argv);
	if (rc == CLI_OK && strcmp(w.what, "loss") == 0)
		rc = plot_loss(&c, &w);
	else if (rc == CLI_OK && strcmp(w.what, "confusion") == 0)
		rc = plot_confusion(&c, &w);
	else if (rc == CLI_OK)
		rc = plot_rules(&w);
	ctl_close(&c);
	return rc;
}
