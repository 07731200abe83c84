/*
 * The vqe task: shapes, refusals, the same integers everywhere, parts that add
 * up; measured values and gradients against exact ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/rng.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqe.h"
#include "sim/learn/vqe_model.h"
#include "sim/learn/vqe_sampled.h"
#include "sim/state/kraus.h"
#include "sim/state/noise_model.h"

#define Q24 16777216.0
#define PARAMS_MAX 64

static const char ising[] = "# a chain of three\n-1 Z0 Z1\n-1 Z1 Z2\n"
			    "-0.7 X0\n-0.7 X1\n-0.7 X2\n";

static struct vqe_spec
spec_of(const char *text, enum vqe_ansatz ansatz, uint32_t layers)
{
	return (struct vqe_spec){.hamiltonian = text,
	    .len = strlen(text),
	    .ansatz = ansatz,
	    .layers = layers};
}

static void
open_task(struct task *t, const struct vqe_spec *v)
{
	const struct task_spec s = {.name = "vqe",
	    .output = TASK_NOTHING,
	    .start = TASK_START_SMALL,
	    .vqe = v};

	assert_null(task_check(&s));
	assert_int_equal(task_init(t, &s), 0);
}

static void
test_shape(void **state)
{
	struct vqe_spec v = spec_of(ising, VQE_HEA, 2);
	struct vqe_shape shape;
	int64_t params[PARAMS_MAX], period[PARAMS_MAX];
	uint8_t seed[TRAIN_SEED_BYTES] = {1};
	char err[160], *copy = strdup(ising);
	struct task t;
	size_t i;

	(void)state;
	assert_non_null(copy);
	assert_int_equal(vqe_shape(&v, &shape, err), 0);
	assert_int_equal(shape.nqubits, 3);
	assert_int_equal(shape.nangles, 18);
	assert_int_equal(shape.nparts, 3); /* Z, X, the variance */
	assert_true(fabs(shape.reach - 4.1 * 4.1) < 1e-12);
	v.hamiltonian = copy;
	open_task(&t, &v);
	memset(copy, 'x', strlen(copy)); /* the task has its own */
	free(copy);
	assert_int_equal(t.nparams, 20);
	assert_int_equal(t.nupdate, 3 * 19);
	assert_memory_equal(t.spec.vqe->hamiltonian, ising, strlen(ising));
	task_init_params(&t, seed, params);
	task_periods(&t, period);
	for (i = 0; i < 18; i++)
		assert_true(params[i] != 0 &&
		    llabs(params[i]) <= TASK_SMALL_RANGE && period[i] == 0);
	assert_true(params[18] == 0 && params[19] == 0);
	task_close(&t);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		enum vqe_ansatz ansatz;
		uint32_t layers, parts;
		const char *says;
	} cases[] = {{"1 Q", VQE_HEA, 1, 0, "line 1"},
	    {ising, VQE_HEA, 257, 0, "layers"}, {ising, VQE_HVA, 0, 0, "layer"},
	    {ising, VQE_HEA, 1, 65, "parts"},
	    {ising, VQE_UCCSD, 0, 0, "electrons"},
	    {"1 X0 Z1\n1 X0", VQE_HVA, 1, 0, "one letter"},
	    {"1 Y0\n1 Z0 Z1", VQE_HVA, 1, 0, "one letter"},
	    {"1 X0 X1 X2", VQE_HVA, 1, 0, "one letter"},
	    {"1 X14", VQE_HEA, 1, 0, "1 to 14"},
	    {"1 X20", VQE_HEA, 1, 0, "1 to 20"},
	    {"1 Z0", VQE_ADAPT, 3, 0, "no operator"},
	    {"1 Z13", VQE_HEA, 150, 0, "4096"}};
	struct vqe_shape shape;
	struct task t;
	char err[160];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vqe_spec v =
		    spec_of(cases[i].text, cases[i].ansatz, cases[i].layers);
		const struct task_spec s = {.name = "vqe",
		    .output = TASK_NOTHING,
		    .vqe = &v};

		v.parts = cases[i].parts;
		assert_int_equal(vqe_shape(&v, &shape, err), -EINVAL);
		if (strstr(err, cases[i].says) == NULL)
			fail_msg("%zu: %s", i, err);
		assert_int_equal(task_init(&t, &s), -EINVAL);
	}
	assert_non_null(task_check(
	    &(struct task_spec){.name = "vqe", .output = TASK_NOTHING}));
}

