#include "consensus/aggregate/iterate.h"

#include <string.h>

#include "consensus/aggregate/vectors.h"

/* z += sum(factor_i (x_i - z)) / total, factors of 2^VECTORS_FACTOR_BITS.
 * |x - z| < 2^64, a factor is at most 2^50 and n at most 100: 2^121. */
static void
move(const struct aggregate_input *in, const int64_t *factor, int64_t total,
    int64_t *z)
{
	for (uint32_t j = 0; j < in->dim; j++) {
		int64_t period = vectors_period(in, j);
		q24_wide sum = (q24_wide)z[j] * total;

		for (uint16_t i = 0; i < in->n; i++)
			sum += factor[i] *
			    vectors_gap(in->updates[i][j], z[j], period);
		z[j] = q24_div128(sum, total);
	}
}

/* Weights are 1 / distance; as fractions of the largest of them they are
 * lengths shortened to the least distance. */
static void
weiszfeld_step(const struct aggregate_input *in, int64_t *z)
{
	q24_uwide nu = (q24_uwide)in->knobs->nu * (q24_uwide)in->knobs->nu;
	q24_uwide d[AGGREGATE_MAX_UPDATES], least = ~(q24_uwide)0;
	int64_t factor[AGGREGATE_MAX_UPDATES], total = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		d[i] = vectors_distance(in, i, z);
		d[i] = d[i] < nu ? nu : d[i];
		least = d[i] < least ? d[i] : least;
	}
	for (uint16_t i = 0; i < in->n; i++) {
		factor[i] = vectors_factor(least, d[i]);
		total += factor[i];
	}
	move(in, factor, total, z);
}

void
iterate_geometric(const struct aggregate_input *in, int64_t *out)
{
	memset(out, 0, in->dim * sizeof(*out));
	for (uint16_t t = 0; t < in->knobs->iterations; t++)
		weiszfeld_step(in, out);
}

static void
clipping_step(const struct aggregate_input *in, int64_t *v)
{
	q24_uwide tau = (q24_uwide)in->knobs->tau * (q24_uwide)in->knobs->tau;
	int64_t factor[AGGREGATE_MAX_UPDATES];

	for (uint16_t i = 0; i < in->n; i++)
		factor[i] = vectors_factor(tau, vectors_distance(in, i, v));
	move(in, factor, (int64_t)in->n << VECTORS_FACTOR_BITS, v);
}

void
iterate_clipping(const struct aggregate_input *in, int64_t *out)
{
	if (!in->previous)
		memset(out, 0, in->dim * sizeof(*out));
	else if (in->previous != out)
		memcpy(out, in->previous, in->dim * sizeof(*out));
	for (uint16_t t = 0; t < in->knobs->iterations; t++)
		clipping_step(in, out);
}
