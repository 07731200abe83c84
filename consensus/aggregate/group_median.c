#include "consensus/aggregate/group_median.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "proto/q24.h"

int
group_median_check(const struct group_median_shape *s)
{
	if (s->nmembers < 1 || s->nmembers > GROUP_MEDIAN_MAX_MEMBERS ||
	    s->nparts < 2 || s->nparts > GROUP_MEDIAN_MAX_PARTS ||
	    s->nangles < 1 || s->nangles > GROUP_MEDIAN_MAX_ANGLES ||
	    s->faults >= s->nmembers)
		return -EINVAL;
	return group_median_dim(s) > GROUP_MEDIAN_MAX_DIM ? -EINVAL : 0;
}

uint32_t
group_median_dim(const struct group_median_shape *s)
{
	return s->nparts * (s->nangles + 1);
}

uint32_t
group_median_model_dim(const struct group_median_shape *s)
{
	return s->nangles + 2;
}

uint16_t
group_median_copies(const struct group_median_shape *s)
{
	uint32_t want = 2 * (uint32_t)s->faults + 1;

	return want < s->nmembers ? (uint16_t)want : s->nmembers;
}

/* Fisher-Yates; the modulo's bias, below 2^-54, is the same for all. */
static void
shuffle(const struct hash *seed, uint16_t *order, uint16_t n)
{
	int64_t draw[GROUP_MEDIAN_MAX_MEMBERS];

	q24_stream(seed, ((int64_t)1 << 61) - 1, draw, n);
	for (uint16_t i = 0; i < n; i++)
		order[i] = i;
	for (uint16_t i = n; i > 1; i--) {
		uint64_t u = (uint64_t)(draw[i - 1] + ((int64_t)1 << 61));
		uint16_t j = (uint16_t)(u % i);
		uint16_t t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

void
group_median_assign(const struct group_median_shape *s, const struct hash *seed,
    uint8_t *assigned)
{
	uint16_t order[GROUP_MEDIAN_MAX_MEMBERS];
	uint16_t copies = group_median_copies(s);
	uint32_t next = 0;

	assert(group_median_check(s) == 0);
	shuffle(seed, order, s->nmembers);
	memset(assigned, 0, (size_t)s->nmembers * s->nparts);
	for (uint32_t p = 0; p < s->nparts; p++) {
		for (uint16_t c = 0; c < copies; c++) {
			uint16_t m = order[next++ % s->nmembers];

			assigned[m * s->nparts + p] = 1;
		}
	}
}

bool
group_median_fits(const struct group_median_shape *s, const uint8_t *assigned,
    uint16_t m, const int64_t *update)
{
	uint32_t block = s->nangles + 1;

	for (uint32_t p = 0; p < s->nparts; p++) {
		bool mine = assigned[m * s->nparts + p] != 0;
		uint32_t zeros = !mine   ? block
		    : p + 1 == s->nparts ? s->nangles
					 : 0;

		for (uint32_t j = 0; j < zeros; j++)
			if (update[p * block + j] != 0)
				return false;
	}
	return true;
}

/* The members that reported part p. */
static uint16_t
reporters(const struct group_median_input *in, uint32_t p, uint16_t *who)
{
	uint16_t n = 0;

	for (uint16_t m = 0; m < in->shape.nmembers; m++)
		if (in->updates[m] &&
		    in->assigned[m * in->shape.nparts + p] != 0)
			who[n++] = m;
	return n;
}

/* Of an even number the mean of the middle two, half to even. */
static int64_t
median(int64_t *v, uint16_t n)
{
	for (uint16_t i = 1; i < n; i++) {
		int64_t x = v[i];
		uint16_t k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
	if (n % 2 == 1)
		return v[n / 2];
	return q24_div128((q24_wide)v[n / 2 - 1] + v[n / 2], 2);
}

static int64_t
median_at(const struct group_median_input *in, const uint16_t *who, uint16_t n,
    uint32_t at)
{
	int64_t column[GROUP_MEDIAN_MAX_MEMBERS];

	for (uint16_t i = 0; i < n; i++)
		column[i] = in->updates[who[i]][at];
	return median(column, n);
}

/* Adds part p's medians to out: all to the sums, or the last to the
 * variance. */
static void
add_part(const struct group_median_input *in, uint32_t p, const uint16_t *who,
    uint16_t n, int64_t *out)
{
	uint32_t d = in->shape.nangles, at = p * (d + 1);

	if (p + 1 == in->shape.nparts) {
		out[d + 1] = median_at(in, who, n, at + d);
		return;
	}
	for (uint32_t j = 0; j <= d; j++)
		out[j] = q24_add_sat(out[j], median_at(in, who, n, at + j));
}

int
group_median_run(const struct group_median_input *in, int64_t *out)
{
	uint16_t who[GROUP_MEDIAN_MAX_MEMBERS];
	uint32_t d = in->shape.nangles;

	if (group_median_check(&in->shape) < 0)
		return -EINVAL;
	memset(out, 0, group_median_model_dim(&in->shape) * sizeof(*out));
	for (uint32_t p = 0; p < in->shape.nparts; p++) {
		uint16_t n = reporters(in, p, who);

		if (n < in->shape.faults + 1) {
			memset(out, 0,
			    group_median_model_dim(&in->shape) * sizeof(*out));
			return -ENODATA;
		}
		add_part(in, p, who, n, out);
	}
	for (uint32_t j = d; j < d + 2; j++) {
		q24_wide change = (q24_wide)out[j] - in->model[j];

		out[j] = q24_div128(change, 1);
	}
	return 0;
}
