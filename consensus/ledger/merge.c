#include "consensus/ledger/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/q24.h"

/* A job states what combine needs; the ids are the same numbers. */
int
merge_settings(const struct job *j, uint16_t nmembers,
    struct combine_settings *s)
{
	const struct job_combine *c = &j->combine;
	int rc;

	*s = combine_defaults();
	s->rule = c->rule;
	s->f = job_faults(j, nmembers);
	while (s->npre < JOB_PRE_MAX && c->pre[s->npre] != 0) {
		s->pre[s->npre] = c->pre[s->npre];
		s->npre++;
	}
	s->knobs.bucket = c->bucket;
	s->scaled = c->stragglers == JOB_CARRY;
	s->nova = j->local.nova;
	s->nova_cap = j->local.steps > 0 ? j->local.steps : 1000000;
	s->server.id = c->server;
	rc = decimal_q24(&c->radius, &s->knobs.tau);
	s->knobs.clip = s->knobs.tau;
	if (rc == 0)
		rc = decimal_q24(&j->clip, &s->nova_clip);
	if (rc == 0)
		rc = decimal_q24(&c->server_rate, &s->server.rate);
	if (rc == 0)
		rc = decimal_q24(&c->server_beta, &s->server.beta1);
	if (rc == 0)
		rc = decimal_q24(&c->server_beta2, &s->server.beta2);
	if (rc == 0)
		rc = decimal_q24(&c->server_tau, &s->server.tau);
	return rc;
}

bool
merge_possible(const struct job *j, uint16_t n, uint32_t updates)
{
	struct combine_settings s;
	char err[160];

	return merge_settings(j, n, &s) == 0 &&
	    combine_check(&s, err, sizeof(err)) == 0 &&
	    combine_minimum(&s) <= updates;
}

static bool
is_plain(const struct job_segment *s)
{
	return s->variates || s->task->kind == JOB_QPCA;
}

/* The job's rule, but a plain mean where distances mean nothing: second
 * moments, and control variates, which follow their own updates. */
static struct combine_settings
settings_of(const struct merge *m, const struct job_segment *s,
    const struct combine_settings *how)
{
	struct combine_settings plain = combine_defaults();

	if (is_plain(s))
		return plain;
	(void)m;
	return *how;
}

static size_t
scratch_needed(const struct merge *m)
{
	size_t most = 0, len;
	unsigned i;

	for (i = 0; i < m->nsegments; i++) {
		len = combine_scratch_len(&m->how[i], m->nmembers,
		    m->segment[i].dim);
		if (len > most)
			most = len;
	}
	if (m->job->main.kind == JOB_VQE &&
	    (size_t)m->nmembers * m->job->main.parts > most)
		most = (size_t)m->nmembers * m->job->main.parts;
	return most;
}

static void
fill_periods(const struct merge *m)
{
	const struct job_segment *s;
	uint32_t j;
	unsigned i;

	for (i = 0; i < m->nsegments; i++) {
		s = &m->segment[i];
		for (j = 0; j < s->nangles; j++)
			m->periods[s->first + j] = Q24_TWO_PI;
	}
}

/* Fewer may be asked than there are faults: then all measure, all are heard. */
static struct group_median_shape
shape_of(const struct job *j, const struct merge_asked *asked)
{
	return (struct group_median_shape){
	    .nmembers = asked->n,
	    .faults = asked->faults < asked->n || asked->n == 0
		? asked->faults
		: (uint16_t)(asked->n - 1),
	    .nparts = j->main.parts,
	    .nangles = j->main.nangles,
	};
}

static int
check(const struct merge *m, const struct combine_settings *how, char *err,
    size_t errlen)
{
	const struct merge_asked all = {m->nmembers, m->faults};
	struct group_median_shape shape = shape_of(m->job, &all);

	if (combine_check(how, err, errlen) < 0)
		return -EINVAL;
	if (m->job->main.kind == JOB_VQE && group_median_check(&shape) < 0) {
		snprintf(err, errlen, "the parts of the vqe are too many");
		return -EINVAL;
	}
	return 0;
}

int
merge_init(struct merge *m, const struct federation *f, char *err,
    size_t errlen)
{
	struct combine_settings how;
	unsigned i;
	int rc;

	*m = (struct merge){.job = &f->job,
	    .nmembers = f->nmembers,
	    .nactive = f->nmembers};
	m->faults = job_faults(&f->job, f->nmembers);
	m->nsegments = job_segments(&f->job, m->segment);
	rc = merge_settings(&f->job, f->nmembers, &how);
	if (rc == 0)
		rc = check(m, &how, err, errlen);
	if (rc < 0)
		return rc == -ENOMEM ? rc : -EINVAL;
	for (i = 0; i < m->nsegments; i++) {
		m->how[i] = settings_of(m, &m->segment[i], &how);
		m->moments_at[i] = m->nmoments;
		m->nmoments += combine_state_len(&m->how[i], m->segment[i].dim);
	}
	m->periods = calloc(f->job.dim, sizeof(*m->periods));
	m->scratch = malloc(scratch_needed(m) + 1);
	if (m->periods == NULL || m->scratch == NULL) {
		merge_close(m);
		return -ENOMEM;
	}
	fill_periods(m);
	return 0;
}

