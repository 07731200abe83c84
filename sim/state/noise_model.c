#include "sim/state/noise_model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"

void
noise_model_close(struct noise_model *m)
{
	uint32_t i;

	for (i = 0; i < m->nchannels; i++)
		kraus_close(&m->channels[i]);
	free(m->channels);
	free(m->steps);
	free(m->rules);
	*m = (struct noise_model)NOISE_MODEL_INIT;
}

/* Room for one more after n. */
static int
reserve(void **array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 8;
	void *grown;

	if (n < *cap)
		return 0;
	if (n >= UINT32_MAX / 4)
		return -ENOMEM;
	grown = realloc(*array, want * size);
	if (grown == NULL)
		return -ENOMEM;
	*array = grown;
	*cap = want;
	return 0;
}

int
noise_model_add_channel(struct noise_model *m, struct kraus *c)
{
	void *array = m->channels;
	int rc = m->nchannels == NOISE_MAX_CHANNELS
	    ? -E2BIG
	    : reserve(&array, m->nchannels, &m->capchannels, sizeof(*c));

	m->channels = array;
	if (rc < 0) {
		kraus_close(c);
		return rc;
	}
	m->channels[m->nchannels] = *c;
	*c = (struct kraus)KRAUS_INIT;
	return (int)m->nchannels++;
}

int
noise_model_add_step(struct noise_model *m, struct noise_step s)
{
	void *array = m->steps;
	int rc;

	if (m->nrules == 0 || s.channel >= m->nchannels)
		return -EINVAL;
	rc = reserve(&array, m->nsteps, &m->capsteps, sizeof(s));
	m->steps = array;
	if (rc < 0)
		return rc;
	m->steps[m->nsteps++] = s;
	m->rules[m->nrules - 1].nsteps++;
	return 0;
}

int
noise_model_add_rule(struct noise_model *m, const struct noise_rule *r)
{
	void *array = m->rules;
	int rc;

	if (r->nqubits > NOISE_RULE_QUBITS || !(r->time >= 0.0))
		return -EINVAL;
	if (m->nrules == NOISE_MAX_RULES)
		return -E2BIG;
	rc = reserve(&array, m->nrules, &m->caprules, sizeof(*r));
	m->rules = array;
	if (rc < 0)
		return rc;
	m->rules[m->nrules] = *r;
	m->rules[m->nrules].step0 = m->nsteps;
	m->rules[m->nrules].nsteps = 0;
	m->nrules++;
	return 0;
}

void
noise_model_name(const struct program_op *op, char *out)
{
	const char *name = op->kind == PROGRAM_MEASURE ? "measure"
	    : op->kind == PROGRAM_RESET                ? "reset"
						       : "";
	size_t n = 0, len;

	if (op->kind == PROGRAM_GATE) {
		name = program_gate_name(op->gate);
		/* Longer names than fit are those of no rule. */
		for (; n < op->ncontrols && n < NOISE_NAME_BYTES - 12; n++)
			out[n] = 'c';
	}
	len = strlen(name);
	assert(n + len < NOISE_NAME_BYTES);
	memcpy(out + n, name, len + 1);
}

static uint32_t
op_arity(const struct program_op *op)
{
	return op->kind == PROGRAM_GATE ? op->ncontrols + op->ntargets : 1;
}

/* How closely the rule fits: -1 not at all, else more is closer. */
static int
rule_fit(const struct noise_rule *r, const char *name, uint32_t arity,
    const uint32_t *qubits)
{
	int fit = 0;
	uint32_t i;

	if (r->gate[0] != '\0') {
		if (strcmp(r->gate, name) != 0)
			return -1;
		fit += 2;
	}
	if (r->arity != 0) {
		if (r->arity != arity)
			return -1;
		fit += 1;
	}
	if (r->nqubits == 0)
		return fit;
	if (r->nqubits != arity)
		return -1;
	for (i = 0; i < arity; i++) {
		if (r->qubits[i] != qubits[i])
			return -1;
	}
	return fit + 4;
}

const struct noise_rule *
noise_model_find(const struct noise_model *m, const struct program *p,
    const struct program_op *op)
{
	const struct noise_rule *best = NULL;
	char name[NOISE_NAME_BYTES];
	uint32_t arity = op_arity(op), i;
	int fit, best_fit = -1;

	noise_model_name(op, name);
	for (i = 0; i < m->nrules; i++) {
		const struct noise_rule *r = &m->rules[i];

		/* "any gate" does not mean measurements and resets. */
		if (op->kind != PROGRAM_GATE && r->gate[0] == '\0')
			continue;
		fit = rule_fit(r, name, arity, p->wires + op->wire0);
		if (fit >= 0 && fit >= best_fit) {
			best = r;
			best_fit = fit;
		}
	}
	return best;
}

bool
noise_model_has_readout(const struct noise_model *m)
{
	uint32_t i;

	for (i = 0; i < PROGRAM_MAX_QUBITS; i++) {
		if (m->readout[i].p1_given_0 != 0.0 ||
		    m->readout[i].p0_given_1 != 0.0)
			return true;
	}
	return false;
}

bool
noise_model_has_idle(const struct noise_model *m)
{
	uint32_t i;

	for (i = 0; i < PROGRAM_MAX_QUBITS; i++) {
		if (m->idle[i].t1 != 0.0)
			return true;
	}
	return false;
}

static int
add(struct noise_model *m, struct kraus *c, uint32_t on)
{
	int rc = noise_model_add_channel(m, c);

	if (rc < 0)
		return rc;
	return noise_model_add_step(m,
	    (struct noise_step){.channel = (uint32_t)rc, .on = on});
}

int
noise_model_add_calibration(struct noise_model *m,
    const struct noise_calibration *c)
{
	struct kraus relax[2] = {KRAUS_INIT, KRAUS_INIT};
	struct kraus both = KRAUS_INIT, depolarizing = KRAUS_INIT;
	double d = c->n == 1 ? 2.0 : 4.0, fidelity, p, most;
	uint32_t i;
	int rc = c->n < 1 || c->n > 2 || !(c->error >= 0.0 && c->error <= 1.0)
	    ? -EINVAL
	    : 0;

	for (i = 0; rc == 0 && i < c->n; i++) {
		struct kraus_thermal t = {.t1 = c->t1[i],
		    .t2 = c->t2[i] > 2.0 * c->t1[i] ? 2.0 * c->t1[i] : c->t2[i],
		    .time = c->time};

		rc = kraus_thermal(&relax[i], &t);
	}
	if (rc == 0 && c->n == 2)
		rc = kraus_tensor(&both, &relax[0], &relax[1]);
	if (rc < 0)
		goto out;
	fidelity = kraus_fidelity(c->n == 2 ? &both : &relax[0]);
	/* (1 - p) F + p / d = 1 - error. */
	p = (c->error - (1.0 - fidelity)) / (fidelity - 1.0 / d);
	most = d * d / (d * d - 1.0);
	p = p > most ? most : p;
	for (i = 0; rc == 0 && i < c->n; i++) {
		if (relax[i].nkraus > 1) /* else nothing happens */
			rc = add(m, &relax[i], i);
	}
	if (rc == 0 && p > 0.0)
		rc = kraus_depolarizing(&depolarizing, c->n, p);
	if (rc == 0 && p > 0.0)
		rc = add(m, &depolarizing, NOISE_EACH);
out:
	for (i = 0; i < 2; i++)
		kraus_close(&relax[i]);
	kraus_close(&both);
	kraus_close(&depolarizing);
	return rc;
}
