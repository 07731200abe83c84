/* Jobs: what is accepted, sizes, the start model, frozen bytes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
	static const enum job_kind kinds[] = {JOB_VQC, JOB_LINEAR, JOB_QSVM,
	    JOB_QPCA, JOB_VQE};
	struct job j = sample_job();
	char err[256] = "", ham[] = "1 ZZ\n";
	size_t i;

	(void)state;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	j.combine.rule = JOB_TRIMMED_MEAN;
	j.combine.faults = 1;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	for (i = JOB_SERVER_ADD; i <= JOB_SERVER_YOGI; i++) {
		j.combine.server = (uint8_t)i;
		assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	}
	/* The defaults of every kind are a job. */
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		job_default(&j, kinds[i]);
		j.rounds = 3;
		if (kinds[i] == JOB_VQC || kinds[i] == JOB_VQE)
			j.main.qubits = 2;
		if (kinds[i] == JOB_VQE) {
			j.main.input = ham;
			j.main.nangles = 8;
		}
		assert_int_equal(job_sizes(&j, 3, 2), 0);
		if (job_check(&j, 100u << 20, err, sizeof(err)) != 0)
			fail_msg("%s: %s", job_kind_name((uint8_t)kinds[i]),
			    err);
	}
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
	BAD(main.kind, 0, "job.task");
	BAD(main.kind, 6, "job.task");
	BAD(main.encoding, 0, "job.encoding");
	BAD(main.encoding, JOB_OWN, "job.encoding"); /* without a text */
	BAD(main.encoding, JOB_OWN + 1, "job.encoding");
	BAD(main.encoding, JOB_REUPLOAD, "job.scales");
	BAD(main.ansatz, 0, "job.ansatz");
	BAD(main.ansatz, JOB_UCCSD, "job.ansatz");
	BAD(main.ansatz, JOB_CIRCUIT, "job.encoding");
	BAD(main.readout, 0, "job.readout");
	BAD(main.readout, JOB_PAULIS, "job.observables");
	BAD(main.qubits, 0, "job.qubits");
	BAD(main.qubits, 17, "job.qubits");
	BAD(main.layers, 0, "job.layers");
	BAD(main.layers, 513, "job.layers");
	BAD(main.dim, 0, "job.dim");
	BAD(main.dim, ANSWER_DIM_MAX + 1, "job.dim");
	BAD(main.nangles, 25, "job.angles");
	BAD(main.nangles, 0, "job.angles");
	BAD(main.loss, 0, "job.loss");
	BAD(main.head, 3, "job.head");
	BAD(main.start, 6, "job.start");
	BAD(main.map, 1, "job.map");
	BAD(main.landmarks, 1, "job.landmarks");
	BAD(main.components, 1, "job.components");
	BAD(main.parts, 2, "job.parts");
	BAD(rounds, 0, "job.rounds");
	BAD(rounds, 1000001, "job.rounds");
	BAD(update, 25, "job.dim");
	BAD(stage_rounds, 1, "stage.rounds");
	BAD(stage.kind, JOB_VQC, "stage.task");
	BAD(stage.dim, 1, "stage.task");
	BAD(control.kind, JOB_VQC, "control.task");
	BAD(local.steps, 0, "job.steps");
	BAD(local.epochs, 1, "job.steps"); /* not both */
	BAD(local.batch, 0, "job.batch");
	BAD(local.optimiser, 8, "job.optimiser");
	BAD(local.every, 1, "job.every");
	BAD(local.shots, 100, "job.gradient");
	BAD(local.gradient, 4, "job.gradient");
	BAD(combine.rule, 0, "job.rule");
	BAD(combine.rule, JOB_MEAMED + 1, "job.rule");
	BAD(combine.faults, 50, "job.faults");
	BAD(combine.pre[0], 5, "job.before");
	BAD(combine.pre[1], 1, "job.before"); /* a gap */
	BAD(combine.bucket, 0, "job.bucket");
	BAD(combine.server, 6, "job.server");
	BAD(combine.weighting, 0, "job.weighting");
	BAD(combine.weighting, 3, "job.weighting");
	BAD(combine.stragglers, 0, "job.stragglers");
	BAD(combine.stragglers, 3, "job.stragglers");
	BAD(combine.stragglers, JOB_CARRY, "job.carry_rounds"); /* none */
	BAD(combine.carry_rounds, 1, "job.carry_rounds");       /* dropped */
	BAD(patience, 1, "job.patience");           /* without validation */
	BAD(main.kind, JOB_LINEAR, "job.encoding"); /* leftovers of a vqc */
}