int
merge_seats(struct merge *m, uint16_t nseats, uint16_t nmembers)
{
	uint16_t had = m->nmembers;
	void *more;

	if (nseats > had) {
		m->nmembers = nseats;
		more = malloc(scratch_needed(m) + 1);
		if (more == NULL) {
			m->nmembers = had;
			return -ENOMEM;
		}
		free(m->scratch);
		m->scratch = more;
	}
	m->nactive = nmembers;
	m->faults = job_faults(m->job, nmembers);
	for (unsigned i = 0; i < m->nsegments; i++)
		if (!is_plain(&m->segment[i]))
			m->how[i].f = m->faults;
	return 0;
}

void
merge_close(struct merge *m)
{
	free(m->periods);
	free(m->scratch);
	*m = (struct merge){0};
}

void
merge_bind(struct merge *m, const struct job *j)
{
	m->job = j;
	m->nsegments = job_segments(j, m->segment);
}

void
merge_start(const struct merge *m, int64_t *moments)
{
	unsigned i;

	for (i = 0; i < m->nsegments; i++)
		combine_state_start(&m->how[i], m->segment[i].dim,
		    moments + m->moments_at[i]);
}

uint32_t
merge_minimum(const struct merge *m, uint64_t aggregated)
{
	uint32_t most = 1, n;
	unsigned i;

	for (i = 0; i < m->nsegments; i++) {
		if (!job_active(m->job, &m->segment[i], aggregated))
			continue;
		n = combine_minimum(&m->how[i]);
		/* Of 2 f + 1 who measure a part f + 1 are heard. */
		if (m->segment[i].task->kind == JOB_VQE)
			n = (uint32_t)m->nactive - m->faults;
		if (n > most)
			most = n;
	}
	return most;
}

static struct hash
round_seed(const char *tag, const struct job *j, uint64_t round)
{
	struct hash_stream s;
	uint8_t image[8];
	unsigned k;

	for (k = 0; k < 8; k++)
		image[k] = (uint8_t)(round >> (56 - 8 * k));
	hash_begin(&s, tag);
	hash_add(&s, j->seed.b, HASH_LEN);
	hash_add(&s, image, sizeof(image));
	return hash_end(&s);
}

void
merge_assign(const struct job *job, const struct merge_asked *asked,
    uint64_t round, uint8_t *assigned)
{
	struct group_median_shape shape = shape_of(job, asked);
	struct hash seed = round_seed("qml.parts", job, round);

	group_median_assign(&shape, &seed, assigned);
}

/* To whom a round's parts are dealt. */
struct deal {
	struct group_median_shape shape; /* nmembers 0: nobody is asked */
	uint16_t place[FEDERATION_MAX_MEMBERS]; /* by seat; else UINT16_MAX */
};

/* Seats that the merge has no room for are not asked: an image of the state
 * may say anything. */
static struct deal
deal_of(const struct merge *m, const struct merge_round *r)
{
	struct merge_asked asked = {0, m->faults};
	struct deal d;

	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		const bool in =
		    i < m->nmembers && (r->asked == NULL || r->asked[i]);

		d.place[i] = in ? asked.n : UINT16_MAX;
		asked.n = (uint16_t)(asked.n + in);
	}
	d.shape = shape_of(m->job, &asked);
	if (asked.n > 0)
		merge_assign(m->job, &asked, r->number, m->scratch);
	return d;
}

static bool
is_zero(const int64_t *x, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (x[i] != 0)
			return false;
	return true;
}

bool
merge_within(const struct merge *m, const int64_t *update, int64_t clip)
{
	const struct job_segment *s;
	unsigned i;

	for (i = 0; i < m->nsegments; i++) {
		s = &m->segment[i];
		if (s->task->kind != JOB_VQE &&
		    !q24_within(update + s->at, s->update, clip))
			return false;
	}
	return true;
}

