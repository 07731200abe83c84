#include "daemon/trainer/drill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/q24.h"

#define LINE_MAX_LEN 4096
#define SEARCH_EVALS 20
#define SEARCH_DELTA 10.0
#define SEARCH_RATIO 0.8

static int
find_member(const struct federation *f, const char *name)
{
	for (uint16_t i = 0; i < f->nmembers; i++)
		if (strcmp(f->members[i].name, name) == 0)
			return i;
	return -1;
}

static int
open_honest(struct drill *d, const struct federation *f, char *line,
    char err[static TABLE_ERR_LEN])
{
	struct session_source source = {.threads = d->threads};
	char *path = strchr(line, ' ');
	int member, rc;

	line[strcspn(line, "\n")] = '\0';
	if (path)
		*path++ = '\0';
	member = path ? find_member(f, line) : -1;
	if (member < 0 || d->nhonest == f->nmembers) {
		snprintf(err, TABLE_ERR_LEN,
		    "\"%.60s\" is not a member's name and a path", line);
		return -EINVAL;
	}
	source.data = path;
	rc = session_open(&d->sessions[d->nhonest], f, &source, NULL, err);
	if (rc == 0)
		d->members[d->nhonest++] = (uint16_t)member;
	return rc;
}

static int
open_all(struct drill *d, const struct federation *f, FILE *file,
    char err[static TABLE_ERR_LEN])
{
	char line[LINE_MAX_LEN];
	int rc = 0;

	while (rc == 0 && fgets(line, sizeof(line), file))
		rc = open_honest(d, f, line, err);
	if (rc == 0 && d->nhonest == 0) {
		snprintf(err, TABLE_ERR_LEN, "nobody is named");
		rc = -EINVAL;
	}
	for (uint16_t i = 0; i < d->nhonest && rc == 0; i++) {
		d->deltas[i] = calloc(d->dim, sizeof(int64_t));
		rc = d->deltas[i] ? 0 : -ENOMEM;
	}
	d->nliars = (uint16_t)(f->nmembers - d->nhonest);
	return rc;
}

/* What the federation will do with the updates. */
static int
take_rule(struct drill *d, const struct federation *f)
{
	const struct job *j = &f->job;
	int rc = merge_settings(j, f->nmembers, &d->settings);

	d->dim = j->dim;
	if (rc == 0)
		rc = decimal_q24(&j->clip, &d->clip);
	if (rc == 0)
		rc = decimal_q24(&j->bound, &d->bound);
	d->periods = calloc(d->dim, sizeof(*d->periods));
	if (rc == 0 && !d->periods)
		rc = -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < j->main.nangles; i++)
		d->periods[i] = Q24_TWO_PI;
	return rc;
}

int
drill_open(struct drill *d, const struct federation *f,
    const char *members_file, uint16_t threads, char err[static TABLE_ERR_LEN])
{
	FILE *file = NULL;
	int rc;

	*d = DRILL_INIT;
	err[0] = '\0';
	d->threads = threads;
	rc = take_rule(d, f);
	d->sessions = calloc(f->nmembers, sizeof(*d->sessions));
	if (rc == 0 && !d->sessions)
		rc = -ENOMEM;
	for (uint16_t i = 0; rc == 0 && i < f->nmembers; i++)
		d->sessions[i] = (struct session)SESSION_INIT;
	if (rc == 0) {
		file = fopen(members_file, "r");
		rc = file ? open_all(d, f, file, err) : -errno;
	}
	if (file)
		fclose(file);
	if (rc < 0 && err[0] == '\0')
		snprintf(err, TABLE_ERR_LEN, "%.200s: %s", members_file,
		    strerror(-rc));
	if (rc < 0)
		drill_close(d);
	return rc;
}

void
drill_close(struct drill *d)
{
	for (uint16_t i = 0; i < d->nhonest; i++) {
		session_close(&d->sessions[i]);
		free(d->deltas[i]);
	}
	free(d->sessions);
	free(d->periods);
	*d = DRILL_INIT;
}

int
drill_honest(struct drill *d, const struct trainwire_model *m)
{
	int rc = 0;

	for (uint16_t i = 0; i < d->nhonest && rc == 0; i++) {
		struct trainwire_model turn = *m;
		struct trainwire_msg answer;

		turn.member = d->members[i];
		rc = session_train(&d->sessions[i], &turn, &answer);
		if (rc < 0)
			return rc;
		if (answer.type != TRAINWIRE_TRAINED ||
		    answer.u.trained.dim != d->dim)
			rc = -EDOM;
		else
			memcpy(d->deltas[i], answer.u.trained.delta,
			    d->dim * sizeof(int64_t));
		trainwire_msg_close(&answer);
	}
	return rc;
}

