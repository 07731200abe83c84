#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_books.h"
#include "daemon/cli/ctl_data.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/cli/ctl_version.h"
#include "daemon/cli/process.h"
#include "daemon/cli/whole_file.h"

static const char usage[] =
    "usage: qmlctl model show [TOKEN] [OPTIONS]\n"
    "       qmlctl model export [--format json|yaml|qasm3|qasm2] [--symbolic]\n"
    "              [--version TOKEN] [-o FILE] [OPTIONS]\n"
    "       qmlctl model predict FILE.csv [--version TOKEN] [-o OUT.csv] "
    "[OPTIONS]\n"
    "The current model or a minted version, of whichever job.\n"
    "json is what `qmltrain score --model FILE` reads;\n"
    "yaml is what a new federation.yaml says to go on from it; qasm3 and\n"
    "qasm2 are its circuit with its angles or, --symbolic, names\n"
    "for them. An existing FILE is replaced when the new one is whole.\n"
    "predict: the qmltrain beside this program reads FILE and says a label\n"
    "for each row; OUT must be new.\n";

struct wish {
	const char *format, *out;
	const char *version; /* a token; NULL: the current model */
	bool symbolic;
	enum { SHOW, EXPORT, PREDICT } what;
	const char *rows; /* to predict */
};

static int
print_model(const struct jv *m)
{
	printf("model    %s\n", ctl_string(m, "model"));
	printf("is       the model that round %lld begins with, after block "
	       "%lld\n",
	    (long long)ctl_integer(m, "round"),
	    (long long)ctl_integer(m, "height"));
	printf("task     %s\n", ctl_string(m, "task"));
	if (ctl_integer(m, "qubits") > 0)
		printf("circuit  %lld qubits, %s encoding, %lld layers %s, "
		       "readout %s\n",
		    (long long)ctl_integer(m, "qubits"),
		    ctl_string(m, "encoding"),
		    (long long)ctl_integer(m, "layers"),
		    ctl_string(m, "ansatz"), ctl_string(m, "readout"));
	if (jv_get(m, "energy") != NULL)
		printf("energy   %.6f, of the angles before the last step; "
		       "qmltrain score has the exact one\n",
		    jv_real(jv_get(m, "energy"), 0));
	if (strcmp(ctl_string(m, "stage"), "none") != 0)
		printf("stage    %s before it, frozen\n",
		    ctl_string(m, "stage"));
	if (strcmp(ctl_string(m, "control"), "none") != 0)
		printf("control  %s, trained on the same rounds\n",
		    ctl_string(m, "control"));
	printf("size     %lld parameters, %lld of them angles\n",
	    (long long)ctl_integer(m, "dim"),
	    (long long)ctl_integer(m, "angles"));
	puts("next: qmlctl model export -o model.json");
	return CLI_OK;
}

static int
write_file(const char *path, const char *text)
{
	struct whole_file w;
	int rc = whole_file_open(&w, path);

	if (rc == 0) {
		fputs(text, w.f);
		rc = whole_file_close(&w, 0);
	}
	return rc < 0 ? cli_error(CLI_IO, "%s: %s", path, strerror(-rc))
		      : CLI_OK;
}

static int
put_out(const struct ctl *c, const struct jv *m, const struct wish *w,
    const char *text)
{
	struct jv *o;
	int rc = CLI_OK;

	if (w->out == NULL) {
		fputs(text, stdout);
		return CLI_OK;
	}
	rc = write_file(w->out, text);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		o = jv_object();
		jv_put_string(o, "schema", "qml.export/1");
		jv_put_string(o, "file", w->out);
		jv_put_string(o, "model", ctl_string(m, "model"));
		jv_put_integer(o, "round", ctl_integer(m, "round"));
		rc = ctl_print_json(o);
		jv_free(o);
		return rc;
	}
	printf("wrote %s  model %s of round %lld, %lld parameters\n", w->out,
	    ctl_string(m, "model"), (long long)ctl_integer(m, "round"),
	    (long long)ctl_integer(m, "dim"));
	if (strcmp(w->format, "json") == 0)
		printf("next: qmltrain score --model %s --federation "
		       "FEDERATION.yaml --data ROWS.csv\n",
		    w->out);
	else if (strcmp(w->format, "yaml") == 0)
		printf("next: put it under `job:` of a new federation.yaml\n");
	else
		printf("next: qmlsim draw %s\n", w->out);
	return CLI_OK;
}