static void
test_decimals(void **state)
{
	static const struct decimal zero = {0, 0}, less = {-1, 0};
	static const struct decimal huge = {1, 30};
	struct job j;

	(void)state;
	BAD(main.init, less, "job.init");
	BAD(main.head_scale, zero, "job.head_scale");
	BAD(main.rate, zero, "job.rate");
	BAD(main.rate, huge, "job.rate");
	BAD(main.rate_last, less, "job.rate_last");
	j = sample_job();
	j.main.rate_last = (struct decimal){3, -2};
	expect(&j, 4, "job.rate_last");
	BAD(main.noise, j.main.rate, "job.noise");
	BAD(local.beta, j.bound, "job.momentum");
	BAD(local.prox, less, "job.prox");
	BAD(combine.participation, zero, "job.participation");
	BAD(combine.server_tau, zero, "job.server_tau");
	BAD(validation, j.bound, "job.validation");
	BAD(clip, zero, "job.clip");
	BAD(clip, huge, "job.clip");
	BAD(bound, zero, "job.bound");
	BAD(bound, huge, "job.bound");
	j = sample_job();
	j.combine.rule = JOB_TRIMMED_MEAN;
	j.combine.weighting = JOB_REGISTERED;
	expect(&j, 4, "job.weighting");
}

static void
test_texts(void **state)
{
	char good[] = "OPENQASM 3.0;\n\nqubit[2] q;\n", twice[] = "a\n\n";
	char open[] = "no end", bell[] = "a\a\n";
	struct job j = sample_job(), copy;

	(void)state;
	assert_true(job_text_ok(good));
	assert_false(job_text_ok(twice));
	assert_false(job_text_ok(open));
	assert_false(job_text_ok(bell));
	assert_false(job_text_ok(""));
	BAD(main.circuit, good, "job.circuit"); /* with a template */
	BAD(main.input, good, "job.landmark_rows");
	BAD(main.class_weights, open, "job.class_weights");
	BAD(local.noise, open, "job.noise_model");
	j = sample_job();
	j.main.class_weights = good;
	assert_int_equal(job_copy(&copy, &j), 0);
	assert_string_equal(copy.main.class_weights, good);
	assert_ptr_not_equal(copy.main.class_weights, good);
	job_close(&copy);
	assert_null(copy.main.class_weights);
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

	(void)state;
	assert_int_equal(job_sizes(&j, 2, 3), 0);
	assert_int_equal(j.dim, 24);
	assert_int_equal(j.update, 24);
	assert_int_equal(j.main.nangles, 12);
	assert_int_equal(job_sizes(&j, 2, 1), -EINVAL);
	assert_int_equal(job_sizes(&j, 0, 2), -EINVAL);
	/* The digits: 64 columns on 6 qubits, 10 classes, 8 layers. */
	j.main.encoding = JOB_AMPLITUDE;
	j.main.qubits = 6;
	j.main.layers = 8;
	assert_int_equal(job_sizes(&j, 64, 10), 0);
	assert_int_equal(j.main.nangles, 144);
	assert_int_equal(j.dim, 144 + 10 * 22);
	assert_int_equal(job_sizes(&j, 65, 10), -EINVAL);
	j.main.readout = JOB_Z;
	j.main.ansatz = JOB_HARDWARE_EFFICIENT;
	assert_int_equal(job_sizes(&j, 64, 10), 0);
	assert_int_equal(j.main.nangles, 96);
	assert_int_equal(j.dim, 96 + 10 * 7);
	j.main.head = JOB_HEAD_DIRECT;
	assert_int_equal(job_sizes(&j, 64, 6), 0);
	assert_int_equal(j.dim, 96);
	job_task_default(&j.main, JOB_LINEAR);
	assert_int_equal(job_sizes(&j, 64, 10), 0);
	assert_int_equal(j.main.nangles, 0);
	assert_int_equal(j.dim, 650);
	assert_int_equal(job_sizes(&j, 4096, 256), -EINVAL);
	assert_int_equal(job_sizes(&j, 64, 0), 0); /* a number */
	assert_int_equal(j.dim, 65);
	job_task_default(&j.main, JOB_QSVM);
	assert_int_equal(job_sizes(&j, 4, 3), 0);
	assert_int_equal(j.dim, 3 * 33);
	job_task_default(&j.main, JOB_VQE);
	j.main.nangles = 8;
	assert_int_equal(job_sizes(&j, 0, 0), 0);
	assert_int_equal(j.dim, 10);
	assert_int_equal(j.update, 9 * 9);
}

