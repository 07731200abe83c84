#include "sim/learn/split.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/learn/rng.h"

/* Streams of the split's seed. Class c uses STREAM_CLASS + c. */
#define STREAM_HELDOUT UINT64_C(0x100000000)
#define STREAM_CLASS UINT64_C(0x200000000)
#define STREAM_HOMES UINT64_C(0x300000000)
#define STREAM_VALIDATION UINT64_C(0x700000000)

/* The rows of one class that are still free, in shuffled order. */
static size_t
shuffled_class(const struct split *s, size_t class, uint64_t stream,
    const int16_t *owner, uint32_t *rows)
{
	struct rng r;
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if ((size_t)s->labels[i] == class && owner[i] == SPLIT_FREE)
			rows[n++] = (uint32_t)i;
	}
	rng_init(&r, s->seed, stream + class);
	rng_shuffle(&r, rows, n);
	return n;
}

static int
check(const struct split *s, size_t nnodes)
{
	size_t i;

	if (nnodes < 1 || nnodes > INT16_MAX || s->n > UINT32_MAX)
		return -EINVAL;
	for (i = 0; i < s->n; i++) {
		if (s->labels[i] < 0 || (size_t)s->labels[i] >= s->nclasses)
			return -EINVAL;
	}
	return 0;
}

/* Of every class, percent of its free rows become mark. */
static int
carve(const struct split *s, unsigned percent, int mark, int16_t *owner)
{
	uint64_t stream =
	    mark == SPLIT_HELDOUT ? STREAM_HELDOUT : STREAM_VALIDATION;
	uint32_t *rows;
	size_t c, i, n;

	if (percent > 99 || check(s, 1) < 0)
		return -EINVAL;
	rows = calloc(s->n + 1, sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	for (c = 0; c < s->nclasses; c++) {
		n = shuffled_class(s, c, stream, owner, rows);
		for (i = 0; i < n * percent / 100; i++)
			owner[rows[i]] = (int16_t)mark;
	}
	free(rows);
	return 0;
}

int
split_heldout(const struct split *s, unsigned percent, int16_t *owner)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		owner[i] = SPLIT_FREE;
	return carve(s, percent, SPLIT_HELDOUT, owner);
}

int
split_validation(const struct split *s, unsigned percent, int16_t *owner)
{
	return carve(s, percent, SPLIT_VALIDATION, owner);
}

int
split_iid(const struct split *s, size_t nnodes, int16_t *owner)
{
	uint32_t *rows;
	size_t c, i, n, turn = 0;

	if (check(s, nnodes) < 0)
		return -EINVAL;
	rows = calloc(s->n + 1, sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	/* The turn goes on over classes: sizes differ by one at most. */
	for (c = 0; c < s->nclasses; c++) {
		n = shuffled_class(s, c, STREAM_CLASS, owner, rows);
		for (i = 0; i < n; i++)
			owner[rows[i]] = (int16_t)(turn++ % nnodes);
	}
	free(rows);
	return 0;
}

/* Node i is a home of the class at place k of the shuffled order. */
static int
is_home(size_t node, size_t k, size_t nnodes, size_t nclasses)
{
	if (nclasses >= nnodes)
		return k % nnodes == node;
	return node % nclasses == k;
}

/* Splits the nodes into homes (first) and others; returns how many homes. */
static size_t
sort_nodes(size_t k, size_t nnodes, size_t nclasses, uint32_t *nodes)
{
	size_t i, nhomes = 0, at = 0;

	for (i = 0; i < nnodes; i++) {
		if (is_home(i, k, nnodes, nclasses))
			nodes[at++] = (uint32_t)i;
	}
	nhomes = at;
	for (i = 0; i < nnodes; i++) {
		if (!is_home(i, k, nnodes, nclasses))
			nodes[at++] = (uint32_t)i;
	}
	return nhomes;
}

struct deal {
	size_t nnodes;
	size_t nhomes;
	const uint32_t *nodes; /* homes first */
	size_t *turn;          /* of the others, over all classes */
};

static void
deal_rows(const struct deal *d, const uint32_t *rows, size_t n, size_t nhome,
    int16_t *owner)
{
	size_t others = d->nnodes - d->nhomes, i, to;

	for (i = 0; i < n; i++) {
		if (i < nhome || others == 0)
			to = i % d->nhomes;
		else
			to = d->nhomes + (*d->turn)++ % others;
		owner[rows[i]] = (int16_t)d->nodes[to];
	}
}

int
split_label_skew(const struct split *s, size_t nnodes, unsigned skew_percent,
    int16_t *owner)
{
	struct deal d = {.nnodes = nnodes};
	uint32_t *rows, *order, *nodes;
	struct rng r;
	size_t k, n, turn = 0;
	int rc = 0;

	if (skew_percent > 100 || check(s, nnodes) < 0)
		return -EINVAL;
	rows = calloc(s->n + 1, sizeof(*rows));
	order = calloc(s->nclasses + 1, sizeof(*order));
	nodes = calloc(nnodes, sizeof(*nodes));
	if (rows == NULL || order == NULL || nodes == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	for (k = 0; k < s->nclasses; k++)
		order[k] = (uint32_t)k;
	rng_init(&r, s->seed, STREAM_HOMES);
	rng_shuffle(&r, order, s->nclasses);
	d.nodes = nodes;
	d.turn = &turn;
	for (k = 0; k < s->nclasses; k++) {
		d.nhomes = sort_nodes(k, nnodes, s->nclasses, nodes);
		n = shuffled_class(s, order[k], STREAM_CLASS, owner, rows);
		deal_rows(&d, rows, n, n * skew_percent / 100, owner);
	}
out:
	free(rows);
	free(order);
	free(nodes);
	return rc;
}

size_t
split_rows(const int16_t *owner, size_t n, int who, uint32_t *rows)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (owner[i] == who)
			rows[k++] = (uint32_t)i;
	}
	return k;
}