/* The model's file, which is gone when it is closed. */
static FILE *
spool(const struct jv *m)
{
	FILE *f = tmpfile();
	char *text = f ? jv_dump(m) : NULL;
	bool good = text != NULL && fputs(text, f) >= 0 && fflush(f) == 0;

	free(text);
	if (f != NULL && !good) {
		fclose(f);
		f = NULL;
	}
	return f;
}

/* The simulator is not in this program: the trainer of this build has it. */
static int
write_circuit(struct ctl *c, const struct jv *m, const struct wish *w,
    char **text)
{
	char trainer[PROCESS_PATH_LEN], federation[HOME_PATH_LEN];
	char model[32], format[8];
	char *argv[] = {trainer, "export", "--federation", federation,
	    "--model", model, "--format", format,
	    w->symbolic ? "--symbolic" : NULL, NULL};
	const char *home = c->home;
	FILE *f;
	int rc;

	if (home == NULL)
		home = home_default(c->home_buf, sizeof(c->home_buf));
	if (home_path(home, HOME_FEDERATION, federation, sizeof(federation)) <
		0 ||
	    process_beside("qmltrain", trainer, sizeof(trainer)) < 0)
		return cli_error(CLI_FAILED, "a path is too long");
	f = spool(m);
	if (f == NULL)
		return cli_error(CLI_FAILED, "a temporary file: %s",
		    strerror(errno));
	snprintf(model, sizeof(model), "/dev/fd/%d", fileno(f));
	snprintf(format, sizeof(format), "%s", w->format);
	rc = process_capture(argv, text);
	fclose(f);
	if (rc == 0)
		return CLI_OK;
	free(*text);
	*text = NULL;
	return cli_error(rc == CLI_NOT_FOUND ? CLI_NOT_FOUND : CLI_FAILED,
	    "%s export says no%s", trainer,
	    rc == 127 ? ": it cannot be started" : "");
}

/* Takes text. */
static char *
with_line_end(char *text)
{
	size_t n = text ? strlen(text) : 0;
	char *line = text ? realloc(text, n + 2) : NULL;

	if (line == NULL) {
		free(text);
		return NULL;
	}
	memcpy(line + n, "\n", 2);
	return line;
}

/* What a job that goes on from this model says in federation.yaml. */
static char *
as_start(const struct jv *m)
{
	const struct jv *params = jv_get(m, "params_q24");
	size_t n = jv_len(params), len = 160 + n * 28, at;
	char *text = malloc(len);

	if (text == NULL)
		return NULL;
	at = (size_t)snprintf(text, len,
	    "  start_model: \"%s\"\n  start_params: |\n",
	    ctl_string(m, "model"));
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, len - at, "    %lld\n",
		    (long long)jv_int(jv_at(params, i), 0));
	return text;
}

static int
export_model(struct ctl *c, const struct jv *m, const struct wish *w)
{
	char *text = NULL;
	int rc = CLI_OK;

	if (strcmp(w->format, "yaml") == 0) {
		text = as_start(m);
		if (text == NULL)
			rc = cli_error(CLI_FAILED, "out of memory");
	} else if (strcmp(w->format, "json") != 0) {
		rc = write_circuit(c, m, w, &text);
	} else {
		text = with_line_end(jv_dump(m));
		if (text == NULL)
			rc = cli_error(CLI_FAILED, "out of memory");
	}
	if (rc == CLI_OK)
		rc = put_out(c, m, w, text);
	free(text);
	return rc;
}

