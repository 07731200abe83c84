#include "sim/learn/qsvm_align.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIFFERENCE 1e-4
#define FIRST_STEP 0.5 /* how far the largest scale moves at first */
#define HALVINGS 20
#define SCALE_MAX 1000.0

struct align {
	struct landmark_map map; /* scales point to scales */
	const struct qsvm_align_rows *rows;
	double *scales;
	double *k;
};

double
qsvm_alignment(const double *k, const int32_t *labels, size_t n,
    size_t nclasses)
{
	double other = -1.0 / ((double)nclasses - 1.0);
	double kt = 0.0, kk = 0.0, tt = 0.0;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			double t = labels[i] == labels[j] ? 1.0 : other;
			double x = k[i * n + j];

			kt += x * t;
			kk += x * x;
			tt += t * t;
		}
	}
	return kk > 0.0 && tt > 0.0 ? kt / sqrt(kk * tt) : 0.0;
}

static int
align_open(struct align *a, const struct landmark_map *map,
    const struct qsvm_align_rows *rows)
{
	size_t n = rows->rows.n, i;

	*a = (struct align){.map = *map, .rows = rows};
	if (n < 1 || n > 65536 || rows->nclasses < 2)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (rows->labels[i] < 0 ||
		    (size_t)rows->labels[i] >= rows->nclasses)
			return -EINVAL;
	}
	a->scales = calloc(map->nfeatures, sizeof(*a->scales));
	a->k = calloc(n * n, sizeof(*a->k));
	a->map.scales = a->scales;
	return a->scales != NULL && a->k != NULL ? 0 : -ENOMEM;
}

static void
align_close(struct align *a)
{
	free(a->scales);
	free(a->k);
}

static int
measure(struct align *a, double *value)
{
	const struct landmark_rows *r = &a->rows->rows;
	int rc = landmark_kernel(&a->map, r, r, a->k, NULL);

	if (rc == 0)
		*value = qsvm_alignment(a->k, a->rows->labels, r->n,
		    a->rows->nclasses);
	return rc;
}

static int
slope(struct align *a, uint32_t f, double *out)
{
	double at = a->scales[f], up = 0.0, down = 0.0;
	int rc;

	a->scales[f] = at + DIFFERENCE;
	rc = measure(a, &up);
	a->scales[f] = at - DIFFERENCE;
	if (rc == 0)
		rc = measure(a, &down);
	a->scales[f] = at;
	*out = (up - down) / (2.0 * DIFFERENCE);
	return rc;
}

static int
gradient(struct align *a, double *grad)
{
	uint32_t f;
	int rc = 0;

	for (f = 0; f < a->map.nfeatures && rc == 0; f++)
		rc = slope(a, f, &grad[f]);
	return rc;
}

int
qsvm_align_gradient(const struct landmark_map *map,
    const struct qsvm_align_rows *rows, double *value, double *grad)
{
	struct align a;
	int rc = align_open(&a, map, rows);

	if (rc == 0 && map->scales == NULL)
		rc = -EINVAL;
	if (rc == 0) {
		memcpy(a.scales, map->scales,
		    map->nfeatures * sizeof(*a.scales));
		rc = measure(&a, value);
	}
	if (rc == 0)
		rc = gradient(&a, grad);
	align_close(&a);
	return rc;
}

/* a->scales = from + f grad, kept in range. */
static void
move(struct align *a, const double *from, const double *grad, double f)
{
	uint32_t i;

	for (i = 0; i < a->map.nfeatures; i++) {
		double s = from[i] + f * grad[i];

		s = s > SCALE_MAX ? SCALE_MAX : s;
		a->scales[i] = s < -SCALE_MAX ? -SCALE_MAX : s;
	}
}

/* One step up from scales, which it moves; *reach is the step that was taken,
 * 0 if none helps. */
static int
step_up(struct align *a, double *scales, double *grad, double *value,
    double *reach)
{
	double largest = 0.0, got = 0.0, f;
	int i, rc;
	uint32_t q;

	rc = gradient(a, grad);
	for (q = 0; q < a->map.nfeatures; q++)
		largest = fabs(grad[q]) > largest ? fabs(grad[q]) : largest;
	f = largest > 1e-9 ? *reach / largest : 0.0;
	*reach = 0.0;
	for (i = 0; i < HALVINGS && rc == 0 && f > 0.0; i++, f *= 0.5) {
		move(a, scales, grad, f);
		rc = measure(a, &got);
		if (rc < 0 || got <= *value)
			continue;
		*value = got;
		*reach = 2.0 * f * largest;
		memcpy(scales, a->scales, a->map.nfeatures * sizeof(*scales));
		return 0;
	}
	memcpy(a->scales, scales, a->map.nfeatures * sizeof(*scales));
	return rc;
}

int
qsvm_align(const struct landmark_map *map, const struct qsvm_align_rows *rows,
    uint32_t steps, double *scales, struct qsvm_aligned *out)
{
	double *grad = calloc(map->nfeatures + 1, sizeof(*grad));
	double reach = FIRST_STEP;
	struct align a;
	int rc = align_open(&a, map, rows);

	*out = (struct qsvm_aligned){.steps = 0};
	if (rc == 0 && grad == NULL)
		rc = -ENOMEM;
	if (rc == 0) {
		memcpy(a.scales, scales, map->nfeatures * sizeof(*scales));
		rc = measure(&a, &out->before);
		out->after = out->before;
	}
	while (rc == 0 && out->steps < steps && reach > 0.0) {
		rc = step_up(&a, scales, grad, &out->after, &reach);
		out->steps += rc == 0 && reach > 0.0;
		reach = reach < FIRST_STEP ? reach : FIRST_STEP;
	}
	free(grad);
	align_close(&a);
	return rc;
}
