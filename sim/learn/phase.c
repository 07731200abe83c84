#include "sim/learn/phase.h"

#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/jacobi.h"
#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1

/* CMPLX() is not there with clang 14. */
static double complex
number(double re, double im)
{
	return re + im * I;
}

static double complex
cis(double angle)
{
	double s, c;

	mathfun_sincos(angle, &s, &c);
	return number(c, s);
}

/* Plain products: no checks for infinities, which need another library. */
static double complex
times(double complex a, double complex b)
{
	return number(creal(a) * creal(b) - cimag(a) * cimag(b),
	    creal(a) * cimag(b) + cimag(a) * creal(b));
}

static double complex
power(double complex z, uint64_t n)
{
	double complex out = 1.0;

	for (; n > 0; n >>= 1) {
		if (n & 1)
			out = times(out, z);
		z = times(z, z);
	}
	return out;
}

double
phase_chance(double value, unsigned bits, size_t k)
{
	double size = (double)(UINT64_C(1) << bits);
	double x = PI * (value - (double)k / size), top, low, c;

	mathfun_sincos(x, &low, &c);
	mathfun_sincos(size * x, &top, &c);
	if (fabs(low) < 1e-13)
		return 1.0;
	top /= size * low;
	return top * top;
}

int
phase_outcomes(const double *values, size_t n, unsigned bits, double *out)
{
	size_t k, j;

	if (bits < 1 || bits > PHASE_MAX_BITS)
		return -EINVAL;
	for (k = 0; k < (size_t)1 << bits; k++) {
		out[k] = 0.0;
		for (j = 0; j < n; j++)
			out[k] += values[j] * phase_chance(values[j], bits, k);
	}
	return 0;
}

void
phase_left(const double *values, size_t n, unsigned bits, size_t k,
    double *share)
{
	double sum = 0.0;
	size_t j;

	for (j = 0; j < n; j++) {
		share[j] = values[j] * phase_chance(values[j], bits, k);
		sum += share[j];
	}
	for (j = 0; j < n; j++)
		share[j] = sum > 0.0 ? share[j] / sum : 0.0;
}

/* Blocks of the register of ancillas against itself. */
struct copies {
	const double *values;
	size_t n;
	unsigned bits;
	uint32_t copies;
	double complex *turn; /* [bits * n]: of a block between 1 and 0 */
	double *stay;         /* [bits]: cos^2 of all steps */
	double complex *b;    /* n: the diagonal of the block in hand */
};

static void
fill_steps(struct copies *c)
{
	double step = 2.0 * PI / c->copies, sine, cosine;
	unsigned a;
	size_t j;

	mathfun_sincos(step, &sine, &cosine);
	for (a = 0; a < c->bits; a++) {
		uint64_t times_all = (uint64_t)c->copies << a;

		c->stay[a] = creal(power(cosine * cosine, times_all));
		for (j = 0; j < c->n; j++)
			c->turn[a * c->n + j] =
			    power(number(cosine, sine * c->values[j]),
				times_all);
	}
}

/*
 * Tr of the block |m><q|, which began as rho / 2^bits. Ancilla a of both 0: as
 * it was; of one: B (cos + i sin rho) each step; of both 1: what is not Tr(B)
 * rho shrinks by cos^2.
 */
static double complex
block_trace(const struct copies *c, size_t m, size_t q)
{
	double complex trace = 0.0;
	unsigned a;
	size_t j;

	for (j = 0; j < c->n; j++)
		c->b[j] = c->values[j];
	for (a = 0; a < c->bits; a++) {
		unsigned left = m >> a & 1, right = q >> a & 1;

		trace = 0.0;
		for (j = 0; j < c->n; j++)
			trace += c->b[j];
		for (j = 0; j < c->n && (left || right); j++) {
			double complex t = c->turn[a * c->n + j];
			double complex rest = trace * c->values[j];

			if (left && right)
				c->b[j] = rest + c->stay[a] * (c->b[j] - rest);
			else
				c->b[j] = times(c->b[j], left ? t : conj(t));
		}
	}
	trace = 0.0;
	for (j = 0; j < c->n; j++)
		trace += c->b[j];
	return trace;
}

/* sum over m, q of exp(-2 pi i (m - q) k / 2^bits) Tr B_mq, over 4^bits. */
static void
read_outcomes(const struct copies *c, double *out)
{
	size_t size = (size_t)1 << c->bits, m, q, k;
	double unit = 2.0 * PI / (double)size;

	memset(out, 0, size * sizeof(*out));
	for (m = 0; m < size; m++) {
		for (q = 0; q <= m; q++) {
			double complex t = block_trace(c, m, q);

			t *= m == q ? 1.0 : 2.0; /* and its mirror image */
			for (k = 0; k < size; k++)
				out[k] += creal(times(t,
				    cis(-unit * (double)((m - q) * k % size))));
		}
	}
	for (k = 0; k < size; k++)
		out[k] /= (double)size * (double)size;
}

int
phase_outcomes_by_copies(const double *values, size_t n, unsigned bits,
    uint32_t copies, double *out)
{
	struct copies c = {.values = values,
	    .n = n,
	    .bits = bits,
	    .copies = copies};
	int rc = 0;

	if (bits < 1 || bits > PHASE_MAX_COPY_BITS || copies < 1 ||
	    copies > 65536 || n < 1)
		return -EINVAL;
	c.turn = calloc(bits * n, sizeof(*c.turn));
	c.stay = calloc(bits, sizeof(*c.stay));
	c.b = calloc(n, sizeof(*c.b));
	if (c.turn == NULL || c.stay == NULL || c.b == NULL) {
		rc = -ENOMEM;
	} else {
		fill_steps(&c);
		read_outcomes(&c, out);
	}
	free(c.turn);
	free(c.stay);
	free(c.b);
	return rc;
}

