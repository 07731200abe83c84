#include "daemon/trainer/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/groups.h"
#include "proto/q24.h"
#include "sim/observable/hamiltonian.h"

#define EXACT_MAX_QUBITS 14

/* What score and predict have in common. */
struct applied {
	struct federation federation;
	struct session session;
	int64_t *model;
	const char *out;    /* of predict; NULL: stdout */
	const char *groups; /* of score; NULL: none */
	bool json;
};

static int
open_applied(struct applied *a, int argc, char **argv, bool unlabelled)
{
	const char *federation = NULL, *data = NULL, *model = NULL;
	const struct args_option options[] = {
	    {"federation", &federation, NULL, true},
	    {"data", &data, NULL, unlabelled},
	    {"model", &model, NULL, true},
	    {unlabelled ? "out" : "json", unlabelled ? &a->out : NULL,
		unlabelled ? NULL : &a->json, false},
	    {"groups", &a->groups, NULL, false},
	};
	struct session_source source = {
	    .unlabelled = unlabelled,
	    .show_values = true,
	};
	int rc;

	if (args_parse(argc, argv, options, unlabelled ? 4 : 5) < 0)
		return TOOL_USAGE;
	if (a->groups && !a->json) {
		fprintf(stderr, "qmltrain: score: --groups wants --json\n");
		return TOOL_USAGE;
	}
	rc = tool_load_federation(federation, &a->federation);
	source.data = data;
	/* The model says which job it is of. */
	if (rc == TOOL_DONE)
		rc = tool_load_model(model, &a->federation, &a->model);
	if (rc == TOOL_DONE && !data &&
	    a->federation.job.main.kind != JOB_VQE) {
		fprintf(stderr, "qmltrain: score: want --data\n");
		return TOOL_USAGE;
	}
	if (rc == TOOL_DONE)
		rc = tool_open_session(&a->session, &a->federation, &source,
		    NULL);
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

/* Confusion counts by group into the object that has begun. */
static int
print_groups(struct applied *a, size_t nclasses)
{
	const size_t rows = a->session.rows.n;
	struct groups g = GROUPS_INIT;
	int32_t *said = NULL;
	int rc = groups_read(&g, a->groups, rows);

	if (rc == 0 && !(said = calloc(rows + 1, sizeof(*said))))
		rc = -ENOMEM;
	if (rc == 0)
		rc = session_predict(&a->session, a->model, said);
	if (rc == 0) {
		const struct groups_counts c = {a->session.rows.labels, said,
		    rows, nclasses};

		printf("{");
		rc = groups_print_json(&g, &c);
	}
	free(said);
	groups_close(&g);
	return rc;
}

static int
print_json(struct applied *a, const struct trainwire_scored *s)
{
	size_t i, n = s->nclasses;
	struct train_score control;

	if (a->groups && print_groups(a, n) < 0)
		return TOOL_FAILED;
	if (!a->groups)
		printf("{");
	printf("\"labels\":[");
	for (i = 0; i < n; i++) {
		printf(i ? ",\"" : "\"");
		for (const char *c = a->federation.labels[i]; *c; c++)
			printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
		printf("\"");
	}
	printf("],");
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
	return TOOL_DONE;
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

static int
failed(const char *what, int rc)
{
	fprintf(stderr, "qmltrain: %s: %s\n", what, strerror(-rc));
	return TOOL_FAILED;
}

/* The lowest eigenvalue; NAN where it is too large to be found. */
static double
exact_energy(const struct job_task *t)
{
	const struct hamiltonian_options o = {
	    .mapping = t->mapping == JOB_PARITY ? MAPPING_PARITY : MAPPING_JW,
	    .alpha = t->alpha,
	    .beta = t->beta,
	};
	struct hamiltonian h = HAMILTONIAN_INIT;
	char err[HAMILTONIAN_ERROR_LEN];
	double out = (double)NAN;

	if (hamiltonian_read(&h, t->input, strlen(t->input), &o, err) < 0)
		return out;
	if (h.nqubits <= EXACT_MAX_QUBITS &&
	    hamiltonian_ground(&h, true, &out) < 0)
		out = (double)NAN;
	hamiltonian_close(&h);
	return out;
}

/* A vqe's model as it is now: the chain has the energies before each step. */
static int
score_energy(struct applied *a)
{
	const struct session_sight sight = {a->model, JOB_MAIN, false};
	struct train_score score = {0};
	int rc = session_evaluate(&a->session, &sight, &score);
	double exact = rc == 0 ? exact_energy(&a->federation.job.main) : 0;

	if (rc < 0)
		return failed("score", rc);
	if (a->json && isfinite(exact))
		printf("{\"energy\":%.12f,\"exact\":%.12f,"
		       "\"error\":%.6g}\n",
		    score.loss, exact, score.loss - exact);
	else if (a->json)
		printf("{\"energy\":%.12f,\"exact\":null}\n", score.loss);
	else if (isfinite(exact))
		printf("energy    %.12f\nexact     %.12f, by diagonalisation "
		       "(error %.3g)\n",
		    score.loss, exact, score.loss - exact);
	else
		printf("energy    %.12f\nexact     not known: above %d "
		       "qubits\n",
		    score.loss, EXACT_MAX_QUBITS);
	return TOOL_DONE;
}

/* Of each row, as a part of the agreed range. NULL: failed, and said so. */
static double *
numbers(struct applied *a, struct train_score *score)
{
	const struct session_sight sight = {a->model, JOB_MAIN, false};
	int rc;

	*score = (struct train_score){0};
	score->output = calloc(a->session.rows.n, sizeof(*score->output));
	rc = score->output ? session_evaluate(&a->session, &sight, score)
			   : -ENOMEM;
	if (rc == 0)
		return score->output;
	free(score->output);
	(void)failed("score", rc);
	return NULL;
}

/* How far the numbers that a regression says are from those of the rows. */
static int
score_numbers(struct applied *a)
{
	const struct federation *f = &a->federation;
	const double *truth =
	    session_rows(&a->session, JOB_MAIN, false)->targets;
	double span =
	    decimal_double(&f->label_hi) - decimal_double(&f->label_lo);
	double squares = 0, spread = 0, mean = 0, rmse;
	size_t i, n = a->session.rows.n;
	struct train_score score;
	double *out = numbers(a, &score);

	if (!out)
		return TOOL_FAILED;
	for (i = 0; i < n; i++)
		mean += truth[i] / (double)n;
	for (i = 0; i < n; i++) {
		squares += (out[i] - truth[i]) * (out[i] - truth[i]);
		spread += (truth[i] - mean) * (truth[i] - mean);
	}
	free(out);
	rmse = span * sqrt(squares / (double)n);
	if (a->json)
		printf("{\"rows\":%zu,\"loss\":%.6f,\"rmse\":%.6g,"
		       "\"rmse_of_mean\":%.6g}\n",
		    n, score.loss, rmse, span * sqrt(spread / (double)n));
	else
		printf("rmse      %.6g, in units of %s (%zu rows); always "
		       "their mean: %.6g\nloss      %.4f\n",
		    rmse, f->label, n, span * sqrt(spread / (double)n),
		    score.loss);
	return TOOL_DONE;
}

/* What a qpca keeps of the rows' variance. */
static int
score_captured(struct applied *a)
{
	const struct session_sight sight = {a->model, JOB_MAIN, false};
	struct train_score score = {0};
	int rc = session_evaluate(&a->session, &sight, &score);

	if (rc < 0)
		return failed("score", rc);
	printf(a->json ? "{\"rows\":%zu,\"captured\":%.6f}\n"
		       : "captured of %zu rows: %.6f\n",
	    a->session.rows.n, 1 - score.loss);
	return TOOL_DONE;
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
	if (a.federation.job.main.kind == JOB_VQE) {
		rc = score_energy(&a);
		goto out;
	}
	if (a.federation.nlabels == 0) {
		rc = federation_labelled(&a.federation) ? score_numbers(&a)
							: score_captured(&a);
		goto out;
	}
	m.dim = a.federation.job.dim;
	m.model = a.model;
	session_score(&a.session, &m, &answer);
	if (answer.type != TRAINWIRE_SCORED) {
		fprintf(stderr, "qmltrain: %s\n", answer.u.failed.text);
		rc = TOOL_FAILED;
	} else if (a.json) {
		rc = print_json(&a, &answer.u.scored);
	} else {
		print_text(&a, &answer.u.scored);
	}
	trainwire_msg_close(&answer);
out:
	close_applied(&a);
	return rc;
}

/* A new file: what was predicted before is not overwritten. guess or number is
 * NULL. */
static int
write_guesses(const struct applied *a, const int32_t *guess,
    const double *number)
{
	double lo = decimal_double(&a->federation.label_lo);
	double hi = decimal_double(&a->federation.label_hi);
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
	for (i = 0; i < a->session.rows.n && guess; i++)
		fprintf(f, "%zu,%s\n", i + 1, a->federation.labels[guess[i]]);
	for (i = 0; i < a->session.rows.n && number; i++)
		fprintf(f, "%zu,%.9g\n", i + 1, lo + (hi - lo) * number[i]);
	if (f == stdout || (ferror(f) | fclose(f)) == 0)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s: could not be written\n", a->out);
	return TOOL_FAILED;
}

int
tool_predict(int argc, char **argv)
{
	struct applied a = {.session = SESSION_INIT};
	struct train_score score;
	int32_t *guess = NULL;
	double *number = NULL;
	int rc, error = 0;

	rc = open_applied(&a, argc, argv, true);
	if (rc != TOOL_DONE)
		goto out;
	if (!federation_labelled(&a.federation)) {
		fprintf(stderr,
		    "qmltrain: predict: this job has no labels to predict\n");
		rc = TOOL_FAILED;
		goto out;
	}
	if (a.federation.nlabels == 0) {
		number = numbers(&a, &score);
		rc = number ? write_guesses(&a, NULL, number) : TOOL_FAILED;
		goto out;
	}
	guess = calloc(a.session.rows.n, sizeof(*guess));
	error = guess ? session_predict(&a.session, a.model, guess) : -ENOMEM;
	if (error < 0) {
		fprintf(stderr, "qmltrain: predict: %s\n", strerror(-error));
		rc = TOOL_FAILED;
		goto out;
	}
	rc = write_guesses(&a, guess, NULL);
out:
	free(guess);
	free(number);
	close_applied(&a);
	return rc;
}
