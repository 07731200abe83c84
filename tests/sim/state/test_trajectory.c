/* Trajectories: their mean is the mixture; bits do not depend on threads. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/observable/pauli.h"
#include "sim/state/mixture.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/pool.h"
#include "sim/state/trajectory.h"

#define RUNS 4000
#define CASES 8
/* Of 8 x 5 estimates none should be off by 5 standard errors; 6e-7 each. */
#define SIGMAS 5.0

static struct pauli_term terms[5] = {{0, 1, 1.0}, {0, 7, 1.0}, {3, 0, 1.0},
    {2, 6, 1.0}, {1, 5, -0.5}};
static struct pauli_sum sums[5] = {{&terms[0], 1}, {&terms[1], 1},
    {&terms[2], 1}, {&terms[3], 1}, {&terms[4], 1}};

static void
rotate(struct program *p, enum program_gate gate, double a, uint32_t q)
{
	struct program_angle angle = {.offset = a};
	struct program_op op = {.gate = gate, .ntargets = 1};

	op.angle0 = (uint32_t)program_add_angle(p, &angle, NULL);
	assert_int_equal(program_add_gate(p, &op, &q), 0);
}

static void
cx(struct program *p, uint32_t c, uint32_t t)
{
	struct program_op op = {.gate = PROGRAM_X,
	    .ncontrols = 1,
	    .ntargets = 1,
	    .when = 1};
	uint32_t qubits[2] = {c, t};

	assert_int_equal(program_add_gate(p, &op, qubits), 0);
}

/* Random rotations; in the middle a measurement, a gate that depends on it and
 * a reset; measurements of all at the end. */
static void
random_program(struct program *p, struct rng *r)
{
	uint32_t i, q, jump;
	int cond;

	*p = (struct program)PROGRAM_INIT;
	assert_int_equal(program_add_register(p, "q", 3, true), 0);
	assert_int_equal(program_add_register(p, "c", 4, false), 0);
	for (i = 0; i < 12; i++) {
		q = (uint32_t)rng_below(r, 3);
		rotate(p, PROGRAM_RY, 6 * shots_uniform(r), q);
		rotate(p, PROGRAM_RZ, 6 * shots_uniform(r), (q + 1) % 3);
		cx(p, q, (q + 1) % 3);
		if (i == 4) {
			assert_int_equal(program_add_measure(p, q, 3), 0);
			cond = program_add_cond(p,
			    (struct program_cond){PROGRAM_BIT, 3, 0});
			assert_true(cond >= 0);
			jump = (uint32_t)program_add_jump_unless(p,
			    (uint32_t)cond);
			rotate(p, PROGRAM_RX, 1.3, (q + 2) % 3);
			program_land(p, jump);
		}
		if (i == 8)
			assert_int_equal(program_add_reset(p, q), 0);
	}
	for (q = 0; q < 3; q++)
		assert_int_equal(program_add_measure(p, q, q), 0);
}

static void
add(struct noise_model *m, const char *gate, uint32_t arity, struct kraus *c)
{
	struct noise_rule rule = {.arity = arity};
	int rc;

	strncpy(rule.gate, gate, sizeof(rule.gate) - 1);
	assert_int_equal(noise_model_add_rule(m, &rule), 0);
	rc = noise_model_add_channel(m, c);
	assert_true(rc >= 0);
	assert_int_equal(noise_model_add_step(m,
			     (struct noise_step){(uint32_t)rc, NOISE_EACH}),
	    0);
}

static void
make_noise(struct noise_model *m)
{
	struct kraus_thermal t = {.t1 = 1.0,
	    .t2 = 1.2,
	    .time = 0.1,
	    .excited = 0.1};
	struct kraus c;
	uint32_t q;

	*m = (struct noise_model)NOISE_MODEL_INIT;
	assert_int_equal(kraus_depolarizing(&c, 2, 0.08), 0);
	add(m, "cx", 0, &c);
	assert_int_equal(kraus_thermal(&c, &t), 0);
	add(m, "", 1, &c);
	assert_int_equal(kraus_amplitude_damping(&c, 0.2), 0);
	add(m, "rz", 0, &c);
	assert_int_equal(kraus_bit_flip(&c, 0.1), 0);
	add(m, "measure", 0, &c);
	for (q = 0; q < 3; q++) {
		m->readout[q] = (struct readout){0.03, 0.08};
		m->idle[q] = (struct noise_idle){2.0, 1.0, 0.0};
	}
	m->rules[0].time = 0.05;
	m->rules[1].time = 0.02;
}

