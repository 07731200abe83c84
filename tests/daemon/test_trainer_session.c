#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/trainer/asset.h"
#include "daemon/trainer/session.h"
#include "proto/answer.h"
#include "proto/merkle.h"
#include "proto/q24.h"
#include "tests/daemon/trainer_fixture.h"

#define WINE "tests/data/datasets/wine.csv"

static struct federation fed;
static const uint8_t salt[ASSET_SALT_LEN] = {1, 2, 3};

static int
setup(void **state)
{
	(void)state;
	fed = fixture_federation(WINE, 4, 2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	federation_close(&fed);
	return 0;
}

static void
open_wine(struct session *s, const struct federation *f)
{
	struct session_source source = {.data = WINE, .salt = salt};
	char err[TABLE_ERR_LEN];

	assert_int_equal(session_open(s, f, &source, NULL, err), 0);
}

static struct trainwire_model
start(const struct federation *f, uint64_t round, uint16_t member)
{
	struct trainwire_model m = {.round = round,
	    .member = member,
	    .dim = f->job.dim};

	m.model = calloc(m.dim, sizeof(*m.model));
	assert_non_null(m.model);
	job_start_model(&f->job, m.model);
	return m;
}

static struct hash
payload(struct session *s, uint64_t round, uint16_t member)
{
	struct trainwire_model m = start(&s->federation, round, member);
	struct trainwire_msg out;
	struct hash h;

	assert_int_equal(session_train(s, &m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_TRAINED);
	assert_int_equal(out.u.trained.round, round);
	assert_int_equal(out.u.trained.rows, 178);
	assert_true(
	    out.u.trained.loss_after_q24 < out.u.trained.loss_before_q24);
	assert_int_equal(out.u.trained.flags, ANSWER_REPLAYABLE);
	h = q24_hash("qml.payload", out.u.trained.delta, out.u.trained.dim);
	trainwire_msg_close(&out);
	free(m.model);
	return h;
}

static void
test_same_bits(void **state)
{
	struct session s;
	struct hash a, b;

	(void)state;
	open_wine(&s, &fed);
	a = payload(&s, 0, 0);
	for (s.threads = 1; s.threads <= 3; s.threads++) {
		s.plain = false;
		b = payload(&s, 0, 0);
		assert_true(hash_equal(&a, &b));
		s.plain = true;
		b = payload(&s, 0, 0);
		assert_true(hash_equal(&a, &b));
	}
	/* Each member and each round draws other batches. */
	b = payload(&s, 0, 1);
	assert_false(hash_equal(&a, &b));
	b = payload(&s, 1, 0);
	assert_false(hash_equal(&a, &b));
	session_close(&s);
}

/* Other keys give other ids and another order, not other batches. */
static void
test_seed_follows_the_name(void **state)
{
	struct federation f;
	struct member swap;
	struct session s;
	struct hash a, b;

	(void)state;
	open_wine(&s, &fed);
	a = payload(&s, 2, 1);
	session_close(&s);
	assert_int_equal(federation_copy(&f, &fed), 0);
	swap = f.members[1];
	memcpy(f.members[1].name, f.members[3].name, FEDERATION_NAME_LEN);
	memcpy(f.members[3].name, swap.name, FEDERATION_NAME_LEN);
	open_wine(&s, &f);
	b = payload(&s, 2, 3);
	assert_true(hash_equal(&a, &b));
	b = payload(&s, 2, 1);
	assert_false(hash_equal(&a, &b));
	session_close(&s);
	federation_close(&f);
}

static void
check_within(const struct federation *f)
{
	int64_t clip = 0, bound = 0;
	struct trainwire_model m = start(f, 0, 0);
	struct trainwire_msg out;
	struct session s;
	uint32_t i;

	assert_int_equal(decimal_q24(&f->job.clip, &clip), 0);
	assert_int_equal(decimal_q24(&f->job.bound, &bound), 0);
	open_wine(&s, f);
	assert_int_equal(session_train(&s, &m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_TRAINED);
	assert_true(q24_within(out.u.trained.delta, m.dim, clip));
	for (i = 0; i < m.dim; i++)
		assert_in_range(out.u.trained.delta[i] + bound, 0, 2 * bound);
	trainwire_msg_close(&out);
	session_close(&s);
	free(m.model);
}

/* Bounds that bite, down to ones where rounding alone could exceed them. */
static void
test_clip_is_exact(void **state)
{
	struct federation f;
	int8_t e;

	(void)state;
	assert_int_equal(federation_copy(&f, &fed), 0);
	f.job.bound = (struct decimal){1, 1};
	for (e = 0; e >= -6; e--) {
		f.job.clip = (struct decimal){1, e};
		check_within(&f);
	}
	f.job.clip = (struct decimal){16, 0};
	f.job.bound = (struct decimal){1, -2};
	check_within(&f);
	federation_close(&f);
}

static void
expect_failed(struct session *s, const struct trainwire_model *m,
    uint8_t reason, const char *text)
{
	struct trainwire_msg out;

	assert_int_equal(session_train(s, m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_FAILED);
	assert_int_equal(out.u.failed.round, m->round);
	assert_int_equal(out.u.failed.reason, reason);
	assert_string_equal(out.u.failed.text, text);
}

static void
test_failures(void **state)
{
	struct trainwire_model m = start(&fed, 20, 0);
	struct session s, none = SESSION_INIT;
	struct trainwire_msg out;
	uint32_t i;

	(void)state;
	open_wine(&s, &fed);
	expect_failed(&s, &m, ANSWER_REASON_TRAINER,
	    "round 20 is not one of the job's 20");
	m.round = 3;
	m.member = FEDERATION_MAX_MEMBERS;
	expect_failed(&s, &m, ANSWER_REASON_TRAINER, "there is no member 100");
	m.member = 0;
	m.dim--;
	expect_failed(&s, &m, ANSWER_REASON_TRAINER,
	    "the model has not as many parameters as the circuit");
	m.dim++;
	expect_failed(&none, &m, ANSWER_REASON_TRAINER, "no data was set up");
	/* Weights near the end of int64 make no finite loss in Q24. */
	for (i = fed.job.main.nangles; i < m.dim; i++)
		m.model[i] = i % 2 ? INT64_MAX : -INT64_MAX;
	assert_int_equal(session_train(&s, &m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_FAILED);
	assert_int_equal(out.u.failed.reason, ANSWER_REASON_NUMERIC);
	free(m.model);
	session_close(&s);
}

static void
test_score(void **state)
{
	struct trainwire_model m = start(&fed, 0, 0);
	uint32_t all = 0, diagonal = 0, i;
	struct trainwire_msg out;
	int32_t guess[178];
	struct session s;

	(void)state;
	open_wine(&s, &fed);
	for (m.round = 0; m.round < 20; m.round++) {
		assert_int_equal(session_round(&s, &m, &out), 0);
		assert_int_equal(out.type, TRAINWIRE_TRAINED);
		trainwire_msg_close(&out);
	}
	session_score(&s, &m, &out);
	assert_int_equal(out.type, TRAINWIRE_SCORED);
	assert_int_equal(out.u.scored.nclasses, 3);
	for (i = 0; i < 9; i++)
		all += out.u.scored.confusion[i];
	for (i = 0; i < 9; i += 4)
		diagonal += out.u.scored.confusion[i];
	assert_int_equal(all, 178);
	assert_int_equal(out.u.scored.rows, 178);
	assert_int_equal(out.u.scored.correct, diagonal);
	assert_true(diagonal > 150); /* it has learnt */
	assert_int_equal(session_predict(&s, m.model, guess), 0);
	for (i = 0; i < 178; i++)
		diagonal -= guess[i] == s.rows.labels[i];
	assert_int_equal(diagonal, 0);
	trainwire_msg_close(&out);
	free(m.model);
	session_close(&s);
}

/* A job whose stated sizes are not the compiler's is refused, not bent. */
static void
test_job_is_checked(void **state)
{
	struct session_source source = {.data = WINE};
	char err[TABLE_ERR_LEN];
	struct federation f;
	struct session s;

	(void)state;
	assert_int_equal(federation_copy(&f, &fed), 0);
	f.job.main.dim++;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_string_equal(err,
	    "job: dim is 58, but this circuit and schema "
	    "have 57 parameters");
	f.job.main.dim--;
	f.job.main.nangles--;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_string_equal(err,
	    "job.angles is 23, but this circuit has 24 angles");
	f.job.main.nangles++;
	f.job.main.readout = JOB_Z;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_string_equal(err,
	    "job: dim is 57, but this circuit and schema "
	    "have 39 parameters");
	f.job.dim = f.job.update = f.job.main.dim = f.job.main.update = 39;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), 0);
	assert_int_equal(s.main.task.nobs, 4);
	assert_int_equal(session_keep_threads(&s), 0);
	session_close(&s);
	federation_close(&f);
}

/* A circuit of one's own is refused with the line and the reason. */
static void
test_circuit_is_read(void **state)
{
	static char wrong[] = "OPENQASM 3.0;\nqubit[4] q;\nnonsense q[0];\n";
	static char small[] = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
			      "input float a;\nqubit[3] q;\nry(a) q[0];\n";
	struct session_source source = {.data = WINE};
	char err[TABLE_ERR_LEN];
	struct federation f;
	struct session s;

	(void)state;
	assert_int_equal(federation_copy(&f, &fed), 0);
	f.job.main.encoding = JOB_OWN;
	f.job.main.ansatz = JOB_CIRCUIT;
	f.job.main.circuit = wrong;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_memory_equal(err, "job: circuit: line 3: ", 22);
	f.job.main.circuit = small;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_string_equal(err,
	    "job: circuit: it has 3 qubits and 0 features, the job says 4 and "
	    "13");
	f.job.main.circuit = NULL;
	federation_close(&f);
}

static void
test_data_asset(void **state)
{
	double features[4] = {5.5, -1, 0, 3};
	int32_t labels[2] = {0, 2};
	struct dataset d = {.n = 2,
	    .d = 2,
	    .features = features,
	    .labels = labels};
	uint8_t other[ASSET_SALT_LEN] = {9};
	struct hash root = asset_root(&d, salt), h, leaf;
	char hex[HASH_HEX_LEN];

	(void)state;
	/* Recomputed with Python's hashlib.blake2b from asset.h's words. */
	hash_hex(&root, hex);
	assert_string_equal(hex,
	    "2011415d64a16a5994a15e12b90d5c16"
	    "8677aa40e0afecd3fdce23f2599bfc52");
	features[3] = 4;
	h = asset_root(&d, salt);
	assert_false(hash_equal(&h, &root));
	features[3] = 3;
	labels[1] = 1;
	h = asset_root(&d, salt);
	assert_false(hash_equal(&h, &root));
	labels[1] = 2;
	h = asset_root(&d, other);
	assert_false(hash_equal(&h, &root));
	d.n = 0;
	h = asset_root(&d, salt);
	leaf = merkle_root_of(NULL, 0);
	assert_true(hash_equal(&h, &leaf));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_bits),
	    cmocka_unit_test(test_seed_follows_the_name),
	    cmocka_unit_test(test_clip_is_exact),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_score),
	    cmocka_unit_test(test_job_is_checked),
	    cmocka_unit_test(test_circuit_is_read),
	    cmocka_unit_test(test_data_asset),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
