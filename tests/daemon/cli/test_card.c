/* A card from what the chain and the trainer say: exact, and small numbers
 * are not in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/card.h"

static const char version_text[] =
    "{\"applied_height\":40,\"job\":{\"task\":\"vqc\",\"control\":\"linear\","
    "\"private\":true,\"q_ppb\":10000000,\"sigma_milli\":1100,\"steps\":4,"
    "\"qubits\":2,\"layers\":1,\"angles\":4,\"encoding\":\"angle\","
    "\"ansatz\":\"a_b\",\"readout\":\"z\",\"rule\":\"mean\"},"
    "\"token\":[{\"id\":\"aa\",\"model\":\"qm1x\",\"owner\":\"alpha\","
    "\"minted\":30,\"uses_withdrawn_data\":true}],"
    "\"shares\":[{\"member\":\"alpha\",\"ppm\":1000000}],"
    "\"data\":[{\"id\":\"dd\",\"name\":\"ward | *one*\\u202e\","
    "\"owner\":\"beta\","
    "\"rows\":90,\"rounds\":3,\"state\":\"withdrawn\",\"flagged\":true,"
    "\"epsilon_milli\":3000,\"delta_exp\":5,"
    "\"epsilon_spent_nano\":1250000000}],"
    "\"training\":[{\"aggregated\":3,\"skipped\":1,\"updates_max\":4}],"
    "\"last\":[{\"rows\":100,\"correct\":80,\"control_correct\":90,"
    "\"valid_rows\":20,\"valid_correct\":15,\"valid_control_correct\":15}]}";

/* 40 of x, 20 of y; group a has 40 rows, b 30, c few. */
static const char score_text[] =
    "{\"labels\":[\"x\",\"y\"],\"rows\":60,\"correct\":45,"
    "\"control_correct\":48,\"confusion\":[[30,10],[5,15]],"
    "\"groups\":[{\"group\":\"a\",\"rows\":40,\"confusion\":[[20,4],[4,12]]},"
    "{\"group\":\"b\",\"rows\":30,\"confusion\":[[10,10],[5,5]]},"
    "{\"group\":\"c\",\"suppressed\":true}]}";

static struct jv *
parsed(const char *text)
{
	char err[160];
	struct jv *v = jv_parse(text, strlen(text), err, sizeof(err));

	if (v == NULL)
		fail_msg("%s", err);
	return v;
}

static char *
printed(const struct jv *card, bool markdown)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	card_print(card, markdown, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static const char *
exact(const struct jv *o, const char *key)
{
	return jv_text(jv_get(jv_get(o, key), "exact"), "-");
}

static void
test_from_chain(void **state)
{
	struct jv *v = parsed(version_text), *card = card_make(v, NULL);
	const struct jv *control = jv_get(card, "control");
	char *text = printed(card, false);

	(void)state;
	assert_string_equal(jv_text(jv_get(card, "quantum_advantage"), ""),
	    "not shown");
	assert_null(jv_get(card, "metrics"));
	assert_null(jv_get(card, "fairness"));
	/* Counts beside noise would tell what it hides: none are shown. */
	assert_string_equal(exact(control, "model"), "-");
	assert_string_equal(jv_text(jv_get(control, "ahead"), ""), "not known");
	assert_null(jv_get(card, "claimed"));
	assert_non_null(strstr(text, "FLAGGED"));
	assert_non_null(strstr(text, "consent: withdrawn"));
	assert_non_null(strstr(text, "epsilon 1.250 of 3.000 at delta 1e-5"));
	assert_non_null(strstr(text, "multiplier 1.100"));
	assert_non_null(strstr(text, "not measured: no groups"));
	assert_null(strstr(text, "updates carried no noise"));
	free(text);
	jv_free(card);
	jv_free(v);
}

/* Without noise; rows kept back say more than those trained on. */
static void
test_claimed(void **state)
{
	static const char was[] = "\"private\":true";
	char text[sizeof(version_text)];
	struct jv *v, *card;
	const struct jv *control;
	char *at;

	(void)state;
	memcpy(text, version_text, sizeof(text));
	at = strstr(text, was);
	assert_non_null(at);
	memcpy(at, "\"private\":null", sizeof(was) - 1);
	v = parsed(text);
	card = card_make(v, NULL);
	control = jv_get(card, "control");
	assert_string_equal(exact(control, "model"), "3/4");
	assert_string_equal(jv_text(jv_get(control, "ahead"), ""), "neither");
	assert_non_null(jv_get(card, "claimed"));
	jv_free(card);
	jv_free(v);
}

static void
test_scored(void **state)
{
	struct jv *v = parsed(version_text), *s = parsed(score_text);
	struct jv *card = card_make(v, s);
	const struct jv *m = jv_get(card, "metrics");
	const struct jv *f = jv_get(card, "fairness");
	const struct jv *gap = jv_at(jv_get(f, "gaps"), 0);
	char *text = printed(card, false);

	(void)state;
	assert_string_equal(exact(m, "accuracy"), "3/4");
	assert_string_equal(exact(m, "control_accuracy"), "4/5");
	assert_string_equal(exact(jv_at(jv_get(m, "classes"), 0), "recall"),
	    "3/4");
	assert_string_equal(exact(jv_at(jv_get(m, "classes"), 0), "precision"),
	    "6/7");
	/* 20 rows of y are too few, 40 of x are not. */
	assert_true(
	    jv_true(jv_get(jv_at(jv_get(m, "classes"), 1), "suppressed")));
	assert_null(jv_get(jv_at(jv_get(m, "classes"), 1), "recall"));
	/* a: 24 of 40 are said to be x, b: 15 of 30. */
	assert_string_equal(exact(gap, "demographic_parity"), "1/10");
	/* 20/24 and 10/20; 4/16 and 5/10. */
	assert_string_equal(exact(gap, "equalised_odds"), "1/3");
	assert_non_null(strstr(text, "group c: insufficient"));
	/* Nor the sizes by which c's would follow. */
	assert_null(jv_get(jv_at(jv_get(f, "groups"), 0), "rows"));
	assert_non_null(strstr(text, "group a: 30 rows or more"));
	assert_string_equal(jv_text(jv_get(jv_get(card, "control"), "ahead"),
				""),
	    "control");
	assert_string_equal(jv_text(jv_get(card, "quantum_advantage"), ""),
	    "not shown");
	free(text);
	jv_free(card);
	jv_free(s);
	jv_free(v);
}

/* Others' names make no markup. */
static void
test_markdown(void **state)
{
	struct jv *v = parsed(version_text), *card = card_make(v, NULL);
	char *text = printed(card, true);

	(void)state;
	assert_int_equal(strncmp(text, "---\nlibrary_name: qmlnode\n", 26), 0);
	assert_non_null(strstr(text, "datasets:\n- dd\n---\n"));
	assert_non_null(strstr(text, "\n## Limitations\n"));
	assert_non_null(strstr(text, "ward \\| \\*one\\*?"));
	assert_null(strstr(text, "ward | *one*"));
	free(text);
	jv_free(card);
	jv_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_from_chain),
	    cmocka_unit_test(test_claimed),
	    cmocka_unit_test(test_scored),
	    cmocka_unit_test(test_markdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
