#include "sim/learn/task.h"

#include <errno.h>
#include <string.h>

#include "sim/learn/linear.h"
#include "sim/learn/rng.h"
#include "sim/learn/vqc.h"

static const struct task_ops *const table[] = {&vqc_ops, &linear_ops};

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

const char *
task_check(const struct task_spec *spec)
{
	const struct task_ops *ops = task_find(spec->name);

	if (ops == NULL)
		return "task must be vqc or linear";
	if (spec->nfeatures < 1 || spec->nfeatures > TASK_MAX_FEATURES)
		return "features must be 1 to 4096";
	if (spec->nclasses < 2 || spec->nclasses > TASK_MAX_CLASSES)
		return "classes must be 2 to 256";
	return ops->check(spec);
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
	rc = t->ops->open(t);
	if (rc < 0) {
		*t = (struct task)TASK_INIT;
		return rc;
	}
	t->nparams = t->nangles + t->spec.nclasses * (t->nobs + 1);
	return 0;
}

void
task_close(struct task *t)
{
	if (t->ops != NULL)
		t->ops->close(t);
	*t = (struct task)TASK_INIT;
}

void
task_periods(const struct task *t, int64_t *period)
{
	size_t i;

	for (i = 0; i < t->nparams; i++)
		period[i] = i < t->nangles ? TASK_PERIOD_2PI : 0;
}

void
task_init_params(const struct task *t, const uint8_t *seed, int64_t *params)
{
	struct rng r;
	size_t i;

	rng_init(&r, seed, 0);
	for (i = 0; i < t->nparams; i++)
		params[i] = i >= t->nangles
		    ? 0
		    : (int64_t)rng_below(&r, 2 * TASK_INIT_RANGE + 1) -
			TASK_INIT_RANGE;
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
