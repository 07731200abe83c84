#include "sim/learn/loss.h"

#include <string.h>

#include "sim/learn/task.h"
#include "sim/state/mathfun.h"

static void
slope_entropy(const struct task *t, const struct lanes *lanes,
    const struct loss_rows *rows, double *z)
{
	double max[LANES], sum[LANES];
	size_t c, i;

	lanes->softmax(z, t->noutputs, max, sum);
	for (i = 0; i < LANES; i++)
		sum[i] =
		    rows->weight[i] != 0.0 ? rows->weight[i] / sum[i] : 0.0;
	for (c = 0; c < t->noutputs; c++) {
		for (i = 0; i < LANES; i++)
			z[c * LANES + i] *= sum[i];
	}
	for (i = 0; i < LANES; i++) {
		if (rows->weight[i] != 0.0)
			z[(size_t)rows->label[i] * LANES + i] -=
			    rows->weight[i];
	}
}

static void
value_entropy(const struct task *t, const struct lanes *lanes,
    const struct loss_rows *rows, double *z, double *out)
{
	double max[LANES], sum[LANES], right[LANES];
	size_t i;

	for (i = 0; i < LANES; i++)
		right[i] = z[(size_t)rows->label[i] * LANES + i];
	lanes->softmax(z, t->noutputs, max, sum);
	for (i = 0; i < LANES; i++)
		out[i] = rows->weight[i] != 0.0 ? rows->weight[i] *
			(mathfun_log(sum[i]) + (max[i] - right[i]))
						: 0.0;
}

/* One lane; returns its loss and leaves slopes in dz, stride LANES. */
static double
hinge(const struct task *t, const double *z, size_t label, double *dz)
{
	double right = z[label * LANES], loss = 0.0;
	size_t c;

	dz[label * LANES] = 0.0;
	for (c = 0; c < t->noutputs; c++) {
		double gap = 1.0 - right + z[c * LANES];

		if (c == label)
			continue;
		dz[c * LANES] = gap > 0.0 ? 1.0 : 0.0;
		if (gap > 0.0) {
			loss += gap;
			dz[label * LANES] -= 1.0;
		}
	}
	return loss;
}

static double
squared(const struct task *t, const double *z, const struct loss_rows *rows,
    size_t lane, double *dz)
{
	double loss = 0.0;
	size_t c;

	for (c = 0; c < t->noutputs; c++) {
		double want = rows->target[lane], off;

		if (t->spec.output == TASK_CLASSES)
			want = (size_t)rows->label[lane] == c ? 1.0 : 0.0;
		off = z[c * LANES] - want;
		dz[c * LANES] = 2.0 * off;
		loss += off * off;
	}
	return loss;
}

/* Every lane by itself: z becomes slopes, out losses; both weighted. */
static void
lane_by_lane(const struct task *t, const struct loss_rows *rows, double *z,
    double *out)
{
	double slope[TASK_MAX_CLASSES * LANES];
	size_t i, c;

	for (i = 0; i < LANES; i++) {
		double w = rows->weight[i], *dz = slope + i;

		if (t->spec.loss == TASK_HINGE)
			out[i] = hinge(t, z + i, (size_t)rows->label[i], dz);
		else
			out[i] = squared(t, z + i, rows, i, dz);
		out[i] = w != 0.0 ? w * out[i] : 0.0;
		for (c = 0; c < t->noutputs; c++)
			dz[c * LANES] = w != 0.0 ? w * dz[c * LANES] : 0.0;
	}
	memcpy(z, slope, t->noutputs * LANES * sizeof(*z));
}

void
loss_slope(const struct task *t, const struct lanes *lanes,
    const struct loss_rows *rows, double *z)
{
	double out[LANES];

	if (t->spec.loss == TASK_CROSS_ENTROPY)
		slope_entropy(t, lanes, rows, z);
	else
		lane_by_lane(t, rows, z, out);
}

void
loss_value(const struct task *t, const struct lanes *lanes,
    const struct loss_rows *rows, double *z, double *out)
{
	if (t->spec.loss == TASK_CROSS_ENTROPY)
		value_entropy(t, lanes, rows, z, out);
	else
		lane_by_lane(t, rows, z, out);
}
