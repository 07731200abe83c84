#include "sim/circuit/spread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Beyond so many dependent phases one transform and its sines cost less. */
#define SPREAD_TIMES_MAX 10

/* The masks chosen so far, reduced; from[i] says of which they are sums. */
struct reduced {
	uint32_t mask[LANES_MAX_QUBITS];
	uint32_t from[LANES_MAX_QUBITS];
	uint32_t n;
};

/* What is left of mask; *of gets the chosen masks whose sum was taken away. */
static uint32_t
reduce(const struct reduced *r, uint32_t mask, uint32_t *of)
{
	uint32_t i;

	*of = 0;
	for (i = 0; i < r->n; i++) {
		if ((mask ^ r->mask[i]) < mask) {
			mask ^= r->mask[i];
			*of ^= r->from[i];
		}
	}
	return mask;
}

/* Keeps the list by falling highest bit, which reduce() relies on. */
static void
insert(struct reduced *r, uint32_t mask, uint32_t of)
{
	uint32_t at = r->n++;

	for (; at > 0 && r->mask[at - 1] < mask; at--) {
		r->mask[at] = r->mask[at - 1];
		r->from[at] = r->from[at - 1];
	}
	r->mask[at] = mask;
	r->from[at] = of;
}

int
spread_init(struct spread *s, const uint32_t *masks, size_t n, uint32_t nqubits)
{
	struct reduced r = {.n = 0};
	uint32_t chosen[LANES_MAX_QUBITS] = {0}, of, left, i, y = 0;
	size_t k;

	*s = (struct spread){.rank = 0};
	s->mask = calloc(n + 1, sizeof(*s->mask));
	if (s->mask == NULL)
		return -ENOMEM;
	for (k = 0; k < n; k++) {
		left = reduce(&r, masks[k], &of);
		if (left == 0) {
			s->mask[k] = of;
			continue;
		}
		s->mask[k] = UINT32_C(1) << s->rank;
		insert(&r, left, of | s->mask[k]);
		chosen[s->rank++] = masks[k];
	}
	for (i = 0; i < nqubits; i++) {
		uint32_t b;

		for (b = 0; b < s->rank; b++)
			y ^= (chosen[b] >> i & 1) << b;
		s->turn[i] = y;
	}
	return 0;
}

void
spread_close(struct spread *s)
{
	free(s->mask);
	*s = (struct spread){.rank = 0};
}

static void
by_transform(const struct spread *s, const struct lanes *lanes,
    const struct spread_rows *r, double *table)
{
	size_t n = (size_t)1 << s->rank, k, i;

	memset(r->work, 0, n * LANES * sizeof(*r->work));
	for (k = 0; k < r->n; k++) {
		double *to = &r->work[(size_t)s->mask[k] * LANES];

		for (i = 0; i < LANES; i++)
			to[i] += r->half[k * LANES + i];
	}
	lanes->wht(r->work, s->rank);
	lanes->sincos_rows(r->work, table, n);
}

void
spread_table(const struct spread *s, const struct lanes *lanes,
    const struct spread_rows *r, double *table)
{
	uint32_t filled = 0;
	size_t k, i;

	if (r->n > s->rank + SPREAD_TIMES_MAX) {
		by_transform(s, lanes, r, table);
		return;
	}
	for (i = 0; i < LANES; i++) {
		table[i] = 1.0;
		table[LANES + i] = 0.0;
	}
	for (k = 0; k < r->n; k++) {
		const double *cs = &r->cs[2 * k * LANES];

		if (s->mask[k] == UINT32_C(1) << filled && filled < s->rank)
			lanes->spread_double(table, cs, filled++);
		else
			lanes->spread_times(table, cs, filled, s->mask[k]);
	}
}
