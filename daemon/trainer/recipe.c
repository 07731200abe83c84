#include "daemon/trainer/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/q24.h"
#include "sim/learn/dataset.h"

static void
fill_spec(const struct federation *f, struct task_spec *spec)
{
	const struct job *j = &f->job;

	*spec = (struct task_spec){
	    .name = j->task == JOB_LINEAR ? "linear" : "vqc",
	    .nfeatures = f->ncolumns,
	    .nclasses = f->nlabels,
	    .head_scale = 1,
	};
	if (j->task == JOB_LINEAR)
		return;
	spec->encoding =
	    j->encoding == JOB_AMPLITUDE ? TASK_ENC_AMPLITUDE : TASK_ENC_ANGLE;
	spec->ansatz = j->ansatz == JOB_HARDWARE_EFFICIENT
	    ? TASK_HARDWARE_EFFICIENT
	    : TASK_STRONGLY_ENTANGLING;
	spec->readout = j->readout == JOB_Z ? TASK_Z : TASK_Z_ZZ;
	spec->nqubits = j->qubits;
	spec->nlayers = j->layers;
	spec->head_scale = decimal_double(&j->head_scale);
}

/* The job states sizes for those who have no compiler; they must be ours. */
static int
check_sizes(const struct job *j, const struct task *t, char *err, size_t errlen)
{
	if (t->nparams != j->dim) {
		snprintf(err, errlen,
		    "job: dim is %u, but this circuit and "
		    "schema have %zu parameters",
		    (unsigned)j->dim, t->nparams);
		return -EINVAL;
	}
	if (t->nangles != j->nangles) {
		snprintf(err, errlen,
		    "job: nangles is %u, but this circuit "
		    "has %zu angles",
		    (unsigned)j->nangles, t->nangles);
		return -EINVAL;
	}
	return 0;
}

int
recipe_task(const struct federation *f, struct task *t, char *err,
    size_t errlen)
{
	struct task_spec spec;
	const char *why;
	int rc;

	*t = (struct task)TASK_INIT;
	fill_spec(f, &spec);
	why = task_check(&spec);
	if (why) {
		snprintf(err, errlen, "job: %s", why);
		return -EINVAL;
	}
	rc = task_init(t, &spec);
	if (rc == 0) {
		rc = check_sizes(&f->job, t, err, errlen);
		if (rc < 0)
			task_close(t);
	}
	if (rc == -ENOMEM)
		snprintf(err, errlen,
		    "there is not enough memory for the "
		    "circuit");
	return rc;
}

/* Every member and round has its own stream of batches. The member's name is
 * hashed, not its index: that follows from its keys, and the same federation
 * founded again with other keys shall learn the same. */
static void
turn_seed(const struct federation *f, const struct recipe_turn *turn,
    uint8_t *out)
{
	const char *name = f->members[turn->member].name;
	struct hash_stream s;
	struct hash h;
	uint8_t b[8];
	int i;

	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(turn->round >> (56 - 8 * i));
	hash_begin(&s, "qml.trainseed");
	hash_add(&s, f->job.seed.b, HASH_LEN);
	hash_add(&s, b, sizeof(b));
	hash_add(&s, name, strlen(name));
	h = hash_end(&s);
	memcpy(out, h.b, TRAIN_SEED_BYTES);
}

int
recipe_hyper(const struct federation *f, const struct recipe_turn *turn,
    struct train_hyper *h, char *err, size_t errlen)
{
	const struct job *j = &f->job;
	const char *why;
	int rc;

	_Static_assert(TRAIN_SEED_BYTES == HASH_LEN, "a seed is a hash");
	train_hyper_default(h);
	if (turn->round >= j->rounds) {
		snprintf(err, errlen, "round %llu is not one of the job's %u",
		    (unsigned long long)turn->round, (unsigned)j->rounds);
		return -EINVAL;
	}
	if (turn->member >= f->nmembers) {
		snprintf(err, errlen, "there is no member %u",
		    (unsigned)turn->member);
		return -EINVAL;
	}
	h->lr = decimal_double(&j->rate);
	h->lr_end = decimal_double(&j->rate_last);
	h->round = (uint32_t)turn->round;
	h->nrounds = j->rounds;
	h->steps = j->steps;
	h->batch = j->batch;
	h->threads = turn->threads ? turn->threads : 1;
	if (h->threads > TRAIN_MAX_THREADS)
		h->threads = TRAIN_MAX_THREADS;
	turn_seed(f, turn, h->seed);
	rc = decimal_q24(&j->clip, &h->clip_l2);
	if (rc == 0)
		rc = decimal_q24(&j->bound, &h->bound);
	why = rc < 0 ? "clip or bound is too large" : train_hyper_check(h);
	if (why) {
		snprintf(err, errlen, "job: %s", why);
		return -EINVAL;
	}
	return 0;
}

int
recipe_scale(const struct federation *f, struct dataset *rows)
{
	struct data_range *ranges;
	size_t i;
	int rc;

	ranges = calloc(f->ncolumns, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (i = 0; i < f->ncolumns; i++) {
		ranges[i].lo = decimal_double(&f->columns[i].lo);
		ranges[i].hi = decimal_double(&f->columns[i].hi);
	}
	rc = dataset_scale(rows, ranges, NULL);
	free(ranges);
	return rc == -ERANGE ? -EINVAL : rc;
}
