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

static bool
is_honest(const struct drill *d, uint16_t member)
{
	for (uint16_t i = 0; i < d->nhonest; i++)
		if (d->members[i] == member)
			return true;
	return false;
}

static int
open_honest(struct drill *d, const struct federation *f, char *line,
    char err[static TABLE_ERR_LEN])
{
	struct session_source source = {.threads = d->threads, .member = true};
	char *path = strchr(line, ' ');
	int member, rc;

	line[strcspn(line, "\n")] = '\0';
	if (path)
		*path++ = '\0';
	member = path ? find_member(f, line) : -1;
	if (member < 0 || is_honest(d, (uint16_t)member)) {
		snprintf(err, TABLE_ERR_LEN,
		    "\"%.60s\" is not a member's name and a path, once", line);
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
		d->deltas[i] = calloc(d->update, sizeof(int64_t));
		rc = d->deltas[i] ? 0 : -ENOMEM;
	}
	d->nliars = (uint16_t)(f->nmembers - d->nhonest);
	return rc;
}

static void
list_liars(struct drill *d)
{
	uint16_t at = d->nhonest;

	for (uint16_t i = 0; i < d->federation.nmembers; i++)
		if (!is_honest(d, i))
			d->members[at++] = i;
}

static int
take_job(struct drill *d, const struct federation *f,
    char err[static TABLE_ERR_LEN])
{
	int rc = federation_copy(&d->federation, f);

	if (rc == 0)
		rc = merge_init(&d->merge, &d->federation, err, TABLE_ERR_LEN);
	if (rc == 0)
		rc = decimal_q24(&f->job.clip, &d->clip);
	if (rc == 0)
		rc = decimal_q24(&f->job.bound, &d->bound);
	d->update = f->job.update;
	d->sessions = calloc(f->nmembers, sizeof(*d->sessions));
	for (uint16_t i = 0; d->sessions && i < f->nmembers; i++)
		d->sessions[i] = (struct session)SESSION_INIT;
	return rc == 0 && !d->sessions ? -ENOMEM : rc;
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
	rc = take_job(d, f, err);
	if (rc == 0) {
		file = fopen(members_file, "r");
		rc = file ? open_all(d, f, file, err) : -errno;
	}
	if (file)
		fclose(file);
	if (rc == 0)
		list_liars(d);
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
	merge_close(&d->merge);
	federation_close(&d->federation);
	*d = DRILL_INIT;
}

int
drill_rule(struct drill *d, const char *name)
{
	struct job_combine *c = &d->federation.job.combine;
	struct combine_settings s = combine_defaults();
	char err[160];
	int rc = combine_parse(name, &s);

	if (rc < 0 || s.npre > JOB_PRE_MAX)
		return -EINVAL;
	c->rule = s.rule;
	memset(c->pre, 0, sizeof(c->pre));
	memcpy(c->pre, s.pre, s.npre);
	merge_close(&d->merge);
	return merge_init(&d->merge, &d->federation, err, sizeof(err));
}

static void
keep_update(struct drill *d, uint16_t i, const struct trainwire_trained *t)
{
	memcpy(d->deltas[i], t->delta, d->update * sizeof(int64_t));
	d->steps[i] = t->steps;
}

void
drill_forget(struct drill *d)
{
	for (uint16_t i = 0; i < d->nhonest; i++)
		session_forget(&d->sessions[i]);
}

int
drill_honest(struct drill *d, const struct trainwire_model *m)
{
	int rc = 0;

	for (uint16_t i = 0; i < d->nhonest && rc == 0; i++) {
		const char *name = d->federation.members[d->members[i]].name;
		struct trainwire_model turn = *m;
		struct trainwire_msg answer;
		struct hash seed; /* no secret: these rows are at hand */

		turn.member = d->members[i];
		/* What it sent last is taken to be on the chain. */
		turn.kept = d->sessions[i].trained;
		seed = hash_bytes("qml.drillnoise", name, strlen(name));
		for (unsigned k = 0; k < HASH_LEN; k++)
			seed.b[k] ^= d->federation.job.seed.b[k];
		session_trial_seed(&d->sessions[i], &seed, m->round);
		rc = session_train(&d->sessions[i], &turn, &answer);
		if (rc < 0)
			return rc;
		if (answer.type != TRAINWIRE_TRAINED ||
		    answer.u.trained.dim != d->update)
			rc = -EDOM;
		else
			keep_update(d, i, &answer.u.trained);
		trainwire_msg_close(&answer);
	}
	return rc;
}

