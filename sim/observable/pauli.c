#include "sim/observable/pauli.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/state/vector.h"

#define BLOCK 4096u /* amplitudes summed before they join the total */

static inline uint64_t
odd(uint64_t x)
{
	x ^= x >> 32;
	x ^= x >> 16;
	x ^= x >> 8;
	x ^= x >> 4;
	x ^= x >> 2;
	x ^= x >> 1;
	return x & 1;
}

static uint32_t
count(uint64_t x)
{
	uint32_t n = 0;

	for (; x; x &= x - 1)
		n++;
	return n;
}

void
pauli_close(struct pauli_sum *s)
{
	free(s->terms);
	*s = (struct pauli_sum)PAULI_SUM_INIT;
}

/* For one amplitude (re, im) of v at i: (P v)[i ^ x] = i^ny (-1)^odd(z & i)
 * v[i]; the quarter turns are ny, the number of Ys, modulo 4. */
static inline void
turn(uint32_t quarter, double *re, double *im)
{
	double t = *re;

	switch (quarter & 3) {
	case 1:
		*re = -*im;
		*im = t;
		break;
	case 2:
		*re = -t;
		*im = -*im;
		break;
	case 3:
		*re = *im;
		*im = -t;
		break;
	default:
		break;
	}
}

double
pauli_string_expect(const struct pauli_term *t, const struct vector *v)
{
	const double *re = v->amp[0], *im = v->amp[1];
	uint64_t size = UINT64_C(1) << v->nqubits, i, end;
	uint32_t quarter = count(t->x & t->z);
	/* conj(v[i ^ x]) v[i] turned, real part: a dot product, or with an odd
	 * number of quarter turns a cross product. */
	double total = 0.0;

	for (i = 0; i < size; i = end) {
		double sum = 0.0;

		end = i + BLOCK < size ? i + BLOCK : size;
		for (; i < end; i++) {
			uint64_t j = i ^ t->x;
			double d = quarter & 1 ? im[j] * re[i] - re[j] * im[i]
					       : re[j] * re[i] + im[j] * im[i];

			sum += odd(t->z & i) ? -d : d;
		}
		total += sum;
	}
	/* i^1 (a + ib) has real part -b; b = re_j im_i - im_j re_i. */
	return quarter & 2 ? -total : total;
}

double
pauli_expect(const struct pauli_sum *s, const struct vector *v)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < s->nterms; i++)
		sum += s->terms[i].coef * pauli_string_expect(&s->terms[i], v);
	return sum;
}

void
pauli_apply(const struct pauli_sum *s, const struct vector *v,
    struct vector *out)
{
	uint64_t size = UINT64_C(1) << v->nqubits, i;
	size_t k;

	assert(v->nqubits == out->nqubits && v != out);
	memset(out->amp[0], 0, (size_t)size * sizeof(double));
	memset(out->amp[1], 0, (size_t)size * sizeof(double));
	for (k = 0; k < s->nterms; k++) {
		const struct pauli_term *t = &s->terms[k];
		uint32_t quarter = count(t->x & t->z);

		for (i = 0; i < size; i++) {
			double c = odd(t->z & i) ? -t->coef : t->coef;
			double re = c * v->amp[0][i], im = c * v->amp[1][i];

			turn(quarter, &re, &im);
			out->amp[0][i ^ t->x] += re;
			out->amp[1][i ^ t->x] += im;
		}
	}
}

double
pauli_variance(const struct pauli_sum *s, const struct vector *v,
    struct vector *work)
{
	double mean[2], square;

	pauli_apply(s, v, work);
	square = vector_norm(work);
	vector_inner(v, work, mean);
	return square - mean[0] * mean[0];
}

/* By falling |coef|, then as given. */
static int
by_weight(const void *pa, const void *pb)
{
	const struct pauli_term *const *a = pa, *const *b = pb;
	double wa = fabs((*a)->coef), wb = fabs((*b)->coef);

	if (wa != wb)
		return wa > wb ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

static bool
agrees(const struct pauli_group *g, const struct pauli_term *t)
{
	uint64_t both = (g->x | g->z) & (t->x | t->z);

	return ((g->x ^ t->x) & both) == 0 && ((g->z ^ t->z) & both) == 0;
}

void
pauli_groups_close(struct pauli_groups *g)
{
	free(g->groups);
	free(g->order);
	*g = (struct pauli_groups)PAULI_GROUPS_INIT;
}

/* of[i]: the group of the i-th heaviest term. */
static void
choose(struct pauli_groups *g, const struct pauli_term **heavy, size_t n,
    size_t *of)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < g->ngroups; k++) {
			if (agrees(&g->groups[k], heavy[i]))
				break;
		}
		if (k == g->ngroups)
			g->groups[g->ngroups++] = (struct pauli_group){0};
		g->groups[k].x |= heavy[i]->x;
		g->groups[k].z |= heavy[i]->z;
		g->groups[k].nterms++;
		of[i] = k;
	}
	for (k = 1; k < g->ngroups; k++)
		g->groups[k].first =
		    g->groups[k - 1].first + g->groups[k - 1].nterms;
}

int
pauli_groups_init(struct pauli_groups *g, const struct pauli_sum *s)
{
	size_t n = s->nterms, i;
	const struct pauli_term **heavy = malloc((n + 1) * sizeof(*heavy));
	size_t *of = malloc((n + 1) * sizeof(*of));
	int rc = 0;

	*g = (struct pauli_groups)PAULI_GROUPS_INIT;
	g->groups = calloc(n + 1, sizeof(*g->groups));
	g->order = malloc((n + 1) * sizeof(*g->order));
	if (!heavy || !of || !g->groups || !g->order) {
		rc = -ENOMEM;
		goto out;
	}
	for (i = 0; i < n; i++)
		heavy[i] = &s->terms[i];
	qsort(heavy, n, sizeof(const struct pauli_term *), by_weight);
	choose(g, heavy, n, of);
	for (i = 0; i < g->ngroups; i++)
		g->groups[i].nterms = 0;
	for (i = 0; i < n; i++) {
		struct pauli_group *to = &g->groups[of[i]];

		g->order[to->first + to->nterms++] =
		    (size_t)(heavy[i] - s->terms);
	}
out:
	free(heavy);
	free(of);
	if (rc < 0)
		pauli_groups_close(g);
	return rc;
}

static double
group_weight(const struct pauli_groups *g, const struct pauli_sum *s, size_t k)
{
	double w = 0.0;
	size_t i;

	for (i = 0; i < g->groups[k].nterms; i++)
		w += fabs(s->terms[g->order[g->groups[k].first + i]].coef);
	return w;
}

int
pauli_groups_shots(const struct pauli_groups *g, const struct pauli_sum *s,
    uint64_t total, uint64_t *shots)
{
	double all = 0.0, sum = 0.0;
	uint64_t spare, given = 0;
	size_t k;

	if (total < g->ngroups)
		return -EINVAL;
	spare = total - g->ngroups;
	for (k = 0; k < g->ngroups; k++)
		all += group_weight(g, s, k);
	/* Rounding the running total shares exactly, whatever the weights. */
	for (k = 0; k < g->ngroups; k++) {
		uint64_t upto;

		sum += group_weight(g, s, k);
		upto = all > 0.0 && k + 1 < g->ngroups
		    ? (uint64_t)floor((double)spare * (sum / all) + 0.5)
		    : spare;
		if (upto > spare)
			upto = spare;
		shots[k] = 1 + upto - given;
		given = upto;
	}
	return 0;
}
