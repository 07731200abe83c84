#include "sim/learn/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/linear.h"
#include "sim/learn/qpca.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/rng.h"
#include "sim/learn/vqc.h"
#include "sim/learn/vqe.h"

static const struct task_ops *const table[] = {&vqc_ops, &linear_ops, &qsvm_ops,
    &qpca_ops, &vqe_ops};

#define NTASKS (sizeof(table) / sizeof(table[0]))

const struct task_ops *
task_at(size_t i)
{
	return i < NTASKS ? table[i] : NULL;
}

const struct task_ops *
task_find(const char *name)
{
	size_t i;

	for (i = 0; i < NTASKS; i++) {
		if (strcmp(table[i]->name, name) == 0)
			return table[i];
	}
	return NULL;
}

static const char *
check_weights(const struct task_spec *s)
{
	uint32_t i;

	for (i = 0; s->class_weights != NULL && i < s->nclasses; i++) {
		if (!(s->class_weights[i] >= 0.0 && s->class_weights[i] <= 1e6))
			return "class weights must be 0 to 1000000";
	}
	return NULL;
}

static const char *
check_output(const struct task_spec *s)
{
	if (s->output != TASK_CLASSES) {
		if (s->nclasses != 0)
			return "only an output of classes has classes";
		if (s->class_weights != NULL)
			return "only an output of classes has class weights";
		return s->output == TASK_REGRESSION && s->loss != TASK_SQUARED
		    ? "regression has the squared loss"
		    : NULL;
	}
	if (s->nclasses < 2 || s->nclasses > TASK_MAX_CLASSES)
		return "classes must be 2 to 256";
	return check_weights(s);
}

const char *
task_check(const struct task_spec *spec)
{
	const struct task_ops *ops = task_find(spec->name);
	const char *why;

	if (ops == NULL)
		return "there is no task of that name";
	if (spec->nfeatures > TASK_MAX_FEATURES ||
	    (spec->nfeatures < 1 && spec->output != TASK_NOTHING))
		return "features must be 1 to 4096";
	if (spec->start_range < 0 || spec->start_range > TASK_MAX_START)
		return "the start's range must be 0 to 1024";
	why = check_output(spec);
	return why != NULL ? why : ops->check(spec);
}

/* What the task owns of its spec. */
static void
free_spec(struct task_spec *s)
{
	free((void *)(uintptr_t)s->class_weights);
	free((void *)(uintptr_t)s->qasm);
	free((void *)(uintptr_t)s->paulis);
}

static int
copy_bytes(const void **p, size_t n)
{
	const void *from = *p;
	void *to;

	if (from == NULL)
		return 0;
	to = calloc(n + 1, 1);
	*p = to;
	if (to == NULL)
		return -ENOMEM;
	memcpy(to, from, n);
	return 0;
}

static int
copy_spec(struct task_spec *s)
{
	const void *weights = s->class_weights, *qasm = s->qasm;
	const void *paulis = s->paulis;
	size_t npaulis = s->paulis != NULL ? strlen(s->paulis) : 0;
	int rc, rc2, rc3;

	rc = copy_bytes(&weights, s->nclasses * sizeof(double));
	rc2 = copy_bytes(&qasm, s->qasm_len);
	rc3 = copy_bytes(&paulis, npaulis);
	s->class_weights = weights;
	s->qasm = qasm;
	s->paulis = paulis;
	return rc < 0 ? rc : rc2 < 0 ? rc2 : rc3;
}

int
task_init(struct task *t, const struct task_spec *spec)
{
	int rc;

	*t = (struct task)TASK_INIT;
	if (task_check(spec) != NULL)
		return -EINVAL;
	t->spec = *spec;
	t->ops = task_find(spec->name);
	t->spec.name = t->ops->name;
	t->noutputs = spec->output == TASK_CLASSES ? spec->nclasses : 1;
	rc = copy_spec(&t->spec);
	if (rc == 0)
		rc = t->ops->open(t);
	if (rc < 0) {
		free_spec(&t->spec);
		*t = (struct task)TASK_INIT;
		return rc;
	}
	if (t->ops->map != NULL) {
		t->nhead = spec->head == TASK_HEAD_NONE
		    ? 0
		    : t->noutputs * (t->nobs + 1);
		t->nparams = t->nangles + t->nscales + t->nhead;
	}
	if (t->nupdate == 0)
		t->nupdate = t->nparams;
	return 0;
}

