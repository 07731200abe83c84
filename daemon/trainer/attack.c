#include "daemon/trainer/attack.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "proto/q24.h"

static const struct attack attacks[] = {
    {ATTACK_SIGN_FLIP, "sign-flip", "the honest mean, reversed"},
    {ATTACK_IPM, "ipm", "inner product manipulation: the honest mean times -2"},
    {ATTACK_ALIE, "alie",
	"a little is enough: the honest mean and 1.5 deviations"},
    {ATTACK_GAUSSIAN, "gaussian", "normal noise of deviation 1"},
    {ATTACK_LABEL_FLIP, "label-flip", "trains on labels turned round"},
    {ATTACK_LIE_ABOUT_COUNT, "lie-about-count",
	"claims four thousand million rows"},
    {ATTACK_FREE_RIDE, "free-ride", "sends an update of zeros"},
    {ATTACK_COPY, "copy", "sends what the first honest member sends"},
};

#define NATTACKS (sizeof(attacks) / sizeof(*attacks))

const struct attack *
attack_at(unsigned i)
{
	return i < NATTACKS ? &attacks[i] : NULL;
}

const struct attack *
attack_named(const char *name)
{
	for (unsigned i = 0; i < NATTACKS; i++)
		if (strcmp(attacks[i].name, name) == 0)
			return &attacks[i];
	return NULL;
}

static double
mean_at(const struct attack_input *in, uint32_t j)
{
	double sum = 0;

	for (uint16_t i = 0; i < in->n; i++)
		sum += (double)in->honest[i][j];
	return sum / in->n;
}

static double
deviation_at(const struct attack_input *in, uint32_t j, double mean)
{
	double sum = 0;

	for (uint16_t i = 0; i < in->n; i++) {
		double d = (double)in->honest[i][j] - mean;

		sum += d * d;
	}
	return in->n > 1 ? sqrt(sum / (in->n - 1)) : 0;
}

/* The sum of twelve uniform numbers has deviation 1: near enough to normal
 * for noise, and needs no library whose bits differ. */
static void
normal_noise(const struct attack_input *in, int64_t *out)
{
	struct hash seed = hash_bytes("qml.drill", &in->seed, sizeof(in->seed));

	for (uint32_t j = 0; j < in->dim; j++) {
		int64_t u[12], sum = 0;
		struct hash h;

		q24_stream(&seed, Q24_ONE, u, 12); /* in [-1, 1] */
		for (int k = 0; k < 12; k++)
			sum += u[k];
		out[j] = sum / 2;
		h = seed;
		seed = hash_bytes("qml.drill", h.b, HASH_LEN);
	}
}

static void
mean_and(const struct attack_input *in, double times, double deviations,
    int64_t *out)
{
	for (uint32_t j = 0; j < in->dim; j++) {
		double mean = mean_at(in, j);
		double x = times * mean +
		    (deviations > 0 ? deviations * deviation_at(in, j, mean)
				    : 0);

		out[j] = (int64_t)floor(x + 0.5);
	}
}

/* As long as the job allows, not one unit longer. */
static void
obey(const struct attack_input *in, int64_t *out)
{
	double norm = 0;

	for (uint32_t j = 0; j < in->dim; j++) {
		if (in->bound > 0 && out[j] > in->bound)
			out[j] = in->bound;
		if (in->bound > 0 && out[j] < -in->bound)
			out[j] = -in->bound;
		norm += (double)out[j] * (double)out[j];
	}
	if (in->clip <= 0 || q24_within(out, in->dim, in->clip))
		return;
	norm = sqrt(norm);
	for (uint32_t j = 0; j < in->dim; j++) /* towards zero */
		out[j] = (int64_t)((double)out[j] * ((double)in->clip / norm) *
		    (1 - 1e-12));
}

int
attack_craft(uint8_t id, const struct attack_input *in, int64_t *out)
{
	double tau = in->tau;

	switch ((enum attack_id)id) {
	case ATTACK_SIGN_FLIP:
		mean_and(in, -1, 0, out);
		break;
	case ATTACK_IPM:
		mean_and(in, -(tau > 0 ? tau : ATTACK_IPM_TAU), 0, out);
		break;
	case ATTACK_ALIE:
		mean_and(in, 1, tau > 0 ? tau : ATTACK_ALIE_TAU, out);
		break;
	case ATTACK_GAUSSIAN:
		normal_noise(in, out);
		break;
	case ATTACK_FREE_RIDE:
		memset(out, 0, in->dim * sizeof(*out));
		break;
	case ATTACK_COPY:
		memcpy(out, in->honest[0], in->dim * sizeof(*out));
		break;
	case ATTACK_LABEL_FLIP:
	case ATTACK_LIE_ABOUT_COUNT:
		return -EINVAL;
	}
	obey(in, out);
	return 0;
}
