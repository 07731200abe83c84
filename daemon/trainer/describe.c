#include "daemon/trainer/describe.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/task.h"
#include "sim/learn/train.h"

/* Shortest text for v = k * unit that still lies on the wanted side. */
static void
outward(double v, double unit, bool up, char out[static DESCRIBE_NUMBER_LEN])
{
	double k = up ? ceil(v / unit) : floor(v / unit);
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(out, DESCRIBE_NUMBER_LEN, "%.12g", k * unit + 0.0);
		if (up ? strtod(out, NULL) >= v : strtod(out, NULL) <= v)
			return;
		k += up ? 1 : -1;
	}
	/* A column whose values differ in the last digits only. */
	snprintf(out, DESCRIBE_NUMBER_LEN, "%.17g", v);
}

static void
round_range(double min, double max, struct describe_range *out)
{
	double span = max - min, unit;

	if (!(span > 0)) {
		span = fabs(min) > 1 ? fabs(min) : 1;
		max = min + span;
	}
	unit = pow(10, floor(log10(span)) - 1);
	outward(min, unit, false, out->lo);
	outward(max, unit, true, out->hi);
}

/* True when half of the columns cover half of the common extent. */
static bool
one_quantity(const struct table *t, double *min, double *max)
{
	size_t i, wide = 0;

	*min = t->columns[0].min;
	*max = t->columns[0].max;
	for (i = 1; i < t->ncolumns; i++) {
		*min = fmin(*min, t->columns[i].min);
		*max = fmax(*max, t->columns[i].max);
	}
	for (i = 0; i < t->ncolumns; i++)
		wide +=
		    2 * (t->columns[i].max - t->columns[i].min) >= *max - *min;
	return 2 * wide >= t->ncolumns && t->ncolumns >= 16;
}

void
describe_ranges(const struct table *t, struct describe_range *ranges)
{
	double min, max;
	bool common = one_quantity(t, &min, &max);
	size_t i;

	for (i = 0; i < t->ncolumns; i++)
		round_range(common ? min : t->columns[i].min,
		    common ? max : t->columns[i].max, &ranges[i]);
}

void
describe_json_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char u = (unsigned char)*s;

		if (u == '"' || u == '\\')
			fprintf(out, "\\%c", u);
		else if (u < 0x20)
			fprintf(out, "\\u%04x", u);
		else
			fputc(u, out);
	}
	fputc('"', out);
}

static void
json_columns(FILE *out, const struct table *t,
    const struct describe_range *ranges)
{
	size_t i;

	fprintf(out, "\"columns\":[");
	for (i = 0; i < t->ncolumns; i++) {
		fprintf(out, "%s{\"name\":", i ? "," : "");
		describe_json_string(out, t->columns[i].name);
		fprintf(out,
		    ",\"min\":%.17g,\"max\":%.17g,\"lo\":\"%s\","
		    "\"hi\":\"%s\"}",
		    t->columns[i].min, t->columns[i].max, ranges[i].lo,
		    ranges[i].hi);
	}
	fprintf(out, "]");
}

/* The circuit and the training that suit data of this shape. */
static int
json_job(FILE *out, const struct table *t)
{
	struct task_spec spec = {
	    .name = "vqc",
	    .nfeatures = (uint32_t)t->ncolumns,
	    .nclasses = (uint32_t)t->nlabels,
	};
	struct train_hyper h;
	struct task task;
	const char *why;
	int rc;

	task_spec_suggest(&spec);
	why = task_check(&spec);
	if (why) {
		fprintf(out, "\"job\":null,\"why\":");
		describe_json_string(out, why);
		return 0;
	}
	rc = task_init(&task, &spec);
	if (rc < 0)
		return rc;
	train_hyper_default(&h);
	fprintf(out,
	    "\"job\":{\"task\":\"vqc\",\"encoding\":\"%s\","
	    "\"ansatz\":\"%s\",\"readout\":\"z_zz\",\"qubits\":%u,"
	    "\"layers\":%u,\"head_scale\":\"%.12g\",\"dim\":%zu,"
	    "\"nangles\":%zu,\"init\":\"0.1\",\"steps\":%u,"
	    "\"batch\":%u,\"rate\":\"%.12g\",\"rate_last\":\"%.12g\","
	    "\"clip\":\"16\",\"bound\":\"4\"}",
	    spec.encoding == TASK_ENC_AMPLITUDE ? "amplitude" : "angle",
	    spec.ansatz == TASK_STRONGLY_ENTANGLING ? "strongly_entangling"
						    : "hardware_efficient",
	    (unsigned)spec.nqubits, (unsigned)spec.nlayers, spec.head_scale,
	    task.nparams, task.nangles, (unsigned)h.steps, (unsigned)h.batch,
	    h.lr, h.lr_end);
	task_close(&task);
	return 0;
}

int
describe_json(FILE *out, const struct table *t)
{
	struct describe_range *ranges;
	size_t i;
	int rc;

	ranges = calloc(t->ncolumns, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	describe_ranges(t, ranges);
	fprintf(out, "\"rows\":%zu,\"label\":", t->rows.n);
	describe_json_string(out, t->label);
	fprintf(out, ",\"labels\":[");
	for (i = 0; i < t->nlabels; i++) {
		fprintf(out, "%s", i ? "," : "");
		describe_json_string(out, t->labels[i]);
	}
	fprintf(out, "],");
	json_columns(out, t, ranges);
	fprintf(out, ",");
	rc = json_job(out, t);
	free(ranges);
	return rc;
}

int
describe_json_counts(FILE *out, const struct dataset *rows, size_t nclasses)
{
	size_t *counts = calloc(nclasses + 1, sizeof(*counts));
	size_t i;

	if (!counts)
		return -ENOMEM;
	dataset_count(rows, nclasses, counts);
	fprintf(out, "[");
	for (i = 0; i < nclasses; i++)
		fprintf(out, "%s%zu", i ? "," : "", counts[i]);
	fprintf(out, "]");
	free(counts);
	return 0;
}

int
describe_counts(FILE *out, const struct table *t, const struct dataset *rows)
{
	size_t *counts = calloc(t->nlabels + 1, sizeof(*counts));
	size_t i;

	if (!counts)
		return -ENOMEM;
	dataset_count(rows, t->nlabels, counts);
	for (i = 0; i < t->nlabels; i++)
		fprintf(out, "%s%s: %zu", i ? ", " : "", t->labels[i],
		    counts[i]);
	free(counts);
	return 0;
}