bool
drill_combine(const struct drill *d, const struct drill_round *r,
    int64_t *delta)
{
	struct merge_round round = {.number = r->model->round,
	    .aggregated = r->model->aggregated,
	    .n = d->federation.nmembers};
	const struct answer *list[FEDERATION_MAX_MEMBERS];
	uint32_t weights[FEDERATION_MAX_MEMBERS];
	struct answer *a = calloc(round.n, sizeof(*a));
	bool good = a != NULL;

	for (uint16_t i = 0; good && i < round.n; i++) {
		bool liar = i >= d->nhonest;

		a[i].kind = ANSWER_UPDATE;
		a[i].member = d->members[i];
		a[i].steps = d->steps[liar ? 0 : i];
		a[i].dim = d->update;
		/* Only read; the cast is struct answer's, which owns. */
		a[i].delta = liar
		    ? (int64_t *)(uintptr_t)r->lies[i - d->nhonest]
		    : d->deltas[i];
		list[i] = &a[i];
		weights[i] = d->federation.members[a[i].member].weight;
	}
	round.updates = list;
	round.weights = weights;
	if (good)
		good = merge_run(&d->merge, &round, r->model->model, r->moments,
		    delta);
	free(a);
	return good;
}

/* One search for the strength that hurts most. */
struct search {
	const struct drill *d;
	struct attack_input in;
	struct drill_round round;
	const int64_t *lies[FEDERATION_MAX_MEMBERS];
	int64_t *lie, *result, *truth, *moments;
};

/* Squared distance between the rule's result when all liars send the attack of
 * this strength, and when they send the honest mean. A rule with memory is
 * asked without it. */
static double
harm(struct search *s, double tau)
{
	double sum = 0;

	s->in.tau = tau > 0 ? tau : 1e-9;
	if (attack_craft(s->d->attack, &s->in, s->lie) < 0)
		return 0;
	merge_start(&s->d->merge, s->moments);
	if (!drill_combine(s->d, &s->round, s->result))
		return 0;
	for (uint32_t j = 0; j < s->d->federation.job.dim; j++) {
		double off = (double)s->result[j] - (double)s->truth[j];

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

/* What the federation would do if the liars sent the honest mean. */
static int
find_truth(struct search *s)
{
	const struct drill *d = s->d;

	merge_start(&d->merge, s->moments);
	for (uint32_t j = 0; j < d->update; j++) {
		q24_wide sum = 0;

		for (uint16_t i = 0; i < d->nhonest; i++)
			sum += d->deltas[i][j];
		s->lie[j] = q24_div128(sum, d->nhonest);
	}
	return drill_combine(d, &s->round, s->truth) ? 0 : -EINVAL;
}

static int
search_open(struct search *s)
{
	const struct drill *d = s->d;
	size_t dim = d->federation.job.dim;

	s->lie = calloc(d->update, sizeof(*s->lie));
	s->result = calloc(dim, sizeof(*s->result));
	s->truth = calloc(dim, sizeof(*s->truth));
	s->moments = calloc(d->merge.nmoments + 1, sizeof(*s->moments));
	if (!s->lie || !s->result || !s->truth || !s->moments)
		return -ENOMEM;
	for (uint16_t i = 0; i < d->nliars; i++)
		s->lies[i] = s->lie;
	s->round.lies = s->lies;
	s->round.moments = s->moments;
	return find_truth(s);
}

static int
find_tau(const struct drill *d, const struct trainwire_model *m,
    struct attack_input *in)
{
	struct search s = {.d = d, .in = *in, .round = {.model = m}};
	int rc = search_open(&s);

	if (rc == 0)
		in->tau = worst_tau(&s);
	free(s.lie);
	free(s.result);
	free(s.truth);
	free(s.moments);
	return rc;
}

/* What is not learnt in this round must be zero, or the ledger says no. */
static void
clear_inactive(const struct drill *d, const struct trainwire_model *m,
    int64_t *out)
{
	for (unsigned i = 0; i < d->merge.nsegments; i++) {
		const struct job_segment *s = &d->merge.segment[i];

		if (!job_active(d->merge.job, s, m->aggregated))
			memset(out + s->at, 0, s->update * sizeof(*out));
	}
}

int
drill_craft(const struct drill *d, const struct trainwire_model *m,
    const int64_t *own, int64_t *out)
{
	const int64_t *honest[FEDERATION_MAX_MEMBERS];
	struct attack_input in = {.honest = honest,
	    .n = d->nhonest,
	    .dim = d->update,
	    .tau = d->tau,
	    .seed = m->round,
	    .bound = d->bound,
	    .clip = d->clip};
	bool scaled = d->attack == ATTACK_IPM || d->attack == ATTACK_ALIE;
	int rc = 0;

	if (d->attack == ATTACK_LABEL_FLIP ||
	    d->attack == ATTACK_LIE_ABOUT_COUNT) {
		memcpy(out, own, d->update * sizeof(*out));
		return 0;
	}
	for (uint16_t i = 0; i < d->nhonest; i++)
		honest[i] = d->deltas[i];
	if (scaled && !(d->tau > 0))
		rc = find_tau(d, m, &in);
	if (rc == 0)
		rc = attack_craft(d->attack, &in, out);
	if (rc == 0)
		clear_inactive(d, m, out);
	return rc;
}

void
drill_flip_labels(struct session *s)
{
	int32_t last = (int32_t)s->federation.nlabels - 1;

	for (size_t i = 0; i < s->rows.n; i++)
		s->rows.labels[i] = last - s->rows.labels[i];
}
