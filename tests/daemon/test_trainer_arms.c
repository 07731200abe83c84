/* What a trainer keeps from round to round, the control arm beside the main
 * task, the rows that only validate, and trainings that cannot succeed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/group_median.h"
#include "consensus/ledger/merge.h"
#include "daemon/trainer/session.h"
#include "proto/answer.h"
#include "proto/q24.h"
#include "proto/sign.h"
#include "tests/daemon/trainer_fixture.h"

#define WINE "tests/data/datasets/wine.csv"
#define VQE_ANGLES 24 /* of the ansatz that is the default, on 4 qubits */

static struct federation
wine(void (*edit)(struct job *j))
{
	struct federation f = fixture_federation(WINE, 4, 1);

	f.job.local.steps = 3;
	edit(&f.job);
	assert_int_equal(job_sizes(&f.job, f.ncolumns, f.nlabels), 0);
	return f;
}

static void
open_rows(struct session *s, const struct federation *f)
{
	struct session_source source = {.data = WINE, .member = true};
	char err[TABLE_ERR_LEN];

	if (session_open(s, f, &source, NULL, err) != 0)
		fail_msg("%s", err);
}

static struct trainwire_model
start(const struct federation *f)
{
	struct trainwire_model m = {.dim = f->job.dim};

	m.model = calloc(m.dim, sizeof(*m.model));
	assert_non_null(m.model);
	job_start_model(&f->job, m.model);
	return m;
}

static struct trainwire_trained
train(struct session *s, const struct trainwire_model *m)
{
	struct trainwire_msg out;
	struct trainwire_trained t;

	assert_int_equal(session_train(s, m, &out), 0);
	if (out.type != TRAINWIRE_TRAINED)
		fail_msg("%s", out.u.failed.text);
	t = out.u.trained;
	return t; /* its delta is the caller's now */
}

static void
kept(struct job *j)
{
	j->local.carry = true;
	job_task_default(&j->control, JOB_LINEAR);
	j->validation = (struct decimal){25, -2};
}

/* The state moves on with what the chain has, and only with that. */
static void
test_state(void **state)
{
	struct federation f = wine(kept);
	struct trainwire_model m = start(&f);
	struct trainwire_trained a, b, c, d;
	struct session s;

	(void)state;
	open_rows(&s, &f);
	a = train(&s, &m);
	assert_true(hash_is_zero(&a.trainer_state));
	assert_int_equal(a.flags, ANSWER_REPLAYABLE);
	m.round = 1; /* round 0 was closed without our update */
	b = train(&s, &m);
	assert_true(hash_is_zero(&b.trainer_state));
	m.round = 2;
	m.aggregated = 2;
	m.kept = 2; /* that of round 1 is on the chain */
	c = train(&s, &m);
	assert_false(hash_is_zero(&c.trainer_state));
	assert_int_equal(c.flags, ANSWER_REPLAYABLE);
	/* Once more from the same state: the very same update. */
	d = train(&s, &m);
	assert_true(hash_equal(&c.trainer_state, &d.trainer_state));
	assert_memory_equal(c.delta, d.delta, c.dim * sizeof(*c.delta));
	free(d.delta);
	/* A trainer that was killed says that it lost it. */
	session_forget(&s);
	d = train(&s, &m);
	assert_int_equal(d.flags, ANSWER_REPLAYABLE | ANSWER_STATE_LOST);
	assert_true(hash_is_zero(&d.trainer_state));
	assert_memory_not_equal(c.delta, d.delta, c.dim * sizeof(*c.delta));
	free(a.delta);
	free(b.delta);
	free(c.delta);
	free(d.delta);
	free(m.model);
	session_close(&s);
	federation_close(&f);
}

