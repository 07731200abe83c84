#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/describe.h"
#include "daemon/trainer/recipe.h"
#include "proto/id.h"
#include "proto/q24.h"
#include "sim/circuit/circuit_program.h"
#include "sim/circuit/qasm_write.h"
#include "sim/learn/vqc.h"

struct wish {
	const char *federation, *model, *format, *data, *row;
	bool symbolic;
};

struct export
{
	struct federation federation;
	struct session session; /* of --data */
	struct task task;
	double *params;    /* [dim] */
	const double *row; /* of the session, scaled; or NULL */
	bool symbolic;
	enum qasm_dialect dialect;
};

static int
read_words(int argc, char **argv, struct wish *w)
{
	const struct args_option options[] = {
	    {"federation", &w->federation, NULL, true},
	    {"model", &w->model, NULL, true},
	    {"format", &w->format, NULL, false},
	    {"symbolic", NULL, &w->symbolic, false},
	    {"data", &w->data, NULL, false},
	    {"row", &w->row, NULL, false},
	};

	if (args_parse(argc, argv, options, 6) < 0)
		return TOOL_USAGE;
	if ((w->data == NULL) == (w->row == NULL))
		return TOOL_DONE;
	fprintf(stderr,
	    "qmltrain: --data CSV and --row N come together: the "
	    "row whose features are put in\n");
	return TOOL_USAGE;
}

static int
read_format(struct export *x, const struct wish *w)
{
	x->symbolic = w->symbolic;
	if (w->format == NULL || strcmp(w->format, "qasm3") == 0)
		x->dialect = QASM_DIALECT_3;
	else if (strcmp(w->format, "json") == 0)
		x->dialect = QASM_DIALECT_JSON;
	else if (strcmp(w->format, "qasm2") == 0)
		x->dialect = QASM_DIALECT_2;
	else {
		fprintf(stderr,
		    "qmltrain: --format: want qasm3, qasm2 or "
		    "json, got \"%s\"\n",
		    w->format);
		return TOOL_USAGE;
	}
	if (x->dialect == QASM_DIALECT_2 && x->symbolic) {
		fprintf(stderr,
		    "qmltrain: OpenQASM 2 has no symbols; use "
		    "--format qasm3 for --symbolic\n");
		return TOOL_USAGE;
	}
	return TOOL_DONE;
}

static int
open_task(struct export *x)
{
	char err[TABLE_ERR_LEN];

	if (recipe_task(&x->federation, JOB_MAIN, &x->task, err, sizeof(err)) <
	    0) {
		fprintf(stderr, "qmltrain: %s\n", err);
		return TOOL_FAILED;
	}
	if (x->task.nangles > 0)
		return TOOL_DONE;
	fprintf(stderr,
	    "qmltrain: the job's task is %s: it has no circuit; "
	    "its model is `qmlctl model export --format json`\n",
	    x->task.spec.name);
	return TOOL_FAILED;
}

static int
open_model(struct export *x, const char *path)
{
	int64_t *q24 = NULL;
	int rc = tool_load_model(path, &x->federation, &q24);
	uint32_t dim = x->federation.job.dim, i;

	if (rc != TOOL_DONE)
		return rc;
	x->params = calloc(dim, sizeof(*x->params));
	for (i = 0; x->params != NULL && i < dim; i++)
		x->params[i] = q24_to_double(q24[i]);
	free(q24);
	if (x->params != NULL)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: not enough memory\n");
	return TOOL_FAILED;
}

static int
open_row(struct export *x, const struct wish *w)
{
	const struct session_source source = {.data = w->data,
	    .unlabelled = true,
	    .show_values = true};
	uint64_t range[2] = {1, UINT32_MAX}, n = 1;
	int rc;

	if (w->data == NULL)
		return TOOL_DONE;
	if (args_number("row", w->row, range, &n) < 0)
		return TOOL_USAGE;
	rc = tool_open_session(&x->session, &x->federation, &source, NULL);
	if (rc != TOOL_DONE)
		return rc;
	if (n > x->session.rows.n) {
		fprintf(stderr, "qmltrain: --row: %s has %zu rows\n", w->data,
		    x->session.rows.n);
		return TOOL_NOT_FOUND;
	}
	x->row = x->session.rows.features + (n - 1) * x->session.rows.d;
	return TOOL_DONE;
}

/* Observable k as its text, "Z0" or "Z0 Z1". */
static void
name_observable(const struct task *t, size_t k, char *out, size_t len)
{
	size_t n = t->spec.nqubits, i = 0;

	if (k < n) {
		snprintf(out, len, "Z%zu", k);
		return;
	}
	for (k -= n; k >= n - 1 - i; i++)
		k -= n - 1 - i;
	snprintf(out, len, "Z%zu Z%zu", i, i + 1 + k);
}

