/*
 * Noise files of both kinds and counts: never crash, never leak, no more
 * memory than allowed; a refusal says why; what is accepted keeps the trace.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/cli/sim_noise.h"

/* Of an input of 64 KiB: a channel of two qubits has 16 KiB, and the shortest
 * that can be written about 30 bytes. */
#define BYTES_MAX ((rlim_t)128 << 20)
/* Sanitizers take much memory of their own. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static double
share(double p)
{
	assert(p >= 0.0 && p <= 1.0);
	return p;
}

static void
check_model(const struct noise_model *m)
{
	uint32_t i, k;

	assert(m->nchannels <= NOISE_MAX_CHANNELS);
	assert(m->nrules <= NOISE_MAX_RULES);
	for (i = 0; i < PROGRAM_MAX_QUBITS; i++) {
		share(m->readout[i].p1_given_0);
		share(m->readout[i].p0_given_1);
		assert(m->idle[i].t1 >= 0.0);
		assert(m->idle[i].t2 <= 2.0 * m->idle[i].t1);
	}
	for (i = 0; i < m->nsteps; i++)
		assert(m->steps[i].channel < m->nchannels);
	for (i = 0; i < m->nrules; i++) {
		const struct noise_rule *r = &m->rules[i];

		assert(r->step0 + r->nsteps <= m->nsteps && r->time >= 0.0);
		assert(r->nqubits <= NOISE_RULE_QUBITS);
		for (k = 0; k < r->nqubits; k++)
			assert(r->qubits[k] < PROGRAM_MAX_QUBITS);
	}
	for (i = 0; i < m->nchannels; i++) {
		const struct kraus *c = &m->channels[i];
		double weight = 0.0;

		for (k = 0; k < c->nkraus; k++)
			weight += c->weight[k];
		assert(fabs(weight - 1.0) < 1e-9);
	}
}

/* Whoever asks for more gets none, and then a parser says -ENOMEM. */
static void
limit_memory(void)
{
#ifndef SANITIZED
	static int done;
	struct rlimit r = {BYTES_MAX, BYTES_MAX};

	if (!done)
		assert(setrlimit(RLIMIT_DATA, &r) == 0);
	done = 1;
#endif
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char err[SIM_NOISE_ERROR_LEN];
	struct noise_model m = NOISE_MODEL_INIT;
	struct counts c;
	int rc;

	limit_memory();

	err[0] = '\0';
	rc = sim_noise_parse(&m, (const char *)data, len, "f", err);
	assert(rc != -ENOMEM);
	if (rc == 0)
		check_model(&m);
	else
		assert(strncmp(err, "f:", 2) == 0 && m.channels == NULL);
	noise_model_close(&m);
	err[0] = '\0';
	rc = sim_counts_parse(&c, (const char *)data, len, err);
	assert(rc != -ENOMEM);
	assert(rc == 0 || (err[0] != '\0' && c.items == NULL));
	assert(c.nbits <= 64 && c.total <= INT64_MAX);
	counts_close(&c);
	return 0;
}
