/* Jobs: what is accepted, sizes, the start model, frozen bytes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/answer.h"
#include "proto/q24.h"
#include "tests/proto/founders.h"

static void
expect(const struct job *j, uint32_t weights, const char *word)
{
	char err[256] = "";

	assert_int_equal(job_check(j, weights, err, sizeof(err)), -EINVAL);
	if (strstr(err, word) == NULL)
		fail_msg("'%s' does not name '%s'", err, word);
}

static void
test_good(void **state)
{
	struct job j = sample_job();
	char err[256];

	(void)state;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	j.rule = JOB_TRIMMED_MEAN;
	j.trim = 1;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	j = sample_job();
	j.task = JOB_LINEAR;
	j.encoding = j.ansatz = j.readout = j.qubits = 0;
	j.layers = 0;
	j.nangles = 0;
	assert_int_equal(job_check(&j, 100u << 20, err, sizeof(err)), 0);
}

#define BAD(field, value, word)      \
	do {                         \
		j = sample_job();    \
		j.field = (value);   \
		expect(&j, 4, word); \
	} while (0)

static void
test_ranges(void **state)
{
	struct job j;

	(void)state;
	BAD(task, 0, "job.task");
	BAD(task, 3, "job.task");
	BAD(encoding, 0, "job.encoding");
	BAD(encoding, 3, "job.encoding");
	BAD(ansatz, 0, "job.ansatz");
	BAD(ansatz, 3, "job.ansatz");
	BAD(readout, 0, "job.readout");
	BAD(readout, 3, "job.readout");
	BAD(qubits, 0, "job.qubits");
	BAD(qubits, 17, "job.qubits");
	BAD(layers, 0, "job.layers");
	BAD(layers, 513, "job.layers");
	BAD(dim, 0, "job.dim");
	BAD(dim, ANSWER_DIM_MAX + 1, "job.dim");
	BAD(nangles, 25, "job.nangles");
	BAD(nangles, 0, "job.nangles");
	BAD(rounds, 0, "job.rounds");
	BAD(rounds, 1000001, "job.rounds");
	BAD(steps, 0, "job.steps");
	BAD(batch, 0, "job.batch");
	BAD(rule, 0, "job.rule");
	BAD(rule, 3, "job.rule");
	BAD(trim, 1, "job.trim");
	BAD(weighting, 0, "job.weighting");
	BAD(weighting, 3, "job.weighting");
	BAD(rule, JOB_TRIMMED_MEAN, "job.trim");
	BAD(task, JOB_LINEAR, "job.encoding"); /* leftovers of a vqc */
}

static void
test_decimals(void **state)
{
	static const struct decimal zero = {0, 0}, less = {-1, 0};
	static const struct decimal huge = {1, 30};
	struct job j;

	(void)state;
	BAD(init, less, "job.init");
	BAD(head_scale, zero, "job.head_scale");
	BAD(rate, zero, "job.rate");
	BAD(rate, huge, "job.rate");
	BAD(rate_last, less, "job.rate_last");
	j = sample_job();
	j.rate_last = (struct decimal){3, -2};
	expect(&j, 4, "job.rate_last");
	BAD(clip, zero, "job.clip");
	BAD(clip, huge, "job.clip");
	BAD(bound, zero, "job.bound");
	BAD(bound, huge, "job.bound");
	j = sample_job();
	j.rule = JOB_TRIMMED_MEAN;
	j.trim = 1;
	j.weighting = JOB_REGISTERED;
	expect(&j, 4, "job.weighting");
}

/* The largest bound that is accepted cannot overflow, the next is refused. */
static void
test_overflow(void **state)
{
	struct job j = sample_job();
	char err[256];

	(void)state;
	j.bound = (struct decimal){274877, 0}; /* 2^38 = 274877906944 */
	j.rounds = 1000000;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	j.bound = (struct decimal){274878, 0};
	expect(&j, 4, "job.bound");
	j.rounds = 1;
	assert_int_equal(job_check(&j, 1000000, err, sizeof(err)), -EINVAL);
	j.bound = (struct decimal){274877, 0};
	assert_int_equal(job_check(&j, 1000000, err, sizeof(err)), 0);
}

