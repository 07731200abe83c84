/*
 * Every rule against every attack. The federation is run without daemons: the
 * same trainer code makes each member's update, the same integer code combines
 * them, but nothing is signed, sent or voted on. What the votes add, a drill
 * against live daemons shows.
 */
#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/drill.h"
#include "proto/q24.h"

#define SWEEP_RULES_MAX 32
#define SWEEP_ATTACKS_MAX 8
#define SWEEP_NAME_LEN 64
#define SWEEP_THREADS_MAX 16

static const char all_rules[] =
    "mean,trimmed_mean,median,meamed,krum,multi_krum,mda,geometric_median,"
    "centered_clipping,arc+nnm+trimmed_mean,arc+nnm+median,arc+nnm+multi_krum,"
    "arc+nnm+geometric_median";
static const char all_attacks[] =
    "none,sign-flip,ipm,alie,gaussian,label-flip,lie-about-count";

struct sweep {
	struct federation federation;
	struct drill drill; /* the honest */
	struct drill liars; /* their own rows */
	struct session heldout;
	char rules[SWEEP_RULES_MAX][SWEEP_NAME_LEN];
	char attacks[SWEEP_ATTACKS_MAX][SWEEP_NAME_LEN];
	unsigned nrules, nattacks, nworkers;
	double accuracy[SWEEP_RULES_MAX][SWEEP_ATTACKS_MAX];
};

struct sweep_cell {
	unsigned rule, attack;
	double accuracy;
};

/* One simulated federation. */
struct run {
	struct sweep *w;
	struct trainwire_model model;
	int64_t *moments, *delta, *lie;
	uint8_t attack; /* 0: none */
};

static int
run_open(struct run *r)
{
	const struct drill *d = &r->w->drill;
	const struct job *j = &d->federation.job;

	r->model.dim = j->dim;
	r->model.model = calloc(j->dim, sizeof(int64_t));
	r->moments = calloc(d->merge.nmoments + 1, sizeof(int64_t));
	r->delta = calloc(j->dim, sizeof(int64_t));
	r->lie = calloc(d->update, sizeof(int64_t));
	if (!r->model.model || !r->moments || !r->delta || !r->lie)
		return -ENOMEM;
	job_start_model(j, r->model.model);
	merge_start(&d->merge, r->moments);
	drill_forget(&r->w->drill);
	drill_forget(&r->w->liars);
	return 0;
}

static void
run_close(struct run *r)
{
	free(r->model.model);
	free(r->moments);
	free(r->delta);
	free(r->lie);
}

/* For none, the honest truth. */
static int
make_lies(struct run *r, const int64_t **lies)
{
	struct drill *d = &r->w->drill, *liars = &r->w->liars;
	bool own = r->attack == 0 || r->attack == ATTACK_LABEL_FLIP ||
	    r->attack == ATTACK_LIE_ABOUT_COUNT;

	for (uint16_t i = 0; i < liars->nhonest; i++)
		lies[i] = own ? liars->deltas[i] : r->lie;
	return own ? drill_honest(liars, &r->model)
		   : drill_craft(d, &r->model, NULL, r->lie);
}

static int
run_round(struct run *r)
{
	const int64_t *lies[FEDERATION_MAX_MEMBERS];
	struct drill_round round = {&r->model, lies, r->moments};
	int rc = drill_honest(&r->w->drill, &r->model);

	if (rc == 0)
		rc = make_lies(r, lies);
	if (rc == 0 && !drill_combine(&r->w->drill, &round, r->delta))
		rc = -EINVAL;
	for (uint32_t j = 0; rc == 0 && j < r->model.dim; j++)
		r->model.model[j] = q24_add_sat(r->model.model[j], r->delta[j]);
	r->model.aggregated++;
	return rc;
}

static void
flip_liars(struct sweep *w)
{
	for (uint16_t i = 0; i < w->liars.nhonest; i++)
		drill_flip_labels(&w->liars.sessions[i]);
}

/* NaN: it could not be run. A diverged model is one that scores badly. */
static double
one_cell(struct sweep *w, unsigned rule, unsigned attack)
{
	struct run r = {.w = w};
	const struct attack *a = attack_named(w->attacks[attack]);
	struct trainwire_msg score;
	double accuracy = 0;
	int rc;

	r.attack = w->drill.attack = a ? a->id : 0;
	rc = drill_rule(&w->drill, w->rules[rule]);
	if (r.attack == ATTACK_LABEL_FLIP)
		flip_liars(w);
	if (rc == 0)
		rc = run_open(&r);
	for (; rc == 0 && r.model.round < w->federation.job.rounds;
	     r.model.round++)
		rc = run_round(&r);
	if (rc == 0) {
		session_score(&w->heldout, &r.model, &score);
		if (score.type == TRAINWIRE_SCORED)
			accuracy = (double)score.u.scored.correct /
			    (double)score.u.scored.rows;
		trainwire_msg_close(&score);
	}
	if (r.attack == ATTACK_LABEL_FLIP)
		flip_liars(w);
	run_close(&r);
	if (rc < 0)
		fprintf(stderr, "qmltrain: sweep: %s, %s: %s\n", w->rules[rule],
		    w->attacks[attack], strerror(-rc));
	return rc < 0 ? -1 : accuracy;
}

/* Every nworkers-th cell, from `first` on, into the pipe. */
static int
work(struct sweep *w, unsigned first, int out)
{
	for (unsigned i = first; i < w->nrules * w->nattacks;
	     i += w->nworkers) {
		struct sweep_cell c = {i / w->nattacks, i % w->nattacks, 0};

		c.accuracy = one_cell(w, c.rule, c.attack);
		if (c.accuracy < 0 ||
		    write(out, &c, sizeof(c)) != (ssize_t)sizeof(c))
			return TOOL_FAILED;
	}
	return TOOL_DONE;
}

