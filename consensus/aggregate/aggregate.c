#include "consensus/aggregate/aggregate.h"

#include <errno.h>

#include "proto/q24.h"

static uint32_t
mean_minimum(uint16_t trim)
{
	(void)trim;
	return 1;
}

static void
mean_run(const struct aggregate_input *in, int64_t *out)
{
	int64_t total = 0;

	/* 100 weights of at most 2^32: far from overflow. */
	for (uint16_t i = 0; i < in->n; i++)
		total += in->weights ? in->weights[i] : 1;
	for (uint32_t j = 0; j < in->dim; j++) {
		q24_wide sum = 0;

		for (uint16_t i = 0; i < in->n; i++)
			sum += (q24_wide)in->updates[i][j] *
			    (in->weights ? in->weights[i] : 1);
		out[j] = q24_div128(sum, total);
	}
}

static uint32_t
trimmed_minimum(uint16_t trim)
{
	return 2 * (uint32_t)trim + 1;
}

/* Insertion sort: n is small and the columns are nearly random. */
static void
sort_column(int64_t *v, uint16_t n)
{
	for (uint16_t i = 1; i < n; i++) {
		int64_t x = v[i];
		uint16_t k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static void
trimmed_run(const struct aggregate_input *in, int64_t *out)
{
	int64_t column[AGGREGATE_MAX_UPDATES];
	int64_t kept = in->n - 2 * (int64_t)in->trim;

	for (uint32_t j = 0; j < in->dim; j++) {
		q24_wide sum = 0;

		for (uint16_t i = 0; i < in->n; i++)
			column[i] = in->updates[i][j];
		if (in->trim > 0)
			sort_column(column, in->n);
		for (int64_t i = 0; i < kept; i++)
			sum += column[in->trim + i];
		out[j] = q24_div128(sum, kept);
	}
}

static const struct aggregate_rule rules[] = {
    {JOB_MEAN, "mean", mean_minimum, mean_run},
    {JOB_TRIMMED_MEAN, "trimmed_mean", trimmed_minimum, trimmed_run},
};

const struct aggregate_rule *
aggregate_find(uint8_t id)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].id == id)
			return &rules[i];
	return NULL;
}

int
aggregate_run(uint8_t id, const struct aggregate_input *in, int64_t *out)
{
	const struct aggregate_rule *rule = aggregate_find(id);

	if (!rule || in->n > AGGREGATE_MAX_UPDATES ||
	    in->n < rule->minimum(in->trim))
		return -EINVAL;
	rule->run(in, out);
	return 0;
}
