/*
 * sim_noise_backend.c - the calibration of a machine, as Qiskit's
 * BackendProperties writes it: {"qubits": [[{"name": "T1", "unit": "us",
 * "value": 100}, ...], ...], "gates": [{"gate": "cx", "qubits": [0, 1],
 * "parameters": [{"name": "gate_error", ...}]}]}.
 */
#include "daemon/cli/sim_noise_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/node/jv.h"

struct reading {
	struct noise_model *m;
	char *why;
	size_t len;
	uint32_t nqubits;
	double t1[PROGRAM_MAX_QUBITS], t2[PROGRAM_MAX_QUBITS];
};

/* The entry of that name in a list of parameters. */
static const struct jv *
parameter(const struct jv *list, const char *name)
{
	size_t i;

	for (i = 0; i < jv_len(list); i++) {
		const struct jv *at = jv_at(list, i);

		if (strcmp(jv_text(jv_get(at, "name"), ""), name) == 0)
			return at;
	}
	return NULL;
}

/* In seconds. The micro sign is one of two characters. */
static int
unit_of(const struct jv *p, double *out)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"s", 1.0}, {"ms", 1e-3}, {"us", 1e-6},
	    {"\xc2\xb5s", 1e-6}, {"\xce\xbcs", 1e-6}, {"ns", 1e-9}};
	const char *unit = jv_text(jv_get(p, "unit"), "");
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].name, unit) == 0) {
			*out = units[i].seconds;
			return 0;
		}
	}
	return -EINVAL;
}

/* *out stays when there is none; null counts as none. */
static int
read_time(struct reading *r, const struct jv *list, const char *name,
    double *out)
{
	const struct jv *p = parameter(list, name);
	double unit, v;

	if (p == NULL || !jv_is_number(jv_get(p, "value")))
		return 0;
	v = jv_real(jv_get(p, "value"), -1.0);
	if (unit_of(p, &unit) < 0 || !(v >= 0.0) || !(v < 1e12)) {
		snprintf(r->why, r->len,
		    "%s: want a time >= 0 in s, ms, us or ns", name);
		return -EINVAL;
	}
	*out = v * unit;
	return 0;
}

static int
read_share(struct reading *r, const struct jv *list, const char *name,
    double *out)
{
	const struct jv *p = parameter(list, name);
	double v;

	if (p == NULL || !jv_is_number(jv_get(p, "value")))
		return 0;
	v = jv_real(jv_get(p, "value"), -1.0);
	if (!(v >= 0.0 && v <= 1.0)) {
		snprintf(r->why, r->len, "%s: want 0 to 1, got %g", name, v);
		return -EINVAL;
	}
	*out = v;
	return 0;
}

static int
read_qubit(struct reading *r, uint32_t q, const struct jv *list)
{
	struct readout *e = &r->m->readout[q];
	double both = 0.0;
	int rc;

	r->t1[q] = INFINITY;
	r->t2[q] = INFINITY;
	rc = read_time(r, list, "T1", &r->t1[q]);
	if (rc == 0)
		rc = read_time(r, list, "T2", &r->t2[q]);
	if (rc == 0)
		rc = read_share(r, list, "readout_error", &both);
	e->p1_given_0 = both;
	e->p0_given_1 = both;
	if (rc == 0)
		rc = read_share(r, list, "prob_meas1_prep0", &e->p1_given_0);
	if (rc == 0)
		rc = read_share(r, list, "prob_meas0_prep1", &e->p0_given_1);
	if (rc == 0 && !(r->t1[q] > 0.0 && r->t2[q] > 0.0)) {
		snprintf(r->why, r->len, "qubit %u: T1 or T2 is 0", q);
		rc = -EINVAL;
	}
	return rc;
}

/* The steps of the last rule again, for gates of any name on these qubits:
 * a program that was not compiled for the machine meets its noise too. */
static int
add_fallback(struct noise_model *m, const struct noise_rule *last)
{
	struct noise_rule r = *last;
	uint32_t i;
	int rc;

	r.gate[0] = '\0';
	rc = noise_model_add_rule(m, &r);
	for (i = 0; rc == 0 && i < last->nsteps; i++)
		rc = noise_model_add_step(m, m->steps[last->step0 + i]);
	return rc;
}

/* The same pair in the other order; thermal steps say which qubit. */
static int
add_reverse(struct noise_model *m, const struct noise_rule *last)
{
	struct noise_rule r = *last;
	struct noise_step s;
	uint32_t i;
	int rc;

	r.gate[0] = '\0';
	r.qubits[0] = last->qubits[1];
	r.qubits[1] = last->qubits[0];
	rc = noise_model_add_rule(m, &r);
	for (i = 0; rc == 0 && i < last->nsteps; i++) {
		s = m->steps[last->step0 + i];
		s.on = s.on == NOISE_EACH ? s.on : 1 - s.on;
		rc = noise_model_add_step(m, s);
	}
	return rc;
}

