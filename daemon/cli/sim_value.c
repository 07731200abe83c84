#include "daemon/cli/sim_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/sim_job.h"
#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/gradient/program_gradient.h"
#include "sim/state/mitigation.h"

int
sim_value_open(struct sim_value *v, const struct sim_job *j)
{
	*v = (struct sim_value){.job = j, .sum = &j->sums[0]};
	if (j->from_shots)
		v->shots = j->shots;
	if (j->noise == NULL)
		return CLI_OK;
	v->model = calloc(1, sizeof(*v->model));
	if (v->model == NULL)
		return cli_error(CLI_FAILED, "no memory");
	if (sim_noise_read(v->model, j->noise, v->err) < 0)
		return cli_error(CLI_FAILED, "%s", v->err);
	/* Exactly undone is never done. */
	if (j->mitigate && v->shots == 0)
		memset(v->model->readout, 0, sizeof(v->model->readout));
	return CLI_OK;
}

void
sim_value_close(struct sim_value *v)
{
	if (v->model != NULL)
		noise_model_close(v->model);
	free(v->model);
	v->model = NULL;
}

static int
fail(struct sim_value *v, int rc)
{
	if (v->err[0] == '\0')
		snprintf(v->err, sizeof(v->err), "%s",
		    rc == -ENOTSUP ? "shots for values want a program without "
				     "measurements on the way"
			: rc == -EINVAL ? "fewer shots than groups of strings"
			: rc == -EDOM ? "the errors of reading cannot be undone"
				      : strerror(-rc));
	return rc;
}

static int
add_plain(struct program *p, enum program_gate gate, uint32_t q)
{
	const struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = gate,
	    .ntargets = 1};

	return program_add_gate(p, &op, &q);
}

/* The program without its measurements at the end, turned so that the group's
 * letters are read from all qubits. */
static int
make_reading(const struct program *p, const struct pauli_group *g,
    struct program *out)
{
	uint32_t i;
	int rc = mitigation_fold(p, 1, out);

	if (rc < 0)
		return rc;
	for (i = 0; i < out->nops; i++) {
		if (out->ops[i].kind == PROGRAM_MEASURE) {
			out->ops[i].kind = PROGRAM_BARRIER;
			out->ops[i].ntargets = 1;
		}
	}
	for (i = 0; i < out->nregisters; i++)
		out->registers[i].size *= out->registers[i].quantum;
	out->nbits = 0;
	for (i = 0; i < p->nqubits && rc >= 0; i++) {
		if (g->x >> i & g->z >> i & 1)
			rc = add_plain(out, PROGRAM_SDG, i);
		if (rc >= 0 && g->x >> i & 1)
			rc = add_plain(out, PROGRAM_H, i);
	}
	if (rc >= 0)
		rc = program_add_register(out, "seen", p->nqubits, false);
	for (i = 0; i < p->nqubits && rc >= 0; i++)
		rc = program_add_measure(out, i, i);
	return rc < 0 ? rc : 0;
}

/* Another stream for each reading. */
static uint64_t
next_seed(struct sim_value *v)
{
	return v->job->seed + 0x9e3779b97f4a7c15u * v->calls++;
}

static int
sample_plain(struct sim_value *v, const struct program *p, uint64_t shots,
    struct counts *out)
{
	struct program_counts c = PROGRAM_COUNTS_INIT;
	struct vector w = VECTOR_INIT;
	size_t i;
	int rc = vector_init(&w, p->nqubits, &v->job->room);

	w.pool = v->job->pool;
	if (rc == 0)
		rc = program_shots(p, &w, shots, next_seed(v), &c);
	out->nbits = p->nqubits;
	for (i = 0; i < c.nitems && rc == 0; i++)
		rc = counts_add(out, c.items[i].bits[0], c.items[i].count);
	program_counts_close(&c);
	vector_close(&w);
	return rc;
}

static int
sample(struct sim_value *v, const struct program *p, uint64_t shots,
    struct counts *out)
{
	const struct sim_noise_wish wish = {.shots = shots,
	    .seed = next_seed(v),
	    .bytes_max = v->job->room.bytes_max,
	    .pool = v->job->pool};
	struct sim_noise_result r;
	int rc;

	*out = (struct counts)COUNTS_INIT;
	if (v->model == NULL)
		return sample_plain(v, p, shots, out);
	rc = sim_noise_run(&r, p, v->model, &wish, v->err);
	if (rc < 0)
		return rc;
	*out = r.counts;
	r.counts = (struct counts)COUNTS_INIT;
	sim_noise_result_close(&r);
	return 0;
}

static int
read_groups(struct sim_value *v, const struct program *p,
    const struct pauli_groups *g, struct estimate *out)
{
	struct measured *m = calloc(g->ngroups + 1, sizeof(*m));
	struct counts *c = calloc(g->ngroups + 1, sizeof(*c));
	uint64_t *shots = calloc(g->ngroups + 1, sizeof(*shots));
	size_t i;
	int rc = m && c && shots ? 0 : -ENOMEM;

	if (rc == 0)
		rc = pauli_groups_shots(g, v->sum, v->shots, shots);
	for (i = 0; i < g->ngroups && rc == 0; i++) {
		struct program reading = PROGRAM_INIT;

		rc = make_reading(p, &g->groups[i], &reading);
		if (rc == 0)
			rc = sample(v, &reading, shots[i], &c[i]);
		program_close(&reading);
		/* A qubit without a letter is read as Z. */
		m[i] = (struct measured){g->groups[i].x,
		    g->groups[i].z | ~g->groups[i].x, &c[i]};
	}
	if (rc == 0)
		rc = counts_expect(v->sum, m, g->ngroups,
		    v->job->mitigate && v->model ? v->model->readout : NULL,
		    out);
	for (i = 0; c != NULL && i < g->ngroups; i++)
		counts_close(&c[i]);
	free(m);
	free(c);
	free(shots);
	return rc;
}

static int
from_shots(struct sim_value *v, const struct program *p, struct estimate *out)
{
	struct pauli_groups g = PAULI_GROUPS_INIT;
	int rc = pauli_groups_init(&g, v->sum);

	if (rc == 0)
		rc = read_groups(v, p, &g, out);
	pauli_groups_close(&g);
	return rc;
}

static int
with_noise(struct sim_value *v, const struct program *p, struct estimate *out)
{
	const struct sim_noise_wish wish = {.observables = v->sum,
	    .nobservables = 1,
	    .seed = next_seed(v),
	    .bytes_max = v->job->room.bytes_max,
	    .pool = v->job->pool};
	struct sim_noise_result r;
	int rc = sim_noise_run(&r, p, v->model, &wish, v->err);

	if (rc < 0)
		return rc;
	*out = r.expval[0];
	sim_noise_result_close(&r);
	return 0;
}

int
sim_value_get(struct sim_value *v, const struct program *p,
    struct estimate *out)
{
	/* Its value alone is wanted: the program stays as it is. */
	struct program copy = *p;
	const struct program_problem q = {.p = &copy,
	    .sum = v->sum,
	    .room = &v->job->room,
	    .pool = v->job->pool};
	int rc;

	*out = (struct estimate){0.0, 0.0};
	v->err[0] = '\0';
	if (v->shots > 0)
		rc = from_shots(v, p, out);
	else if (v->model != NULL)
		rc = with_noise(v, p, out);
	else
		rc = program_expect(&q, &out->mean);
	return rc < 0 ? fail(v, rc) : 0;
}