/* qpca(2) -> vqc, a linear control arm and SCAFFOLD. */
static void
test_segments(void **state)
{
	struct job j = sample_job();
	struct job_segment s[JOB_SEGMENTS_MAX];
	char err[256] = "";

	(void)state;
	job_task_default(&j.stage, JOB_QPCA);
	job_task_default(&j.control, JOB_LINEAR);
	j.stage_rounds = 2;
	j.local.scaffold = true;
	assert_int_equal(job_sizes(&j, 5, 3), 0);
	if (job_check(&j, 4, err, sizeof(err)) != 0)
		fail_msg("%s", err);
	assert_int_equal(job_segments(&j, s), 4);
	assert_int_equal(s[0].dim, 15);
	assert_int_equal(s[0].role, JOB_STAGE);
	assert_int_equal(s[1].first, 15);
	assert_int_equal(s[1].dim, 24); /* of two components */
	assert_int_equal(s[2].first, 39);
	assert_int_equal(s[2].dim, 3 * 6);
	assert_int_equal(s[3].first, 57);
	assert_int_equal(s[3].dim, 24);
	assert_true(s[3].variates);
	assert_int_equal(j.dim, 81);
	assert_true(job_active(&j, &s[0], 1));
	assert_false(job_active(&j, &s[0], 2));
	assert_false(job_active(&j, &s[1], 1));
	assert_true(job_active(&j, &s[2], 2));
	j.stage.components = 6;
	assert_int_equal(job_sizes(&j, 5, 3), -EINVAL);
}

/* Late updates: which jobs may have them, and a byte more only with them. */
static void
test_carry(void **state)
{
	struct job j = sample_job(), back;
	struct bytes_writer dropped = BYTES_WRITER_INIT;
	struct bytes_writer carried = BYTES_WRITER_INIT;
	struct bytes_reader r;
	char err[256] = "";

	(void)state;
	job_put(&dropped, &j);
	j.combine.stragglers = JOB_CARRY;
	j.combine.carry_rounds = JOB_CARRY_MAX;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	job_put(&carried, &j);
	assert_int_equal(carried.len, dropped.len + 1);
	r = bytes_reader_of(carried.data, carried.len);
	job_get(&r, &back);
	assert_true(bytes_reader_done(&r));
	assert_int_equal(back.combine.carry_rounds, JOB_CARRY_MAX);
	job_close(&back);
	bytes_writer_close(&dropped);
	bytes_writer_close(&carried);

	j.combine.carry_rounds = JOB_CARRY_MAX + 1;
	expect(&j, 4, "job.carry_rounds");
	j.combine.carry_rounds = 1;
	j.local.nova = true;
	assert_int_equal(job_check(&j, 4, err, sizeof(err)), 0);
	j.local.nova = false;
	j.local.scaffold = true;
	assert_int_equal(job_sizes(&j, 2, 3), 0);
	expect(&j, 4, "job.stragglers: want drop: what a job with scaffold");
	j.local.scaffold = false;
	job_task_default(&j.stage, JOB_QPCA);
	j.stage_rounds = 2;
	j.rounds = 9;
	assert_int_equal(job_sizes(&j, 5, 3), 0);
	expect(&j, 4, "job.stragglers: want drop: what a job with a stage");
	job_default(&j, JOB_QPCA);
	j.rounds = 3;
	j.combine.stragglers = JOB_CARRY;
	j.combine.carry_rounds = 1;
	assert_int_equal(job_sizes(&j, 5, 3), 0);
	expect(&j, 4, "job.stragglers: want drop: what a qpca");
}

