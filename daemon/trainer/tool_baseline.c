/*
 * The honest yardsticks of a demo: what the most frequent class, a classical
 * model on all rows pooled, and each node on its own make of the held-out
 * rows. A node on its own runs the very job of the federation: the same
 * circuit, start, rounds and steps, on its rows only.
 */
#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/trainer/args.h"
#include "proto/answer.h"
#include "proto/q24.h"
#include "sim/learn/baseline.h"

#define PATH_LEN 4096
#define THREADS_MAX 64

struct yardstick {
	struct federation federation;
	struct session heldout;
	struct session nodes[FEDERATION_MAX_MEMBERS];
	double alone[FEDERATION_MAX_MEMBERS];
	size_t nnodes;
	struct baseline majority;
	struct baseline logistic;
	uint16_t threads;
};

static int
open_part(struct yardstick *y, const char *dir, const char *name,
    struct session *s)
{
	char path[PATH_LEN];
	struct session_source source = {
	    .data = path,
	    .threads = y->threads,
	    .member = s != &y->heldout,
	    .show_values = true,
	};

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return tool_open_session(s, &y->federation, &source, NULL);
}

static int
open_parts(struct yardstick *y, const char *dir)
{
	char name[32], path[PATH_LEN];
	size_t i;
	int rc;

	rc = open_part(y, dir, "heldout.csv", &y->heldout);
	for (i = 0; i < FEDERATION_MAX_MEMBERS && rc == TOOL_DONE; i++) {
		snprintf(name, sizeof(name), "node%zu.csv", i);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (i > 0 && access(path, F_OK) != 0)
			break;
		rc = open_part(y, dir, name, &y->nodes[i]);
		if (rc == TOOL_DONE)
			y->nnodes++;
	}
	return rc;
}

static int
pool_rows(const struct yardstick *y, struct dataset *out)
{
	const struct dataset *from;
	size_t i, n = 0, at = 0;
	int rc;

	for (i = 0; i < y->nnodes; i++)
		n += y->nodes[i].rows.n;
	rc = dataset_init(out, n, y->heldout.rows.d);
	for (i = 0; i < y->nnodes && rc == 0; i++) {
		from = &y->nodes[i].rows;
		memcpy(out->features + at * from->d, from->features,
		    from->n * from->d * sizeof(*from->features));
		memcpy(out->labels + at, from->labels,
		    from->n * sizeof(*from->labels));
		at += from->n;
	}
	return rc;
}

static int
run_classical(struct yardstick *y)
{
	struct dataset pooled = DATASET_INIT;
	size_t nclasses = y->federation.nlabels;
	int rc;

	rc = pool_rows(y, &pooled);
	if (rc == 0)
		rc = baseline_majority(&pooled, &y->heldout.rows, nclasses,
		    &y->majority);
	if (rc == 0)
		rc = baseline_logistic(&pooled, &y->heldout.rows, nclasses,
		    &y->logistic);
	dataset_close(&pooled);
	return rc;
}

/* One round of the job as a federation of one; -EDOM when it failed. */
static int
one_round(struct session *s, struct trainwire_model *m)
{
	struct trainwire_msg answer;
	struct hash noise;
	int rc;

	if (tool_seed_from(NULL, &noise) != TOOL_DONE)
		return -EIO;
	session_trial_seed(s, &noise, m->round);
	rc = session_round(s, m, &answer);
	if (rc < 0)
		return rc;
	if (answer.type != TRAINWIRE_TRAINED) {
		fprintf(stderr, "qmltrain: round %llu: %s\n",
		    (unsigned long long)m->round, answer.u.failed.text);
		rc = -EDOM;
	}
	trainwire_msg_close(&answer);
	return rc;
}

/* Whose batches a node alone draws: of the first by name, since which file
 * is whose is not known here and the order of members follows from keys. */
static uint16_t
first_by_name(const struct federation *f)
{
	uint16_t i, first = 0;

	for (i = 1; i < f->nmembers; i++) {
		if (strcmp(f->members[i].name, f->members[first].name) < 0)
			first = i;
	}
	return first;
}

static int
run_alone(struct yardstick *y, size_t i)
{
	const struct job *j = &y->federation.job;
	struct trainwire_model m = {
	    .member = first_by_name(&y->federation),
	    .dim = j->dim,
	};
	struct trainwire_msg score;
	int rc = 0;

	m.model = calloc(j->dim, sizeof(*m.model));
	if (!m.model)
		return -ENOMEM;
	job_start_model(j, m.model);
	for (m.round = 0; m.round < j->rounds && rc == 0; m.round++)
		rc = one_round(&y->nodes[i], &m);
	if (rc == 0) {
		session_score(&y->heldout, &m, &score);
		if (score.type == TRAINWIRE_SCORED)
			y->alone[i] = (double)score.u.scored.correct /
			    (double)score.u.scored.rows;
		else
			rc = -EDOM;
		trainwire_msg_close(&score);
	}
	free(m.model);
	return rc;
}

static void
print_result(const struct yardstick *y, bool json)
{
	double rows = (double)y->heldout.rows.n, best = 0;
	double majority = (double)y->majority.correct / rows;
	double logistic = (double)y->logistic.correct / rows;
	size_t i;

	for (i = 0; i < y->nnodes; i++)
		best = y->alone[i] > best ? y->alone[i] : best;
	if (json) {
		printf("{\"heldout_rows\":%zu,\"majority\":%.6f,"
		       "\"logistic\":%.6f,\"best_node_alone\":%.6f,"
		       "\"alone\":[",
		    y->heldout.rows.n, majority, logistic, best);
		for (i = 0; i < y->nnodes; i++)
			printf("%s%.6f", i ? "," : "", y->alone[i]);
		printf("]}\n");
		return;
	}
	printf("accuracy on %zu held-out rows\n", y->heldout.rows.n);
	printf("  most frequent class        %.4f\n", majority);
	for (i = 0; i < y->nnodes; i++)
		printf("  node %-3zu alone             %.4f\n", i, y->alone[i]);
	printf("  logistic regression, all   %.4f\n", logistic);
}

static int
run(struct yardstick *y, const char *dir, bool json)
{
	size_t i;
	int rc;

	rc = open_parts(y, dir);
	if (rc != TOOL_DONE)
		return rc;
	rc = run_classical(y);
	for (i = 0; i < y->nnodes && rc == 0; i++)
		rc = run_alone(y, i);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: baseline: %s\n", strerror(-rc));
		return TOOL_FAILED;
	}
	print_result(y, json);
	return TOOL_DONE;
}

int
tool_baseline(int argc, char **argv)
{
	const char *federation = NULL, *dir = NULL, *threads = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"federation", &federation, NULL, true},
	    {"data", &dir, NULL, true},
	    {"threads", &threads, NULL, false},
	    {"json", NULL, &json, false},
	};
	const uint64_t range[2] = {1, THREADS_MAX};
	struct yardstick *y;
	uint64_t n = 1;
	size_t i;
	int rc;

	if (args_parse(argc, argv, options, 4) < 0 ||
	    args_number("threads", threads, range, &n) < 0)
		return TOOL_USAGE;
	y = calloc(1, sizeof(*y));
	if (!y)
		return TOOL_FAILED;
	y->threads = (uint16_t)n;
	rc = tool_load_federation(federation, &y->federation);
	if (rc == TOOL_DONE)
		rc = run(y, dir, json);
	for (i = 0; i < y->nnodes; i++)
		session_close(&y->nodes[i]);
	session_close(&y->heldout);
	federation_close(&y->federation);
	free(y);
	return rc;
}