static void
check_estimates(const struct trajectory *t, const struct mixture *m)
{
	size_t k;

	for (k = 0; k < 5; k++) {
		double want = density_expect(&sums[k], &m->density);
		const struct estimate *e = &t->estimates[k];

		if (fabs(e->mean - want) > SIGMAS * e->error)
			fail_msg("%zu: %g, want %g, %g standard errors", k,
			    e->mean, want, fabs(e->mean - want) / e->error);
		assert_true(e->error > 0.0 && e->error < 2 / sqrt(RUNS));
	}
}

/* Each outcome within SIGMAS of its share. */
static void
check_counts(const struct counts *c, const struct outcomes *o)
{
	size_t i, k = 0;

	assert_int_equal(c->total, RUNS);
	assert_int_equal(c->nbits, 4);
	for (i = 0; i < o->n; i++) {
		double p = o->items[i].p, n = 0.0;
		double sigma = sqrt(RUNS * p * (1 - p));

		if (k < c->n && c->items[k].bits == o->items[i].bits)
			n = (double)c->items[k++].n;
		if (fabs(n - RUNS * p) > SIGMAS * sigma + 1)
			fail_msg("outcome %zu: %g, want %g", i, n, RUNS * p);
	}
	assert_int_equal(k, c->n); /* and nothing else */
}

static void
test_mean(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {1};
	struct noise_model noise;
	struct noisy_plan plan;
	struct trajectory t;
	struct mixture m;
	struct program p;
	struct rng r;
	uint32_t i;

	(void)state;
	make_noise(&noise);
	for (i = 0; i < CASES; i++) {
		struct trajectory_wish wish = {.runs = RUNS,
		    .seed = seed,
		    .observables = sums,
		    .nobservables = 5,
		    .counts = true};

		rng_init(&r, seed, 1000 + i);
		random_program(&p, &r);
		assert_int_equal(noisy_plan_init(&plan, &p, &noise), 0);
		assert_true(plan.nown > 0); /* somebody waited */
		assert_int_equal(mixture_run(&m, &plan, NULL), 0);
		assert_true(fabs(density_trace(&m.density) - 1) < 1e-12);
		seed[1] = (uint8_t)i;
		assert_int_equal(trajectory_run(&t, &plan, &wish), 0);
		check_estimates(&t, &m);
		check_counts(&t.counts, &m.outcomes);
		trajectory_close(&t);
		mixture_close(&m);
		noisy_plan_close(&plan);
		program_close(&p);
	}
	noise_model_close(&noise);
}

static void
test_threads(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {2};
	struct trajectory_wish wish = {.runs = 203,
	    .seed = seed,
	    .observables = sums,
	    .nobservables = 5,
	    .counts = true};
	struct trajectory one, many;
	struct noise_model noise;
	struct noisy_plan plan;
	struct program p;
	struct pool *pool;
	struct rng r;
	size_t n;

	(void)state;
	make_noise(&noise);
	rng_init(&r, seed, 0);
	random_program(&p, &r);
	assert_int_equal(noisy_plan_init(&plan, &p, &noise), 0);
	assert_int_equal(trajectory_run(&one, &plan, &wish), 0);
	for (n = 1; n <= 3; n++) {
		assert_int_equal(pool_new(&pool, n), 0);
		wish.pool = pool;
		assert_int_equal(trajectory_run(&many, &plan, &wish), 0);
		assert_memory_equal(many.estimates, one.estimates,
		    5 * sizeof(*one.estimates));
		assert_int_equal(many.counts.n, one.counts.n);
		assert_memory_equal(many.counts.items, one.counts.items,
		    one.counts.n * sizeof(*one.counts.items));
		trajectory_close(&many);
		pool_free(pool);
	}
	wish.pool = NULL;
	seed[0]++;
	assert_int_equal(trajectory_run(&many, &plan, &wish), 0);
	assert_true(many.estimates[0].mean != one.estimates[0].mean);
	trajectory_close(&many);
	trajectory_close(&one);
	noisy_plan_close(&plan);
	program_close(&p);
	noise_model_close(&noise);
}

static void
test_refusals(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {0};
	struct vector_room room = {.bytes_max = 64};
	struct trajectory_wish wish = {.seed = seed};
	struct program p = PROGRAM_INIT;
	struct noisy_plan plan;
	struct trajectory t;

	(void)state;
	assert_int_equal(program_add_register(&p, "q", 6, true), 0);
	assert_int_equal(noisy_plan_init(&plan, &p, NULL), 0);
	assert_int_equal(trajectory_run(&t, &plan, &wish), -EINVAL);
	wish.runs = 1;
	wish.room = &room;
	assert_int_equal(trajectory_run(&t, &plan, &wish), -EFBIG);
	wish.room = NULL;
	assert_int_equal(trajectory_run(&t, &plan, &wish), 0);
	trajectory_close(&t);
	noisy_plan_close(&plan);
	program_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mean),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("trajectory", tests, NULL, NULL);
}
