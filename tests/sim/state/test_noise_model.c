/* Which rule a gate gets, calibration data, when qubits wait. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"

static void
add_rule(struct noise_model *m, const char *gate, uint32_t arity,
    uint32_t nqubits, double time)
{
	struct noise_rule r = {.arity = arity,
	    .nqubits = nqubits,
	    .qubits = {1, 0},
	    .time = time};

	strncpy(r.gate, gate, sizeof(r.gate) - 1);
	assert_int_equal(noise_model_add_rule(m, &r), 0);
}

static void
add_gate(struct program *p, enum program_gate g, uint32_t a, uint32_t b)
{
	struct program_op op = {.gate = g, .ntargets = 1};
	uint32_t qubits[2] = {a, b};

	if (a != b) {
		op.ncontrols = 1;
		op.when = 1;
	}
	assert_int_equal(program_add_gate(p, &op, qubits), 0);
}

static int
rule_of(const struct noise_model *m, const struct program *p, uint32_t op)
{
	const struct noise_rule *r = noise_model_find(m, p, &p->ops[op]);

	return r ? (int)(r - m->rules) : -1;
}

static void
test_closest(void **state)
{
	struct noise_model m = NOISE_MODEL_INIT;
	struct program p = PROGRAM_INIT;
	char name[NOISE_NAME_BYTES];

	(void)state;
	assert_int_equal(program_add_register(&p, "q", 3, true), 0);
	assert_int_equal(program_add_register(&p, "c", 1, false), 0);
	add_gate(&p, PROGRAM_X, 1, 0); /* cx 1, 0 */
	add_gate(&p, PROGRAM_X, 0, 1);
	add_gate(&p, PROGRAM_Z, 1, 0);
	add_gate(&p, PROGRAM_H, 2, 2);
	assert_int_equal(program_add_measure(&p, 0, 0), 0);
	noise_model_name(&p.ops[0], name);
	assert_string_equal(name, "cx");
	noise_model_name(&p.ops[4], name);
	assert_string_equal(name, "measure");
	assert_int_equal(rule_of(&m, &p, 0), -1);
	add_rule(&m, "", 0, 0, 0);
	assert_int_equal(rule_of(&m, &p, 0), 0);
	assert_int_equal(rule_of(&m, &p, 3), 0);
	assert_int_equal(rule_of(&m, &p, 4), -1); /* not a gate */
	add_rule(&m, "", 2, 0, 0);
	assert_int_equal(rule_of(&m, &p, 0), 1);
	assert_int_equal(rule_of(&m, &p, 3), 0);
	add_rule(&m, "cx", 0, 0, 0);
	add_rule(&m, "", 2, 0, 0);
	assert_int_equal(rule_of(&m, &p, 0), 2);
	assert_int_equal(rule_of(&m, &p, 2), 3); /* the later of equals */
	add_rule(&m, "", 0, 2, 0);
	assert_int_equal(rule_of(&m, &p, 0), 4);
	assert_int_equal(rule_of(&m, &p, 1), 2); /* other order */
	add_rule(&m, "cx", 0, 2, 0);
	add_rule(&m, "cz", 0, 2, 0);
	assert_int_equal(rule_of(&m, &p, 0), 5);
	assert_int_equal(rule_of(&m, &p, 2), 6);
	add_rule(&m, "measure", 0, 0, 0);
	assert_int_equal(rule_of(&m, &p, 4), 7);
	program_close(&p);
	noise_model_close(&m);
}

/* The product of a rule's channels on its qubits. */
static void
combine(const struct noise_model *m, uint32_t n, struct kraus *out)
{
	struct kraus step, id, next;
	uint32_t i;

	assert_int_equal(kraus_rotation(out, n, 'x', 0.0), 0);
	assert_int_equal(kraus_rotation(&id, 1, 'x', 0.0), 0);
	for (i = 0; i < m->nsteps; i++) {
		const struct kraus *c = &m->channels[m->steps[i].channel];

		if (c->nqubits == n) {
			assert_int_equal(kraus_compose(&next, out, c), 0);
		} else {
			assert_int_equal(m->steps[i].on == 0
				? kraus_tensor(&step, c, &id)
				: kraus_tensor(&step, &id, c),
			    0);
			assert_int_equal(kraus_compose(&next, out, &step), 0);
			kraus_close(&step);
		}
		kraus_close(out);
		*out = next;
	}
	kraus_close(&id);
}

static void
check_calibration(const struct noise_calibration *c, double want)
{
	struct noise_model m = NOISE_MODEL_INIT;
	struct kraus all;

	add_rule(&m, "", 0, 0, 0);
	assert_int_equal(noise_model_add_calibration(&m, c), 0);
	/* Over 64 operators would not compose; depolarizing is the last. */
	if (m.nsteps > 0 && c->n == 2 &&
	    m.channels[m.nchannels - 1].nqubits == 2) {
		struct kraus relax;
		const struct kraus *last;
		double p, f;

		m.nsteps--;
		combine(&m, 2, &relax);
		f = kraus_fidelity(&relax);
		last = &m.channels[m.nchannels - 1];
		p = 16 * last->weight[last->nkraus - 1];
		assert_true(fabs((1 - p) * f + p / 4 - (1 - want)) < 1e-12);
		kraus_close(&relax);
	} else {
		combine(&m, c->n, &all);
		assert_true(fabs(kraus_fidelity(&all) - (1 - want)) < 1e-12);
		kraus_close(&all);
	}
	noise_model_close(&m);
}

