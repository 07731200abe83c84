#include "tests/consensus/replica/village.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
found(struct federation *f, uint16_t n)
{
	*f = (struct federation){.version = FEDERATION_VERSION,
	    .name = "village",
	    .founded_ms = VILLAGE_FOUNDED_MS,
	    .nmembers = n,
	    .ncolumns = 2,
	    .label = "label",
	    .nlabels = 2,
	    .timing = {2000, 8000, 5000, 600, 300, 300, 200, 5000, 500, 2000,
		10}};
	f->members = calloc(n, sizeof(*f->members));
	f->columns = calloc(2, sizeof(*f->columns));
	f->labels = calloc(2, sizeof(*f->labels));
	assert(f->members && f->columns && f->labels);
	for (uint16_t i = 0; i < 2; i++) {
		snprintf(f->columns[i].name, FEDERATION_TEXT_LEN, "x%d", i);
		f->columns[i].hi = (struct decimal){1, 0};
		snprintf(f->labels[i], FEDERATION_TEXT_LEN, "%d", i);
	}
	job_default(&f->job, JOB_LINEAR);
	f->job.main.dim = f->job.main.update = VILLAGE_DIM;
	f->job.dim = f->job.update = VILLAGE_DIM;
	f->job.rounds = 100;
	f->job.combine.rule = JOB_MEAN;
	memset(f->job.combine.pre, 0, sizeof(f->job.combine.pre));
	f->job.combine.faults = 0;
	f->job.clip = f->job.bound = (struct decimal){1, 0};
}

void
village_found(struct federation *f, uint16_t n,
    struct sign_key *keys[static VILLAGE_MAX])
{
	struct sign_key *made[VILLAGE_MAX];
	char err[256];
	int rc;

	assert(n <= VILLAGE_MAX);
	found(f, n);
	for (uint16_t i = 0; i < n; i++) {
		uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1)};
		struct member *m = &f->members[i];

		rc = sign_key_new(seed, &made[i]);
		assert(rc == 0);
		m->sign = sign_key_public(made[i]);
		m->network[0] = (uint8_t)(i + 1);
		snprintf(m->name, sizeof(m->name), "m%d", i);
		m->power = m->weight = 1;
	}
	federation_sort(f);
	for (uint16_t i = 0; i < n; i++)
		for (uint16_t k = 0; k < n; k++) {
			struct sign_public pk = sign_key_public(made[k]);

			if (memcmp(&pk, &f->members[i].sign, sizeof(pk)) == 0)
				keys[i] = made[k];
		}
	rc = federation_check(f, err, sizeof(err));
	assert(rc == 0);
}