bool
merge_fits(const struct merge *m, const struct merge_round *r,
    const struct answer *a)
{
	const struct job_segment *s;
	const int64_t *part;
	struct deal d;
	unsigned i;

	for (i = 0; i < m->nsegments; i++) {
		s = &m->segment[i];
		part = a->delta + s->at;
		if (!job_active(m->job, s, r->aggregated)) {
			if (!is_zero(part, s->update))
				return false;
			continue;
		}
		if (s->task->kind != JOB_VQE)
			continue;
		d = deal_of(m, r);
		if (d.place[a->member] == UINT16_MAX ||
		    !group_median_fits(&d.shape, m->scratch, d.place[a->member],
			part))
			return false;
	}
	return true;
}

/* Each part by f + 1 of those who measured it. */
static bool
parts_heard(const struct merge *m, const struct merge_round *r)
{
	const struct deal d = deal_of(m, r);
	const uint8_t *assigned = m->scratch;

	for (uint32_t p = 0; p < d.shape.nparts; p++) {
		uint32_t n = 0;

		for (uint16_t i = 0; i < r->n; i++) {
			uint16_t k = d.place[r->updates[i]->member];

			if (k != UINT16_MAX)
				n += assigned[k * d.shape.nparts + p];
		}
		if (n < d.shape.faults + 1u)
			return false;
	}
	return true;
}

bool
merge_can(const struct merge *m, const struct merge_round *r)
{
	for (unsigned i = 0; i < m->nsegments; i++) {
		if (!job_active(m->job, &m->segment[i], r->aggregated))
			continue;
		if (m->segment[i].task->kind == JOB_VQE
			? !parts_heard(m, r)
			: !combine_takes(&m->how[i], r->n))
			return false;
	}
	return true;
}

static bool
run_parts(const struct merge *m, const struct merge_round *r,
    const struct job_segment *s, const int64_t *model, int64_t *delta)
{
	const int64_t *updates[FEDERATION_MAX_MEMBERS] = {NULL};
	const struct deal d = deal_of(m, r);
	struct group_median_input in = {
	    .shape = d.shape,
	    .assigned = m->scratch,
	    .updates = updates,
	    .model = model + s->first,
	};
	uint16_t i, k;

	for (i = 0; i < r->n; i++) {
		k = d.place[r->updates[i]->member];
		if (k == UINT16_MAX)
			return false;
		updates[k] = r->updates[i]->delta + s->at;
	}
	return d.shape.nmembers > 0 &&
	    group_median_run(&in, delta + s->first) == 0;
}

/* SCAFFOLD: those who did not train keep their variates, so the mean over all
 * members moves by a share only. */
static void
thin(int64_t *x, uint32_t n, uint16_t some, uint16_t all)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		x[i] = q24_div128((q24_wide)x[i] * some, all);
}

/* Where a segment's result goes. */
struct target {
	int64_t *moments, *delta;
};

static bool
run_segment(const struct merge *m, const struct merge_round *r, unsigned i,
    struct combine *c, const struct target *to)
{
	const struct job_segment *s = &m->segment[i];
	bool weighted = s->task->kind == JOB_QPCA ||
	    m->job->combine.weighting == JOB_REGISTERED;
	bool stateful = combine_state_len(&m->how[i], s->dim) > 0;

	c->settings = &m->how[i];
	c->weights = weighted ? r->weights : NULL;
	c->scales = r->scales;
	c->at = s->at;
	c->dim = s->dim;
	c->periods = s->nangles > 0 ? m->periods + s->first : NULL;
	if (combine_run(c, stateful ? to->moments : NULL, to->delta) < 0)
		return false;
	if (s->variates)
		thin(to->delta, s->dim, r->n, m->nactive);
	return true;
}

bool
merge_run(const struct merge *m, const struct merge_round *r,
    const int64_t *model, int64_t *moments, int64_t *delta)
{
	const int64_t *updates[FEDERATION_MAX_MEMBERS];
	uint32_t steps[FEDERATION_MAX_MEMBERS];
	struct hash seed = round_seed("qml.buckets", m->job, r->number);
	struct combine c = {
	    .updates = updates,
	    .steps = m->job->local.nova ? steps : NULL,
	    .n = r->n,
	    .seed = &seed,
	    .scratch = m->scratch,
	};
	struct target to;
	unsigned i;
	uint16_t k;
	bool ok = r->n <= m->nmembers;

	for (k = 0; k < r->n && ok; k++) {
		updates[k] = r->updates[k]->delta;
		steps[k] = r->updates[k]->steps;
	}
	memset(delta, 0, m->job->dim * sizeof(*delta));
	for (i = 0; i < m->nsegments && ok; i++) {
		if (!job_active(m->job, &m->segment[i], r->aggregated))
			continue;
		to = (struct target){moments + m->moments_at[i],
		    delta + m->segment[i].first};
		ok = m->segment[i].task->kind == JOB_VQE
		    ? run_parts(m, r, &m->segment[i], model, delta)
		    : run_segment(m, r, i, &c, &to);
	}
	return ok;
}
