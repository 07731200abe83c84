#include "consensus/aggregate/combine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ITERATIONS_MAX 64

struct combine_settings
combine_defaults(void)
{
	return (struct combine_settings){
	    .rule = AGGREGATE_MEAN,
	    .knobs = {.tau = Q24_ONE,
		.nu = Q24_ONE / 1024,
		.iterations = 8,
		.clip = Q24_ONE,
		.bucket = 2},
	    .nova_cap = 1,
	    .server = {.id = SERVER_FEDAVG, .rate = Q24_ONE},
	};
}

int
combine_parse(const char *name, struct combine_settings *s)
{
	const struct aggregate_rule *rule;
	char part[32];
	const char *at = name;

	s->npre = 0;
	for (const char *end; (end = strchr(at, '+')) != NULL; at = end + 1) {
		const struct pre_rule *pre;

		snprintf(part, sizeof(part), "%.*s", (int)(end - at), at);
		pre = pre_named(part);
		if (!pre || s->npre == COMBINE_MAX_PRE)
			return -EINVAL;
		s->pre[s->npre++] = pre->id;
	}
	rule = aggregate_named(at);
	if (!rule)
		return -EINVAL;
	s->rule = rule->id;
	return 0;
}

void
combine_name(const struct combine_settings *s, char *out, size_t len)
{
	size_t at = 0;

	for (uint8_t i = 0; i < s->npre && at < len; i++)
		at += (size_t)snprintf(out + at, len - at, "%s+",
		    pre_find(s->pre[i])->name);
	if (at < len)
		snprintf(out + at, len - at, "%s",
		    aggregate_find(s->rule)->name);
}

static const char *
pre_fault(const struct combine_settings *s)
{
	bool seen[PRE_BUCKETING + 1] = {false};

	if (s->npre > COMBINE_MAX_PRE)
		return "too many pre-aggregators";
	for (uint8_t i = 0; i < s->npre; i++) {
		if (!pre_find(s->pre[i]))
			return "there is no such pre-aggregator";
		if (seen[s->pre[i]])
			return "a pre-aggregator is named twice";
		seen[s->pre[i]] = true;
	}
	if (seen[PRE_CLIP] && s->knobs.clip <= 0)
		return "the radius of clip must be above 0";
	if (seen[PRE_BUCKETING] && s->knobs.bucket < 1)
		return "a bucket holds at least 1 update";
	return NULL;
}

static const char *
fault(const struct combine_settings *s)
{
	const struct aggregate_knobs *k = &s->knobs;

	if (!aggregate_find(s->rule))
		return "there is no such rule";
	if (2u * s->f >= AGGREGATE_MAX_UPDATES)
		return "f must be less than half of the members";
	if (k->tau <= 0 || k->nu <= 0)
		return "tau and nu must be above 0";
	if (k->iterations < 1 || k->iterations > ITERATIONS_MAX)
		return "iterations must be 1 to 64";
	if (s->nova && (s->nova_cap < 1 || s->nova_clip < 0))
		return "the cap of local steps must be at least 1";
	if (server_check(&s->server) < 0)
		return "a number of the server optimiser is out of range";
	return pre_fault(s);
}

int
combine_check(const struct combine_settings *s, char *err, size_t errlen)
{
	const char *why = fault(s);

	if (!why)
		return 0;
	snprintf(err, errlen, "%s", why);
	return -EINVAL;
}

static bool
has_pre(const struct combine_settings *s, enum pre_id id)
{
	return memchr(s->pre, (int)id, s->npre) != NULL;
}

/* n updates in buckets of s are ceil(n / s). */
static uint32_t
before_buckets(const struct combine_settings *s, uint32_t n)
{
	return has_pre(s, PRE_BUCKETING)
	    ? (n - 1) * (uint32_t)s->knobs.bucket + 1
	    : n;
}

uint32_t
combine_minimum(const struct combine_settings *s)
{
	const struct aggregate_rule *rule = aggregate_find(s->rule);
	uint32_t n = before_buckets(s, rule->minimum(s->f));

	/* Pre-aggregators want more updates than liars. */
	return s->npre > 0 && n <= s->f ? s->f + 1u : n;
}

uint32_t
combine_maximum(const struct combine_settings *s)
{
	uint32_t n = aggregate_find(s->rule)->maximum;

	if (has_pre(s, PRE_BUCKETING))
		n *= s->knobs.bucket;
	return n < AGGREGATE_MAX_UPDATES ? n : AGGREGATE_MAX_UPDATES;
}

uint32_t
combine_proved(const struct combine_settings *s)
{
	uint32_t n = before_buckets(s, aggregate_find(s->rule)->proved(s->f));
	uint32_t least = combine_minimum(s);

	return n > least ? n : least;
}

