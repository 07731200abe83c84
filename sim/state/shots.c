#include "sim/state/shots.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/pauli.h"

/* Room for one more after n. */
static int
reserve(void **array, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *grown;

	if (n < *cap)
		return 0;
	if (want > SIZE_MAX / 2 / size)
		return -ENOMEM;
	grown = realloc(*array, want * size);
	if (grown == NULL)
		return -ENOMEM;
	*array = grown;
	*cap = want;
	return 0;
}

int
outcomes_add(struct outcomes *o, uint64_t bits, double p)
{
	void *array = o->items;
	int rc = reserve(&array, o->n, &o->cap, sizeof(*o->items));

	o->items = array;
	if (rc == 0)
		o->items[o->n++] = (struct outcome){.bits = bits, .p = p};
	return rc;
}

static int
by_outcome(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;

	/* The sum of equal ones must not depend on how qsort leaves them. */
	if (x->bits == y->bits)
		return (x->p > y->p) - (x->p < y->p);
	return x->bits < y->bits ? -1 : 1;
}

void
outcomes_sort(struct outcomes *o)
{
	size_t i, n = 0;

	if (o->n == 0)
		return;
	qsort(o->items, o->n, sizeof(*o->items), by_outcome);
	for (i = 1; i < o->n; i++) {
		if (o->items[i].bits == o->items[n].bits)
			o->items[n].p += o->items[i].p;
		else
			o->items[++n] = o->items[i];
	}
	o->n = n + 1;
}

void
outcomes_close(struct outcomes *o)
{
	free(o->items);
	*o = (struct outcomes)OUTCOMES_INIT;
}

int
counts_add(struct counts *c, uint64_t bits, uint64_t n)
{
	void *array = c->items;
	int rc;

	if (n > INT64_MAX || c->total > INT64_MAX - n)
		return -EOVERFLOW;
	rc = reserve(&array, c->n, &c->cap, sizeof(*c->items));
	c->items = array;
	if (rc < 0)
		return rc;
	c->items[c->n++] = (struct count){.bits = bits, .n = n};
	c->total += n;
	return 0;
}

static int
by_count(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	return x->bits < y->bits ? -1 : x->bits > y->bits;
}

void
counts_sort(struct counts *c)
{
	size_t i, n = 0;

	if (c->n == 0)
		return;
	qsort(c->items, c->n, sizeof(*c->items), by_count);
	for (i = 1; i < c->n; i++) {
		if (c->items[i].bits == c->items[n].bits)
			c->items[n].n += c->items[i].n;
		else
			c->items[++n] = c->items[i];
	}
	c->n = n + 1;
}

void
counts_close(struct counts *c)
{
	free(c->items);
	*c = (struct counts)COUNTS_INIT;
}

int
counts_parse_bits(const char *text, uint64_t *bits, uint32_t *nbits)
{
	uint64_t x = 0;
	uint32_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '_')
			continue;
		if ((*text != '0' && *text != '1') || n == 64)
			return -EINVAL;
		x = x << 1 | (uint64_t)(*text == '1');
		n++;
	}
	if (n == 0)
		return -EINVAL;
	*bits = x;
	*nbits = n;
	return 0;
}

void
counts_print_bits(uint64_t bits, uint32_t nbits, char *out)
{
	uint32_t i;

	for (i = 0; i < nbits; i++)
		out[nbits - 1 - i] = bits >> i & 1 ? '1' : '0';
	out[nbits] = '\0';
}

double
shots_uniform(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* The first i with sums[i] > u; the last outcome with p > 0 if none is. */
static size_t
pick(const double *sums, size_t n, double u)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sums[mid] > u)
			high = mid;
		else
			low = mid + 1;
	}
	while (low > 0 && sums[low] == sums[low - 1])
		low--;
	return low;
}

int
shots_sample(const struct outcomes *o, uint64_t shots, struct rng *r,
    struct counts *out)
{
	double *sums = malloc(o->n * sizeof(*sums));
	uint64_t *hits = calloc(o->n ? o->n : 1, sizeof(*hits)), s;
	double total = 0.0;
	size_t i;
	int rc = o->n == 0 ? -EINVAL : sums && hits ? 0 : -ENOMEM;

