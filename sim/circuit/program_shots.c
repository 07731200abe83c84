/*
 * program_shots.c - sampling. All draws come from one stream of uniform
 * numbers, sorted: results do not depend on how they are used.
 */
#include "sim/circuit/program_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/learn/rng.h"

#define SHOTS_MAX UINT64_C(100000000)
#define BRANCHES_MAX 65536u

struct leaf {
	double probability;
	uint64_t bits[PROGRAM_BIT_WORDS];
};

struct leaves {
	struct leaf *items;
	size_t n, cap;
};

void
program_counts_close(struct program_counts *c)
{
	free(c->items);
	*c = (struct program_counts)PROGRAM_COUNTS_INIT;
}

static int
by_value(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static int
compare_bits(const uint64_t *a, const uint64_t *b)
{
	size_t i;

	for (i = PROGRAM_BIT_WORDS; i > 0; i--) {
		if (a[i - 1] != b[i - 1])
			return a[i - 1] < b[i - 1] ? -1 : 1;
	}
	return 0;
}

static int
by_bits(const void *pa, const void *pb)
{
	const struct program_count *a = pa, *b = pb;

	return compare_bits(a->bits, b->bits);
}

static double *
draw(uint64_t shots, uint64_t seed)
{
	uint8_t key[RNG_SEED_BYTES] = {0};
	double *u = malloc(shots * sizeof(*u));
	struct rng rng;
	uint64_t i;

	for (i = 0; i < 8; i++)
		key[i] = (uint8_t)(seed >> 8 * i);
	rng_init(&rng, key, 0);
	for (i = 0; u && i < shots; i++)
		u[i] = (double)(rng_u64(&rng) >> 11) * 0x1p-53;
	if (u)
		qsort(u, shots, sizeof(*u), by_value);
	return u;
}

static int
append(struct program_counts *c, size_t *cap, const uint64_t *bits,
    uint64_t count)
{
	struct program_count *grown;

	if (c->nitems == *cap) {
		*cap = *cap ? 2 * *cap : 16;
		grown = realloc(c->items, *cap * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		c->items = grown;
	}
	memcpy(c->items[c->nitems].bits, bits, sizeof(c->items->bits));
	c->items[c->nitems++].count = count;
	return 0;
}

static void
merge(struct program_counts *c)
{
	size_t i, n = 0;

	if (c->nitems > 1)
		qsort(c->items, c->nitems, sizeof(*c->items), by_bits);
	for (i = 0; i < c->nitems; i++) {
		if (n > 0 && by_bits(&c->items[n - 1], &c->items[i]) == 0)
			c->items[n - 1].count += c->items[i].count;
		else
			c->items[n++] = c->items[i];
	}
	c->nitems = n;
}

/* The classical bits after the measurements of basis state x. */
static void
read_out(const struct program *p, uint64_t x, uint64_t *bits)
{
	uint32_t i;

	memset(bits, 0, PROGRAM_BIT_WORDS * sizeof(*bits));
	for (i = 0; i < p->nops; i++) {
		const struct program_op *op = &p->ops[i];

		if (op->kind != PROGRAM_MEASURE || op->bit == PROGRAM_NO_BIT)
			continue;
		bits[op->bit / 64] &= ~(UINT64_C(1) << op->bit % 64);
		bits[op->bit / 64] |= (x >> p->wires[op->wire0] & 1)
		    << op->bit % 64;
	}
}

static bool
reads_out(const struct program *p)
{
	uint32_t i;

	for (i = 0; i < p->nops; i++) {
		if (p->ops[i].kind == PROGRAM_MEASURE &&
		    p->ops[i].bit != PROGRAM_NO_BIT)
			return true;
	}
	return false;
}

static int
shots_unitary(const struct program *p, struct vector *v, const double *u,
    uint64_t shots, struct program_counts *out)
{
	uint64_t bits[PROGRAM_BIT_WORDS] = {0};
	uint64_t *x = malloc(shots * sizeof(*x)), i, j;
	size_t cap = 0;
	int rc = x ? program_run(p, v) : -ENOMEM;

	out->qubits = !reads_out(p);
	if (rc == 0)
		rc = vector_sample(v, u, shots, x);
	for (i = 0; rc == 0 && i < shots; i = j) {
		for (j = i; j < shots && x[j] == x[i];)
			j++;
		if (out->qubits)
			bits[0] = x[i];
		else
			read_out(p, x[i], bits);
		rc = append(out, &cap, bits, j - i);
	}
	free(x);
	return rc;
}

static int
keep_leaf(void *arg, const struct program_branch *b)
{
	struct leaves *l = arg;
	struct leaf *grown;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		grown = realloc(l->items, l->cap * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		l->items = grown;
	}
	l->items[l->n].probability = b->probability;
	memcpy(l->items[l->n++].bits, b->bits, sizeof(l->items->bits));
	return 0;
}

static int
shots_branches(const struct program *p, struct vector *v, const double *u,
    uint64_t shots, struct program_counts *out)
{
	struct leaves l = {0};
	struct program_visitor visitor = {.visit = keep_leaf,
	    .arg = &l,
	    .branches_max = BRANCHES_MAX};
	double sum = 0.0, total = 0.0;
	uint64_t i = 0, first;
	size_t k, cap = 0;
	int rc = program_branches(p, v, &visitor);

	for (k = 0; k < l.n; k++)
		total += l.items[k].probability;
	for (k = 0; rc == 0 && k < l.n; k++) {
		sum += l.items[k].probability;
		for (first = i;
		     i < shots && (u[i] * total < sum || k + 1 == l.n);)
			i++;
		if (i > first)
			rc = append(out, &cap, l.items[k].bits, i - first);
	}
	free(l.items);
	return rc;
}

int
program_shots(const struct program *p, struct vector *v, uint64_t shots,
    uint64_t seed, struct program_counts *out)
{
	double *u;
	int rc;

	*out = (struct program_counts)PROGRAM_COUNTS_INIT;
	if (shots == 0)
		return 0;
	if (shots > SHOTS_MAX)
		return -EFBIG;
	u = draw(shots, seed);
	if (u == NULL)
		return -ENOMEM;
	if (program_is_unitary(p))
		rc = shots_unitary(p, v, u, shots, out);
	else
		rc = shots_branches(p, v, u, shots, out);
	free(u);
	merge(out);
	if (rc < 0)
		program_counts_close(out);
	return rc;
}
