#include "daemon/trainer/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/args.h"
#include "proto/q24.h"

/* What score and predict have in common. */
struct applied {
	struct federation federation;
	struct session session;
	int64_t *model;
	const char *out; /* of predict; NULL: stdout */
	bool json;
};

static int
open_applied(struct applied *a, int argc, char **argv, bool unlabelled)
{
	const char *federation = NULL, *data = NULL, *model = NULL;
	const struct args_option options[] = {
	    {"federation", &federation, NULL, true},
	    {"data", &data, NULL, true},
	    {"model", &model, NULL, true},
	    {unlabelled ? "out" : "json", unlabelled ? &a->out : NULL,
		unlabelled ? NULL : &a->json, false},
	};
	struct session_source source = {
	    .unlabelled = unlabelled,
	    .show_values = true,
	};
	int rc;

	if (args_parse(argc, argv, options, 4) < 0)
		return TOOL_USAGE;
	rc = tool_load_federation(federation, &a->federation);
	source.data = data;
	if (rc == TOOL_DONE)
		rc = tool_open_session(&a->session, &a->federation, &source,
		    NULL);
	if (rc == TOOL_DONE)
		rc = tool_load_model(model, a->federation.job.dim, &a->model);
	return rc;
}

static void
close_applied(struct applied *a)
{
	free(a->model);
	session_close(&a->session);
	federation_close(&a->federation);
}

/* The control arm on the same rows; false without one. */
static bool
score_control(struct applied *a, struct train_score *out)
{
	const struct session_sight sight = {a->model, JOB_CONTROL, false};

	*out = (struct train_score){0};
	return a->federation.job.control.kind != 0 &&
	    session_evaluate(&a->session, &sight, out) == 0 && out->rows > 0;
}

static void
print_json(struct applied *a, const struct trainwire_scored *s)
{
	size_t i, n = s->nclasses;
	struct train_score control;

	printf("{");
	if (score_control(a, &control))
		printf("\"control_correct\":%llu,\"control_accuracy\":%.6f,"
		       "\"control_loss\":%.6f,",
		    (unsigned long long)control.correct,
		    (double)control.correct / (double)control.rows,
		    control.loss);
	printf("\"rows\":%u,\"correct\":%u,\"accuracy\":%.6f,\"loss\":%.6f,"
	       "\"confusion\":[",
	    (unsigned)s->rows, (unsigned)s->correct,
	    (double)s->correct / (double)s->rows, q24_to_double(s->loss_q24));
	for (i = 0; i < n * n; i++)
		printf("%s%u%s",
		    i % n   ? ","
			: i ? ",["
			    : "[",
		    (unsigned)s->confusion[i], i % n == n - 1 ? "]" : "");
	printf("]}\n");
}

static void
print_text(struct applied *a, const struct trainwire_scored *s)
{
	const struct federation *f = &a->federation;
	size_t i, j, n = s->nclasses;
	struct train_score control;

	printf("accuracy  %.4f (%u of %u rows)\n",
	    (double)s->correct / (double)s->rows, (unsigned)s->correct,
	    (unsigned)s->rows);
	printf("loss      %.4f\n", q24_to_double(s->loss_q24));
	if (score_control(a, &control))
		printf("control   %.4f (%llu of %u rows), the linear control "
		       "arm: %s\n",
		    (double)control.correct / (double)s->rows,
		    (unsigned long long)control.correct, (unsigned)s->rows,
		    control.correct > s->correct ? "it is ahead"
			: control.correct == s->correct
			? "both are equal"
			: "the main task is ahead");
	printf("rows: what they are; columns: what the model says\n");
	for (i = 0; i < n; i++) {
		printf("  %-12.12s", f->labels[i]);
		for (j = 0; j < n; j++)
			printf(" %5u", (unsigned)s->confusion[i * n + j]);
		printf("\n");
	}
}

int
tool_score(int argc, char **argv)
{
	struct applied a = {.session = SESSION_INIT};
	struct trainwire_model m = {0};
	struct trainwire_msg answer;
	int rc;

	rc = open_applied(&a, argc, argv, false);
	if (rc != TOOL_DONE)
		goto out;
	m.dim = a.federation.job.dim;
	m.model = a.model;
	session_score(&a.session, &m, &answer);
	if (answer.type != TRAINWIRE_SCORED) {
		fprintf(stderr, "qmltrain: %s\n", answer.u.failed.text);
		rc = TOOL_FAILED;
	} else if (a.json) {
		print_json(&a, &answer.u.scored);
	} else {
		print_text(&a, &answer.u.scored);
	}
	trainwire_msg_close(&answer);
out:
	close_applied(&a);
	return rc;
}

/* A new file: what was predicted before is not overwritten. */
static int
write_guesses(const struct applied *a, const int32_t *guess)
{
	FILE *f = stdout;
	size_t i;
	int fd;

	if (a->out) {
		fd =
		    open(a->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		f = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!f) {
		fprintf(stderr, "qmltrain: %s: %s%s\n", a->out, strerror(errno),
		    errno == EEXIST ? "; choose another --out" : "");
		return TOOL_FAILED;
	}
	fprintf(f, "row,%s\n", a->federation.label);
	for (i = 0; i < a->session.rows.n; i++)
		fprintf(f, "%zu,%s\n", i + 1, a->federation.labels[guess[i]]);
	if (f == stdout || (ferror(f) | fclose(f)) == 0)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s: could not be written\n", a->out);
	return TOOL_FAILED;
}

int
tool_predict(int argc, char **argv)
{
	struct applied a = {.session = SESSION_INIT};
	int32_t *guess = NULL;
	int rc, error = 0;

	rc = open_applied(&a, argc, argv, true);
	if (rc != TOOL_DONE)
		goto out;
	guess = calloc(a.session.rows.n, sizeof(*guess));
	error = guess ? session_predict(&a.session, a.model, guess) : -ENOMEM;
	if (error < 0) {
		fprintf(stderr, "qmltrain: predict: %s\n", strerror(-error));
		rc = TOOL_FAILED;
		goto out;
	}
	rc = write_guesses(&a, guess);
out:
	free(guess);
	close_applied(&a);
	return rc;
}