static void
test_faults(void **state)
{
	struct job j = sample_job();

	(void)state;
	assert_int_equal(job_faults(&j, 1), 0);
	assert_int_equal(job_faults(&j, 3), 0);
	assert_int_equal(job_faults(&j, 4), 1);
	assert_int_equal(job_faults(&j, 7), 2);
	j.combine.faults = 3;
	assert_int_equal(job_faults(&j, 4), 3);
}

static void
test_start_model(void **state)
{
	struct job j = sample_job();
	int64_t model[24], again[24], init;
	size_t i, nonzero = 0;

	(void)state;
	assert_int_equal(decimal_q24(&j.main.init, &init), 0);
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

/* A model to start from stands in the job, under its hash, in every copy. */
static void
test_warm_start(void **state)
{
	struct job j = sample_job(), back;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	char text[24 * 16] = "", err[200];
	int64_t model[24], got[24];
	size_t i, at = 0;

	(void)state;
	assert_int_equal(j.dim, 24);
	for (i = 0; i < 24; i++) {
		model[i] = (int64_t)(i * 7919) - 60000;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%lld\n",
		    (long long)model[i]);
	}
	assert_int_equal(job_check_start(&j, err, sizeof(err)), 0);
	j.start = q24_hash("qml.model", model, 24);
	assert_int_equal(job_check_start(&j, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "job.start_params: is missing"));
	j.start_params = text;
	assert_int_equal(job_check_start(&j, err, sizeof(err)), 0);
	job_put(&w, &j);
	r = bytes_reader_of(w.data, w.len);
	job_get(&r, &back);
	assert_true(bytes_reader_done(&r));
	job_start_model(&back, got);
	assert_memory_equal(model, got, sizeof(model));
	job_close(&back);
	assert_int_equal(job_copy(&back, &j), 0);
	assert_true(back.start_params != text);
	back.start_params[0] = '1'; /* not a minus: another number */
	assert_int_equal(job_check_start(&back, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "another model's"));
	back.dim = 23;
	assert_int_equal(job_check_start(&back, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "want the 23 integers"));
	back.dim = 25;
	assert_int_equal(job_check_start(&back, err, sizeof(err)), -EINVAL);
	job_close(&back);
	bytes_writer_close(&w);
}

/* The other starts: their shape, and that a normal one is as wide as said. */
static void
test_starts(void **state)
{
	struct job j = sample_job();
	int64_t m[3 * 8 * 40] = {0};
	double sum = 0, square = 0, x;
	size_t i, n;

	(void)state;
	j.main.head = JOB_HEAD_DIRECT;
	j.main.readout = JOB_Z;
	j.main.start = JOB_IDENTITY;
	assert_int_equal(job_sizes(&j, 2, 2), 0);
	job_start_model(&j, m);
	for (i = 0; i < 6; i++)
		assert_true(m[6 + i] == -m[5 - i] && m[i] != 0);
	j.main.start = JOB_LAYERWISE;
	job_start_model(&j, m);
	for (i = 6; i < 12; i++)
		assert_true(m[i] == 0 && m[i - 6] != 0);
	j.main.start = JOB_ZERO;
	job_start_model(&j, m);
	for (i = 0; i < 12; i++)
		assert_true(m[i] == 0);
	j.main.start = JOB_NORMAL;
	j.main.init = (struct decimal){1, 0};
	j.main.qubits = 8;
	j.main.layers = 40;
	assert_int_equal(job_sizes(&j, 2, 2), 0);
	n = j.main.nangles;
	job_start_model(&j, m);
	for (i = 0; i < n; i++) {
		x = q24_to_double(m[i]);
		sum += x;
		square += x * x;
	}
	/* 960 numbers: their deviation is 1 within 4 standard errors. */
	assert_true(square / (double)n > 0.82 && square / (double)n < 1.18);
	assert_true(sum / (double)n > -0.13 && sum / (double)n < 0.13);
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
		job_close(&back);
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
	job_close(&back);
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
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_segments),
	    cmocka_unit_test(test_carry),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_start_model),
	    cmocka_unit_test(test_warm_start),
	    cmocka_unit_test(test_starts),
	    cmocka_unit_test(test_codec),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
