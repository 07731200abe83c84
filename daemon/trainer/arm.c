#include "daemon/trainer/arm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/recipe.h"

static void
moments_reset(struct moments *m)
{
	memset(m->m, 0, m->n * sizeof(*m->m));
	memset(m->v, 0, m->n * sizeof(*m->v));
	m->pow1 = m->pow2 = 1;
}

int
arm_open(struct arm *a, const struct federation *f, enum job_role role,
    char *err, size_t errlen)
{
	const struct job_local *l = &f->job.local;
	int rc;

	*a = (struct arm)ARM_INIT;
	a->role = role;
	rc = recipe_task(f, role, &a->task, err, errlen);
	if (rc < 0)
		return rc;
	rc = recipe_noise(f, role, &a->noise, err, errlen);
	if (rc < 0) {
		arm_close(a);
		return rc;
	}
	a->noisy = rc > 0;
	a->moments = l->carry;
	a->keeps = role != JOB_STAGE && f->job.main.kind != JOB_VQE &&
	    f->job.main.kind != JOB_QPCA &&
	    (l->carry || l->worker_momentum.mant != 0 || l->scaffold ||
		l->order == JOB_FILE_ORDER);
	rc = train_state_init(&a->state, a->task.nparams);
	if (rc == 0) {
		a->base = calloc(1, train_state_size(a->task.nparams));
		a->last = calloc(1, train_state_size(a->task.nparams));
		rc = a->base && a->last ? 0 : -ENOMEM;
	}
	if (rc < 0) {
		arm_close(a);
		return rc;
	}
	train_state_write(&a->state, a->base);
	memcpy(a->last, a->base, train_state_size(a->task.nparams));
	a->fresh = true;
	return 0;
}

void
arm_close(struct arm *a)
{
	if (a->task.ops)
		task_close(&a->task);
	train_state_close(&a->state);
	noise_model_close(&a->noise);
	free(a->base);
	free(a->last);
	*a = (struct arm)ARM_INIT;
}

void
arm_keep(struct arm *a)
{
	if (!a->keeps)
		return;
	memcpy(a->base, a->last, train_state_size(a->task.nparams));
	a->fresh = false;
}

/* A state of one's own making is always readable. */
static int
load(struct arm *a, const uint8_t *bytes)
{
	return train_state_read(&a->state, bytes,
	    train_state_size(a->task.nparams));
}

void
arm_forget(struct arm *a)
{
	size_t n = a->task.nparams;

	if (!a->keeps)
		return;
	a->state.at = a->state.steps = 0;
	a->state.fading = 1;
	memset(a->state.momentum, 0, n * sizeof(*a->state.momentum));
	memset(a->state.control, 0, n * sizeof(*a->state.control));
	moments_reset(&a->state.moments);
	train_state_write(&a->state, a->base);
	memcpy(a->last, a->base, train_state_size(n));
	a->fresh = true;
}

const struct noise_model *
arm_noise(const struct arm *a)
{
	return a->noisy ? &a->noise : NULL;
}

int
arm_train(struct arm *a, struct train_job *job, int64_t *delta,
    struct train_metrics *metrics)
{
	int rc = load(a, a->base);

	job->task = &a->task;
	job->noise = arm_noise(a);
	job->state = a->keeps ? &a->state : NULL;
	if (rc == 0)
		rc = train_local(job, delta, metrics);
	if (rc < 0 || !a->keeps)
		return rc;
	if (!a->moments)
		moments_reset(&a->state.moments);
	train_state_write(&a->state, a->last);
	return 0;
}