static void
test_sizes(void **state)
{
	struct job j = sample_job();
	uint32_t dim = 0, nangles = 0;

	(void)state;
	assert_int_equal(job_sizes(&j, 2, 3, &dim, &nangles), 0);
	assert_int_equal(dim, 24);
	assert_int_equal(nangles, 12);
	assert_int_equal(job_sizes(&j, 3, 3, &dim, &nangles), -EINVAL);
	assert_int_equal(job_sizes(&j, 2, 1, &dim, &nangles), -EINVAL);
	assert_int_equal(job_sizes(&j, 0, 2, &dim, &nangles), -EINVAL);
	/* The digits: 64 columns on 6 qubits, 10 classes, 8 layers. */
	j.encoding = JOB_AMPLITUDE;
	j.qubits = 6;
	j.layers = 8;
	assert_int_equal(job_sizes(&j, 64, 10, &dim, &nangles), 0);
	assert_int_equal(nangles, 144);
	assert_int_equal(dim, 144 + 10 * 22);
	assert_int_equal(job_sizes(&j, 65, 10, &dim, &nangles), -EINVAL);
	j.readout = JOB_Z;
	j.ansatz = JOB_HARDWARE_EFFICIENT;
	assert_int_equal(job_sizes(&j, 64, 10, &dim, &nangles), 0);
	assert_int_equal(nangles, 96);
	assert_int_equal(dim, 96 + 10 * 7);
	j.task = JOB_LINEAR;
	assert_int_equal(job_sizes(&j, 64, 10, &dim, &nangles), 0);
	assert_int_equal(nangles, 0);
	assert_int_equal(dim, 650);
	assert_int_equal(job_sizes(&j, 4096, 256, &dim, &nangles), -EINVAL);
}

static void
test_start_model(void **state)
{
	struct job j = sample_job();
	int64_t model[24], again[24], init;
	size_t i, nonzero = 0;

	(void)state;
	assert_int_equal(decimal_q24(&j.init, &init), 0);
	memset(model, 0xee, sizeof(model));
	job_start_model(&j, model);
	for (i = 0; i < 12; i++) {
		assert_true(model[i] >= -init && model[i] <= init);
		nonzero += model[i] != 0;
	}
	assert_true(nonzero > 8);
	for (; i < 24; i++)
		assert_true(model[i] == 0);
	job_start_model(&j, again);
	assert_memory_equal(model, again, sizeof(model));
	j.seed.b[31] ^= 1;
	job_start_model(&j, again);
	assert_memory_not_equal(model, again, sizeof(model));
}

static void
test_codec(void **state)
{
	struct job j = sample_job(), back;
	struct bytes_writer w = BYTES_WRITER_INIT, v = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct hash h = job_hash(&j), g;
	size_t i;

	(void)state;
	job_put(&w, &j);
	assert_int_equal(w.error, 0);
	g = hash_bytes("qml.job", w.data, w.len);
	assert_true(hash_equal(&h, &g));
	for (i = 0; i < w.len; i++) {
		r = bytes_reader_of(w.data, i);
		job_get(&r, &back);
		assert_false(bytes_reader_done(&r));
	}
	r = bytes_reader_of(w.data, w.len);
	job_get(&r, &back);
	assert_true(bytes_reader_done(&r));
	job_put(&v, &back);
	assert_int_equal(v.len, w.len);
	assert_memory_equal(v.data, w.data, w.len);
	/* Every byte counts. */
	for (i = 0; i < w.len; i++) {
		w.data[i] ^= 1;
		g = hash_bytes("qml.job", w.data, w.len);
		assert_false(hash_equal(&h, &g));
		w.data[i] ^= 1;
	}
	bytes_writer_close(&w);
	bytes_writer_close(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_decimals),
	    cmocka_unit_test(test_overflow),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_start_model),
	    cmocka_unit_test(test_codec),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
