#include "tests/sim/state/noisecase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"

static char *rest_of_line;

static char *
first_word(char *text)
{
	return strtok_r(text, " ", &rest_of_line);
}

static char *
next_word(void)
{
	return strtok_r(NULL, " ", &rest_of_line);
}

static void
add_gate(struct program *p, char *text)
{
	static const struct {
		const char *name;
		enum program_gate gate;
		uint32_t ncontrols;
	} known[] = {{"h", PROGRAM_H, 0}, {"ry", PROGRAM_RY, 0},
	    {"rz", PROGRAM_RZ, 0}, {"cx", PROGRAM_X, 1}};
	const char *name = first_word(text);
	uint32_t qubits[2] = {0}, n, i, k = 0;
	struct program_op op = {.ntargets = 1};
	struct program_angle a = {0};

	while (strcmp(known[k].name, name) != 0)
		assert_true(++k < sizeof(known) / sizeof(known[0]));
	n = (uint32_t)strtoul(next_word(), NULL, 10);
	assert_int_equal(n, known[k].ncontrols + 1);
	for (i = 0; i < n; i++)
		qubits[i] = (uint32_t)strtoul(next_word(), NULL, 10);
	op.gate = known[k].gate;
	op.ncontrols = known[k].ncontrols;
	op.when = op.ncontrols;
	if (program_gate_angles(op.gate) > 0) {
		int at;

		a.offset = strtod(next_word(), NULL);
		at = program_add_angle(p, &a, NULL);
		assert_true(at >= 0);
		op.angle0 = (uint32_t)at;
	}
	assert_int_equal(program_add_gate(p, &op, qubits), 0);
}

static void
add_noise(struct noise_model *m, char *text)
{
	const char *kind = first_word(text);
	const char *where = next_word();
	double arg = strtod(next_word(), NULL);
	struct noise_rule r = {.arity = strcmp(where, "each_1q") == 0 ? 1 : 2};
	struct noise_step s = {.on = NOISE_EACH};
	struct kraus c;
	int rc;

	if (strcmp(kind, "depolarizing1") == 0)
		rc = kraus_depolarizing(&c, 1, arg);
	else if (strcmp(kind, "depolarizing2") == 0)
		rc = kraus_depolarizing(&c, 2, arg);
	else if (strcmp(kind, "amplitude_damping") == 0)
		rc = kraus_amplitude_damping(&c, arg);
	else if (strcmp(kind, "phase_damping") == 0)
		rc = kraus_phase_damping(&c, arg);
	else
		rc = -1;
	assert_int_equal(rc, 0);
	assert_int_equal(noise_model_add_rule(m, &r), 0);
	rc = noise_model_add_channel(m, &c);
	assert_true(rc >= 0);
	s.channel = (uint32_t)rc;
	assert_int_equal(noise_model_add_step(m, s), 0);
}

static void
begin(struct noisecase *c, char *text)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->circuit, sizeof(c->circuit), "%s", first_word(text));
	snprintf(c->noise, sizeof(c->noise), "%s", next_word());
	c->nqubits = (uint32_t)strtoul(next_word(), NULL, 10);
	assert_true(c->nqubits <= NOISECASE_QUBITS);
	assert_int_equal(program_add_register(&c->program, "q", c->nqubits,
			     true),
	    0);
}

static void
numbers(struct noisecase *c, const char *key, char *text)
{
	const struct {
		const char *key;
		double *to;
		size_t n;
	} row[] = {{"z", c->z, 4}, {"zz", c->zz, 3}, {"x", c->x, 4},
	    {"y", c->y, 4}, {"probs", c->probs, 16}, {"zall", &c->zall, 1},
	    {"purity", &c->purity, 1}, {"fidelity", &c->fidelity, 1},
	    {"readout", c->readout, 2}, {"read_probs", c->read_probs, 16},
	    {"read_z", c->read_z, 4}, {"read_zall", &c->read_zall, 1},
	    {"shots", c->shots, 6}, {"zne1", c->zne[0], 5},
	    {"zne3", c->zne[1], 5}, {"zne5", c->zne[2], 5},
	    {"zne_linear", c->zne_linear, 5},
	    {"zne_richardson", c->zne_richardson, 5},
	    {"zne_ideal", c->zne_ideal, 5}};
	size_t k = 0, i = 0;
	char *word;

	while (strcmp(row[k].key, key) != 0)
		assert_true(++k < sizeof(row) / sizeof(row[0]));
	for (word = first_word(text); word; word = next_word()) {
		assert_true(i < row[k].n);
		row[k].to[i++] = strtod(word, NULL);
	}
	assert_true(i > 0);
	c->has_zne |= strncmp(key, "zne", 3) == 0;
}

size_t
noisecase_read(struct noisecase *c)
{
	FILE *f = fopen("tests/data/channels/reference.txt", "r");
	char line[2048];
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *rest = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		if (rest)
			*rest++ = '\0';
		if (strcmp(line, "case") == 0) {
			assert_true(n < NOISECASE_MAX);
			begin(&c[n++], rest);
		} else if (strcmp(line, "gate") == 0) {
			add_gate(&c[n - 1].program, rest);
		} else if (strcmp(line, "noise") == 0) {
			add_noise(&c[n - 1].model, rest);
		} else if (strcmp(line, "end") != 0) {
			numbers(&c[n - 1], line, rest);
		}
	}
	fclose(f);
	return n;
}

void
noisecase_close(struct noisecase *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		program_close(&c[i].program);
		noise_model_close(&c[i].model);
	}
}