/* to = a from, a real; re, im pairs. */
static void
left_times(const double *a, const double *from, size_t n, double *to)
{
	size_t i, j, k;

	memset(to, 0, 2 * n * n * sizeof(*to));
	for (i = 0; i < n; i++) {
		for (k = 0; k < n; k++) {
			for (j = 0; j < 2 * n; j++)
				to[i * 2 * n + j] +=
				    a[i * n + k] * from[k * 2 * n + j];
		}
	}
}

/* In place, of re, im pairs, conjugated: of a Hermitian matrix nothing. */
static void
adjoin(double *x, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		x[2 * (i * n + i) + 1] = -x[2 * (i * n + i) + 1];
		for (j = 0; j < i; j++) {
			double *p = x + 2 * (i * n + j);
			double *q = x + 2 * (j * n + i);
			double re = p[0], im = p[1];

			p[0] = q[0];
			p[1] = -q[1];
			q[0] = re;
			q[1] = -im;
		}
	}
}

/* x = a x a^T = a (a x^dag)^dag, a real. */
static void
rotate(const double *a, double *x, size_t n, double *work)
{
	adjoin(x, n);
	left_times(a, x, n, work);
	adjoin(work, n);
	left_times(a, work, n, x);
}

/* sigma = c^2 sigma + s^2 Tr(sigma) rho - i s c (rho sigma - sigma rho). */
static void
lmr_step(const struct phase_lmr *l, double *sigma, double *work)
{
	double *left = work, *right = work + 2 * l->n * l->n;
	double trace[2] = {0.0, 0.0}, s, c;
	size_t i, nn = l->n * l->n;

	mathfun_sincos(l->time / l->steps, &s, &c);
	left_times(l->rho, sigma, l->n, left);
	/* sigma rho = (rho sigma^dag)^dag */
	adjoin(sigma, l->n);
	left_times(l->rho, sigma, l->n, right);
	adjoin(right, l->n);
	adjoin(sigma, l->n);
	for (i = 0; i < l->n; i++) {
		trace[0] += sigma[2 * (i * l->n + i)];
		trace[1] += sigma[2 * (i * l->n + i) + 1];
	}
	for (i = 0; i < nn; i++) {
		double re = left[2 * i] - right[2 * i];
		double im = left[2 * i + 1] - right[2 * i + 1];

		sigma[2 * i] = c * c * sigma[2 * i] +
		    s * s * trace[0] * l->rho[i] + s * c * im;
		sigma[2 * i + 1] = c * c * sigma[2 * i + 1] +
		    s * s * trace[1] * l->rho[i] - s * c * re;
	}
}

static int
lmr_check(const struct phase_lmr *l)
{
	return l->n < 1 || l->n > PHASE_MAX_STATES || l->steps < 1 ||
		!isfinite(l->time)
	    ? -EINVAL
	    : 0;
}

int
phase_lmr_run(const struct phase_lmr *l, double *sigma)
{
	double *work;
	uint32_t i;

	if (lmr_check(l) < 0)
		return -EINVAL;
	work = calloc(4 * l->n * l->n, sizeof(*work));
	if (work == NULL)
		return -ENOMEM;
	for (i = 0; i < l->steps; i++)
		lmr_step(l, sigma, work);
	free(work);
	return 0;
}

static void
transpose(double *a, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++) {
			double x = a[i * n + j];

			a[i * n + j] = a[j * n + i];
			a[j * n + i] = x;
		}
	}
}

int
phase_lmr_exact(const struct phase_lmr *l, double *sigma)
{
	size_t n = l->n, i;
	double *v, *w, *work;
	int rc = -ENOMEM;

	if (lmr_check(l) < 0)
		return -EINVAL;
	v = calloc(n * n, sizeof(*v));
	w = calloc(n, sizeof(*w));
	work = calloc(2 * n * n, sizeof(*work));
	if (v != NULL && w != NULL && work != NULL)
		rc = jacobi_eigen(l->rho, n, w, v);
	if (rc == 0)
		rotate(v, sigma, n, work);
	for (i = 0; i < n * n && rc == 0; i++) {
		double angle = -l->time * (w[i / n] - w[i % n]);
		double complex z =
		    times(number(sigma[2 * i], sigma[2 * i + 1]), cis(angle));

		sigma[2 * i] = creal(z);
		sigma[2 * i + 1] = cimag(z);
	}
	if (rc == 0) {
		transpose(v, n);
		rotate(v, sigma, n, work);
	}
	free(v);
	free(w);
	free(work);
	return rc;
}

/* The values of a Hermitian matrix stand twice in those of the real one
 * [re, -im; im, re]. */
int
phase_distance(const double *a, const double *b, size_t n, double *out)
{
	size_t m = 2 * n, i, j;
	double *real, *w;
	int rc;

	if (n < 1 || n > PHASE_MAX_STATES)
		return -EINVAL;
	real = calloc(m * m, sizeof(*real));
	w = calloc(m, sizeof(*w));
	rc = real != NULL && w != NULL ? 0 : -ENOMEM;
	for (i = 0; i < n * n && rc == 0; i++) {
		size_t r = i / n, c = i % n;
		double re = a[2 * i] - b[2 * i];
		double im = a[2 * i + 1] - b[2 * i + 1];

		real[r * m + c] = re;
		real[(r + n) * m + c + n] = re;
		real[r * m + c + n] = -im;
		real[(r + n) * m + c] = im;
	}
	if (rc == 0)
		rc = jacobi_eigen(real, m, w, NULL);
	*out = 0.0;
	for (j = 0; j < m && rc == 0; j++)
		*out += 0.25 * fabs(w[j]);
	free(real);
	free(w);
	return rc;
}
