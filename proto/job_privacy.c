#include "proto/job_privacy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/job.h"
#include "proto/q24.h"

#define RATE_EXP 9  /* units of 1e-9 */
#define NOISE_EXP 3 /* units of 1e-3 */
#define Q_MAX UINT32_C(1000000000)
#define NOISE_MIN 300 /* as consensus/privacy/rdp.h has it */
#define NOISE_MAX 1000000
#define CLIP_MIN ((int64_t)1 << 14) /* a thousandth, about: Q24 */
/* noise * clip is at most 16: the sampler's largest deviation, Q24. */
#define DEVIATION_MAX ((int64_t)1 << 28)
#define ROWS_MAX 1000000
#define STEPS_MAX 1000000

void
job_privacy_put(struct bytes_writer *w, const struct job_privacy *p)
{
	decimal_put(w, &p->noise);
	decimal_put(w, &p->rate);
	decimal_put(w, &p->clip);
	bytes_put_u32(w, p->min_rows);
}

void
job_privacy_get(struct bytes_reader *r, struct job_privacy *p)
{
	decimal_get(r, &p->noise);
	decimal_get(r, &p->rate);
	decimal_get(r, &p->clip);
	p->min_rows = bytes_get_u32(r);
}

void
privacy_claim_put(struct bytes_writer *w, const struct privacy_claim *c)
{
	bytes_put_u8(w, c->mechanism);
	bytes_put_u32(w, c->q_ppb);
	bytes_put_u32(w, c->sigma_milli);
	bytes_put_u32(w, c->steps);
	bytes_put_u64(w, c->clip_q24);
}

void
privacy_claim_get(struct bytes_reader *r, struct privacy_claim *c)
{
	c->mechanism = bytes_get_u8(r);
	c->q_ppb = bytes_get_u32(r);
	c->sigma_milli = bytes_get_u32(r);
	c->steps = bytes_get_u32(r);
	c->clip_q24 = bytes_get_u64(r);
}

bool
privacy_claim_equal(const struct privacy_claim *a,
    const struct privacy_claim *b)
{
	return a->mechanism == b->mechanism && a->q_ppb == b->q_ppb &&
	    a->sigma_milli == b->sigma_milli && a->steps == b->steps &&
	    a->clip_q24 == b->clip_q24;
}

/* d in units of 10^-digits, if it is a whole number of them in 1..most. */
static bool
in_units(const struct decimal *d, int digits, uint32_t most, uint32_t *out)
{
	int64_t v = d->mant;
	int i = d->exp + digits;

	if (v < 1 || i < 0)
		return false;
	for (; i > 0 && v <= most; i--)
		v *= 10;
	*out = (uint32_t)(v <= most ? v : 0);
	return i == 0 && v <= most;
}

bool
job_private(const struct job *j)
{
	return j->privacy.noise.mant != 0;
}

/* An epoch takes each row once, as is to be expected. */
static uint64_t
steps_of(const struct job *j, uint32_t q)
{
	if (j->local.epochs == 0)
		return j->local.steps;
	return (uint64_t)j->local.epochs * ((Q_MAX + (uint64_t)q - 1) / q);
}

uint32_t
job_private_steps(const struct job *j)
{
	uint32_t q = 0;

	if (!job_private(j) || !in_units(&j->privacy.rate, RATE_EXP, Q_MAX, &q))
		return 0;
	return (uint32_t)steps_of(j, q);
}

/* The tasks that see the rows: each takes steps of its own. */
static uint32_t
tasks_of(const struct job *j)
{
	return 1 + (j->control.kind != 0);
}

struct privacy_claim
job_claim(const struct job *j)
{
	struct privacy_claim c = {.mechanism = PRIVACY_SAMPLED_GAUSSIAN};
	int64_t clip = 0;

	if (!job_private(j) ||
	    !in_units(&j->privacy.rate, RATE_EXP, Q_MAX, &c.q_ppb) ||
	    !in_units(&j->privacy.noise, NOISE_EXP, NOISE_MAX,
		&c.sigma_milli) ||
	    decimal_q24(&j->privacy.clip, &clip) != 0)
		return (struct privacy_claim){.mechanism = PRIVACY_NONE};
	c.clip_q24 = (uint64_t)clip;
	c.steps = tasks_of(j) * job_private_steps(j);
	return c;
}

