/*
 * sim_noise_yaml.c - noise models as people write them.
 */
#include "daemon/cli/sim_noise_file.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"
#include "daemon/cli/sim_noise_channel.h"
#include "proto/decimal.h"
#include "sim/circuit/program_build.h"

#define QUBITS_MAX PROGRAM_MAX_QUBITS

static int
read_qubits(const struct yaml_node *n, struct config_error *e, uint32_t *qubits,
    uint32_t *count, uint32_t max)
{
	const struct yaml_node *at;
	uint32_t q, i;

	*count = 0;
	if (n == NULL)
		return 0;
	if (n->kind != YAML_LIST || n->n == 0 || n->n > max)
		return config_fail(e, n->at,
		    "qubits: want a list of 1 to %u qubits", max);
	for (at = n->first; at; at = at->next) {
		if (sim_noise_integer(at, QUBITS_MAX - 1, &q) < 0)
			return config_fail(e, at->at,
			    "qubits: want a number, 0 to %u", QUBITS_MAX - 1);
		for (i = 0; i < *count; i++) {
			if (qubits[i] == q)
				return config_fail(e, at->at,
				    "qubits: %u is there twice", q);
		}
		qubits[(*count)++] = q;
	}
	return 0;
}

/* "cx", or "any", "1q", "2q", "3q". */
static int
read_gate(const struct yaml_node *n, struct config_error *e,
    struct noise_rule *r)
{
	r->gate[0] = '\0';
	r->arity = 0;
	if (n->kind != YAML_SCALAR)
		return config_fail(e, n->at, "gate: want the name of a gate");
	if (strcmp(n->text, "any") == 0)
		return 0;
	if (n->text[0] >= '1' && n->text[0] <= '3' &&
	    strcmp(n->text + 1, "q") == 0) {
		r->arity = (uint32_t)(n->text[0] - '0');
		return 0;
	}
	if (sim_noise_gate_name(n->text, r->gate) < 0)
		return config_fail(e, n->at,
		    "gate: want a gate of OpenQASM's libraries, measure, "
		    "reset, any, 1q, 2q or 3q");
	return 0;
}

/* One rule for each of the gates it names. */
static int
add_rule(struct noise_model *m, struct noise_rule *r,
    const struct yaml_node *gate, const struct yaml_node *channels,
    struct config_error *e)
{
	const struct yaml_node *at;
	int rc = read_gate(gate, e, r);

	if (rc == 0)
		rc = noise_model_add_rule(m, r);
	if (rc == -E2BIG)
		return config_fail(e, gate->at, "gates: too many rules");
	if (rc < 0 || channels == NULL)
		return rc;
	if (channels->kind != YAML_LIST)
		return config_fail(e, channels->at, "channels: want a list");
	for (at = channels->first; rc == 0 && at; at = at->next)
		rc = sim_noise_channel(m, at, r, e);
	return rc;
}

static int
read_rule(struct noise_model *m, const struct yaml_node *n,
    struct config_error *e)
{
	static const char *const keys[] = {"gate", "qubits", "time", "channels",
	    NULL};
	const struct yaml_node *gate, *time, *at;
	struct noise_rule r = {.arity = 0};
	int rc = sim_noise_keys(n, keys, e);

	if (rc < 0)
		return rc;
	gate = yaml_get(n, "gate");
	time = yaml_get(n, "time");
	if (gate == NULL)
		return config_fail(e, n->at, "gate: missing");
	rc = read_qubits(yaml_get(n, "qubits"), e, r.qubits, &r.nqubits,
	    NOISE_RULE_QUBITS);
	if (rc == 0 && time)
		rc = sim_noise_time(time, e, &r.time);
	if (rc < 0)
		return rc;
	if (gate->kind != YAML_LIST)
		return add_rule(m, &r, gate, yaml_get(n, "channels"), e);
	for (at = gate->first; rc == 0 && at; at = at->next)
		rc = add_rule(m, &r, at, yaml_get(n, "channels"), e);
	return rc;
}

static int
read_readout(struct noise_model *m, const struct yaml_node *n,
    struct config_error *e)
{
	static const char *const keys[] = {"qubits", "p1_given_0", "p0_given_1",
	    NULL};
	uint32_t qubits[QUBITS_MAX] = {0}, count = 0, i;
	struct readout r = {0};
	int rc = sim_noise_keys(n, keys, e);

