#include "consensus/aggregate/pre.h"

#include <errno.h>
#include <string.h>

#include "consensus/aggregate/vectors.h"

#define FACTOR_ONE ((int64_t)1 << VECTORS_FACTOR_BITS)

/* An update in its canonical winding, times factor / FACTOR_ONE. */
static void
shorten(const struct aggregate_input *in, uint16_t i, int64_t factor,
    int64_t *out)
{
	for (uint32_t j = 0; j < in->dim; j++) {
		int64_t x = vectors_value(in, i, j);

		out[j] = factor == FACTOR_ONE
		    ? x
		    : q24_div128((q24_wide)x * factor, FACTOR_ONE);
	}
}

static uint16_t
as_many(const struct aggregate_input *in)
{
	return in->n;
}

static void
clip_run(const struct aggregate_input *in, int64_t *const *out)
{
	q24_uwide c = (q24_uwide)in->knobs->clip * (q24_uwide)in->knobs->clip;

	for (uint16_t i = 0; i < in->n; i++)
		shorten(in, i, vectors_factor(c, vectors_distance(in, i, NULL)),
		    out[i]);
}

static void
arc_run(const struct aggregate_input *in, int64_t *const *out)
{
	uint32_t n = in->n, f = in->f;
	uint16_t kept = (uint16_t)(n - 2 * f * (n - f) / n);
	uint16_t order[AGGREGATE_MAX_UPDATES];
	q24_uwide norm[AGGREGATE_MAX_UPDATES], most;

	for (uint16_t i = 0; i < in->n; i++) {
		norm[i] = vectors_distance(in, i, NULL);
		order[i] = i;
	}
	/* Equal lengths: shortening the one to the other changes nothing. */
	vectors_sort(order, in->n, norm);
	most = norm[order[kept - 1]];
	for (uint16_t i = 0; i < in->n; i++)
		shorten(in, i, vectors_factor(most, norm[i]), out[i]);
}

/* Around the update itself: its neighbours are near in distances that wrap. */
static void
nnm_run(const struct aggregate_input *in, int64_t *const *out)
{
	uint16_t order[AGGREGATE_MAX_UPDATES], near[AGGREGATE_MAX_UPDATES];
	uint16_t k = (uint16_t)(in->n - in->f);

	vectors_distances(in);
	vectors_order(in, order);
	for (uint16_t i = 0; i < in->n; i++) {
		uint16_t at = 1;

		near[0] = i;
		for (uint16_t o = 0; o < in->n; o++)
			if (order[o] != i)
				near[at++] = order[o];
		vectors_sort(near + 1, (uint16_t)(in->n - 1),
		    in->scratch->distance + (size_t)i * in->n);
		vectors_mean(in, near, k, out[i]);
	}
}

static uint16_t
buckets(const struct aggregate_input *in)
{
	uint16_t s = in->knobs->bucket;

	return (uint16_t)((in->n + s - 1) / s);
}

/* The order of values first: then the seed alone decides, not the senders. */
static void
bucketing_run(const struct aggregate_input *in, int64_t *const *out)
{
	uint16_t order[AGGREGATE_MAX_UPDATES], s = in->knobs->bucket;
	int64_t draw[AGGREGATE_MAX_UPDATES];
	q24_uwide key[AGGREGATE_MAX_UPDATES];

	vectors_order(in, order);
	q24_stream(&in->knobs->seed, INT64_MAX >> 1, draw, in->n);
	for (uint16_t o = 0; o < in->n; o++)
		key[order[o]] = (q24_uwide)((q24_wide)draw[o] + INT64_MAX);
	vectors_sort(order, in->n, key);
	for (uint16_t b = 0; b < buckets(in); b++) {
		uint32_t first = (uint32_t)b * s;
		uint32_t size = in->n - first < s ? in->n - first : s;

		vectors_mean(in, order + first, (uint16_t)size, out[b]);
	}
}

static const struct pre_rule rules[] = {
    {PRE_CLIP, "clip", false, false, as_many, clip_run},
    {PRE_ARC, "arc", false, false, as_many, arc_run},
    {PRE_NNM, "nnm", true, true, as_many, nnm_run},
    {PRE_BUCKETING, "bucketing", false, true, buckets, bucketing_run},
};

#define NRULES (sizeof(rules) / sizeof(*rules))

const struct pre_rule *
pre_at(size_t i)
{
	return i < NRULES ? &rules[i] : NULL;
}

const struct pre_rule *
pre_find(uint8_t id)
{
	for (size_t i = 0; i < NRULES; i++)
		if (rules[i].id == id)
			return &rules[i];
	return NULL;
}

const struct pre_rule *
pre_named(const char *name)
{
	for (size_t i = 0; i < NRULES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

int
pre_run(uint8_t id, const struct aggregate_input *in, int64_t *const *out)
{
	const struct pre_rule *rule = pre_find(id);

	if (!rule || in->n < 1 || in->n > AGGREGATE_MAX_UPDATES ||
	    in->f >= in->n || (rule->scratch && !in->scratch))
		return -EINVAL;
	if (id == PRE_CLIP && (!in->knobs || in->knobs->clip <= 0))
		return -EINVAL;
	if (id == PRE_BUCKETING && (!in->knobs || in->knobs->bucket < 1))
		return -EINVAL;
	rule->run(in, out);
	return rule->outputs(in);
}

void
pre_scale(const struct aggregate_input *in, const int64_t *scales,
    int64_t *const *out)
{
	for (uint16_t i = 0; i < in->n; i++)
		for (uint32_t j = 0; j < in->dim; j++)
			out[i][j] =
			    q24_div128((q24_wide)vectors_value(in, i, j) *
				    scales[i],
				Q24_ONE);
}

static uint32_t
capped(uint32_t steps, uint32_t cap)
{
	if (steps < 1)
		return 1;
	return steps < cap ? steps : cap;
}

void
pre_nova(const struct aggregate_input *in, const uint32_t *steps, uint32_t cap,
    int64_t clip, int64_t *const *out)
{
	q24_uwide longest = (q24_uwide)clip * (q24_uwide)clip;
	int64_t total = 0, made = 0;

	/* 100 weights of 2^20 and steps of 2^20: 2^47. */
	for (uint16_t i = 0; i < in->n; i++) {
		int64_t w = in->weights ? in->weights[i] : 1;

		total += w;
		made += w * capped(steps[i], cap);
	}
	for (uint16_t i = 0; i < in->n; i++) {
		struct aggregate_input row = *in;
		const int64_t *scaled = out[i];
		int64_t own = total * capped(steps[i], cap);

		for (uint32_t j = 0; j < in->dim; j++)
			out[i][j] =
			    q24_div128((q24_wide)vectors_value(in, i, j) * made,
				own);
		row.updates = &scaled;
		row.periods = NULL; /* a scaled difference has no windings */
		if (clip > 0)
			shorten(&row, 0,
			    vectors_factor(longest,
				vectors_distance(&row, 0, NULL)),
			    out[i]);
	}
}