	*out = (struct counts)COUNTS_INIT;
	out->nbits = o->nbits;
	for (i = 0; rc == 0 && i < o->n; i++) {
		total += o->items[i].p > 0.0 ? o->items[i].p : 0.0;
		sums[i] = total;
	}
	if (rc == 0 && !(total > 0.0))
		rc = -EINVAL;
	for (s = 0; rc == 0 && s < shots; s++)
		hits[pick(sums, o->n, shots_uniform(r) * total)]++;
	for (i = 0; rc == 0 && i < o->n; i++) {
		if (hits[i] > 0)
			rc = counts_add(out, o->items[i].bits, hits[i]);
	}
	free(sums);
	free(hits);
	if (rc < 0)
		counts_close(out);
	return rc;
}

/* Product over the bits of mask of what each read bit is worth. */
static int
worth(uint64_t bits, uint64_t mask, const struct readout *readout, double *out)
{
	double f[2] = {1.0, -1.0}, product = 1.0;
	uint32_t q;
	int rc;

	for (q = 0; q < 64 && mask >> q; q++) {
		if (!(mask >> q & 1))
			continue;
		rc = readout ? readout_true(&readout[q], f) : 0;
		if (rc < 0)
			return rc;
		product *= f[bits >> q & 1];
	}
	*out = product;
	return 0;
}

static void
estimate_of(double sum, double squares, uint64_t n, struct estimate *out)
{
	double count = (double)n;
	double mean = sum / count;
	double var =
	    (squares / count - mean * mean) / (n > 1 ? count - 1.0 : 1.0);

	out->mean = mean;
	out->error = sqrt(var > 0.0 ? var : 0.0);
}

int
counts_expect_z(const struct counts *c, uint64_t mask,
    const struct readout *readout, struct estimate *out)
{
	double sum = 0.0, squares = 0.0, x;
	size_t i;
	int rc;

	if (c->total == 0)
		return -EINVAL;
	for (i = 0; i < c->n; i++) {
		rc = worth(c->items[i].bits, mask, readout, &x);
		if (rc < 0)
			return rc;
		sum += (double)c->items[i].n * x;
		squares += (double)c->items[i].n * x * x;
	}
	estimate_of(sum, squares, c->total, out);
	return 0;
}

struct reading {
	const struct pauli_sum *sum;
	const struct measured *bases;
	size_t nbases;
	const struct readout *readout;
};

/* The first basis with the letters of t. */
static size_t
basis_of(const struct reading *r, const struct pauli_term *t)
{
	uint64_t support = t->x | t->z;
	size_t i;

	for (i = 0; i < r->nbases; i++) {
		if (((r->bases[i].x ^ t->x) & support) == 0 &&
		    ((r->bases[i].z ^ t->z) & support) == 0)
			break;
	}
	return i;
}

/* What one outcome of a basis is worth: all the terms that are read there. */
static int
worth_in(const struct reading *r, size_t at, uint64_t bits, double *out)
{
	size_t k;
	double x;
	int rc;

	*out = 0.0;
	for (k = 0; k < r->sum->nterms; k++) {
		const struct pauli_term *t = &r->sum->terms[k];

		if (basis_of(r, t) != at)
			continue;
		rc = worth(bits, t->x | t->z, r->readout, &x);
		if (rc < 0)
			return rc;
		*out += t->coef * x;
	}
	return 0;
}

static int
expect_in(const struct reading *r, size_t at, struct estimate *out)
{
	const struct counts *c = r->bases[at].counts;
	double sum = 0.0, squares = 0.0, x;
	size_t i;
	int rc;

	if (c->total == 0)
		return -EINVAL;
	for (i = 0; i < c->n; i++) {
		rc = worth_in(r, at, c->items[i].bits, &x);
		if (rc < 0)
			return rc;
		sum += (double)c->items[i].n * x;
		squares += (double)c->items[i].n * x * x;
	}
	estimate_of(sum, squares, c->total, out);
	return 0;
}

int
counts_expect(const struct pauli_sum *s, const struct measured *m,
    size_t nmeasured, const struct readout *readout, struct estimate *out)
{
	struct reading r = {.sum = s,
	    .bases = m,
	    .nbases = nmeasured,
	    .readout = readout};
	struct estimate part;
	double var = 0.0;
	size_t i;
	int rc;

	for (i = 0; i < s->nterms; i++) {
		if (basis_of(&r, &s->terms[i]) == nmeasured)
			return -ENOENT;
	}
	out->mean = 0.0;
	for (i = 0; i < nmeasured; i++) {
		rc = expect_in(&r, i, &part);
		if (rc < 0)
			return rc;
		out->mean += part.mean;
		var += part.error * part.error;
	}
	out->error = sqrt(var);
	return 0;
}