/* The rows are read by the trainer, which this process becomes. */
static int
predict(struct ctl *c, const struct jv *m, const struct wish *w)
{
	char federation[HOME_PATH_LEN], model[32];
	char *argv[] = {(char *)"qmltrain", (char *)"predict",
	    (char *)"--federation", federation, (char *)"--model", model,
	    (char *)"--data", (char *)(uintptr_t)w->rows,
	    w->out != NULL ? (char *)"--out" : NULL, (char *)(uintptr_t)w->out,
	    NULL};
	const char *home = c->home;
	FILE *f;

	if (home == NULL)
		home = home_default(c->home_buf, sizeof(c->home_buf));
	if (home_path(home, HOME_FEDERATION, federation, sizeof(federation)) <
	    0)
		return cli_error(CLI_FAILED, "a path is too long");
	f = spool(m);
	if (f == NULL)
		return cli_error(CLI_FAILED, "a temporary file: %s",
		    strerror(errno));
	snprintf(model, sizeof(model), "/dev/fd/%d", fileno(f));
	return ctl_become_trainer(argv);
}

static int
parse_wish(struct wish *w, int argc, char **argv)
{
	static const char *const words[] = {"show", "export", "predict"};
	size_t i = 0;

	while (argc > 1 && i < 3 && strcmp(argv[1], words[i]) != 0)
		i++;
	if (i == 3)
		return cli_error(CLI_USAGE,
		    "model: there is no \"%.40s\"; want show, export or "
		    "predict",
		    argv[1]);
	w->what = i == 0 ? SHOW : i == 1 ? EXPORT : PREDICT;
	w->rows = argc > 2 ? argv[2] : NULL;
	if ((w->what == PREDICT) == (w->rows == NULL))
		return cli_error(CLI_USAGE, "model %s: want %s", words[i],
		    w->rows ? "no further word"
			    : "a file: model predict "
			      "FILE.csv");
	return CLI_OK;
}

static int
check_wish(const struct wish *w)
{
	bool qasm = strcmp(w->format, "qasm3") == 0;

	if (!qasm && strcmp(w->format, "qasm2") != 0 &&
	    strcmp(w->format, "json") != 0 && strcmp(w->format, "yaml") != 0)
		return cli_error(CLI_USAGE,
		    "--format: \"%.40s\" is not known; want json, yaml, qasm3 "
		    "or qasm2",
		    w->format);
	if (w->symbolic && !qasm)
		return cli_error(CLI_USAGE,
		    "--symbolic wants --format qasm3: %s has no symbols",
		    w->format);
	if (w->what == SHOW && w->version != NULL)
		return cli_error(CLI_USAGE,
		    "--version belongs to export and predict; see qmlctl "
		    "model show TOKEN");
	if (w->what == SHOW && w->out != NULL)
		return cli_error(CLI_USAGE,
		    "-o belongs to export: qmlctl model export -o %.200s",
		    w->out);
	return CLI_OK;
}

static int
show_model(int argc, char **argv)
{
	struct wish w = {.format = "json"};
	const struct cli_option own[] = {{"format", &w.format, NULL},
	    {"out", &w.out, NULL}, {"symbolic", NULL, &w.symbolic},
	    {"version", &w.version, NULL}};
	const struct ctl_args a = {own, 4, usage, 2};
	struct jv *m = NULL, *params = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	rc = parse_wish(&w, argc, argv);
	if (rc == CLI_OK)
		rc = check_wish(&w);
	if (rc != CLI_OK)
		return rc;
	if (w.version != NULL) {
		params = jv_object();
		jv_put_string(params, "token", w.version);
	}
	rc = ctl_call(&c, "model", params, &m);
	if (rc == CLI_OK && w.what == EXPORT)
		rc = export_model(&c, m, &w);
	else if (rc == CLI_OK && w.what == PREDICT)
		rc = predict(&c, m, &w);
	else if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(m) : print_model(m);
	jv_free(m);
	ctl_close(&c);
	return rc;
}

int
ctl_cmd_model(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (ctl_books_has("model", argv[i]))
			return ctl_books_command("model", argc, argv);
		if (strcmp(argv[i], "card") == 0)
			return ctl_model_card(argc, argv);
		if (strcmp(argv[i], "history") == 0)
			return ctl_model_history(argc, argv);
		/* A version, where one is named; else the current model. */
		if (strcmp(argv[i], "show") == 0 && i + 1 < argc &&
		    argv[i + 1][0] != '-')
			return ctl_model_version(argc, argv);
	}
	return show_model(argc, argv);
}