static void
test_calibration(void **state)
{
	struct noise_calibration c = {.n = 1,
	    .t1 = {100e-6, 80e-6},
	    .t2 = {70e-6, 300e-6}, /* the second beyond 2 T1 */
	    .time = 50e-9,
	    .error = 2e-3};
	double r1 = 50e-9 / 100e-6, r2 = 50e-9 / 70e-6;
	/* Average of populations kept and coherences kept. */
	double relax = 1 - (0.5 + exp(-r1) / 6 + exp(-r2) / 3);

	(void)state;
	check_calibration(&c, 2e-3);
	c.error = 0.0; /* relaxation alone is more */
	check_calibration(&c, relax);
	c.n = 2;
	c.error = 1e-2;
	check_calibration(&c, 1e-2);
	c.error = 1.0; /* as much as depolarizing can do */
	c.t1[0] = c.t1[1] = c.t2[0] = c.t2[1] = INFINITY;
	check_calibration(&c, 0.8);
	c.error = 1.5;
	assert_int_equal(noise_model_add_calibration(&(struct noise_model)
							 NOISE_MODEL_INIT,
			     &c),
	    -EINVAL);
}

/* x on 0 takes 2, h on 1 takes 5; then cx: qubit 0 waited 3. */
static void
test_idle(void **state)
{
	struct noise_model m = NOISE_MODEL_INIT;
	struct program p = PROGRAM_INIT;
	struct kraus_thermal t = {.t1 = 10, .t2 = 15, .time = 3};
	struct noisy_plan n;
	struct kraus want;
	uint32_t all[2] = {0, 1};

	(void)state;
	m.idle[0] = (struct noise_idle){.t1 = 10, .t2 = 15};
	add_rule(&m, "x", 0, 0, 2);
	add_rule(&m, "h", 0, 0, 5);
	add_rule(&m, "cx", 0, 0, 7);
	assert_int_equal(program_add_register(&p, "q", 2, true), 0);
	add_gate(&p, PROGRAM_X, 0, 0);
	add_gate(&p, PROGRAM_H, 1, 1);
	add_gate(&p, PROGRAM_X, 0, 1);
	add_gate(&p, PROGRAM_H, 1, 1);
	assert_int_equal(program_add_barrier(&p, all, 2), 0);
	assert_int_equal(noisy_plan_init(&n, &p, &m), 0);
	assert_int_equal(n.nown, 2);
	assert_int_equal(n.ops[2].nbefore, 1);
	assert_int_equal(n.acts[n.ops[2].act0].qubits[0], 0);
	assert_int_equal(kraus_thermal(&want, &t), 0);
	assert_int_equal(want.nvalues, n.own[0].nvalues);
	assert_memory_equal(want.value, n.own[0].value,
	    2 * want.nvalues * sizeof(double));
	assert_int_equal(n.ops[4].nbefore, 1); /* the barrier: 5 more */
	assert_int_equal(n.ops[0].nbefore + n.ops[1].nbefore, 0);
	kraus_close(&want);
	noisy_plan_close(&n);
	noise_model_close(&m);
	program_close(&p);
}

static void
test_refused(void **state)
{
	struct noise_model m = NOISE_MODEL_INIT;
	struct program p = PROGRAM_INIT;
	struct kraus c;
	struct noisy_plan n;

	(void)state;
	assert_int_equal(noise_model_add_step(&m, (struct noise_step){0, 0}),
	    -EINVAL);
	add_rule(&m, "x", 0, 0, 0);
	assert_int_equal(noise_model_add_step(&m, (struct noise_step){0, 0}),
	    -EINVAL);
	assert_int_equal(kraus_depolarizing(&c, 2, 0.1), 0);
	assert_int_equal(noise_model_add_channel(&m, &c), 0);
	assert_null(c.kraus); /* taken */
	assert_int_equal(noise_model_add_step(&m,
			     (struct noise_step){0, NOISE_EACH}),
	    0);
	assert_int_equal(program_add_register(&p, "q", 1, true), 0);
	add_gate(&p, PROGRAM_X, 0, 0);
	assert_int_equal(noisy_plan_init(&n, &p, &m), -EINVAL);
	assert_int_equal(program_add_register(&p, "c", 65, false), 0);
	assert_int_equal(noisy_plan_init(&n, &p, NULL), -ENOTSUP);
	program_close(&p);
	noise_model_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_closest),
	    cmocka_unit_test(test_calibration),
	    cmocka_unit_test(test_idle),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("noise_model", tests, NULL, NULL);
}