/* Both arms are in one update; a quarter of each class only validates. */
static void
test_arms(void **state)
{
	struct federation f = wine(kept);
	struct trainwire_model m = start(&f);
	struct trainwire_trained t;
	struct session s;
	uint32_t i, main = 0, control = 0;

	(void)state;
	open_rows(&s, &f);
	t = train(&s, &m);
	assert_int_equal(s.rows.n + s.valid.n, 178);
	assert_int_equal(s.valid.n, 14 + 17 + 12);
	assert_int_equal(t.rows, s.rows.n);
	assert_int_equal(t.valid_rows, s.valid.n);
	assert_true(t.valid_loss_q24 > 0 && t.valid_control_loss_q24 > 0);
	assert_int_equal(t.steps, 3);
	for (i = 0; i < t.dim; i++)
		*(i < f.job.main.dim ? &main : &control) += t.delta[i] != 0;
	assert_true(main > f.job.main.dim / 2);
	assert_true(control > f.job.control.dim / 2);
	free(t.delta);
	free(m.model);
	session_close(&s);
	federation_close(&f);
}

static void
diverging(struct job *j)
{
	job_task_default(&j->main, JOB_LINEAR);
	j->main.loss = JOB_SQUARED;
	j->main.rate = j->main.rate_last = (struct decimal){1, 1};
	j->local.optimiser = JOB_SGD;
	j->local.steps = 1000;
}

static void
greedy(struct job *j)
{
	job_task_default(&j->main, JOB_QPCA);
	j->main.min_rows = 179;
}

