#include "sim/learn/qpca.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/gaussian.h"
#include "sim/learn/rng.h"
#include "sim/learn/train.h"

#define Q24 16777216.0
#define NOISE_STREAM 1     /* of the seed; 0 shuffles rows */
#define REACH_MIN 0x1p-20  /* of a component nobody's rows have */
#define LENGTH_MIN 0x1p-40 /* below it a row has no direction */

/* From a scaled row to x. */
struct shape {
	const struct qpca_spec *spec;
	size_t d;
	double factor; /* of the ball: one over its radius */
};

void
qpca_spec_default(struct qpca_spec *s)
{
	*s = (struct qpca_spec){.components = 2,
	    .min_rows = QPCA_MIN_ROWS,
	    .rows = QPCA_BALL,
	    .spread = 3.0};
}

const char *
qpca_spec_check(const struct qpca_spec *s, uint32_t nfeatures)
{
	uint32_t i;

	if (nfeatures < 1 || nfeatures > QPCA_MAX_FEATURES)
		return "qpca takes 1 to 256 features";
	if (s->components < 1 || s->components > nfeatures)
		return "components must be 1 to the number of features";
	if (s->min_rows < 1)
		return "min_rows must be at least 1";
	if (s->rows != QPCA_BALL && s->rows != QPCA_UNIT)
		return "rows must be ball or unit";
	for (i = 0; s->means != NULL && i < nfeatures; i++) {
		if (!(s->means[i] >= 0.0 && s->means[i] <= 1.0))
			return "means must lie inside the ranges";
	}
	if (!(s->radius >= 0.0 && s->radius <= 64.0) ||
	    (s->radius > 0.0 && s->radius < 0x1p-10))
		return "radius must be 0 or 1/1024 to 64";
	if (s->noise > QPCA_NOISE_MAX)
		return "noise must be at most 1/16";
	if (!(s->spread >= 0.0 && s->spread <= 1024.0))
		return "spread must be 0 to 1024";
	return NULL;
}

size_t
qpca_size(uint32_t nfeatures)
{
	return (size_t)nfeatures * (nfeatures + 1) / 2;
}

static struct shape
shape_of(const struct qpca_spec *s, size_t d)
{
	struct shape sh = {s, d, 1.0};
	double sum = 0.0;
	size_t i;

	if (s->rows == QPCA_UNIT)
		return sh;
	for (i = 0; i < d; i++) {
		double m = s->means != NULL ? s->means[i] : 0.0;

		m = m > 0.5 ? m : 1.0 - m;
		sum += m * m;
	}
	sh.factor = 1.0 / (s->radius > 0.0 ? s->radius : sqrt(sum));
	return sh;
}

static void
shape_row(const struct shape *sh, const double *row, double *x)
{
	double sum = 0.0, length, f;
	size_t i;

	for (i = 0; i < sh->d; i++) {
		x[i] = row[i] -
		    (sh->spec->means != NULL ? sh->spec->means[i] : 0.0);
		x[i] *= sh->factor;
		sum += x[i] * x[i];
	}
	length = sqrt(sum);
	if (sh->spec->rows == QPCA_UNIT)
		f = length > LENGTH_MIN ? 1.0 / length : 0.0;
	else
		f = length > 1.0 ? 1.0 / length : 1.0;
	for (i = 0; i < sh->d; i++)
		x[i] *= f;
}

/* upper[] += x x^T. */
static void
add_row(double *upper, const double *x, size_t d)
{
	size_t i, j;

	for (i = 0; i < d; i++) {
		for (j = i; j < d; j++)
			upper[j - i] += x[i] * x[j];
		upper += d - i;
	}
}

static void
fill_from_rng(void *arg, void *out, size_t len)
{
	uint8_t *to = out;
	uint64_t u = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % 8 == 0)
			u = rng_u64(arg);
		to[i] = (uint8_t)(u >> 8 * (i % 8));
	}
}

static void
add_noise(uint32_t sigma, const uint8_t *seed, int64_t *moment, size_t n)
{
	struct rng rng;
	const struct random_source source = {fill_from_rng, &rng};
	size_t i;

	rng_init(&rng, seed, NOISE_STREAM);
	for (i = 0; i < n; i++)
		moment[i] += gaussian_draw(&source, sigma);
}

static int
sum_rows(const struct shape *sh, const struct dataset *rows, double *upper)
{
	double *x = calloc(sh->d, sizeof(*x));
	size_t i, c;
	int rc = x != NULL ? 0 : -ENOMEM;

	for (i = 0; i < rows->n && rc == 0; i++) {
		const double *row = rows->features + i * sh->d;

		for (c = 0; c < sh->d; c++) {
			if (!isfinite(row[c]))
				rc = -EDOM;
		}
		shape_row(sh, row, x);
		add_row(upper, x, sh->d);
	}
	free(x);
	return rc;
}