/* Names are the members' and may hold anything but control characters. */
static void
comment_features(const struct export *x)
{
	const struct federation *f = &x->federation;
	char lo[DECIMAL_TEXT_LEN], hi[DECIMAL_TEXT_LEN];
	unsigned i;

	if (x->row != NULL) {
		printf("// The features of one row are put in.\n");
		return;
	}
	if (x->dialect == QASM_DIALECT_2 ||
	    x->task.spec.encoding == TASK_ENC_AMPLITUDE) {
		printf("// The encoding is left out: %s\n",
		    x->task.spec.encoding == TASK_ENC_AMPLITUDE
			? "the register starts in amplitudes x_i / |x|."
			: "before it come ry(pi * x_i) q[i].");
	}
	for (i = 0; i < f->ncolumns; i++) {
		decimal_text(&f->columns[i].lo, lo);
		decimal_text(&f->columns[i].hi, hi);
		printf("// x_%u = (column \"%s\" - %s) / (%s - %s)\n", i,
		    f->columns[i].name, lo, hi, lo);
	}
}

static void
comment_head(const struct export *x)
{
	const struct task *t = &x->task;
	const double *w = x->params + t->nangles;
	char name[32];
	size_t c, k;

	printf("// The class with the largest score:\n");
	for (c = 0; c < t->spec.nclasses; c++, w += t->nobs + 1) {
		printf("// score \"%s\" = %.17g", x->federation.labels[c],
		    w[t->nobs]);
		for (k = 0; k < t->nobs; k++) {
			name_observable(t, k, name, sizeof(name));
			printf(" %+.17g <%s>", w[k] * t->spec.head_scale, name);
		}
		printf("\n");
	}
}

static void
print_head_json(const struct export *x)
{
	const struct task *t = &x->task;
	const double *w = x->params + t->nangles;
	char name[32];
	size_t c, k;

	printf("\"head\":{\"scale\":%.17g,\"observables\":[",
	    t->spec.head_scale);
	for (k = 0; k < t->nobs; k++) {
		name_observable(t, k, name, sizeof(name));
		printf("%s\"%s\"", k ? "," : "", name);
	}
	printf("],\"classes\":[");
	for (c = 0; c < t->spec.nclasses; c++, w += t->nobs + 1) {
		printf("%s{\"label\":", c ? "," : "");
		describe_json_string(stdout, x->federation.labels[c]);
		printf(",\"bias\":%.17g,\"weights\":[", w[t->nobs]);
		for (k = 0; k < t->nobs; k++)
			printf("%s%.17g", k ? "," : "", w[k]);
		printf("]}");
	}
	printf("]}");
}

static void
print_json(const struct export *x, const char *circuit)
{
	const struct federation *f = &x->federation;
	size_t i;

	printf("{\"schema\":\"qml.circuit/1\",\"encoding\":\"%s\","
	       "\"encoded\":%s,\"features\":[",
	    x->task.spec.encoding == TASK_ENC_AMPLITUDE ? "amplitude" : "angle",
	    x->row ? "true" : "false");
	for (i = 0; i < f->ncolumns; i++) {
		printf("%s{\"column\":", i ? "," : "");
		describe_json_string(stdout, f->columns[i].name);
		printf(",\"low\":%.17g,\"high\":%.17g}",
		    decimal_double(&f->columns[i].lo),
		    decimal_double(&f->columns[i].hi));
	}
	printf("],\"theta\":[");
	for (i = 0; i < x->task.nangles; i++)
		printf("%s%.17g", i ? "," : "", x->params[i]);
	printf("],");
	print_head_json(x);
	printf(",\"circuit\":%s}\n", circuit);
}

static int
print(const struct export *x)
{
	const struct circuit_values v = {x->symbolic ? NULL : x->params,
	    x->row};
	/* OpenQASM 2 has values only. */
	const struct qasm_style style = {x->dialect, true};
	struct program p = PROGRAM_INIT;
	char err[128] = "not enough memory", *text = NULL;
	int rc = vqc_program(&x->task, &v, x->dialect != QASM_DIALECT_2, &p);

	if (rc == 0)
		rc = qasm_write(&p, &style, &text, err);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: %s\n", err);
	} else if (x->dialect == QASM_DIALECT_JSON) {
		print_json(x, text);
	} else {
		printf("// Model of the federation %s.\n", x->federation.name);
		comment_features(x);
		comment_head(x);
		fputs(text, stdout);
	}
	free(text);
	program_close(&p);
	return rc < 0 ? TOOL_FAILED : TOOL_DONE;
}

int
tool_export(int argc, char **argv)
{
	struct export x = {.session = SESSION_INIT, .task = TASK_INIT};
	struct wish w = {0};
	int rc = read_words(argc, argv, &w);

	if (rc == TOOL_DONE)
		rc = read_format(&x, &w);
	if (rc == TOOL_DONE)
		rc = tool_load_federation(w.federation, &x.federation);
	if (rc == TOOL_DONE)
		rc = open_model(&x, w.model);
	if (rc == TOOL_DONE)
		rc = open_task(&x);
	if (rc == TOOL_DONE)
		rc = open_row(&x, &w);
	if (rc == TOOL_DONE)
		rc = print(&x);
	free(x.params);
	task_close(&x.task);
	session_close(&x.session);
	federation_close(&x.federation);
	return rc;
}
