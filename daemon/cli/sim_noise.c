/*
 * sim_noise.c - from a noise file to what a noisy program gives.
 */
#include "daemon/cli/sim_noise.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/error.h"
#include "config/yaml.h"
#include "daemon/cli/sim_noise_file.h"
#include "daemon/node/jv.h"
#include "sim/circuit/program_build.h"
#include "sim/state/mixture.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/trajectory.h"

#define WHY_LEN 256
#define RUNS_DEFAULT 1000u
#define EXACT_MAX_QUBITS 13 /* slower than trajectories beyond */

static int
parse_backend(struct noise_model *m, const char *data, size_t len,
    const char *name, char *err)
{
	char why[WHY_LEN] = "";
	struct jv *root = jv_parse(data, len, why, sizeof(why));
	int rc = root ? sim_noise_backend(m, root, why, sizeof(why)) : -EINVAL;

	if (rc == -EINVAL)
		snprintf(err, SIM_NOISE_ERROR_LEN, "%s: %s", name, why);
	jv_free(root);
	return rc;
}

int
sim_noise_parse(struct noise_model *m, const char *data, size_t len,
    const char *name, char err[static SIM_NOISE_ERROR_LEN])
{
	struct config_error e = {.file = name};
	size_t i;
	int rc;

	for (i = 0; i < len && strchr(" \t\r\n", data[i]) && data[i];)
		i++;
	if (i < len && data[i] == '{') {
		rc = parse_backend(m, data, len, name, err);
	} else {
		rc = sim_noise_yaml(m, data, len, &e);
		if (rc == -EINVAL) {
			config_quote(&e, data, len);
			snprintf(err, SIM_NOISE_ERROR_LEN, "%s", e.text);
		}
	}
	if (rc == -ENOMEM)
		snprintf(err, SIM_NOISE_ERROR_LEN, "%s: no memory", name);
	if (rc < 0)
		noise_model_close(m);
	return rc;
}

/* The whole file, for the caller to free. */
static int
read_file(const char *path, char **data, size_t *len, char *err)
{
	FILE *f = fopen(path, "rb");
	int rc = f ? 0 : -errno;

	*data = NULL;
	if (rc == 0) {
		*data = malloc(SIM_NOISE_BYTES_MAX + 1);
		rc = *data ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		*len = fread(*data, 1, SIM_NOISE_BYTES_MAX + 1, f);
		rc = ferror(f) ? -EIO : *len > SIM_NOISE_BYTES_MAX ? -EFBIG : 0;
	}
	if (rc < 0)
		snprintf(err, SIM_NOISE_ERROR_LEN, "%s: %s", path,
		    strerror(-rc));
	if (f)
		fclose(f);
	return rc;
}

int
sim_noise_read(struct noise_model *m, const char *path,
    char err[static SIM_NOISE_ERROR_LEN])
{
	char *data;
	size_t len;
	int rc = read_file(path, &data, &len, err);

	if (rc == 0)
		rc = sim_noise_parse(m, data, len, path, err);
	free(data);
	return rc;
}

int
sim_counts_read(struct counts *c, const char *path,
    char err[static SIM_NOISE_ERROR_LEN])
{
	char why[SIM_NOISE_ERROR_LEN] = "", *data;
	size_t len;
	int rc;

	*c = (struct counts)COUNTS_INIT;
	rc = read_file(path, &data, &len, err);
	if (rc == 0) {
		rc = sim_counts_parse(c, data, len, why);
		if (rc < 0)
			snprintf(err, SIM_NOISE_ERROR_LEN, "%.200s: %.1000s",
			    path, why);
	}
	free(data);
	return rc;
}

static void
say_room(uint64_t need, const struct sim_noise_wish *w, char *err)
{
	snprintf(err, SIM_NOISE_ERROR_LEN,
	    "needs %.3g GiB of memory, there are %.3g", (double)need * 0x1p-30,
	    (double)w->bytes_max * 0x1p-30);
}

/* The observables as the model's errors of reading make them look. */
static int
seen_observables(const struct noise_model *m, const struct sim_noise_wish *w,
    struct pauli_sum *seen)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < w->nobservables; i++)
		rc = readout_observable(m->readout, &w->observables[i],
		    &seen[i]);
	return rc;
}