bool
combine_takes(const struct combine_settings *s, uint32_t n)
{
	const struct aggregate_rule *rule = aggregate_find(s->rule);

	if (n < combine_minimum(s) || n > combine_maximum(s))
		return false;
	for (uint8_t i = 0; i < s->npre; i++) {
		if (s->f >= n)
			return false;
		if (s->pre[i] == PRE_BUCKETING)
			n = (n - 1) / (uint32_t)s->knobs.bucket + 1;
	}
	return n >= rule->minimum(s->f) && n <= rule->maximum;
}

static size_t
previous_len(const struct combine_settings *s, uint32_t dim)
{
	return s->rule == AGGREGATE_CENTERED_CLIPPING ? dim : 0;
}

size_t
combine_state_len(const struct combine_settings *s, uint32_t dim)
{
	return previous_len(s, dim) +
	    (size_t)server_find(s->server.id)->nmoments * dim;
}

void
combine_state_start(const struct combine_settings *s, uint32_t dim,
    int64_t *state)
{
	size_t previous = previous_len(s, dim);

	if (previous > 0)
		memset(state, 0, previous * sizeof(*state));
	if (combine_state_len(s, dim) > previous)
		server_start(&s->server, dim, state + previous);
}

/* Each stage writes what it does not read: two copies, in turn. */
static unsigned
ncopies(const struct combine_settings *s)
{
	unsigned stages = s->npre + (s->nova ? 1u : 0u) + (s->scaled ? 1u : 0u);

	return stages < 2 ? stages : 2;
}

size_t
combine_scratch_len(const struct combine_settings *s, uint16_t n, uint32_t dim)
{
	return sizeof(struct aggregate_scratch) +
	    (size_t)ncopies(s) * n * dim * sizeof(int64_t);
}

/* The updates on their way through the stages. */
struct flow {
	struct aggregate_input in;
	struct aggregate_knobs knobs;
	const int64_t *rows[AGGREGATE_MAX_UPDATES];
	int64_t *copies; /* [ncopies][n][dim] */
	size_t copy_len;
	unsigned stage;
};

static void
flow_start(struct flow *w, const struct combine *c)
{
	struct aggregate_scratch *scratch = c->scratch;

	w->knobs = c->settings->knobs;
	if (c->seed)
		w->knobs.seed = *c->seed;
	for (uint16_t i = 0; i < c->n; i++)
		w->rows[i] = c->updates[i] + c->at;
	w->in = (struct aggregate_input){.updates = w->rows,
	    .weights = c->weights,
	    .periods = c->periods,
	    .knobs = &w->knobs,
	    .scratch = scratch,
	    .n = c->n,
	    .f = c->settings->f,
	    .dim = c->dim};
	w->copies = (int64_t *)(void *)(scratch + 1);
	w->copy_len = (size_t)c->n * c->dim;
	w->stage = 0;
}

static void
flow_targets(const struct flow *w, int64_t **out)
{
	int64_t *to = w->copies + (w->stage % 2) * w->copy_len;

	for (uint16_t i = 0; i < w->in.n; i++)
		out[i] = to + (size_t)i * w->in.dim;
}

static void
flow_next(struct flow *w, int64_t *const *out, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		w->rows[i] = out[i];
	w->in.n = n;
	w->stage++;
}

static int
run_stages(struct flow *w, const struct combine *c)
{
	const struct combine_settings *s = c->settings;
	int64_t *out[AGGREGATE_MAX_UPDATES];

	if (s->scaled && c->scales) {
		flow_targets(w, out);
		pre_scale(&w->in, c->scales, out);
		flow_next(w, out, w->in.n);
	}
	if (s->nova) {
		flow_targets(w, out);
		pre_nova(&w->in, c->steps, s->nova_cap, s->nova_clip, out);
		flow_next(w, out, w->in.n);
		w->in.periods = NULL;
	}
	for (uint8_t i = 0; i < s->npre; i++) {
		int n;

		flow_targets(w, out);
		n = pre_run(s->pre[i], &w->in, out);
		if (n < 0)
			return n;
		flow_next(w, out, (uint16_t)n);
		if (pre_find(s->pre[i])->mixes)
			w->in.weights = NULL;
	}
	return 0;
}

int
combine_run(const struct combine *c, int64_t *state, int64_t *delta)
{
	const struct combine_settings *s = c->settings;
	size_t previous = previous_len(s, c->dim);
	struct flow w;
	int rc;

	if (c->n < combine_minimum(s) || c->n > combine_maximum(s))
		return -EINVAL;
	flow_start(&w, c);
	rc = run_stages(&w, c);
	if (rc < 0)
		return rc;
	w.in.previous = previous > 0 ? state : NULL;
	rc = aggregate_run(s->rule, &w.in, delta);
	if (rc < 0)
		return rc;
	if (previous > 0)
		memcpy(state, delta, previous * sizeof(*state));
	/* previous may be all of the state: no arithmetic on NULL. */
	server_step(&s->server, c->dim, delta, state ? state + previous : NULL,
	    delta);
	return 0;
}