static void
expect_failed(void (*edit)(struct job *j), uint8_t reason, const char *text)
{
	struct federation f = wine(edit);
	struct trainwire_model m = start(&f);
	struct trainwire_msg out;
	struct session s;

	open_rows(&s, &f);
	assert_int_equal(session_train(&s, &m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_FAILED);
	assert_int_equal(out.u.failed.reason, reason);
	assert_string_equal(out.u.failed.text, text);
	trainwire_msg_close(&out);
	free(m.model);
	session_close(&s);
	federation_close(&f);
}

static void
test_failures(void **state)
{
	(void)state;
	expect_failed(diverging, ANSWER_REASON_NUMERIC,
	    "training produced a number that is not finite");
	expect_failed(greedy, ANSWER_REASON_NO_DATA,
	    "there are fewer rows than the job's min_rows");
}

static char noise[] = "gates:\n"
		      "  - gate: 1q\n"
		      "    channels:\n"
		      "      - depolarizing1: 0.01\n"
		      "readout:\n"
		      "  - {p1_given_0: 0.02, p0_given_1: 0.05}";

static void
noisy(struct job *j)
{
	j->main.encoding = JOB_ANGLE;
	j->main.qubits = 3;
	j->main.layers = 1;
	j->local.steps = 1;
	j->local.batch = 8;
	j->local.gradient = JOB_SHIFT;
	j->local.noise = noise;
}

static void
sampled_kernel(struct job *j)
{
	job_task_default(&j->main, JOB_QSVM);
	j->main.landmarks = 4;
	j->main.map = JOB_MAP_RY;
	j->main.layers = 1;
	j->local.gradient = JOB_SHIFT;
	j->local.shots = 50;
}

/* The hash of a job's first update, which is the same twice. */
static struct hash
learnt(const struct federation *f)
{
	struct trainwire_model m = start(f);
	struct session s;
	struct hash h[2];

	open_rows(&s, f);
	for (int i = 0; i < 2; i++) {
		struct trainwire_trained t = train(&s, &m);

		h[i] = q24_hash("qml.payload", t.delta, t.dim);
		free(t.delta);
		session_forget(&s);
	}
	assert_true(hash_equal(&h[0], &h[1]));
	free(m.model);
	session_close(&s);
	return h[0];
}

/* Noise and shots reach the circuit: each changes the update. */
static void
test_noise(void **state)
{
	struct federation f = wine(noisy);
	struct hash both, alone, exact;

	(void)state;
	alone = learnt(&f);
	f.job.local.shots = 100;
	both = learnt(&f);
	f.job.local.shots = 0;
	f.job.local.noise = NULL;
	exact = learnt(&f);
	assert_false(hash_equal(&alone, &exact));
	assert_false(hash_equal(&alone, &both));
	assert_false(hash_equal(&both, &exact));
	federation_close(&f);
	f = wine(sampled_kernel);
	both = learnt(&f);
	f.job.local.shots = 0;
	exact = learnt(&f);
	assert_false(hash_equal(&both, &exact));
	federation_close(&f);
}

static void
components(struct job *j)
{
	job_task_default(&j->main, JOB_QPCA);
	j->local.worker_momentum = (struct decimal){0, 0};
}

/* Centre and radius of the rows' ball come from the job. */
static void
test_ball(void **state)
{
	struct federation f = wine(components);
	char means[13 * 4 + 1] = "";
	struct hash plain = learnt(&f), centred, wide;

	(void)state;
	for (int i = 0; i < 13; i++)
		memcpy(means + 4 * i, "0.4\n", 5);
	f.job.main.means = means;
	centred = learnt(&f);
	f.job.main.radius = (struct decimal){2, 0};
	wide = learnt(&f);
	f.job.main.means = NULL;
	assert_false(hash_equal(&plain, &centred));
	assert_false(hash_equal(&centred, &wide));
	federation_close(&f);
}

/* What cannot be done here is refused before the first round. */
static void
test_refused(void **state)
{
	struct session_source source = {.data = WINE, .member = true};
	struct federation f = wine(noisy);
	char err[TABLE_ERR_LEN], bad[] = "gates: 3";
	struct session s;

	(void)state;
	f.job.local.noise = bad;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_non_null(strstr(err, "job: noise_model:1:"));
	f.job.local.noise = NULL;
	federation_close(&f);
	f = wine(sampled_kernel);
	f.job.local.noise = noise;
	assert_int_equal(session_open(&s, &f, &source, NULL, err), -EINVAL);
	assert_string_equal(err,
	    "job: noise_model: a kernel machine trains from shots, but not "
	    "under noise");
	f.job.local.noise = NULL;
	federation_close(&f);
}

/* The answer of one who joined after four had founded this: parts of the
 * Hamiltonian are dealt out to five. */
static void
vqe(struct job *j)
{
	char *text = calloc(1, 4096);
	FILE *f = fopen("tests/data/vqe/h2_0.735_jw_4q.json", "rb");

	assert_non_null(text);
	assert_non_null(f);
	assert_true(fread(text, 1, 4095, f) > 0);
	assert_true(feof(f));
	(void)fclose(f);
	job_close(j);
	job_default(j, JOB_VQE);
	j->main.input = text;
	j->main.qubits = 4;
	j->main.nangles = VQE_ANGLES;
	j->main.parts = 6;
	j->rounds = 3;
}

static void
test_newcomers_parts(void **state)
{
	struct federation f = wine(vqe);
	struct trainwire_model m = start(&f);
	const struct merge_asked five = {5, 1};
	const struct group_median_shape shape = {5, 1, f.job.main.parts,
	    VQE_ANGLES};
	struct trainwire_trained t;
	struct trainwire_msg out;
	uint8_t *assigned = calloc(5, f.job.main.parts);
	struct session s;

	(void)state;
	assert_non_null(assigned);
	assert_int_equal(job_faults(&f.job, 5), 1);
	f.ncolumns = f.nlabels = 0;
	open_rows(&s, &f);
	m.member = 7;
	m.place = 4;
	m.asked = 5;
	m.faults = 1;
	for (m.round = 0; m.round < 3; m.round++) {
		t = train(&s, &m);
		merge_assign(&f.job, &five, m.round, assigned);
		assert_true(t.rows > 0);
		assert_true(group_median_fits(&shape, assigned, 4, t.delta));
		free(t.delta);
	}
	m.asked = 0;
	assert_int_equal(session_train(&s, &m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_FAILED);
	assert_string_equal(out.u.failed.text,
	    "there is no such member in this job");
	session_close(&s);
	free(m.model);
	free(assigned);
	federation_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_state),
	    cmocka_unit_test(test_arms),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_newcomers_parts),
	    cmocka_unit_test(test_ball),
	    cmocka_unit_test(test_refused),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
