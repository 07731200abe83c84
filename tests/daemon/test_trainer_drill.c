/* The omniscient attacker: it foresees exactly, obeys the job, hurts the mean
 * and hardly the default; what it says about a bad list of members. */
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/trainer/drill.h"
#include "proto/q24.h"
#include "tests/daemon/trainer_fixture.h"

#define IRIS "tests/data/datasets/iris.csv"

static struct federation fed;
static char dir[FIXTURE_PATH_LEN], list[FIXTURE_PATH_LEN + 16];

static int
setup(void **state)
{
	char text[1024];

	(void)state;
	fed = fixture_federation(IRIS, 4, 2);
	fixture_make_dir(dir);
	snprintf(list, sizeof(list), "%s/honest", dir);
	snprintf(text, sizeof(text), "%s %s\n%s %s\n%s %s\n",
	    fed.members[0].name, IRIS, fed.members[1].name, IRIS,
	    fed.members[3].name, IRIS);
	fixture_write(list, text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	federation_close(&fed);
	fixture_remove_dir(dir);
	return 0;
}

static struct trainwire_model
start(void)
{
	struct trainwire_model m = {.dim = fed.job.dim};

	m.model = calloc(m.dim, sizeof(*m.model));
	assert_non_null(m.model);
	job_start_model(&fed.job, m.model);
	return m;
}

static void
open_drill(struct drill *d)
{
	char err[TABLE_ERR_LEN];

	if (drill_open(d, &fed, list, 1, err) < 0)
		fail_msg("%s", err);
}

/* Two rounds, so that kept state is foreseen as well. */
static void
foresees_what_members_send(void **state)
{
	struct session_source source = {.data = IRIS, .member = true};
	struct session own = SESSION_INIT;
	struct trainwire_model m = start();
	struct trainwire_msg answer;
	char err[TABLE_ERR_LEN];
	struct drill d;

	(void)state;
	open_drill(&d);
	assert_int_equal(d.nhonest, 3);
	assert_int_equal(d.nliars, 1);
	assert_int_equal(d.members[3], 2);
	assert_int_equal(session_open(&own, &fed, &source, NULL, err), 0);
	for (m.round = 0; m.round < 2; m.round++) {
		assert_int_equal(drill_honest(&d, &m), 0);
		m.member = 3;
		m.kept = own.trained;
		assert_int_equal(session_train(&own, &m, &answer), 0);
		assert_int_equal(answer.type, TRAINWIRE_TRAINED);
		assert_memory_equal(answer.u.trained.delta, d.deltas[2],
		    d.update * sizeof(int64_t));
		trainwire_msg_close(&answer);
		m.aggregated++;
	}
	session_close(&own);
	drill_close(&d);
	free(m.model);
}

/* How far a lie of this attack moves the model from what honesty gives. */
static double
harm(struct drill *d, const struct trainwire_model *m)
{
	int64_t *lie = calloc(d->update, sizeof(*lie));
	int64_t *bad = calloc(m->dim, sizeof(*bad));
	int64_t *good = calloc(m->dim, sizeof(*good));
	int64_t *moments = calloc(d->merge.nmoments + 1, sizeof(*moments));
	const int64_t *lies[] = {lie};
	struct drill_round round = {m, lies, moments};
	double sum = 0;

	assert(lie && bad && good && moments);
	assert_int_equal(drill_craft(d, m, NULL, lie), 0);
	assert_true(q24_within(lie, d->update, d->clip));
	for (uint32_t j = 0; j < d->update; j++)
		assert_true(llabs(lie[j]) <= d->bound);
	merge_start(&d->merge, moments);
	assert_true(drill_combine(d, &round, bad));
	lies[0] = d->deltas[0];
	merge_start(&d->merge, moments);
	assert_true(drill_combine(d, &round, good));
	for (uint32_t j = 0; j < m->dim; j++)
		sum += (double)(bad[j] - good[j]) * (double)(bad[j] - good[j]);
	free(lie);
	free(bad);
	free(good);
	free(moments);
	return sum;
}

static void
searches_the_worst(void **state)
{
	struct trainwire_model m = start();
	struct drill d;

	(void)state;
	open_drill(&d);
	assert_int_equal(drill_honest(&d, &m), 0);
	for (uint8_t id = ATTACK_IPM; id <= ATTACK_ALIE; id++) {
		double mean, robust, plain;

		d.attack = id;
		assert_int_equal(drill_rule(&d, "mean"), 0);
		mean = harm(&d, &m);
		d.tau = 1.5; /* ByzFL's own is no stronger */
		plain = harm(&d, &m);
		d.tau = DRILL_TAU_SEARCH;
		assert_true(mean >= plain);
		assert_int_equal(drill_rule(&d, "arc+nnm+trimmed_mean"), 0);
		robust = harm(&d, &m);
		assert_true(robust < mean / 4);
	}
	assert_int_equal(drill_rule(&d, "bulyan"), -EINVAL);
	drill_close(&d);
	free(m.model);
}

static void
labels_turn_round(void **state)
{
	struct session_source source = {.data = IRIS};
	struct session s = SESSION_INIT;
	char err[TABLE_ERR_LEN];
	int32_t first;

	(void)state;
	assert_int_equal(session_open(&s, &fed, &source, NULL, err), 0);
	first = s.rows.labels[0];
	drill_flip_labels(&s);
	assert_int_equal(s.rows.labels[0], 2 - first);
	drill_flip_labels(&s);
	assert_int_equal(s.rows.labels[0], first);
	session_close(&s);
}

static void
bad_lists(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "nobody is named"},
	    {"nobody " IRIS "\n", "\"nobody\" is not a member's name"},
	    {"word\n", "\"word\" is not a member's name and a path"},
	};
	char path[FIXTURE_PATH_LEN + 16], err[TABLE_ERR_LEN], twice[256];
	struct drill d;

	(void)state;
	snprintf(path, sizeof(path), "%s/bad", dir);
	snprintf(twice, sizeof(twice), "%s " IRIS "\n%s " IRIS "\n",
	    fed.members[0].name, fed.members[0].name);
	fixture_write(path, twice);
	assert_int_equal(drill_open(&d, &fed, path, 1, err), -EINVAL);
	assert_non_null(strstr(err, "and a path, once"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_write(path, cases[i].text);
		assert_true(drill_open(&d, &fed, path, 1, err) < 0);
		assert_non_null(strstr(err, cases[i].want));
		drill_close(&d);
	}
	assert_int_equal(drill_open(&d, &fed, "no/such", 1, err), -ENOENT);
	assert_non_null(strstr(err, "no/such"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(foresees_what_members_send),
	    cmocka_unit_test(searches_the_worst),
	    cmocka_unit_test(labels_turn_round),
	    cmocka_unit_test(bad_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
