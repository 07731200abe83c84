#include "consensus/aggregate/nearest.h"

#include "consensus/aggregate/vectors.h"

/* The sum of the n - f - 1 least distances of update i to others. */
static q24_uwide
krum_score(const struct aggregate_input *in, uint16_t i)
{
	const q24_uwide *row = in->scratch->distance + (size_t)i * in->n;
	uint16_t by_distance[AGGREGATE_MAX_UPDATES];
	q24_uwide sum = 0;
	uint16_t n = 0;

	for (uint16_t k = 0; k < in->n; k++)
		if (k != i)
			by_distance[n++] = k;
	vectors_sort(by_distance, n, row);
	for (uint16_t k = 0; k + in->f + 1 < in->n; k++)
		sum = vectors_add(sum, row[by_distance[k]]);
	return sum;
}

/* Best first; of equal scores the first in the order of values. */
static void
krum_order(const struct aggregate_input *in, uint16_t *order)
{
	q24_uwide score[AGGREGATE_MAX_UPDATES];

	vectors_distances(in);
	for (uint16_t i = 0; i < in->n; i++)
		score[i] = krum_score(in, i);
	vectors_order(in, order);
	vectors_sort(order, in->n, score);
}

void
nearest_krum(const struct aggregate_input *in, int64_t *out)
{
	uint16_t order[AGGREGATE_MAX_UPDATES];

	krum_order(in, order);
	vectors_mean(in, order, 1, out);
}

void
nearest_multi_krum(const struct aggregate_input *in, int64_t *out)
{
	uint16_t order[AGGREGATE_MAX_UPDATES];

	krum_order(in, order);
	vectors_mean(in, order, (uint16_t)(in->n - in->f), out);
}

/* The subsets of k, in the order of values: depth first, a branch ends when
 * its diameter is no less than the best. */
struct mda {
	const struct aggregate_input *in;
	uint16_t order[AGGREGATE_MAX_UPDATES];
	uint16_t k;
	uint16_t pick[AGGREGATE_MDA_MAX];          /* places in order[] */
	q24_uwide diameter[AGGREGATE_MDA_MAX + 1]; /* of the first ones */
	bool found;
	q24_uwide best;
	uint16_t best_pick[AGGREGATE_MDA_MAX]; /* updates */
};

static q24_uwide
diameter_with(const struct mda *m, uint16_t depth, uint16_t place)
{
	const q24_uwide *row =
	    m->in->scratch->distance + (size_t)m->order[place] * m->in->n;
	q24_uwide d = m->diameter[depth];

	for (uint16_t i = 0; i < depth; i++) {
		q24_uwide x = row[m->order[m->pick[i]]];

		d = x > d ? x : d;
	}
	return d;
}

static void
keep(struct mda *m)
{
	m->found = true;
	m->best = m->diameter[m->k];
	for (uint16_t i = 0; i < m->k; i++)
		m->best_pick[i] = m->order[m->pick[i]];
}

static void
search(struct mda *m)
{
	uint16_t depth = 0, place = 0;

	for (;;) {
		if (depth == m->k)
			keep(m);
		if (depth == m->k || place + m->k - depth > m->in->n) {
			if (depth == 0)
				return;
			place = (uint16_t)(m->pick[--depth] + 1);
			continue;
		}
		m->diameter[depth + 1] = diameter_with(m, depth, place);
		m->pick[depth] = place++;
		if (!m->found || m->diameter[depth + 1] < m->best)
			depth++;
	}
}

void
nearest_mda(const struct aggregate_input *in, int64_t *out)
{
	struct mda m = {.in = in, .k = (uint16_t)(in->n - in->f)};

	vectors_distances(in);
	vectors_order(in, m.order);
	search(&m);
	vectors_mean(in, m.best_pick, m.k, out);
}