/* FNV-1a of the update, the same on every machine and compiler. */
static uint64_t
fingerprint(const int64_t *x, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;
	int b;

	for (i = 0; i < n; i++) {
		for (b = 0; b < 64; b += 8) {
			h ^= (uint64_t)x[i] >> b & 255;
			h *= UINT64_C(0x100000001b3);
		}
	}
	return h;
}

struct setting {
	enum vqe_ansatz ansatz;
	enum train_method method;
	uint32_t shots;
	uint64_t bits;
};

static void
update(const struct task *t, const struct setting *s, int64_t *delta,
    struct train_metrics *m)
{
	struct train_hyper h;
	int64_t params[PARAMS_MAX];
	const struct train_job job = {.task = t, .params = params, .hyper = &h};
	uint8_t seed[TRAIN_SEED_BYTES] = {9};

	task_init_params(t, seed, params);
	train_hyper_default(&h);
	h.lr = h.lr_end = 0.1;
	h.method = s->method;
	h.shots = s->shots;
	assert_int_equal(train_local(&job, delta, m), 0);
}

static void
test_bits(void **state)
{
	static const struct setting settings[] = {{VQE_HEA, TRAIN_ADJOINT, 0,
						      UINT64_C(
							  0x13de305015024c59)},
	    {VQE_HVA, TRAIN_ADJOINT, 0, UINT64_C(0x7632f6b5ab123848)},
	    {VQE_ADAPT, TRAIN_ADJOINT, 0, UINT64_C(0xb583daca31615e2b)},
	    {VQE_HEA, TRAIN_SHIFT, 64, UINT64_C(0x6ad5c9ad462ff711)},
	    {VQE_HEA, TRAIN_PERTURB, 64, UINT64_C(0x6dff5d20f127fbfd)}};
	int64_t delta[PARAMS_MAX * 3];
	struct train_metrics m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		struct vqe_spec v = spec_of(ising, settings[i].ansatz, 2);
		struct task t;
		uint64_t got;

		open_task(&t, &v);
		update(&t, &settings[i], delta, &m);
		got = fingerprint(delta, t.nupdate);
		if (got != settings[i].bits)
			fail_msg("%zu: 0x%016llx", i, (unsigned long long)got);
		task_close(&t);
	}
}

/* The blocks' steps add up to the whole gradient's, their energies to the
 * energy; one part more or less moves nothing else. */
static void
test_parts(void **state)
{
	const struct setting exact = {VQE_HEA, TRAIN_ADJOINT, 0, 0};
	const uint8_t some[3] = {0, 1, 0};
	struct vqe_spec v = spec_of(ising, VQE_HEA, 2);
	int64_t delta[PARAMS_MAX * 3], few[PARAMS_MAX * 3];
	double theta[PARAMS_MAX], grad[PARAMS_MAX], e;
	int64_t params[PARAMS_MAX];
	uint8_t seed[TRAIN_SEED_BYTES] = {9};
	struct train_metrics m;
	struct vqe_model model;
	struct vqe_room room;
	struct task t;
	char err[160];
	size_t i;

	(void)state;
	open_task(&t, &v);
	assert_int_equal(vqe_model_open(&model, &v, err), 0);
	assert_int_equal(vqe_room_init(&room, 3), 0);
	task_init_params(&t, seed, params);
	for (i = 0; i < 18; i++)
		theta[i] = (double)params[i] / Q24;
	vqe_circuit_run(&model.c, theta, &room.psi);
	e = vqe_circuit_gradient(&model.c, &model.h.sum, theta, &room, grad);
	update(&t, &exact, delta, &m);
	for (i = 0; i < 18; i++)
		assert_true(fabs((double)(delta[i] + delta[19 + i]) / Q24 +
				0.1 * grad[i]) < 1.1 / Q24);
	assert_true(
	    fabs((double)(delta[18] + delta[37]) / Q24 - e) < 1.1 / Q24);
	assert_true(fabs((double)delta[56] / Q24 -
			pauli_variance(&model.h.sum, &room.psi, &room.work)) <
	    1.0 / Q24);
	assert_true(fabs(m.loss_before - e) < 1e-14);
	assert_true(m.loss_after < m.loss_before && m.norm > 0.0);
	vqe_assign(&t, some);
	update(&t, &exact, few, &m);
	assert_memory_equal(few + 19, delta + 19, 19 * sizeof(int64_t));
	for (i = 0; i < 19; i++)
		assert_true(few[i] == 0 && few[38 + i] == 0);
	vqe_room_close(&room);
	vqe_model_close(&model);
	task_close(&t);
}

