#include "daemon/trainer/guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define PATH_LEN 4096

static int
check_terms(struct guard *g, const char *name, const struct job *job,
    char err[static SPENDING_ERR_LEN])
{
	struct config_error e = {.file = ""};
	char path[PATH_LEN], buf[256];
	const char *why;
	int rc;

	snprintf(path, sizeof(path), "%.4000s.terms", name);
	rc = terms_load(&g->terms, path, &e);
	if (rc == 0)
		return 0;
	if (rc < 0) {
		snprintf(err, SPENDING_ERR_LEN, "%.*s", SPENDING_ERR_LEN - 1,
		    e.text[0] != '\0' ? e.text : strerror(-rc));
		return rc;
	}
	why = terms_refuse(&g->terms, job, buf, sizeof(buf));
	if (why == NULL)
		return 0;
	snprintf(err, SPENDING_ERR_LEN, "%.200s: %.256s", path, why);
	return -EINVAL;
}

static int
open_account(struct guard *g, const char *name,
    char err[static SPENDING_ERR_LEN])
{
	const struct rdp_target target = {terms_eps_milli(&g->terms),
	    g->terms.delta_exp};
	char path[PATH_LEN];

	if (name[0] == '\0') {
		snprintf(err, SPENDING_ERR_LEN,
		    "a job with noise keeps an account beside the rows, and "
		    "there is no place for it: want data.file");
		return -EINVAL;
	}
	snprintf(path, sizeof(path), "%.4000s.spent", name);
	return spending_open(&g->spending, path,
	    target.eps_milli > 0 ? &target : NULL, err);
}

int
guard_open(struct guard *g, const char *name, const struct job *job,
    char err[static SPENDING_ERR_LEN])
{
	int rc = 0;

	*g = GUARD_INIT;
	g->job = job_hash(job);
	g->claim = job_claim(job);
	if (name[0] != '\0')
		rc = check_terms(g, name, job, err);
	if (rc == 0 && job_private(job))
		rc = open_account(g, name, err);
	if (rc < 0)
		guard_close(g);
	return rc;
}

void
guard_close(struct guard *g)
{
	terms_close(&g->terms);
	spending_close(&g->spending);
	*g = GUARD_INIT;
}

int
guard_reserve(struct guard *g, uint64_t round, const struct hash *asset,
    uint8_t seed[static SPENDING_SEED_LEN], char err[static SPENDING_ERR_LEN])
{
	struct spending_entry e = {.round = round,
	    .job = g->job,
	    .asset = *asset,
	    .claim = g->claim};
	int rc;

	if (g->claim.mechanism == PRIVACY_NONE)
		return 0;
	if (getrandom(e.seed, sizeof(e.seed), 0) != (ssize_t)sizeof(e.seed)) {
		snprintf(err, SPENDING_ERR_LEN, "the system has no randomness");
		return -EIO;
	}
	rc = spending_reserve(&g->spending, &e, err);
	if (rc == 0)
		memcpy(seed, e.seed, sizeof(e.seed));
	memset(e.seed, 0, sizeof(e.seed));
	return rc;
}
