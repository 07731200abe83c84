#include "consensus/aggregate/coordinate.h"

#include "consensus/aggregate/vectors.h"

void
coordinate_mean(const struct aggregate_input *in, int64_t *out)
{
	int64_t total = 0;

	/* 100 weights of at most 2^32: far from overflow. */
	for (uint16_t i = 0; i < in->n; i++)
		total += in->weights ? in->weights[i] : 1;
	for (uint32_t j = 0; j < in->dim; j++) {
		q24_wide sum = 0;

		for (uint16_t i = 0; i < in->n; i++)
			sum += (q24_wide)vectors_value(in, i, j) *
			    (in->weights ? in->weights[i] : 1);
		out[j] = q24_div128(sum, total);
	}
}

/* Coordinate j, ascending. Insertion: n is small, columns nearly random. */
static void
sorted_column(const struct aggregate_input *in, uint32_t j, int64_t *v)
{
	for (uint16_t i = 0; i < in->n; i++) {
		int64_t x = vectors_value(in, i, j);
		uint16_t k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static int64_t
mean_of(const int64_t *v, uint16_t n)
{
	q24_wide sum = 0;

	for (uint16_t i = 0; i < n; i++)
		sum += v[i];
	return q24_div128(sum, n);
}

void
coordinate_trimmed(const struct aggregate_input *in, int64_t *out)
{
	int64_t column[AGGREGATE_MAX_UPDATES] = {0};
	uint16_t kept = (uint16_t)(in->n - 2 * in->f);

	for (uint32_t j = 0; j < in->dim; j++) {
		sorted_column(in, j, column);
		out[j] = mean_of(column + in->f, kept);
	}
}

void
coordinate_median(const struct aggregate_input *in, int64_t *out)
{
	int64_t column[AGGREGATE_MAX_UPDATES] = {0};
	uint16_t first = (uint16_t)((in->n - 1) / 2);
	uint16_t count = in->n % 2 ? 1 : 2;

	for (uint32_t j = 0; j < in->dim; j++) {
		sorted_column(in, j, column);
		out[j] = mean_of(column + first, count);
	}
}

/* Of a sorted column the k nearest of the median are neighbours: the window
 * moves up while what it gains is nearer than what it loses. Twice the median
 * is a whole number, so the comparison is exact. */
static uint16_t
nearest_window(const int64_t *v, uint16_t n, uint16_t k)
{
	q24_wide twice = (q24_wide)v[(n - 1) / 2] + v[n / 2];
	uint16_t at = 0;

	while (at + k < n &&
	    2 * (q24_wide)v[at + k] - twice < twice - 2 * (q24_wide)v[at])
		at++;
	return at;
}

void
coordinate_meamed(const struct aggregate_input *in, int64_t *out)
{
	int64_t column[AGGREGATE_MAX_UPDATES] = {0};
	uint16_t k = (uint16_t)(in->n - in->f);

	for (uint32_t j = 0; j < in->dim; j++) {
		sorted_column(in, j, column);
		out[j] = mean_of(column + nearest_window(column, in->n, k), k);
	}
}
