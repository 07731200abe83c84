/* Noise files of both kinds, what is refused and where, counts, running. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/sim_noise.h"
#include "sim/circuit/program_build.h"

static char err[SIM_NOISE_ERROR_LEN];

static const struct kraus *
step(const struct noise_model *m, uint32_t rule, uint32_t i)
{
	assert_true(i < m->rules[rule].nsteps);
	return &m->channels[m->steps[m->rules[rule].step0 + i].channel];
}

static void
test_yaml(void **state)
{
	struct noise_model m = NOISE_MODEL_INIT;

	(void)state;
	assert_int_equal(sim_noise_read(&m, "tests/data/channels/example.yaml",
			     err),
	    0);
	assert_int_equal(m.nrules, 7); /* lists of gates are rules each */
	assert_int_equal(m.rules[0].arity, 1);
	assert_true(fabs(m.rules[0].time - 35e-9) < 1e-20);
	assert_true(fabs(step(&m, 0, 0)->weight[0] - 0.99925) < 1e-15);
	/* The time of the rule: coherences shrink by exp(-35 ns / 80 us). */
	assert_true(fabs(step(&m, 0, 1)->value[4] - exp(-35e-3 / 80)) < 1e-12);
	assert_string_equal(m.rules[2].gate, "cz");
	assert_int_equal(m.rules[2].nsteps, 3);
	assert_int_equal(m.steps[m.rules[2].step0 + 2].on, 1);
	assert_int_equal(m.rules[3].nqubits, 2);
	assert_int_equal(m.rules[3].qubits[0], 1);
	/* IZ: Z on the gate's first qubit, so on bit 0. */
	assert_true(fabs(step(&m, 3, 0)->weight[1] - 0.02) < 1e-15);
	assert_true(step(&m, 3, 0)->kraus[2 * 16 * 2 / 2 + 0] > 0.0);
	assert_int_equal(step(&m, 4, 0)->nkraus, 2);
	assert_string_equal(m.rules[6].gate, "measure");
	assert_true(m.readout[0].p1_given_0 == 0.02);
	assert_true(m.readout[1].p1_given_0 == 0.03);
	assert_true(m.readout[1].p0_given_1 == 0.0);
	assert_true(m.readout[39].p0_given_1 == 0.05);
	assert_true(fabs(m.idle[3].t1 - 1e-4) < 1e-18);
	noise_model_close(&m);
}

static void
test_places(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"gate: []\n", "f:1:1: gate: no such key"},
	    {"gates:\n  - gate: qft\n", "f:2:11: gate: want"},
	    {"gates:\n  - gate: cx\n    time: 3\n", "f:3:11: time: want"},
	    {"gates:\n  - gate: cx\n    qubits: [0, 0]\n", "f:3:17: qubits"},
	    {"gates:\n  - channels: []\n", "f:2:5: gate: missing"},
	    {"gates:\n  - gate: x\n    channels:\n      - depolarizing: 1\n",
		"f:4:9: channels: want one of"},
	    {"gates:\n  - gate: x\n    channels:\n      - bit_flip: 1.5\n",
		"f:4:19: bit_flip: want a number, 0 to 1"},
	    {"gates:\n  - gate: 1q\n    channels:\n"
	     "      - depolarizing2: 0.1\n",
		"f:4:24: depolarizing2: acts on another number"},
	    {"gates:\n  - gate: x\n    channels:\n"
	     "      - thermal: {t1: 1us, t2: 3us}\n",
		"f:4:32: t2: want more than 0, at most twice"},
	    {"gates:\n  - gate: x\n    channels:\n"
	     "      - kraus: [[1, 0, 0, 0.5]]\n",
		"f:4:16: kraus: the sum"},
	    {"gates:\n  - gate: x\n    channels:\n"
	     "      - kraus: [[1, 0, 0, j]]\n",
		"f:4:27: kraus: want a number"},
	    {"gates:\n  - gate: x\n    channels:\n"
	     "      - pauli: {X: 0.7, Z: 0.7}\n",
		"f:4:16: pauli: probabilities exceed 1"},
	    {"readout:\n  - {p1_given_0: 2}\n", "f:2:18: p1_given_0: want"},
	    {"idle:\n  - {t1: 1us}\n", "f:2:5: t2: missing"},
	    {"{\"qubits\": []}", "f: want a map with the lists"},
	    {"{\"qubits\": [[{\"name\":\"T1\",\"unit\":\"h\",\"value\":1}]],"
	     "\"gates\":[]}",
		"f: T1: want a time"},
	    {"{\"qubits\": [], \"gates\": [}", "f: "},
	};
	struct noise_model m = NOISE_MODEL_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sim_noise_parse(&m, bad[i].text,
				     strlen(bad[i].text), "f", err),
		    -EINVAL);
		if (strncmp(err, bad[i].says, strlen(bad[i].says)) != 0)
			fail_msg("got '%s', want '%s'", err, bad[i].says);
	}
	assert_int_equal(sim_noise_read(&m, "/nonexistent/f", err), -ENOENT);
}

