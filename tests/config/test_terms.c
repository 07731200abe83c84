/* The owner's terms beside the rows: read, and what they refuse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/terms.h"

#define CIRCUIT "OPENQASM 3.0;\n"

static int
parse(struct terms *t, const char *text, char err[static CONFIG_ERROR_LEN])
{
	struct config_error e = {.file = "rows.csv.terms"};
	int rc = terms_parse(t, text, strlen(text), &e);

	memcpy(err, e.text, CONFIG_ERROR_LEN);
	return rc;
}

static void
test_read(void **state)
{
	char err[CONFIG_ERROR_LEN];
	struct terms t;

	(void)state;
	assert_int_equal(parse(&t,
			     "tasks: [vqc, linear]\nepsilon: 3.5\n"
			     "delta_exp: 6\nrows: 120\n",
			     err),
	    0);
	assert_int_equal(t.tasks.n, 2);
	assert_int_equal(terms_eps_milli(&t), 3500);
	assert_int_equal(t.delta_exp, 6);
	assert_int_equal(t.rows, 120);
	terms_close(&t);
	/* An empty file allows nothing. */
	assert_int_equal(parse(&t, "", err), 0);
	assert_int_equal(t.tasks.n, 0);
	assert_int_equal(terms_eps_milli(&t), 0);
	terms_close(&t);
	assert_int_equal(parse(&t, "epsilon: 0.001\n", err), 0);
	assert_int_equal(terms_eps_milli(&t), 1);
	terms_close(&t);
}

static void
expect(const char *text, const char *word)
{
	char err[CONFIG_ERROR_LEN];
	struct terms t;

	assert_int_equal(parse(&t, text, err), -EINVAL);
	if (strstr(err, word) == NULL)
		fail_msg("'%s' does not name '%s'", err, word);
}

static void
test_bad(void **state)
{
	struct config_error e;
	struct terms t;

	(void)state;
	expect("tasks: [vqc, everything]\n", "everything");
	expect("circuits: [abc]\n", "64 hex digits");
	expect("tasks: [vqc]\ncircuits:\n  - abc\n", "terms:3:5: circuits");
	expect("tasks: [vqc, all]\n", "terms:1:14: tasks");
	expect("tasks: [vqc]\nepsilon: 1001\n", "terms:2:10: epsilon");
	expect("epsilon: -1\n", "epsilon");
	expect("epsilon: 1001\n", "epsilon");
	expect("epsilon: 0.0001\n", "0.001");
	expect("delta_exp: 0\n", "delta_exp");
	expect("task: [vqc]\n", "task");
	assert_int_equal(terms_load(&t, "tests/data/no-such.terms", &e), 0);
	terms_close(&t);
}

static void
refuses(const struct terms *t, const struct job *j, const char *word)
{
	char buf[256];
	const char *why = terms_refuse(t, j, buf, sizeof(buf));

	if (word == NULL) {
		if (why != NULL)
			fail_msg("%s", why);
		return;
	}
	if (why == NULL || strstr(why, word) == NULL)
		fail_msg("'%s' does not name '%s'", why, word);
}

static void
test_refuses(void **state)
{
	char err[CONFIG_ERROR_LEN], text[256], hex[HASH_HEX_LEN];
	char circuit[] = CIRCUIT;
	struct job j = {.main.kind = JOB_VQC};
	struct hash h = hash_bytes("qml.circuit", circuit, strlen(circuit));
	struct terms t;

	(void)state;
	assert_int_equal(parse(&t, "tasks: [vqc]\n", err), 0);
	refuses(&t, &j, NULL);
	j.main.kind = JOB_QSVM;
	refuses(&t, &j, "task qsvm");
	j.main.kind = JOB_VQC;
	j.control.kind = JOB_LINEAR;
	refuses(&t, &j, "task linear"); /* it sees the rows, too */
	j.control.kind = 0;
	j.stage.kind = JOB_QPCA;
	refuses(&t, &j, "task qpca");
	j.stage.kind = 0;
	terms_close(&t);
	assert_int_equal(parse(&t, "tasks: [vqc]\nepsilon: 3\n", err), 0);
	refuses(&t, &j, "ask for noise");
	j.privacy.noise = (struct decimal){1, 0};
	refuses(&t, &j, NULL);
	terms_close(&t);
	snprintf(text, sizeof(text), "tasks: [vqc]\ncircuits: [\"%s\"]\n",
	    hash_hex(&h, hex));
	assert_int_equal(parse(&t, text, err), 0);
	refuses(&t, &j, "this circuit");
	j.main.circuit = circuit;
	refuses(&t, &j, NULL);
	circuit[0] = 'X';
	refuses(&t, &j, "this circuit");
	terms_close(&t);
	circuit[0] = 'O';
	for (char *p = strchr(text, '"'); *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'f')
			*p = (char)(*p - 'a' + 'A');
	assert_int_equal(parse(&t, text, err), 0);
	refuses(&t, &j, NULL);
	terms_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
