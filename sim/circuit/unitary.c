#include "sim/circuit/unitary.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "sim/circuit/qasm_math.h"
#include "sim/state/mathfun.h"

#define PI 3.14159265358979323846
#define DIM UNITARY_MAX_DIM
#define SWEEPS_MAX 40
#define TINY 1e-9

struct square {
	double re[DIM][DIM], im[DIM][DIM];
};

/* c, s: the rotation of columns p, q; e: the phase of entry p, q. */
struct turn {
	uint32_t p, q;
	double c, s, er, ei;
};

static void
turn_columns(struct square *a, uint32_t dim, const struct turn *t)
{
	uint32_t i;

	for (i = 0; i < dim; i++) {
		double pr = a->re[i][t->p], pi = a->im[i][t->p];
		/* exp(-i alpha) times column q */
		double qr = t->er * a->re[i][t->q] + t->ei * a->im[i][t->q];
		double qi = t->er * a->im[i][t->q] - t->ei * a->re[i][t->q];

		a->re[i][t->p] = t->c * pr - t->s * qr;
		a->im[i][t->p] = t->c * pi - t->s * qi;
		a->re[i][t->q] = t->s * pr + t->c * qr;
		a->im[i][t->q] = t->s * pi + t->c * qi;
	}
}

static void
turn_rows(struct square *a, uint32_t dim, const struct turn *t)
{
	uint32_t i;

	for (i = 0; i < dim; i++) {
		double pr = a->re[t->p][i], pi = a->im[t->p][i];
		double qr = t->er * a->re[t->q][i] - t->ei * a->im[t->q][i];
		double qi = t->er * a->im[t->q][i] + t->ei * a->re[t->q][i];

		a->re[t->p][i] = t->c * pr - t->s * qr;
		a->im[t->p][i] = t->c * pi - t->s * qi;
		a->re[t->q][i] = t->s * pr + t->c * qr;
		a->im[t->q][i] = t->s * pi + t->c * qi;
	}
}

static bool
turn_find(const struct square *h, uint32_t p, uint32_t q, struct turn *t)
{
	double re = h->re[p][q], im = h->im[p][q];
	double g = sqrt(re * re + im * im), tau, tangent;

	if (g < 1e-17)
		return false;
	tau = (h->re[q][q] - h->re[p][p]) / (2.0 * g);
	tangent =
	    (tau < 0.0 ? -1.0 : 1.0) / (fabs(tau) + sqrt(1.0 + tau * tau));
	t->p = p;
	t->q = q;
	t->c = 1.0 / sqrt(1.0 + tangent * tangent);
	t->s = tangent * t->c;
	t->er = re / g;
	t->ei = im / g;
	return true;
}

/* Rotates every pair once; false when there was nothing to rotate. */
static bool
sweep_pairs(struct square *h, uint32_t dim, struct square *v)
{
	struct turn t;
	uint32_t p, q;
	bool any = false;

	for (p = 0; p < dim; p++) {
		for (q = p + 1; q < dim; q++) {
			if (!turn_find(h, p, q, &t))
				continue;
			turn_columns(h, dim, &t);
			turn_rows(h, dim, &t);
			turn_columns(v, dim, &t);
			any = true;
		}
	}
	return any;
}

/* Jacobi: v's columns become eigenvectors of the Hermitian h. */
static void
diagonalise(struct square *h, uint32_t dim, struct square *v)
{
	uint32_t i;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < dim; i++)
		v->re[i][i] = 1.0;
	for (i = 0; i < SWEEPS_MAX && sweep_pairs(h, dim, v);)
		i++;
}

/* mu mixes real and imaginary part, which commute for a normal matrix. */
static void
hermitian(const double *m, uint32_t dim, double mu, struct square *h)
{
	uint32_t i, j;

	for (i = 0; i < dim; i++) {
		for (j = 0; j < dim; j++) {
			double ar = m[2 * (i * dim + j)];
			double ai = m[2 * (i * dim + j) + 1];
			double br = m[2 * (j * dim + i)];
			double bi = -m[2 * (j * dim + i) + 1];

			h->re[i][j] = 0.5 * (ar + br) + 0.5 * mu * (ai - bi);
			h->im[i][j] = 0.5 * (ai + bi) - 0.5 * mu * (ar - br);
		}
	}
}