static void
test_not_supported(void **state)
{
	struct vqe_spec v = spec_of(ising, VQE_HEA, 1);
	struct train_state *none = NULL;
	struct train_metrics m;
	struct train_hyper h;
	int64_t params[PARAMS_MAX], delta[PARAMS_MAX * 3];
	struct train_job job = {.params = params, .hyper = &h, .state = none};
	struct task t;

	(void)state;
	open_task(&t, &v);
	memset(params, 0, sizeof(params));
	job.task = &t;
	train_hyper_default(&h);
	h.proximal = 0.1;
	assert_int_equal(train_local(&job, delta, &m), -ENOTSUP);
	train_hyper_default(&h);
	h.shots = 10;
	assert_int_equal(t.ops->local_update(&job, delta, &m), -ENOTSUP);
	/* The bound holds for steps, not for energies. */
	train_hyper_default(&h);
	params[0] = 1 << 23;
	h.lr = h.lr_end = 10.0;
	h.bound = 1000;
	assert_int_equal(train_local(&job, delta, &m), 0);
	assert_true(delta[0] == 1000 || delta[0] == -1000);
	assert_true(llabs(delta[12]) > 1000 || llabs(delta[25]) > 1000);
	/* Angles beyond all bounds are not a number's fault. */
	params[0] = INT64_MAX;
	assert_int_equal(train_local(&job, delta, &m), 0);
	task_close(&t);
}

struct sampling {
	struct vqe_model m;
	struct noise_model noise;
	double theta[PARAMS_MAX], exact[PARAMS_MAX];
	double e;
	uint8_t seed[RNG_SEED_BYTES];
	struct vqe_sampled s;
};

static void
sampling_open(struct sampling *s)
{
	const struct vqe_spec v = spec_of(ising, VQE_HVA, 2);
	struct vqe_room room;
	char err[160];
	size_t i;

	memset(s, 0, sizeof(*s));
	assert_int_equal(vqe_model_open(&s->m, &v, err), 0);
	assert_int_equal(vqe_room_init(&room, 3), 0);
	for (i = 0; i < s->m.c.nparams; i++)
		s->theta[i] = 0.4 + 0.3 * (double)i;
	vqe_circuit_run(&s->m.c, s->theta, &room.psi);
	s->e = vqe_circuit_gradient(&s->m.c, &s->m.h.sum, s->theta, &room,
	    s->exact);
	vqe_room_close(&room);
	s->s = (struct vqe_sampled){.seed = s->seed,
	    .parts = &s->m.h.sum,
	    .nparts = 1,
	    .perturb = 0.05};
}

static void
sampling_close(struct sampling *s)
{
	noise_model_close(&s->noise);
	vqe_model_close(&s->m);
}