static int __attribute__((format(printf, 3, 4)))
fail(char *err, size_t errlen, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(err, errlen, format, ap);
	va_end(ap);
	return -EINVAL;
}

static int
check_numbers(const struct job *j, char *err, size_t errlen)
{
	const struct job_privacy *p = &j->privacy;
	char got[DECIMAL_TEXT_LEN];
	uint32_t q = 0, sigma = 0;
	int64_t clip = 0;
	uint64_t steps;

	if (!in_units(&p->noise, NOISE_EXP, NOISE_MAX, &sigma) ||
	    sigma < NOISE_MIN)
		return fail(err, errlen,
		    "privacy.noise: want 0.3 to 1000 with at most three "
		    "digits behind the point, got %s",
		    decimal_text(&p->noise, got));
	if (!in_units(&p->rate, RATE_EXP, Q_MAX, &q))
		return fail(err, errlen,
		    "privacy.rate: want above 0, at most 1, with at most nine "
		    "digits behind the point, got %s",
		    decimal_text(&p->rate, got));
	if (decimal_q24(&p->clip, &clip) != 0 || clip < CLIP_MIN ||
	    clip > DEVIATION_MAX / NOISE_MIN * 1000 ||
	    clip * (int64_t)sigma > DEVIATION_MAX * 1000)
		return fail(err, errlen,
		    "privacy.clip: want at least 0.001, and noise times clip "
		    "at most 16, got %s",
		    decimal_text(&p->clip, got));
	steps = steps_of(j, q) * tasks_of(j);
	if (steps < 1 || steps > STEPS_MAX)
		return fail(err, errlen,
		    "privacy.rate: want at most %d noisy steps in a round, "
		    "got %llu",
		    STEPS_MAX, (unsigned long long)steps);
	return 0;
}

/* What would leave rows' traces beside the noise. */
static int
check_settings(const struct job *j, char *err, size_t errlen)
{
	const struct job_local *l = &j->local;
	uint8_t kind = j->main.kind;

	if (kind == JOB_QPCA || j->stage.kind != 0)
		return fail(err, errlen,
		    "privacy.noise: a qpca has no rows' gradients to clip: "
		    "want a vqc, linear or qsvm without a stage");
	if (kind == JOB_VQE)
		return fail(err, errlen,
		    "privacy.noise: a vqe has no rows: want a vqc, linear or "
		    "qsvm");
	if (l->optimiser > JOB_RMSPROP)
		return fail(err, errlen,
		    "privacy.noise: want job.optimiser sgd, adam, adamw or "
		    "rmsprop: others ask the rows more than their gradient");
	if (l->gradient != JOB_ADJOINT || l->shots > 0 || l->noise != NULL)
		return fail(err, errlen,
		    "privacy.noise: want job.gradient adjoint without shots "
		    "and noise_model: each row's own gradient is clipped");
	if (l->order != JOB_SHUFFLED)
		return fail(err, errlen,
		    "privacy.rate: want job.order shuffled: a row is taken by "
		    "chance, not by its place");
	if (j->validation.mant != 0)
		return fail(err, errlen,
		    "privacy.noise: want job.validation 0: losses of single "
		    "members' rows would go out without noise");
	return 0;
}

int
job_privacy_check(const struct job *j, char *err, size_t errlen)
{
	const struct job_privacy *p = &j->privacy;
	int rc;

	if (p->min_rows > ROWS_MAX || (job_private(j) && p->min_rows == 0))
		return fail(err, errlen,
		    "privacy.min_rows: want %d to %d, got %u", job_private(j),
		    ROWS_MAX, p->min_rows);
	if (p->min_rows > 0 && j->main.kind == JOB_VQE)
		return fail(err, errlen, "privacy.min_rows: a vqe has no rows");
	if (!job_private(j) && p->rate.mant != 0)
		return fail(err, errlen,
		    "privacy.rate: nothing uses it without privacy.noise");
	if (!job_private(j) && p->clip.mant != 0)
		return fail(err, errlen,
		    "privacy.clip: nothing uses it without privacy.noise");
	if (!job_private(j))
		return 0;
	rc = check_settings(j, err, errlen);
	return rc == 0 ? check_numbers(j, err, errlen) : rc;
}
