#include "sim/learn/train_hyper.h"

#include <stddef.h>

#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1

void
train_hyper_default(struct train_hyper *h)
{
	*h = (struct train_hyper){.lr = 0.04,
	    .lr_end = 0.004,
	    .steps = 40,
	    .batch = 64,
	    .threads = 1,
	    .beta1 = 0.9,
	    .beta2 = 0.999,
	    .eps = 1e-8,
	    .factor = 1.0,
	    .perturb = 0.1,
	    .perturbations = 1,
	    .damping = 0.01};
}

static bool
within(double x, double lo, double hi)
{
	return x >= lo && x <= hi;
}

static const char *
check_first(const struct train_hyper *h)
{
	if (!within(h->lr, 1e-9, 10.0))
		return "lr must be 1e-9 to 10";
	if (!within(h->lr_end, 0.0, 10.0))
		return "lr_end must be 0 to 10";
	if (h->epochs > 1000000)
		return "epochs must be 0 to 1000000";
	if (h->epochs == 0 && (h->steps < 1 || h->steps > 1000000))
		return "steps must be 1 to 1000000";
	if (h->batch < 1 || h->batch > 65536)
		return "batch must be 1 to 65536";
	if (h->threads < 1 || h->threads > TRAIN_MAX_THREADS)
		return "threads must be 1 to 64";
	if (!within(h->beta1, 0.0, 0.9999) || !within(h->beta2, 0.0, 0.999999))
		return "beta1 must be 0 to 0.9999, beta2 0 to 0.999999";
	if (!within(h->eps, 1e-15, 1.0))
		return "eps must be 1e-15 to 1";
	if (!within(h->l2, 0.0, 1.0))
		return "l2 must be 0 to 1";
	if (h->clip_l2 < 0 || h->bound < 0)
		return "clip_l2 and bound must not be negative";
	return NULL;
}

static const char *
check_second(const struct train_hyper *h)
{
	if (!within(h->momentum, 0.0, 0.9999))
		return "momentum must be 0 to 0.9999";
	if (!within(h->decay, 0.0, 1.0))
		return "decay must be 0 to 1";
	if (h->schedule == TRAIN_STEP && h->every == 0)
		return "every must be above 0";
	if (!within(h->factor, 1e-3, 1.0))
		return "factor must be 0.001 to 1";
	if (h->layerwise && h->nrounds == 0)
		return "layerwise needs nrounds";
	if (!within(h->proximal, 0.0, 1000.0))
		return "proximal must be 0 to 1000";
	if (!within(h->worker, 0.0, 0.9999))
		return "worker must be 0 to 0.9999";
	return NULL;
}

static const char *
check_method(const struct train_hyper *h)
{
	bool perturbs =
	    h->method == TRAIN_PERTURB || h->optimiser == OPTIMISER_SPSA;

	if (h->shots > 0 && h->method == TRAIN_ADJOINT &&
	    h->optimiser != OPTIMISER_SPSA)
		return "shots need method shift or perturb";
	if (h->shots > 10000000)
		return "shots must be 0 to 10000000";
	if (perturbs && !within(h->perturb, 1e-6, 3.0))
		return "perturb must be 1e-6 to 3";
	if (perturbs && (h->perturbations < 1 || h->perturbations > 10000))
		return "perturbations must be 1 to 10000";
	if (h->optimiser == OPTIMISER_NATURAL &&
	    !within(h->damping, 1e-6, 10.0))
		return "damping must be 1e-6 to 10";
	return NULL;
}

const char *
train_hyper_check(const struct train_hyper *h)
{
	const char *why = check_first(h);

	if (why == NULL)
		why = check_second(h);
	return why != NULL ? why : check_method(h);
}

static double
cosine_rate(const struct train_hyper *h)
{
	double s, c;

	if (h->nrounds < 2)
		return h->lr;
	if (h->round >= h->nrounds - 1)
		return h->lr_end;
	mathfun_sincos(PI * (double)h->round / (double)(h->nrounds - 1), &s,
	    &c);
	return h->lr_end + (h->lr - h->lr_end) * (0.5 + 0.5 * c);
}

static double
step_rate(const struct train_hyper *h)
{
	double lr = h->lr;
	uint32_t i;

	/* 3000 halvings are below the smallest double. */
	for (i = h->round / h->every; i > 0 && lr > 0.0; i--) {
		if (h->factor == 1.0)
			break;
		lr *= h->factor;
	}
	return lr;
}

double
train_rate(const struct train_hyper *h)
{
	double lr = h->lr;

	if (h->schedule == TRAIN_COSINE)
		lr = cosine_rate(h);
	else if (h->schedule == TRAIN_STEP)
		lr = step_rate(h);
	if (h->round < h->warmup)
		lr *= ((double)h->round + 1.0) / ((double)h->warmup + 1.0);
	return lr;
}

uint64_t
train_steps(const struct train_hyper *h, uint64_t n)
{
	uint64_t batch = h->batch < n ? h->batch : n, epoch;

	if (h->epochs == 0 || n == 0)
		return h->steps;
	epoch =
	    h->order == TRAIN_IN_ORDER ? (n + batch - 1) / batch : n / batch;
	return epoch * h->epochs;
}