/* lambda = <v_k| m |v_k>; how far m v_k is from lambda v_k, squared. */
static double
eigenvalue(const double *m, uint32_t dim, const struct square *v, uint32_t k,
    double out[static 2])
{
	double yr[DIM], yi[DIM], miss = 0.0;
	uint32_t i, j;

	out[0] = 0.0;
	out[1] = 0.0;
	for (i = 0; i < dim; i++) {
		yr[i] = 0.0;
		yi[i] = 0.0;
		for (j = 0; j < dim; j++) {
			double mr = m[2 * (i * dim + j)];
			double mi = m[2 * (i * dim + j) + 1];

			yr[i] += mr * v->re[j][k] - mi * v->im[j][k];
			yi[i] += mr * v->im[j][k] + mi * v->re[j][k];
		}
		out[0] += v->re[i][k] * yr[i] + v->im[i][k] * yi[i];
		out[1] += v->re[i][k] * yi[i] - v->im[i][k] * yr[i];
	}
	for (i = 0; i < dim; i++) {
		double dr = yr[i] - out[0] * v->re[i][k] + out[1] * v->im[i][k];
		double di = yi[i] - out[0] * v->im[i][k] - out[1] * v->re[i][k];

		miss += dr * dr + di * di;
	}
	return miss + fabs(out[0] * out[0] + out[1] * out[1] - 1.0);
}

static void
add_outer(double *m, uint32_t dim, const struct square *v, uint32_t k,
    double angle)
{
	double s, c;
	uint32_t i, j;

	mathfun_sincos(angle, &s, &c);
	for (i = 0; i < dim; i++) {
		double xr = c * v->re[i][k] - s * v->im[i][k];
		double xi = c * v->im[i][k] + s * v->re[i][k];

		for (j = 0; j < dim; j++) {
			m[2 * (i * dim + j)] +=
			    xr * v->re[j][k] + xi * v->im[j][k];
			m[2 * (i * dim + j) + 1] +=
			    xi * v->re[j][k] - xr * v->im[j][k];
		}
	}
}

int
unitary_power(double *m, uint32_t dim, double r)
{
	/* A mix under which two different eigenvalues fall together is
	 * unlikely, and then another one is tried. */
	static const double mixes[] = {0.7390851, -1.3217, 0.2718, 3.0303};
	struct square h, v;
	double angle[DIM], lambda[2];
	uint32_t i, k;

	for (i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
		hermitian(m, dim, mixes[i], &h);
		diagonalise(&h, dim, &v);
		for (k = 0; k < dim; k++) {
			/* Also false for NaN. */
			if (!(eigenvalue(m, dim, &v, k, lambda) < 1e-8))
				break;
			angle[k] = qasm_atan2(lambda[1], lambda[0]);
			if (angle[k] < -PI + TINY)
				angle[k] = PI;
		}
		if (k < dim)
			continue;
		memset(m, 0, 2 * (size_t)dim * dim * sizeof(*m));
		for (k = 0; k < dim; k++)
			add_outer(m, dim, &v, k, r * angle[k]);
		return 0;
	}
	return -EDOM;
}

void
unitary_angles(const double *m, double a[static 4])
{
	double c = sqrt(m[0] * m[0] + m[1] * m[1]);
	double s = sqrt(m[4] * m[4] + m[5] * m[5]);
	double gamma = c > 1e-12 ? qasm_atan2(m[1], m[0]) : 0.0;
	double phi = s > 1e-12 ? qasm_atan2(m[5], m[4]) - gamma : 0.0;

	a[0] = 2.0 * qasm_atan2(s, c);
	a[1] = phi;
	a[2] = s > 1e-12 ? qasm_atan2(-m[3], -m[2]) - gamma
			 : qasm_atan2(m[7], m[6]) - gamma - phi;
	a[3] = gamma;
}