static void
test_backend(void **state)
{
	struct noise_model m = NOISE_MODEL_INIT;
	uint32_t i, fallbacks = 0;

	(void)state;
	assert_int_equal(sim_noise_read(&m, "tests/data/channels/backend.json",
			     err),
	    0);
	assert_true(m.readout[0].p0_given_1 == 0.033);
	assert_true(m.readout[0].p1_given_0 == 0.01);
	assert_true(m.readout[1].p0_given_1 == 0.04);
	assert_true(m.readout[2].p0_given_1 == 0.0);
	assert_string_equal(m.rules[0].gate, "rz");
	assert_int_equal(m.rules[0].nsteps, 0);
	assert_string_equal(m.rules[1].gate, "sx");
	assert_int_equal(m.rules[1].nsteps, 2);
	for (i = 0; i < m.nrules; i++)
		fallbacks += m.rules[i].gate[0] == '\0';
	assert_int_equal(fallbacks, 4); /* 0, 1, the pair both ways */
	assert_int_equal(m.nrules, 4 + 4);
	/* The pair's other order swaps whose decay it is. */
	assert_int_equal(m.rules[7].qubits[0], 1);
	assert_int_equal(m.steps[m.rules[6].step0].on, 0);
	assert_int_equal(m.steps[m.rules[7].step0].on, 1);
	noise_model_close(&m);
}

static void
test_counts(void **state)
{
	static const char good[] = "{\"counts\": {\"0 11\": 5, \"100\": 7}}";
	static const char *const bad[] = {"{\"01\": 5, \"1\": 7}",
	    "{\"0x1\": 5}", "{\"01\": -1}", "{\"01\": \"1\"}", "[1]", "{"};
	struct counts c;
	size_t i;

	(void)state;
	assert_int_equal(sim_counts_parse(&c, good, sizeof(good) - 1, err), 0);
	assert_true(c.n == 2 && c.nbits == 3 && c.total == 12);
	assert_true(c.items[0].bits == 3 && c.items[0].n == 5);
	counts_close(&c);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		assert_int_equal(sim_counts_parse(&c, bad[i], strlen(bad[i]),
				     err),
		    -EINVAL);
		assert_true(err[0] != '\0');
	}
}

static void
add_gate(struct program *p, enum program_gate g, uint32_t a, uint32_t b)
{
	struct program_op op = {.gate = g, .ntargets = 1};
	uint32_t qubits[2] = {a, b};

	op.ncontrols = op.when = a != b;
	assert_int_equal(program_add_gate(p, &op, qubits), 0);
}

static void
test_run(void **state)
{
	struct noise_model m = NOISE_MODEL_INIT;
	struct program p = PROGRAM_INIT;
	struct pauli_term zz = {.z = 3, .coef = 1.0};
	struct pauli_sum sum = {.terms = &zz, .nterms = 1};
	struct sim_noise_wish w = {.observables = &sum,
	    .nobservables = 1,
	    .shots = 4000,
	    .seed = 3};
	struct sim_noise_result exact, sampled, again;
	double seen;

	(void)state;
	assert_int_equal(sim_noise_read(&m, "tests/data/channels/backend.json",
			     err),
	    0);
	assert_int_equal(program_add_register(&p, "q", 2, true), 0);
	add_gate(&p, PROGRAM_H, 0, 0);
	add_gate(&p, PROGRAM_X, 0, 1);
	assert_int_equal(sim_noise_run(&exact, &p, &m, &w, err), 0);
	seen = exact.expval[0].mean;
	/* (1 - .043) (1 - .08) and the gate's 1 %. */
	assert_true(seen > 0.85 && seen < 0.957 * 0.92 + 0.005);
	assert_true(exact.runs == 0 && exact.expval[0].error == 0.0);
	assert_true(fabs(exact.probs[0] + exact.probs[1] + exact.probs[2] +
			exact.probs[3] - 1) < 1e-12);
	assert_int_equal(exact.counts.total, 4000);
	w.runs = 1;
	assert_int_equal(sim_noise_run(&sampled, &p, &m, &w, err), 0);
	assert_int_equal(sampled.runs, 4000);
	assert_true(
	    fabs(sampled.expval[0].mean - seen) < 5 * sampled.expval[0].error);
	assert_int_equal(sampled.counts.total, 4000);
	assert_int_equal(sim_noise_run(&again, &p, &m, &w, err), 0);
	assert_memory_equal(again.counts.items, sampled.counts.items,
	    again.counts.n * sizeof(*again.counts.items));
	sim_noise_result_close(&again);
	sim_noise_result_close(&sampled);
	sim_noise_result_close(&exact);
	w.bytes_max = 32; /* not even one vector */
	assert_int_equal(sim_noise_run(&exact, &p, &m, &w, err), -EFBIG);
	assert_non_null(strstr(err, "GiB of memory"));
	program_close(&p);
	noise_model_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_yaml),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_backend),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests_name("sim_noise", tests, NULL, NULL);
}