/* Records of one write each, far below PIPE_BUF, come whole. */
static unsigned
collect(struct sweep *w, int in)
{
	struct sweep_cell c;
	unsigned n = 0;

	while (read(in, &c, sizeof(c)) == (ssize_t)sizeof(c)) {
		w->accuracy[c.rule][c.attack] = c.accuracy;
		n++;
		fprintf(stderr, "%3u of %u  %-26s %-16s %6.2f %%\n", n,
		    w->nrules * w->nattacks, w->rules[c.rule],
		    w->attacks[c.attack], 100 * c.accuracy);
	}
	return n;
}

static int
run_all(struct sweep *w)
{
	int pipes[2], status, rc = TOOL_DONE;

	if (pipe(pipes) < 0)
		return TOOL_FAILED;
	for (unsigned i = 0; i < w->nworkers; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(pipes[0]);
			_exit(work(w, i, pipes[1]));
		}
		if (pid < 0)
			rc = TOOL_FAILED;
	}
	close(pipes[1]);
	if (collect(w, pipes[0]) != w->nrules * w->nattacks)
		rc = TOOL_FAILED;
	close(pipes[0]);
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			rc = TOOL_FAILED;
	return rc;
}

static void
print_words(const char *key, char (*words)[SWEEP_NAME_LEN], unsigned n)
{
	printf("\"%s\":[", key);
	for (unsigned i = 0; i < n; i++)
		printf("%s\"%s\"", i > 0 ? "," : "", words[i]);
	printf("],");
}

static void
print_json(struct sweep *w)
{
	printf("{\"members\":%u,\"liars\":%u,\"f\":%u,\"rounds\":%u,"
	       "\"heldout_rows\":%zu,",
	    w->federation.nmembers, w->liars.nhonest, w->drill.merge.faults,
	    w->federation.job.rounds, w->heldout.rows.n);
	print_words("rules", w->rules, w->nrules);
	print_words("attacks", w->attacks, w->nattacks);
	printf("\"accuracy\":[");
	for (unsigned i = 0; i < w->nrules; i++) {
		printf("%s[", i > 0 ? "," : "");
		for (unsigned k = 0; k < w->nattacks; k++)
			printf("%s%.6f", k > 0 ? "," : "", w->accuracy[i][k]);
		printf("]");
	}
	printf("]}\n");
}

static int
take_list(const char *text, char (*words)[SWEEP_NAME_LEN], unsigned max,
    unsigned *n)
{
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, ",");

		if (*n == max || len == 0 || len >= SWEEP_NAME_LEN)
			return -EINVAL;
		snprintf(words[(*n)++], SWEEP_NAME_LEN, "%.*s", (int)len, at);
		at += len + (at[len] == ',');
	}
	return *n > 0 ? 0 : -EINVAL;
}

static int
check_lists(struct sweep *w)
{
	struct combine_settings s = combine_defaults();

	for (unsigned i = 0; i < w->nrules; i++)
		if (combine_parse(w->rules[i], &s) < 0)
			return fprintf(stderr,
			    "qmltrain: sweep: there is no rule \"%s\"\n",
			    w->rules[i]);
	for (unsigned i = 0; i < w->nattacks; i++)
		if (strcmp(w->attacks[i], "none") != 0 &&
		    !attack_named(w->attacks[i]))
			return fprintf(stderr,
			    "qmltrain: sweep: there is no attack \"%s\"\n",
			    w->attacks[i]);
	return 0;
}

static int
open_rows(struct sweep *w, const char *members, const char *liars,
    const char *heldout)
{
	struct session_source source = {.data = heldout, .show_values = true};
	char err[TABLE_ERR_LEN];
	int rc = drill_open(&w->drill, &w->federation, members, 1, err);

	if (rc == 0)
		rc = drill_open(&w->liars, &w->federation, liars, 1, err);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: sweep: %s\n", err);
		return TOOL_FAILED;
	}
	return tool_open_session(&w->heldout, &w->federation, &source, NULL);
}

int
tool_sweep(int argc, char **argv)
{
	struct sweep *w = calloc(1, sizeof(*w));
	const char *federation = NULL, *members = NULL, *liars = NULL;
	const char *heldout = NULL, *rules = all_rules, *attacks = all_attacks;
	const char *threads = NULL;
	const struct args_option options[] = {
	    {"federation", &federation, NULL, true},
	    {"members", &members, NULL, true},
	    {"liars", &liars, NULL, true},
	    {"heldout", &heldout, NULL, true},
	    {"rules", &rules, NULL, false},
	    {"attacks", &attacks, NULL, false},
	    {"threads", &threads, NULL, false},
	};
	uint64_t n = 1;
	int rc = TOOL_USAGE;

	if (!w)
		return TOOL_FAILED;
	w->heldout = (struct session)SESSION_INIT;
	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    args_number("threads", threads,
		(const uint64_t[]){1, SWEEP_THREADS_MAX}, &n) < 0 ||
	    take_list(rules, w->rules, SWEEP_RULES_MAX, &w->nrules) < 0 ||
	    take_list(attacks, w->attacks, SWEEP_ATTACKS_MAX, &w->nattacks) <
		0 ||
	    check_lists(w) != 0)
		goto out;
	w->nworkers = (unsigned)n;
	rc = tool_load_federation(federation, &w->federation);
	if (rc == TOOL_DONE)
		rc = open_rows(w, members, liars, heldout);
	if (rc == TOOL_DONE)
		rc = run_all(w);
	if (rc == TOOL_DONE)
		print_json(w);
	drill_close(&w->drill);
	drill_close(&w->liars);
	session_close(&w->heldout);
	federation_close(&w->federation);
out:
	free(w);
	return rc;
}