/* Depolarizing after every gate; qubits are read wrongly. */
static void
make_noise(struct sampling *s, double gates, double reading)
{
	const struct noise_rule rule = {.gate = ""};
	struct kraus k;
	uint32_t q;

	assert_int_equal(kraus_depolarizing(&k, 1, gates), 0);
	assert_int_equal(noise_model_add_channel(&s->noise, &k), 0);
	assert_int_equal(noise_model_add_rule(&s->noise, &rule), 0);
	assert_int_equal(noise_model_add_step(&s->noise,
			     (struct noise_step){0, NOISE_EACH}),
	    0);
	for (q = 0; q < 3; q++)
		s->noise.readout[q] = (struct readout){reading, 2 * reading};
	s->s.noise = &s->noise;
}

static void
test_values(void **state)
{
	double value, error, plain, sum = 0.0, squares = 0.0;
	struct sampling s;
	int i;

	(void)state;
	sampling_open(&s);
	assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta, &value,
			     NULL),
	    0);
	assert_true(fabs(value - s.e) < 1e-12);
	/* Shots: right on average, as often off as the error says. */
	s.s.shots = 1000;
	for (i = 0; i < 100; i++) {
		s.seed[0] = (uint8_t)i;
		assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta,
				     &value, &error),
		    0);
		sum += (value - s.e) / error;
		squares += (value - s.e) / error * (value - s.e) / error;
	}
	assert_true(fabs(sum) < 40.0 && squares > 60.0 && squares < 150.0);
	/* Reading that errs moves it; undone, it is exact. */
	s.s.shots = 0;
	make_noise(&s, 0.0, 0.03);
	assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta, &plain,
			     NULL),
	    0);
	assert_true(fabs(plain - s.e) > 0.02);
	s.s.undo_readout = true;
	assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta, &value,
			     NULL),
	    0);
	assert_true(fabs(value - s.e) < 1e-12);
	s.s.shots = 20000;
	assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta, &value,
			     &error),
	    0);
	assert_true(fabs(value - s.e) < 4.0 * error && error < 0.02);
	sampling_close(&s);
}

static void
test_extrapolated(void **state)
{
	double plain, value;
	struct sampling s;

	(void)state;
	sampling_open(&s);
	make_noise(&s, 0.004, 0.0);
	assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta, &plain,
			     NULL),
	    0);
	s.s.extrapolate = true;
	assert_int_equal(vqe_sampled_values(&s.s, &s.m.c, s.theta, &value,
			     NULL),
	    0);
	print_message("bias %.2e, extrapolated %.2e\n", plain - s.e,
	    value - s.e);
	assert_true(fabs(plain - s.e) > 0.02);
	assert_true(fabs(value - s.e) < 0.1 * fabs(plain - s.e));
	sampling_close(&s);
}

static void
test_gradients(void **state)
{
	double grad[PARAMS_MAX], mean[PARAMS_MAX] = {0.0};
	struct sampling s;
	size_t i, n;
	int k;

	(void)state;
	sampling_open(&s);
	n = s.m.c.nparams;
	assert_int_equal(vqe_sampled_gradients(&s.s, &s.m.c, s.theta, grad), 0);
	for (i = 0; i < n; i++)
		assert_true(fabs(grad[i] - s.exact[i]) < 1e-12);
	/* By parts they add up. */
	s.s.parts = s.m.parts;
	s.s.nparts = s.m.nparts;
	assert_int_equal(s.m.nparts, 2);
	assert_int_equal(vqe_sampled_gradients(&s.s, &s.m.c, s.theta, grad), 0);
	for (i = 0; i < n; i++)
		assert_true(fabs(grad[i] + grad[n + i] - s.exact[i]) < 1e-12);
	/* SPSA: unbiased but for h^2. */
	s.s.perturbations = 50;
	for (k = 0; k < 100; k++) {
		s.seed[0] = (uint8_t)k;
		assert_int_equal(vqe_sampled_gradients(&s.s, &s.m.c, s.theta,
				     grad),
		    0);
		for (i = 0; i < n; i++)
			mean[i] += (grad[i] + grad[n + i]) / 100.0;
	}
	for (i = 0; i < n; i++)
		assert_true(fabs(mean[i] - s.exact[i]) < 0.15);
	sampling_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shape),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_not_supported),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_extrapolated),
	    cmocka_unit_test(test_gradients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