/* Whether rules for any gate on these qubits are wanted from this one: from
 * the first of a pair, and from sx or x of a qubit. */
static bool
is_typical(const struct noise_model *m, const struct noise_rule *r)
{
	uint32_t i, k;

	if (r->nqubits == 1 && strcmp(r->gate, "sx") != 0 &&
	    strcmp(r->gate, "x") != 0)
		return false;
	for (i = 0; i < m->nrules; i++) {
		const struct noise_rule *have = &m->rules[i];

		if (have->gate[0] != '\0' || have->nqubits != r->nqubits)
			continue;
		for (k = 0; k < r->nqubits; k++) {
			if (have->qubits[k] != r->qubits[k])
				break;
		}
		if (k == r->nqubits)
			return false;
	}
	return true;
}

static int
add_rules(struct reading *r, struct noise_rule *rule, double error)
{
	struct noise_calibration c = {.n = rule->nqubits,
	    .time = rule->time,
	    .error = error};
	struct noise_rule last;
	uint32_t i;
	int rc = noise_model_add_rule(r->m, rule);

	for (i = 0; i < rule->nqubits; i++) {
		c.t1[i] = r->t1[rule->qubits[i]];
		c.t2[i] = r->t2[rule->qubits[i]];
	}
	if (rc == 0)
		rc = noise_model_add_calibration(r->m, &c);
	if (rc < 0 || rule->nqubits == 0)
		return rc;
	last = r->m->rules[r->m->nrules - 1];
	if (!is_typical(r->m, &last))
		return 0;
	rc = add_fallback(r->m, &last);
	if (rc == 0 && last.nqubits == 2)
		rc = add_reverse(r->m, &last);
	return rc;
}

/* Gates this does not know, on more than two qubits or on qubits beyond what
 * a program may have are left out. */
static int
read_gate(struct reading *r, const struct jv *gate)
{
	const struct jv *qubits = jv_get(gate, "qubits");
	const struct jv *list = jv_get(gate, "parameters");
	struct noise_rule rule = {.nqubits = (uint32_t)jv_len(qubits)};
	double error = 0.0;
	uint32_t i;
	int rc;

	if (jv_len(qubits) < 1 || jv_len(qubits) > 2)
		return 0;
	for (i = 0; i < rule.nqubits; i++) {
		int64_t q = jv_int(jv_at(qubits, i), -1);

		if (q < 0) {
			snprintf(r->why, r->len,
			    "gates: a qubit is not a number");
			return -EINVAL;
		}
		if (q >= r->nqubits)
			return 0;
		rule.qubits[i] = (uint32_t)q;
	}
	if (rule.nqubits == 2 && rule.qubits[0] == rule.qubits[1]) {
		snprintf(r->why, r->len, "gates: a qubit is there twice");
		return -EINVAL;
	}
	if (sim_noise_gate_name(jv_text(jv_get(gate, "gate"), ""), rule.gate) <
	    0)
		snprintf(rule.gate, sizeof(rule.gate), "?");
	rc = read_share(r, list, "gate_error", &error);
	if (rc == 0)
		rc = read_time(r, list, "gate_length", &rule.time);
	return rc < 0 ? rc : add_rules(r, &rule, error);
}

int
sim_noise_backend(struct noise_model *m, const struct jv *root, char *why,
    size_t len)
{
	const struct jv *qubits = jv_get(root, "qubits");
	const struct jv *gates = jv_get(root, "gates");
	struct reading r = {.m = m, .why = why, .len = len};
	size_t i;
	int rc = 0;

	if (!jv_is_array(qubits) || !jv_is_array(gates)) {
		snprintf(why, len,
		    "want a map with the lists qubits and gates");
		return -EINVAL;
	}
	r.nqubits = jv_len(qubits) < PROGRAM_MAX_QUBITS
	    ? (uint32_t)jv_len(qubits)
	    : PROGRAM_MAX_QUBITS;
	for (i = 0; rc == 0 && i < r.nqubits; i++)
		rc = read_qubit(&r, (uint32_t)i, jv_at(qubits, i));
	for (i = 0; rc == 0 && i < jv_len(gates); i++)
		rc = read_gate(&r, jv_at(gates, i));
	if (rc == -E2BIG) {
		snprintf(why, len, "gates: too many");
		rc = -EINVAL;
	}
	return rc;
}
