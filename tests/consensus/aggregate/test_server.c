/* The server's optimisers against the same formulas in double, and FedNova. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/pre.h"
#include "consensus/aggregate/server.h"

#define DIM 4
#define ROUNDS 200

static uint64_t rng = 88172645463325252u;

static double
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (double)(int64_t)(rng >> 11) / 0x1p52 - 1;
}

static int64_t
fixed(double x)
{
	return (int64_t)rint(x * 0x1p24);
}

static double
sign_of(double x)
{
	return x > 0 ? 1 : x < 0 ? -1 : 0;
}

struct reference {
	double rate, beta1, beta2, tau, m, v;
};

static double
reference_step(struct reference *r, uint8_t id, double d)
{
	double first = id == SERVER_FEDAVGM ? 1 : 1 - r->beta1;

	if (id == SERVER_FEDAVG)
		return r->rate * d;
	r->m = r->beta1 * r->m + first * d;
	if (id == SERVER_FEDAVGM)
		return r->rate * r->m;
	if (id == SERVER_FEDADAGRAD)
		r->v += d * d;
	else if (id == SERVER_FEDADAM)
		r->v = r->beta2 * r->v + (1 - r->beta2) * d * d;
	else
		r->v -= (1 - r->beta2) * d * d * sign_of(r->v - d * d);
	return r->rate * r->m / (sqrt(r->v) + r->tau);
}

/* One round of random d; the settings' betas and tau are those of r. */
static void
compare_round(const struct server_settings *s, struct reference *r,
    int64_t *moments)
{
	int64_t d[DIM], step[DIM];

	for (int j = 0; j < DIM; j++)
		d[j] = fixed(draw() * pow(10, -j));
	server_step(s, DIM, d, moments, step);
	for (int j = 0; j < DIM; j++) {
		double want =
		    reference_step(&r[j], s->id, (double)d[j] / 0x1p24);
		double off = fabs((double)step[j] / 0x1p24 - want);

		if (off > 2e-6 * fabs(want) + 2e-6)
			fail_msg("%s coordinate %d: %g, want %g",
			    server_find(s->id)->name, j,
			    (double)step[j] / 0x1p24, want);
	}
}

static void
as_in_the_paper(void **state)
{
	(void)state;
	for (size_t i = 0; server_at(i); i++) {
		struct server_settings s = {server_at(i)->id, fixed(0.5),
		    fixed(0.9), fixed(0.99), fixed(0.001)};
		double tau = (double)s.tau / 0x1p24;
		struct reference r[DIM];
		int64_t moments[2 * DIM];

		assert_int_equal(server_check(&s), 0);
		server_start(&s, DIM, moments);
		for (int j = 0; j < DIM; j++)
			r[j] = (struct reference){0.5, (double)s.beta1 / 0x1p24,
			    (double)s.beta2 / 0x1p24, tau, 0, tau * tau};
		for (int t = 0; t < ROUNDS; t++)
			compare_round(&s, r, moments);
	}
}

static void
by_hand(void **state)
{
	struct server_settings s = {SERVER_FEDAVGM, Q24_ONE, Q24_ONE / 2, 0, 1};
	int64_t m[1] = {7}, d[1] = {Q24_ONE}, step[1];

	(void)state;
	server_start(&s, 1, m);
	assert_int_equal(m[0], 0);
	server_step(&s, 1, d, m, step);
	assert_int_equal(step[0], Q24_ONE);
	server_step(&s, 1, d, m, step);
	assert_int_equal(step[0], Q24_ONE * 3 / 2);
	server_step(&s, 1, d, m, d); /* in place */
	assert_int_equal(d[0], Q24_ONE * 7 / 4);
	s = (struct server_settings){SERVER_FEDAVG, 3, 0, 0, 0};
	server_step(&s, 1, d, NULL, step);
	assert_int_equal(step[0], 5); /* 5.25 units of 2^-24 */
}

/* No input overflows; the sanitizers look. */
static void
saturates(void **state)
{
	(void)state;
	for (size_t i = 0; server_at(i); i++) {
		struct server_settings s = {server_at(i)->id, (int64_t)1 << 34,
		    Q24_ONE - 1, Q24_ONE - 1, 1};
		int64_t m[2 * 3], step[3];
		int64_t d[3] = {INT64_MAX, INT64_MIN, 1};

		assert_int_equal(server_check(&s), 0);
		server_start(&s, 3, m);
		for (int t = 0; t < 50; t++) {
			server_step(&s, 3, d, m, step);
			assert_true(step[0] > 0 && step[1] < 0);
			if (server_at(i)->nmoments == 2)
				assert_true(m[3] >= 0 && m[5] >= 0);
		}
	}
}

static void
refusals(void **state)
{
	struct server_settings good = {SERVER_FEDADAM, Q24_ONE, Q24_ONE / 2,
	    Q24_ONE / 2, 1000};
	struct server_settings s = good;

	(void)state;
	assert_int_equal(server_check(&s), 0);
	s.id = 0;
	assert_int_equal(server_check(&s), -EINVAL);
	s = good;
	s.rate = 0;
	assert_int_equal(server_check(&s), -EINVAL);
	s = good;
	s.beta1 = Q24_ONE;
	assert_int_equal(server_check(&s), -EINVAL);
	s = good;
	s.beta2 = -1;
	assert_int_equal(server_check(&s), -EINVAL);
	s = good;
	s.tau = 0;
	assert_int_equal(server_check(&s), -EINVAL);
	s.id = SERVER_FEDAVGM; /* has no use for tau */
	assert_int_equal(server_check(&s), 0);
	assert_ptr_equal(server_named("fedyogi"), server_find(SERVER_FEDYOGI));
	assert_null(server_named("sgd"));
}

/* 2 and 6 steps: the mean of the steps is 4. */
static void
nova_by_hand(void **state)
{
	int64_t a = 100, b = 300, y[2], *out[2] = {&y[0], &y[1]};
	const int64_t *rows[2] = {&a, &b};
	struct aggregate_input in = {.updates = rows, .n = 2, .dim = 1};
	uint32_t steps[2] = {2, 6}, weights[2] = {3, 1};

	(void)state;
	pre_nova(&in, steps, 10, 0, out);
	assert_int_equal(y[0], 200);
	assert_int_equal(y[1], 200);
	in.weights = weights; /* (3 2 + 6) / 4 = 3 */
	pre_nova(&in, steps, 10, 0, out);
	assert_int_equal(y[0], 150);
	assert_int_equal(y[1], 150);
	in.weights = NULL;
	pre_nova(&in, steps, 2, 0, out); /* 6 counts as 2 */
	assert_int_equal(y[0], 100);
	assert_int_equal(y[1], 300);
	steps[0] = 0; /* counts as 1; (1 + 6) / 2 */
	pre_nova(&in, steps, 10, 0, out);
	assert_int_equal(y[0], 350);
	pre_nova(&in, steps, 10, 120, out); /* never longer than the job's */
	assert_int_equal(y[0], 120);
	assert_int_equal(y[1], 120);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_in_the_paper),
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(saturates),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(nova_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