int
qpca_moment(const struct qpca_spec *s, const struct dataset *rows,
    const uint8_t *seed, int64_t *moment)
{
	size_t n = qpca_size((uint32_t)rows->d), i;
	struct shape sh;
	double *upper;
	int rc;

	if (rows->d > QPCA_MAX_FEATURES ||
	    qpca_spec_check(s, (uint32_t)rows->d) != NULL ||
	    (s->noise > 0 && seed == NULL))
		return -EINVAL;
	if (rows->n < s->min_rows)
		return -ENODATA;
	upper = calloc(n, sizeof(*upper));
	if (upper == NULL)
		return -ENOMEM;
	sh = shape_of(s, rows->d);
	rc = sum_rows(&sh, rows, upper);
	for (i = 0; i < n && rc == 0; i++)
		moment[i] = train_round_even(upper[i] / (double)rows->n * Q24);
	if (rc == 0 && s->noise > 0)
		add_noise(s->noise, seed, moment, n);
	free(upper);
	return rc;
}

static int
copy_means(struct qpca_projector *p)
{
	if (p->spec.means == NULL)
		return 0;
	p->means = calloc(p->nfeatures, sizeof(*p->means));
	if (p->means == NULL)
		return -ENOMEM;
	memcpy(p->means, p->spec.means, p->nfeatures * sizeof(*p->means));
	p->spec.means = p->means;
	return 0;
}

static void
find_reach(struct qpca_projector *p)
{
	uint32_t i;

	for (i = 0; i < p->spec.components; i++) {
		double v = p->values[i] > 0.0 ? p->values[i] : 0.0;
		double r =
		    p->spec.spread > 0.0 ? p->spec.spread * sqrt(v) : 1.0;

		r = r > 1.0 ? 1.0 : r;
		p->reach[i] = r < REACH_MIN ? REACH_MIN : r;
	}
}

int
qpca_projector_init(struct qpca_projector *p, const struct qpca_spec *s,
    uint32_t nfeatures, const int64_t *moment)
{
	size_t d = nfeatures, i, j;
	double *a;
	int rc;

	*p = (struct qpca_projector)QPCA_PROJECTOR_INIT;
	if (qpca_spec_check(s, nfeatures) != NULL)
		return -EINVAL;
	p->spec = *s;
	p->nfeatures = nfeatures;
	rc = copy_means(p);
	a = calloc(d * d, sizeof(*a));
	p->values = calloc(d, sizeof(*p->values));
	p->vectors = calloc(d * d, sizeof(*p->vectors));
	p->reach = calloc(s->components, sizeof(*p->reach));
	if (a == NULL || p->values == NULL || p->vectors == NULL ||
	    p->reach == NULL)
		rc = -ENOMEM;
	for (i = 0; i < d && rc == 0; i++) {
		for (j = i; j < d; j++)
			a[i * d + j] = (double)*moment++ / Q24;
	}
	if (rc == 0)
		rc = jacobi_eigen(a, d, p->values, p->vectors);
	if (rc == 0)
		find_reach(p);
	else
		qpca_projector_close(p);
	free(a);
	return rc;
}

void
qpca_projector_close(struct qpca_projector *p)
{
	free(p->means);
	free(p->values);
	free(p->vectors);
	free(p->reach);
	*p = (struct qpca_projector)QPCA_PROJECTOR_INIT;
}

static double
dot(const double *a, const double *b, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void
project_row(const struct qpca_projector *p, const double *x, double *out)
{
	uint32_t k;

	for (k = 0; k < p->spec.components; k++) {
		double y = dot(p->vectors + (size_t)k * p->nfeatures, x,
			       p->nfeatures) /
		    p->reach[k];

		y = y > 1.0 ? 1.0 : y;
		y = y < -1.0 ? -1.0 : y;
		out[k] = 0.5 + 0.5 * y;
	}
}

int
qpca_project(const struct qpca_projector *p, const struct dataset *in,
    struct dataset *out)
{
	struct shape sh = shape_of(&p->spec, p->nfeatures);
	double *x;
	size_t i;
	int rc;

	*out = (struct dataset)DATASET_INIT;
	if (in->d != p->nfeatures)
		return -EINVAL;
	rc = dataset_init(out, in->n, p->spec.components);
	if (rc == 0 && in->targets != NULL)
		rc = dataset_want_targets(out);
	x = calloc(p->nfeatures, sizeof(*x));
	if (rc == 0 && x == NULL)
		rc = -ENOMEM;
	for (i = 0; i < in->n && rc == 0; i++) {
		shape_row(&sh, in->features + i * in->d, x);
		project_row(p, x, out->features + i * out->d);
		out->labels[i] = in->labels[i];
		if (in->targets != NULL)
			out->targets[i] = in->targets[i];
	}
	free(x);
	if (rc < 0)
		dataset_close(out);
	return rc;
}

int
qpca_captured(const struct qpca_projector *p, const struct dataset *rows,
    double *share)
{
	struct shape sh = shape_of(&p->spec, p->nfeatures);
	double *x, all = 0.0, kept = 0.0;
	size_t i, d = p->nfeatures;
	uint32_t k;

	if (rows->d != d)
		return -EINVAL;
	x = calloc(d, sizeof(*x));
	if (x == NULL)
		return -ENOMEM;
	for (i = 0; i < rows->n; i++) {
		shape_row(&sh, rows->features + i * d, x);
		all += dot(x, x, d);
		for (k = 0; k < p->spec.components; k++) {
			double y = dot(p->vectors + k * d, x, d);

			kept += y * y;
		}
	}
	free(x);
	*share = all > 0.0 ? kept / all : 0.0;
	return 0;
}