static int
run_exact(struct sim_noise_result *r, const struct noisy_plan *n,
    const struct sim_noise_wish *w, const struct pauli_sum *seen)
{
	struct vector_room room = {.bytes_max = w->bytes_max};
	size_t dim = (size_t)1 << n->program->nqubits, i;
	uint8_t seed[RNG_SEED_BYTES] = {0};
	struct mixture m;
	struct rng rng;
	int rc = mixture_run(&m, n, &room);

	if (rc < 0)
		return rc;
	r->probs = calloc(dim, sizeof(*r->probs));
	if (r->probs == NULL)
		rc = -ENOMEM;
	else
		density_probs(&m.density, 1.0, r->probs);
	for (i = 0; i < w->nobservables; i++)
		r->expval[i].mean = density_expect(&seen[i], &m.density);
	if (rc == 0 && w->shots > 0) {
		memcpy(seed, &w->seed, sizeof(w->seed));
		rng_init(&rng, seed, 0);
		rc = shots_sample(&m.outcomes, w->shots, &rng, &r->counts);
	}
	r->outcomes = m.outcomes;
	m.outcomes = (struct outcomes)OUTCOMES_INIT;
	mixture_close(&m);
	return rc;
}

static int
run_sampled(struct sim_noise_result *r, const struct noisy_plan *n,
    const struct sim_noise_wish *w, const struct pauli_sum *seen)
{
	struct vector_room room = {.bytes_max = w->bytes_max};
	uint8_t seed[RNG_SEED_BYTES] = {0};
	struct trajectory_wish wish = {.seed = seed,
	    .observables = seen,
	    .nobservables = w->nobservables,
	    .counts = w->shots > 0,
	    .pool = w->pool,
	    .room = &room};
	struct trajectory t;
	int rc;

	memcpy(seed, &w->seed, sizeof(w->seed));
	wish.runs = w->shots ? w->shots : w->runs ? w->runs : RUNS_DEFAULT;
	rc = trajectory_run(&t, n, &wish);
	if (rc < 0)
		return rc;
	if (w->nobservables > 0)
		memcpy(r->expval, t.estimates,
		    w->nobservables * sizeof(*r->expval));
	r->counts = t.counts;
	t.counts = (struct counts)COUNTS_INIT;
	r->runs = wish.runs;
	trajectory_close(&t);
	return 0;
}

/* One or the other, whichever there is room for. */
static int
run_plan(struct sim_noise_result *r, const struct noisy_plan *n,
    const struct sim_noise_wish *w, const struct pauli_sum *seen)
{
	uint32_t q = n->program->nqubits;
	int rc = -E2BIG;

	if (w->runs == 0 && q <= EXACT_MAX_QUBITS) {
		rc = run_exact(r, n, w, seen);
		if (rc != -E2BIG && rc != -EFBIG)
			return rc;
		free(r->probs);
		r->probs = NULL;
	}
	return run_sampled(r, n, w, seen);
}

static void
say_failure(int rc, const struct program *p, const struct sim_noise_wish *w,
    char *err)
{
	if (rc == -EFBIG)
		say_room(vector_bytes(p->nqubits), w, err);
	else
		snprintf(err, SIM_NOISE_ERROR_LEN, "%s",
		    rc == -ENOMEM        ? "no memory"
			: rc == -ENOTSUP ? "more than 64 classical bits"
			: rc == -E2BIG
			? "an observable acts on more than 16 qubits"
			: rc == -EINVAL ? "a channel acts on another number of "
					  "qubits than its gate"
					: strerror(-rc));
}

int
sim_noise_run(struct sim_noise_result *r, const struct program *p,
    const struct noise_model *m, const struct sim_noise_wish *w,
    char err[static SIM_NOISE_ERROR_LEN])
{
	struct noisy_plan n = NOISY_PLAN_INIT;
	struct pauli_sum *seen;
	size_t i;
	int rc;

	*r = (struct sim_noise_result)SIM_NOISE_RESULT_INIT;
	err[0] = '\0';
	seen = calloc(w->nobservables + 1, sizeof(*seen));
	r->expval = calloc(w->nobservables + 1, sizeof(*r->expval));
	rc = seen && r->expval ? 0 : -ENOMEM;
	if (rc == 0)
		rc = seen_observables(m, w, seen);
	if (rc == 0)
		rc = noisy_plan_init(&n, p, m);
	if (rc == 0)
		rc = run_plan(r, &n, w, seen);
	if (rc < 0) {
		say_failure(rc, p, w, err);
		sim_noise_result_close(r);
	}
	for (i = 0; seen && i < w->nobservables; i++)
		pauli_close(&seen[i]);
	free(seen);
	noisy_plan_close(&n);
	return rc;
}

void
sim_noise_result_close(struct sim_noise_result *r)
{
	free(r->expval);
	free(r->probs);
	outcomes_close(&r->outcomes);
	counts_close(&r->counts);
	*r = (struct sim_noise_result)SIM_NOISE_RESULT_INIT;
}
