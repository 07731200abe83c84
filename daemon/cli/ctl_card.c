/*
 * ctl_card.c - model card: what the chain knows, and what qmltrain finds on a
 * file that its owner names. No row is read here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/card.h"
#include "daemon/cli/ctl_version.h"
#include "daemon/cli/process.h"
#include "proto/id.h"
#include "proto/q24.h"

#define MODEL_BYTES_MAX (64u << 20)

struct wish {
	const char *score, *groups, *model, *out;
	bool markdown;
};

static struct jv *
read_model(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(MODEL_BYTES_MAX);
	struct jv *v = NULL;
	char err[160] = "too large";
	size_t n = 0;

	if (f != NULL && text != NULL)
		n = fread(text, 1, MODEL_BYTES_MAX, f);
	if (f == NULL)
		cli_error(CLI_NOT_FOUND, "%.200s: %s", path, strerror(errno));
	else if (text == NULL)
		cli_error(CLI_FAILED, "out of memory");
	else if (n == MODEL_BYTES_MAX ||
	    (v = jv_parse(text, n, err, sizeof(err))) == NULL)
		cli_error(CLI_USAGE, "%.200s: %s", path, err);
	if (f != NULL)
		(void)fclose(f);
	free(text);
	return v;
}

/* Its parameters have the hash that the version names. */
static int
check_model(const struct jv *m, const struct jv *version)
{
	const struct jv *params = jv_get(m, "params_q24");
	const char *want =
	    jv_text(jv_get(ctl_first(version, "token"), "model"), "");
	size_t n = jv_len(params);
	int64_t *x = calloc(n + 1, sizeof(*x));
	char id[ID_TEXT_LEN];
	struct hash h;

	if (x == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	for (size_t i = 0; i < n; i++)
		x[i] = jv_int(jv_at(params, i), 0);
	h = q24_hash("qml.model", x, n);
	free(x);
	if (strcmp(id_text(ID_MODEL, &h, id), want) == 0)
		return CLI_OK;
	return cli_error(CLI_NOT_VERIFIED,
	    "the model at hand is %s, the version's is %s\n  Name an export of "
	    "that one: --model FILE",
	    id, want);
}

static FILE *
spool(const struct jv *m)
{
	FILE *f = tmpfile();
	char *text = f != NULL ? jv_dump(m) : NULL;
	bool good = text != NULL && fputs(text, f) >= 0 && fflush(f) == 0;

	free(text);
	if (f != NULL && !good) {
		(void)fclose(f);
		f = NULL;
	}
	return f;
}

static int
run_trainer(struct ctl *c, const struct wish *w, FILE *model, struct jv **score)
{
	char trainer[PROCESS_PATH_LEN], federation[HOME_PATH_LEN], file[32];
	char *argv[] = {trainer, (char *)"score", (char *)"--federation",
	    federation, (char *)"--model", file, (char *)"--data",
	    (char *)(uintptr_t)w->score, (char *)"--json",
	    w->groups != NULL ? (char *)"--groups" : NULL,
	    (char *)(uintptr_t)w->groups, NULL};
	char *text = NULL, err[160];
	int rc;

	if (c->home == NULL)
		c->home = home_default(c->home_buf, sizeof(c->home_buf));
	if (home_path(c->home, HOME_FEDERATION, federation,
		sizeof(federation)) < 0 ||
	    process_beside("qmltrain", trainer, sizeof(trainer)) < 0)
		return cli_error(CLI_FAILED, "a path is too long");
	snprintf(file, sizeof(file), "/dev/fd/%d", fileno(model));
	rc = process_capture(argv, &text);
	if (rc == 0)
		*score = jv_parse(text, strlen(text), err, sizeof(err));
	free(text);
	if (*score != NULL)
		return CLI_OK;
	return cli_error(rc == CLI_NOT_FOUND ? CLI_NOT_FOUND : CLI_FAILED,
	    "qmltrain score says no: the card would have no metrics");
}

/* As long as the ledger keeps it. */
static int
ask_model(struct ctl *c, const struct jv *version, struct jv **out)
{
	struct jv *params = jv_object();

	jv_put_string(params, "token",
	    ctl_string(ctl_first(version, "token"), "id"));
	return ctl_call(c, "model", params, out);
}

/* The version's model, from a file or the daemon, on the named rows. */
static int
find_score(struct ctl *c, const struct wish *w, const struct jv *version,
    struct jv **score)
{
	struct jv *m = NULL;
	FILE *f;
	int rc = CLI_OK;

	if (w->score == NULL)
		return CLI_OK;
	if (w->model != NULL)
		m = read_model(w->model);
	else
		rc = ask_model(c, version, &m);
	if (rc == CLI_OK && m == NULL)
		return CLI_USAGE;
	if (rc == CLI_OK && jv_get(m, "job_bytes") == NULL &&
	    !jv_true(jv_get(jv_get(version, "job"), "founding")))
		rc = cli_error(CLI_USAGE,
		    "%.200s: does not say its job, and this version is of an "
		    "ordered one\n  Export it again: qmlctl model export "
		    "--version %s",
		    w->model != NULL ? w->model : "the model",
		    ctl_string(ctl_first(version, "token"), "id"));
	if (rc == CLI_OK)
		rc = check_model(m, version);
	if (rc == CLI_OK) {
		f = spool(m);
		if (f == NULL)
			rc = cli_error(CLI_FAILED, "a temporary file: %s",
			    strerror(errno));
		else
			rc = run_trainer(c, w, f, score);
		if (f != NULL)
			(void)fclose(f);
	}
	jv_free(m);
	return rc;
}

static int
put_out(const struct ctl *c, const struct wish *w, const struct jv *card)
{
	FILE *to = w->out != NULL ? fopen(w->out, "wxe") : stdout;
	char *text = c->json ? jv_dump(card) : NULL;
	bool good;

	if (to == NULL) {
		free(text);
		return cli_error(errno == EEXIST ? CLI_CONFLICT : CLI_FAILED,
		    "%s: %s", w->out, strerror(errno));
	}
	if (c->json)
		fprintf(to, "%s\n", text != NULL ? text : "");
	else
		card_print(card, w->markdown, to);
	good = !ferror(to) && (!c->json || text != NULL);
	free(text);
	if (to != stdout)
		good = fclose(to) == 0 && good;
	return good ? CLI_OK
		    : cli_error(CLI_FAILED, "the card could not be written");
}

int
ctl_model_card(int argc, char **argv)
{
	struct wish w = {.score = NULL};
	const struct cli_option own[] = {{"score", &w.score, NULL},
	    {"groups", &w.groups, NULL}, {"model", &w.model, NULL},
	    {"out", &w.out, NULL}, {"markdown", NULL, &w.markdown}};
	const struct ctl_args a = {own, 5,
	    "usage: qmlctl model card TOKEN [--markdown] [-o FILE]\n"
	    "              [--score ROWS.csv [--groups FILE] [--model FILE]]\n"
	    "What a version is: task, circuit, data and consent, privacy, "
	    "metrics, fairness,\nlimitations, the control arm beside it. "
	    "--score: metrics by class on these rows,\nwhich qmltrain reads; "
	    "--groups: a group for each row, for fairness. Classes and\ngroups "
	    "of fewer than 30 rows are not told.\n",
	    2};
	struct jv *v = NULL, *score = NULL, *card;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc != 3)
		rc = cli_error(CLI_USAGE,
		    "model card: want a TOKEN: qmlctl model list --json");
	if (rc == CLI_OK && w.score == NULL &&
	    (w.groups != NULL || w.model != NULL))
		rc = cli_error(CLI_USAGE,
		    "--groups and --model belong to --score ROWS.csv");
	if (rc == CLI_OK)
		rc = ctl_get_version(&c, argv[2], &v);
	if (rc == CLI_OK)
		rc = find_score(&c, &w, v, &score);
	if (rc == CLI_OK) {
		card = card_make(v, score);
		rc = put_out(&c, &w, card);
		jv_free(card);
	}
	jv_free(v);
	jv_free(score);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