void
task_close(struct task *t)
{
	if (t->ops != NULL) {
		t->ops->close(t);
		free_spec(&t->spec);
	}
	*t = (struct task)TASK_INIT;
}

void
task_periods(const struct task *t, int64_t *period)
{
	size_t i;

	if (t->ops->periods != NULL) {
		t->ops->periods(t, period);
		return;
	}
	for (i = 0; i < t->nparams; i++)
		period[i] = i < t->nangles ? TASK_PERIOD_2PI : 0;
}

static int64_t
uniform(struct rng *r, int64_t range)
{
	return (int64_t)rng_below(r, 2 * (uint64_t)range + 1) - range;
}

/* Deviation range, in units of it 6 at most: the sum of 12 numbers uniform in
 * 0 .. 2^24 - 1 has deviation 2^24 (1 - 2^-48)^(1/2). */
static int64_t
normal(struct rng *r, int64_t range)
{
	int64_t sum = 6 - 6 * TASK_Q24_ONE;
	int i;

	for (i = 0; i < 12; i++)
		sum += (int64_t)rng_below(r, (uint64_t)TASK_Q24_ONE);
	return sum * range / TASK_Q24_ONE;
}

static int64_t
start_range(const struct task_spec *s)
{
	if (s->start_range != 0)
		return s->start_range;
	switch (s->start) {
	case TASK_START_SMALL:
	case TASK_START_LAYERWISE:
		return TASK_SMALL_RANGE;
	case TASK_START_NORMAL:
		return TASK_Q24_ONE;
	case TASK_START_UNIFORM:
	case TASK_START_IDENTITY:
	case TASK_START_ZERO:
		break;
	}
	return TASK_INIT_RANGE;
}

/* Angle i of layers of `each` angles; those before it are there. */
static int64_t
start_angle(const struct task *t, struct rng *r, const int64_t *angles,
    size_t i)
{
	size_t each = t->spec.nlayers > 0 ? t->nangles / t->spec.nlayers : 0;
	int64_t range = start_range(&t->spec);

	switch (t->spec.start) {
	case TASK_START_UNIFORM:
	case TASK_START_SMALL:
		break;
	case TASK_START_NORMAL:
		return normal(r, range);
	case TASK_START_IDENTITY:
		if (each > 0 && i / each % 2 == 1)
			return -angles[i - 2 * (i % each) - 1];
		break;
	case TASK_START_LAYERWISE:
		if (i >= each)
			return 0;
		break;
	case TASK_START_ZERO:
		return 0;
	}
	return uniform(r, range);
}

void
task_init_params(const struct task *t, const uint8_t *seed, int64_t *params)
{
	struct rng r;
	size_t i;

	if (t->ops->init_params != NULL) {
		t->ops->init_params(t, seed, params);
		return;
	}
	rng_init(&r, seed, 0);
	for (i = 0; i < t->nparams; i++) {
		if (i < t->nangles)
			params[i] = start_angle(t, &r, params, i);
		else
			params[i] =
			    i < t->nangles + t->nscales ? TASK_Q24_ONE : 0;
	}
}

static uint32_t
qubits_for(uint32_t amplitudes)
{
	uint32_t n = 1;

	while (n < 31 && UINT32_C(1) << n < amplitudes)
		n++;
	return n;
}

void
task_spec_suggest(struct task_spec *s)
{
	s->ansatz = TASK_STRONGLY_ENTANGLING;
	s->head_scale = 8.0; /* 4: a point less on digits; 20: no more */
	if (s->nfeatures <= 8) {
		s->encoding = TASK_ENC_ANGLE;
		s->nqubits = s->nfeatures < 2 ? 2 : s->nfeatures;
	} else {
		s->encoding = TASK_ENC_AMPLITUDE;
		s->nqubits = qubits_for(s->nfeatures);
	}
	s->nlayers = 2 * s->nqubits;
}