/* One search for the strength that hurts most. */
struct search {
	const struct drill *d;
	struct attack_input in;
	void *scratch;
	int64_t *lie, *result, *state;
	double *mean; /* of the honest */
};

/* How far the rule's result is from the honest mean when all liars send the
 * attack of this strength. A rule with memory is asked without it. */
static double
harm(struct search *s, double tau)
{
	const struct drill *d = s->d;
	const int64_t *updates[FEDERATION_MAX_MEMBERS];
	struct combine c = {.settings = &d->settings,
	    .updates = updates,
	    .n = (uint16_t)(d->nhonest + d->nliars),
	    .dim = d->dim,
	    .periods = d->periods,
	    .scratch = s->scratch};
	double sum = 0;

	s->in.tau = tau > 0 ? tau : 1e-9;
	if (attack_craft(d->attack, &s->in, s->lie) < 0)
		return 0;
	for (uint16_t i = 0; i < c.n; i++)
		updates[i] = i < d->nhonest ? d->deltas[i] : s->lie;
	combine_state_start(&d->settings, d->dim, s->state);
	if (combine_run(&c, s->state, s->result) < 0)
		return 0;
	for (uint32_t j = 0; j < d->dim; j++) {
		double off = (double)s->result[j] - s->mean[j];

		sum += off * off;
	}
	return sum;
}

/* ByzFL's: doubled steps while it gets worse, then ever smaller ones. */
static double
worst_tau(struct search *s)
{
	double best = 0, most = harm(s, 0), delta = SEARCH_DELTA;
	bool growing = true;

	for (int i = 1; i < SEARCH_EVALS; i++) {
		double found = harm(s, best + delta);

		if (found > most) {
			best += delta;
			most = found;
			delta *= growing ? 2 : SEARCH_RATIO;
		} else {
			growing = false;
			delta *= SEARCH_RATIO;
		}
	}
	return best;
}

static int
search_open(struct search *s, const struct drill *d)
{
	uint16_t n = (uint16_t)(d->nhonest + d->nliars);

	s->scratch = malloc(combine_scratch_len(&d->settings, n, d->dim));
	s->state = calloc(combine_state_len(&d->settings, d->dim) + 1,
	    sizeof(*s->state));
	s->lie = calloc(d->dim, sizeof(*s->lie));
	s->result = calloc(d->dim, sizeof(*s->result));
	s->mean = calloc(d->dim, sizeof(*s->mean));
	if (!s->scratch || !s->state || !s->lie || !s->result || !s->mean)
		return -ENOMEM;
	for (uint32_t j = 0; j < d->dim; j++) {
		for (uint16_t i = 0; i < d->nhonest; i++)
			s->mean[j] += (double)d->deltas[i][j];
		s->mean[j] /= d->nhonest;
	}
	return 0;
}

static void
search_close(struct search *s)
{
	free(s->scratch);
	free(s->state);
	free(s->lie);
	free(s->result);
	free(s->mean);
}

static int
find_tau(const struct drill *d, struct attack_input *in)
{
	struct search s = {.d = d, .in = *in};
	int rc = search_open(&s, d);

	if (rc == 0)
		in->tau = worst_tau(&s);
	search_close(&s);
	return rc;
}

int
drill_craft(const struct drill *d, uint64_t round, const int64_t *own,
    int64_t *out)
{
	const int64_t *honest[FEDERATION_MAX_MEMBERS];
	struct attack_input in = {.honest = honest,
	    .n = d->nhonest,
	    .dim = d->dim,
	    .tau = d->tau,
	    .seed = round,
	    .bound = d->bound,
	    .clip = d->clip};
	bool scaled = d->attack == ATTACK_IPM || d->attack == ATTACK_ALIE;
	int rc = 0;

	if (d->attack == ATTACK_LABEL_FLIP ||
	    d->attack == ATTACK_LIE_ABOUT_COUNT) {
		memcpy(out, own, d->dim * sizeof(*out));
		return 0;
	}
	for (uint16_t i = 0; i < d->nhonest; i++)
		honest[i] = d->deltas[i];
	if (scaled && !(d->tau > 0))
		rc = find_tau(d, &in);
	return rc < 0 ? rc : attack_craft(d->attack, &in, out);
}

void
drill_flip_labels(struct session *s)
{
	int32_t last = (int32_t)s->federation.nlabels - 1;

	for (size_t i = 0; i < s->rows.n; i++)
		s->rows.labels[i] = last - s->rows.labels[i];
}
