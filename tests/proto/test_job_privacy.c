/* Privacy of a job: what is accepted, and what its updates must claim. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/q24.h"
#include "tests/proto/founders.h"

static struct job
private_job(void)
{
	struct job j = sample_job();

	j.privacy = (struct job_privacy){.noise = {12, -1},
	    .rate = {5, -2},
	    .clip = {1, 0},
	    .min_rows = 50};
	return j;
}

static void
expect(const struct job *j, const char *begin)
{
	char err[256] = "";

	assert_int_equal(job_check(j, 4, err, sizeof(err)), -EINVAL);
	if (strncmp(err, begin, strlen(begin)) != 0)
		fail_msg("'%s' does not begin with '%s'", err, begin);
}

#define BAD(begin, ...)            \
	do {                       \
		j = private_job(); \
		j.__VA_ARGS__;     \
		expect(&j, begin); \
	} while (0)

static void
test_numbers(void **state)
{
	struct job j = private_job();
	char err[256];

	(void)state;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	BAD("privacy.noise:", privacy.noise = (struct decimal){29, -2});
	BAD("privacy.noise:", privacy.noise = (struct decimal){-1, 0});
	BAD("privacy.noise:", privacy.noise = (struct decimal){12345, -4});
	BAD("privacy.noise:", privacy.noise = (struct decimal){1, 30});
	BAD("privacy.rate:", privacy.rate = (struct decimal){0, 0});
	BAD("privacy.rate:", privacy.rate = (struct decimal){2, 0});
	BAD("privacy.rate:", privacy.rate = (struct decimal){-5, -2});
	BAD("privacy.rate:", privacy.rate = (struct decimal){1, -10});
	BAD("privacy.clip:", privacy.clip = (struct decimal){0, 0});
	BAD("privacy.clip:", privacy.clip = (struct decimal){1, -4});
	/* 1.2 times 13.4 is above 16. */
	BAD("privacy.clip:", privacy.clip = (struct decimal){134, -1});
	BAD("privacy.clip:", privacy.clip = (struct decimal){1, 60});
	BAD("privacy.min_rows:", privacy.min_rows = 0);
	BAD("privacy.min_rows:", privacy.min_rows = 1000001);
	/* 20000 x 100 steps. */
	BAD("privacy.rate:", local.epochs = 10000, j.local.steps = 0,
	    j.privacy.rate = (struct decimal){5, -3});
	/* Left over without noise. */
	BAD("privacy.rate:", privacy.noise = (struct decimal){0, 0});
	BAD("privacy.clip:",
	    privacy.noise = j.privacy.rate = (struct decimal){0, 0});
	j = sample_job();
	j.privacy.min_rows = 9;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
}

/* Whatever would say something of rows that the noise does not hide. */
static void
test_settings(void **state)
{
	struct job j = private_job();
	char noise[] = "depolarizing: 0.01\n", err[256];

	(void)state;
	BAD("privacy.noise: want job.optimiser", local.optimiser = JOB_NATURAL);
	BAD("privacy.noise: want job.optimiser", local.optimiser = JOB_SPSA);
	BAD("privacy.noise: want job.gradient", local.gradient = JOB_SHIFT);
	BAD("privacy.noise: want job.gradient", local.gradient = JOB_SHIFT,
	    j.local.noise = noise);
	BAD("privacy.rate: want job.order", local.order = JOB_FILE_ORDER);
	BAD("privacy.noise: want job.validation",
	    validation = (struct decimal){1, -1});
	job_default(&j, JOB_QPCA);
	j.rounds = 3;
	j.privacy = private_job().privacy;
	assert_int_equal(job_sizes(&j, 3, 0), 0);
	expect(&j, "privacy.noise: a qpca");
	j = private_job();
	job_task_default(&j.stage, JOB_QPCA);
	j.stage_rounds = 1;
	j.rounds = 3;
	assert_int_equal(job_sizes(&j, 4, 2), 0);
	expect(&j, "privacy.noise: a qpca");
	for (unsigned k = JOB_LINEAR; k <= JOB_QSVM; k++) {
		job_default(&j, (enum job_kind)k);
		j.rounds = 3;
		j.privacy = private_job().privacy;
		assert_int_equal(job_sizes(&j, 3, 2), 0);
		assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	}
}

static void
test_claim(void **state)
{
	struct job j = private_job();
	struct privacy_claim c = job_claim(&j), back;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;

	(void)state;
	assert_int_equal(c.mechanism, PRIVACY_SAMPLED_GAUSSIAN);
	assert_int_equal(c.q_ppb, 50000000);
	assert_int_equal(c.sigma_milli, 1200);
	assert_int_equal(c.steps, j.local.steps);
	assert_int_equal(c.clip_q24, Q24_ONE);
	/* The control arm sees the same rows once more. */
	job_task_default(&j.control, JOB_LINEAR);
	assert_int_equal(job_claim(&j).steps, 2 * j.local.steps);
	assert_int_equal(job_private_steps(&j), j.local.steps);
	/* A row is seen once an epoch, as is to be expected: 1 / 0.03 up. */
	j.local.epochs = 3;
	j.local.steps = 0;
	j.privacy.rate = (struct decimal){3, -2};
	assert_int_equal(job_private_steps(&j), 3 * 34);
	privacy_claim_put(&w, &c);
	assert_int_equal(w.len, 21);
	r = bytes_reader_of(w.data, w.len);
	privacy_claim_get(&r, &back);
	assert_true(bytes_reader_done(&r));
	assert_true(privacy_claim_equal(&c, &back));
	back.steps++;
	assert_false(privacy_claim_equal(&c, &back));
	bytes_writer_close(&w);
	j = sample_job();
	c = job_claim(&j);
	assert_true(
	    privacy_claim_equal(&c, &(struct privacy_claim){.steps = 0}));
	assert_int_equal(job_private_steps(&j), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