	if (rc == 0)
		rc = read_qubits(yaml_get(n, "qubits"), e, qubits, &count,
		    QUBITS_MAX);
	if (rc == 0)
		rc = sim_noise_number(yaml_get(n, "p1_given_0"), e, 0.0, 1.0,
		    &r.p1_given_0);
	if (rc == 0)
		rc = sim_noise_number(yaml_get(n, "p0_given_1"), e, 0.0, 1.0,
		    &r.p0_given_1);
	if (rc < 0)
		return rc;
	for (i = 0; i < (count ? count : QUBITS_MAX); i++)
		m->readout[count ? qubits[i] : i] = r;
	return 0;
}

static int
read_idle(struct noise_model *m, const struct yaml_node *n,
    struct config_error *e)
{
	static const char *const keys[] = {"qubits", "t1", "t2", "excited",
	    NULL};
	uint32_t qubits[QUBITS_MAX] = {0}, count = 0, i;
	struct kraus_thermal t = {.time = 0.0};
	struct noise_idle idle;
	int rc = sim_noise_keys(n, keys, e);

	if (rc == 0)
		rc = read_qubits(yaml_get(n, "qubits"), e, qubits, &count,
		    QUBITS_MAX);
	if (rc == 0)
		rc = sim_noise_thermal(n, e, &t);
	if (rc < 0)
		return rc;
	idle =
	    (struct noise_idle){.t1 = t.t1, .t2 = t.t2, .excited = t.excited};
	for (i = 0; i < (count ? count : QUBITS_MAX); i++)
		m->idle[count ? qubits[i] : i] = idle;
	return 0;
}

typedef int read_entry(struct noise_model *m, const struct yaml_node *n,
    struct config_error *e);

static int
read_list(struct noise_model *m, const struct yaml_node *n, read_entry *read,
    struct config_error *e)
{
	const struct yaml_node *at;
	int rc = 0;

	if (n == NULL)
		return 0;
	if (n->kind != YAML_LIST)
		return config_fail(e, n->at, "%s: want a list", n->key);
	for (at = n->first; rc == 0 && at; at = at->next)
		rc = read(m, at, e);
	return rc;
}

int
sim_noise_yaml(struct noise_model *m, const char *data, size_t len,
    struct config_error *e)
{
	static const char *const keys[] = {"gates", "readout", "idle", NULL};
	struct yaml_doc d = YAML_DOC_INIT;
	int rc = yaml_parse(&d, data, len, e);

	if (rc == 0 && d.root) {
		rc = sim_noise_keys(d.root, keys, e);
		if (rc == 0)
			rc = read_list(m, yaml_get(d.root, "gates"), read_rule,
			    e);
		if (rc == 0)
			rc = read_list(m, yaml_get(d.root, "readout"),
			    read_readout, e);
		if (rc == 0)
			rc = read_list(m, yaml_get(d.root, "idle"), read_idle,
			    e);
	}
	yaml_close(&d);
	return rc;
}

int
sim_noise_gate_name(const char *name, char out[static NOISE_NAME_BYTES])
{
	static const struct {
		const char *name, *ours;
	} others[] = {{"u3", "u"}, {"u2", "u"}, {"u1", "p"}, {"phase", "p"},
	    {"i", "id"}, {"CX", "cx"}, {"cnot", "cx"}, {"toffoli", "ccx"},
	    {"cu1", "cp"}, {"cu3", "cu"}, {"cphase", "cp"},
	    {"measure", "measure"}, {"reset", "reset"}};
	const char *base = name;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].name, name) == 0)
			base = NULL, name = others[i].ours;
	}
	if (strlen(name) >= NOISE_NAME_BYTES)
		return -EINVAL;
	memcpy(out, name, strlen(name) + 1);
	if (base == NULL)
		return 0;
	while (*base == 'c')
		base++;
	for (i = 0; i < PROGRAM_NGATES; i++) {
		if (strcmp(program_gate_name((enum program_gate)i), base) == 0)
			return 0;
	}
	return -EINVAL;
}
