#include "sim/learn/projected.h"

#include "sim/learn/qkernel.h"
#include "sim/state/mathfun.h"
#include "sim/state/pool.h"

struct looking {
	const struct qkernel_states *s;
	double *out;
};

/* One qubit of a group: rows of lanes <X>, <Y>, <Z>, and the norm. */
static void
look_at(const double *const amp[2], uint32_t nqubits, uint32_t q,
    double sum[4][LANES])
{
	size_t n = (size_t)1 << nqubits, bit = (size_t)1 << q, x, i;

	for (x = 0; x < n; x++) {
		const double *r0 = amp[0] + x * LANES, *i0 = amp[1] + x * LANES;
		const double *r1 = r0 + bit * LANES, *i1 = i0 + bit * LANES;

		if (x & bit)
			continue;
		for (i = 0; i < LANES; i++) {
			double zero = r0[i] * r0[i] + i0[i] * i0[i];
			double one = r1[i] * r1[i] + i1[i] * i1[i];

			sum[0][i] += 2.0 * (r0[i] * r1[i] + i0[i] * i1[i]);
			sum[1][i] += 2.0 * (r0[i] * i1[i] - i0[i] * r1[i]);
			sum[2][i] += zero - one;
			sum[3][i] += zero + one;
		}
	}
}

static void
look_at_group(void *arg, size_t worker, size_t group)
{
	const struct looking *l = arg;
	uint32_t n = l->s->map.nqubits, q;
	size_t half = (size_t)LANES << n, i, k;
	const double *const amp[2] = {l->s->amp + 2 * group * half,
	    l->s->amp + (2 * group + 1) * half};

	(void)worker;
	for (q = 0; q < n; q++) {
		double sum[4][LANES] = {{0.0}};

		look_at(amp, n, q, sum);
		for (i = 0; i < LANES && group * LANES + i < l->s->n; i++) {
			double *to = l->out + ((group * LANES + i) * n + q) * 3;

			for (k = 0; k < 3; k++)
				to[k] = sum[k][i] / sum[3][i];
		}
	}
}

void
projected_bloch(const struct qkernel_states *s, double *out, struct pool *pool)
{
	struct looking l = {s, out};

	pool_run(pool, (s->n + LANES - 1) / LANES, look_at_group, &l);
}

void
projected_gram(const struct projected_rows *a, const struct projected_rows *b,
    uint32_t nqubits, double gamma, double *k)
{
	size_t width = (size_t)3 * nqubits, i, j, c;

	for (i = 0; i < a->n; i++) {
		for (j = 0; j < b->n; j++) {
			const double *x = a->bloch + i * width;
			const double *y = b->bloch + j * width;
			double square = 0.0;

			for (c = 0; c < width; c++)
				square += (x[c] - y[c]) * (x[c] - y[c]);
			k[i * b->n + j] = mathfun_exp(-0.5 * gamma * square);
		}
	}
}
