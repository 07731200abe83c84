#include "sim/gradient/rule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/rng.h"
#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1
#define PIVOT_MIN 1e-9

/* a[n][n + 1], the last column the right side, which becomes the solution. */
static int
solve(double a[][RULE_MAX_WAVES + 1], size_t n)
{
	size_t c, r, k, best;

	for (c = 0; c < n; c++) {
		for (best = c, r = c + 1; r < n; r++) {
			if (fabs(a[r][c]) > fabs(a[best][c]))
				best = r;
		}
		if (!(fabs(a[best][c]) > PIVOT_MIN))
			return -EDOM;
		for (k = 0; k <= n; k++) {
			double keep = a[c][k];

			a[c][k] = a[best][k];
			a[best][k] = keep;
		}
		for (r = 0; r < n; r++) {
			double f = r == c ? 0.0 : a[r][c] / a[c][c];

			for (k = c; k <= n; k++)
				a[r][k] -= f * a[c][k];
		}
	}
	for (c = 0; c < n; c++)
		a[c][n] /= a[c][c];
	return 0;
}

int
rule_weights(const struct rule_waves *w, double *s, double *weight)
{
	double a[RULE_MAX_WAVES][RULE_MAX_WAVES + 1], cosine, last = 0.0;
	size_t k, r;
	int rc;

	if (w->n < 1 || w->n > RULE_MAX_WAVES)
		return -EINVAL;
	for (k = 0; k < w->n; k++) {
		if (!(w->frequency[k] > last) || !isfinite(w->frequency[k]))
			return -EINVAL;
		last = w->frequency[k];
	}
	for (r = 0; r < w->n; r++)
		s[r] = PI * (2.0 * (double)r + 1.0) / (2.0 * last);
	/* The rule is right for sin(f a) at 0, for each frequency f. */
	for (k = 0; k < w->n; k++) {
		for (r = 0; r < w->n; r++) {
			mathfun_sincos(w->frequency[k] * s[r], &a[k][r],
			    &cosine);
			a[k][r] *= 2.0;
		}
		a[k][w->n] = w->frequency[k];
	}
	rc = solve(a, w->n);
	for (r = 0; r < w->n && rc == 0; r++)
		weight[r] = a[r][w->n];
	return rc;
}

/* f at theta with parameter k at that value. */
static int
value_at(struct rule *r, double *theta, size_t k, double at, double *value)
{
	double was = theta[k];
	int rc;

	theta[k] = at;
	rc = r->eval(r->arg, theta, r->calls++, value);
	theta[k] = was;
	return rc;
}

static int
difference(struct rule *r, double *theta, size_t k, double s, double *out)
{
	double up = 0.0, down = 0.0;
	int rc = value_at(r, theta, k, theta[k] + s, &up);

	if (rc == 0)
		rc = value_at(r, theta, k, theta[k] - s, &down);
	*out = up - down;
	return rc;
}

int
rule_shift(struct rule *r, double *theta, const struct rule_waves *waves,
    double *grad)
{
	static const double one = 1.0;
	const struct rule_waves pauli = {&one, 1};
	double s[RULE_MAX_WAVES], weight[RULE_MAX_WAVES], d;
	size_t k, i;
	int rc = 0;

	for (k = 0; k < r->nparams && rc == 0; k++) {
		const struct rule_waves *w = waves == NULL ? &pauli : &waves[k];

		rc = rule_weights(w, s, weight);
		grad[k] = 0.0;
		for (i = 0; i < w->n && rc == 0; i++) {
			rc = difference(r, theta, k, s[i], &d);
			grad[k] += weight[i] * d;
		}
	}
	return rc;
}

int
rule_differences(struct rule *r, double *theta, double h, double *grad)
{
	size_t k;
	int rc = 0;

	for (k = 0; k < r->nparams && rc == 0; k++) {
		rc = difference(r, theta, k, h, &grad[k]);
		grad[k] /= 2.0 * h;
	}
	return rc;
}

static int
spsa_once(struct rule *r, const double *theta, const struct rule_spsa *o,
    double *work)
{
	double *sign = work + r->nparams, value[2];
	size_t k;
	int rc = 0, side;

	for (k = 0; k < r->nparams; k++)
		sign[k] = rng_below(o->rng, 2) == 0 ? -1.0 : 1.0;
	for (side = 0; side < 2 && rc == 0; side++) {
		for (k = 0; k < r->nparams; k++)
			work[k] =
			    theta[k] + (side == 0 ? o->h : -o->h) * sign[k];
		rc = r->eval(r->arg, work, r->calls++, &value[side]);
	}
	for (k = 0; k < r->nparams && rc == 0; k++)
		work[k] = sign[k] * (value[0] - value[1]) / (2.0 * o->h);
	return rc;
}

int
rule_spsa(struct rule *r, const double *theta, const struct rule_spsa *o,
    double *grad)
{
	double *work = calloc(2 * r->nparams + 1, sizeof(*work));
	uint32_t i;
	size_t k;
	int rc = work == NULL ? -ENOMEM : 0;

	memset(grad, 0, r->nparams * sizeof(*grad));
	for (i = 0; i < o->repeats && rc == 0; i++) {
		rc = spsa_once(r, theta, o, work);
		for (k = 0; k < r->nparams && rc == 0; k++)
			grad[k] += work[k] / (double)o->repeats;
	}
	free(work);
	return rc;
}
