/*
 * kraus_kinds.c - the channels that have names.
 */
#include "sim/state/kraus.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/state/mathfun.h"

static bool
is_share(double p)
{
	return p >= 0.0 && p <= 1.0; /* false for NaN */
}

int
kraus_depolarizing(struct kraus *c, uint32_t nqubits, double p)
{
	double q[16];
	uint32_t n = 1u << 2 * nqubits, i;

	*c = (struct kraus)KRAUS_INIT;
	if (nqubits < 1 || nqubits > 2 ||
	    !(p >= 0.0 && p <= n / (n - 1.0) + 1e-15))
		return -EINVAL;
	for (i = 1; i < n; i++)
		q[i] = p / n;
	q[0] = 1.0 - p * (n - 1.0) / n;
	if (q[0] < 0.0)
		q[0] = 0.0;
	return kraus_pauli(c, nqubits, q);
}

int
kraus_amplitude_damping(struct kraus *c, double g)
{
	return kraus_generalized_damping(c, g, 0.0);
}

int
kraus_generalized_damping(struct kraus *c, double g, double excited)
{
	double k[4][8] = {{0}};
	double down, up;

	*c = (struct kraus)KRAUS_INIT;
	if (!is_share(g) || !is_share(excited))
		return -EINVAL;
	down = sqrt(1.0 - excited);
	up = sqrt(excited);
	k[0][0] = down;
	k[0][6] = down * sqrt(1.0 - g);
	k[1][2] = down * sqrt(g); /* |0><1| */
	k[2][0] = up * sqrt(1.0 - g);
	k[2][6] = up;
	k[3][4] = up * sqrt(g); /* |1><0| */
	return kraus_init(c, 1, 4, k[0]);
}

int
kraus_phase_damping(struct kraus *c, double l)
{
	double k[2][8] = {{0}};

	*c = (struct kraus)KRAUS_INIT;
	if (!is_share(l))
		return -EINVAL;
	k[0][0] = 1.0;
	k[0][6] = sqrt(1.0 - l);
	k[1][6] = sqrt(l);
	return kraus_init(c, 1, 2, k[0]);
}

int
kraus_bit_flip(struct kraus *c, double p)
{
	return kraus_pauli(c, 1, (double[]){1.0 - p, p, 0.0, 0.0});
}

int
kraus_phase_flip(struct kraus *c, double p)
{
	return kraus_pauli(c, 1, (double[]){1.0 - p, 0.0, 0.0, p});
}

/* scale times the Pauli with letters as in kraus_pauli(). */
static void
put_pauli(uint32_t nqubits, uint32_t letters, double scale, double *m)
{
	uint32_t d = 1u << nqubits, x = 0, z = 0, quarter = 0, i, j;

	for (j = 0; j < nqubits; j++) {
		uint32_t letter = letters >> 2 * j & 3;

		x |= (uint32_t)(letter == 1 || letter == 2) << j;
		z |= (uint32_t)(letter >= 2) << j;
		quarter += letter == 2;
	}
	for (i = 0; i < d; i++) {
		double *at = m + (size_t)2 * ((i ^ x) * d + i);
		uint32_t turns = quarter;

		/* P |i> = i^(number of Y) (-1)^(z . i) |i ^ x>. */
		for (j = z & i; j; j &= j - 1)
			turns += 2;
		at[turns & 1] = turns & 2 ? -scale : scale;
	}
}

int
kraus_pauli(struct kraus *c, uint32_t nqubits, const double *p)
{
	uint32_t n, i;
	double *k, sum = 0.0;
	int rc;

	*c = (struct kraus)KRAUS_INIT;
	if (nqubits < 1 || nqubits > KRAUS_MAX_QUBITS)
		return -EINVAL;
	n = 1u << 2 * nqubits;
	for (i = 0; i < n; i++) {
		if (!is_share(p[i]))
			return -EINVAL;
		sum += p[i];
	}
	if (fabs(sum - 1.0) > KRAUS_TOLERANCE)
		return -EINVAL;
	k = calloc((size_t)2 * n * n, sizeof(*k));
	if (k == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		put_pauli(nqubits, i, sqrt(p[i]), k + (size_t)2 * n * i);
	rc = kraus_init(c, nqubits, n, k);
	free(k);
	return rc;
}

/* 1 - exp(-x), x >= 0, also for small x. */
static double
lost(double x)
{
	if (x < 1e-5)
		return x * (1.0 - 0.5 * x * (1.0 - x / 3.0));
	return 1.0 - mathfun_exp(-x);
}

int
kraus_thermal(struct kraus *c, const struct kraus_thermal *t)
{
	struct kraus decay = KRAUS_INIT, flip = KRAUS_INIT;
	double rest;
	int rc;

	*c = (struct kraus)KRAUS_INIT;
	if (!(t->t1 > 0.0) || !(t->t2 > 0.0) ||
	    !(t->time >= 0.0 && t->time < INFINITY) ||
	    !(t->t2 <= 2.0 * t->t1) || !is_share(t->excited))
		return -EINVAL;
	/* Decay alone takes coherences with 2 T1; the rest is dephasing. */
	rest = t->time / t->t2 - 0.5 * t->time / t->t1;
	if (rest < 0.0)
		rest = 0.0;
	rc = kraus_generalized_damping(&decay, lost(t->time / t->t1),
	    t->excited);
	if (rc == 0)
		rc = kraus_phase_flip(&flip, 0.5 * lost(rest));
	if (rc == 0)
		rc = kraus_compose(c, &decay, &flip);
	kraus_close(&decay);
	kraus_close(&flip);
	return rc;
}

int
kraus_rotation(struct kraus *c, uint32_t nqubits, char axis, double a)
{
	double m[2 << 2 * KRAUS_MAX_QUBITS] = {0};
	uint32_t letter = axis == 'x' ? 1 : axis == 'y' ? 2 : 3;
	uint32_t letters = 0, d, i;
	double s, co;

	*c = (struct kraus)KRAUS_INIT;
	if (nqubits < 1 || nqubits > KRAUS_MAX_QUBITS || !(fabs(a) <= 1e6) ||
	    (axis != 'x' && axis != 'y' && axis != 'z'))
		return -EINVAL;
	for (i = 0; i < nqubits; i++)
		letters |= letter << 2 * i;
	d = 1u << nqubits;
	mathfun_sincos(0.5 * a, &s, &co);
	put_pauli(nqubits, letters, s, m);
	for (i = 0; i < d * d; i++) { /* times -i */
		double re = m[2 * i];

		m[2 * i] = m[2 * i + 1];
		m[2 * i + 1] = -re;
	}
	for (i = 0; i < d; i++)
		m[(size_t)2 * i * (d + 1)] += co;
	return kraus_init(c, nqubits, 1, m);
}
