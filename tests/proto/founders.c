#include "tests/proto/founders.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/noise.h"

struct job
sample_job(void)
{
	struct job j;

	job_default(&j, JOB_VQC);
	j.combine.rule = JOB_MEAN;
	memset(j.combine.pre, 0, sizeof(j.combine.pre));
	j.local.worker_momentum = (struct decimal){0, 0};
	j.main.encoding = JOB_ANGLE;
	j.main.qubits = 2;
	j.main.layers = 2;
	j.main.dim = j.dim = 12 + 3 * 4;
	j.main.update = j.update = j.dim;
	j.main.nangles = 12;
	j.main.head_scale = (struct decimal){3, 0};
	j.main.rate = (struct decimal){2, -2};
	j.main.rate_last = (struct decimal){2, -3};
	j.rounds = 20;
	j.clip = j.bound = (struct decimal){8, 0};
	memset(j.seed.b, 0x5a, HASH_LEN);
	return j;
}

static void
fill_member(struct member *m, uint16_t i)
{
	uint8_t seed[32] = {1, (uint8_t)(i >> 8), (uint8_t)i};
	struct sign_key *k = NULL;
	int rc = sign_key_new(seed, &k);

	assert(rc == 0);
	m->sign = sign_key_public(k);
	sign_key_free(k);
	seed[0] = 2;
	noise_public(seed, m->network);
	snprintf(m->name, sizeof(m->name), "site-%u", i);
	snprintf(m->address, sizeof(m->address), "127.0.0.1:%u", 7000u + i);
	m->power = 1;
	m->weight = 10;
}

struct federation
sample_federation(uint16_t n)
{
	struct federation f = FEDERATION_INIT;
	uint16_t i;

	f.version = FEDERATION_VERSION;
	snprintf(f.name, sizeof(f.name), "sample");
	f.founded_ms = 1763800000000;
	f.nmembers = n;
	f.members = calloc(n, sizeof(*f.members));
	f.ncolumns = 2;
	f.columns = calloc(2, sizeof(*f.columns));
	f.nlabels = 3;
	f.labels = calloc(3, sizeof(*f.labels));
	assert(f.members != NULL && f.columns != NULL && f.labels != NULL);
	for (i = 0; i < n; i++)
		fill_member(&f.members[i], i);
	for (i = 0; i < 2; i++) {
		snprintf(f.columns[i].name, FEDERATION_TEXT_LEN, "x%u", i);
		f.columns[i].hi = (struct decimal){25, -1};
	}
	snprintf(f.columns[0].unit, FEDERATION_TEXT_LEN, "mm");
	snprintf(f.label, sizeof(f.label), "label");
	for (i = 0; i < 3; i++)
		snprintf(f.labels[i], FEDERATION_TEXT_LEN, "class %u", i);
	f.timing = (struct timing){2000, 10000, 60000, 3000, 1000, 1000, 500,
	    60000, 100, 4000, 100};
	f.job = sample_job();
	federation_sort(&f);
	return f;
}
