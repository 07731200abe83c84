/* JSON values: what is accepted, what is refused, nothing in between fails. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/jv.h"

static struct jv *
parse(const char *text)
{
	char err[128] = "";
	struct jv *v = jv_parse(text, strlen(text), err, sizeof(err));

	if (v == NULL)
		assert_true(err[0] != '\0');
	return v;
}

static void
test_same_again(void **state)
{
	static const char *const texts[] = {"{}", "[]", "null", "true", "-7",
	    "\"a\\n\\u0007\"", "[1,2.5,{\"b\":[],\"a\":null}]",
	    "{\"z\":1,\"a\":{\"y\":[false]}}", "9223372036854775807",
	    "-9223372036854775808"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct jv *v = parse(texts[i]), *copy = jv_copy(v);
		char *a = jv_dump(v), *b = jv_dump(copy);

		assert_string_equal(a, texts[i]);
		assert_string_equal(a, b);
		free(a);
		free(b);
		jv_free(v);
		jv_free(copy);
	}
}

static void
test_refused(void **state)
{
	static const char *const texts[] = {"", " ", "{", "{}x", "[1,]",
	    "{\"a\":1,\"a\":2}", "{a:1}", "nul", "01", "\"\xff\"", "'a'",
	    "9223372036854775808", "1e999"};
	char deep[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(parse(texts[i]));
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	deep[128] = '\0';
	jv_free(parse(deep)); /* as deep as it may be */
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	deep[130] = '\0';
	assert_null(parse(deep));
	/* Brackets in a string are no depth. */
	memset(deep, '[', 100);
	deep[0] = deep[99] = '"';
	deep[100] = '\0';
	jv_free(parse(deep));
}

static void
test_build(void **state)
{
	struct jv *o = jv_object(), *a = jv_array();
	char *text;

	(void)state;
	jv_put_string(o, "s", "x\x1b\"");
	jv_put_integer(o, "i", INT64_MIN);
	jv_put_boolean(o, "b", true);
	jv_put_number(o, "inf", INFINITY);
	jv_put_number(o, "tenth", 0.1);
	jv_add(a, jv_integer(1));
	jv_add(a, jv_null());
	jv_put(o, "a", a);
	text = jv_dump(o);
	assert_string_equal(text,
	    "{\"s\":\"x\\u001B\\\"\",\"i\":-9223372036854775808,\"b\":true,"
	    "\"inf\":null,\"tenth\":0.1,\"a\":[1,null]}");
	free(text);
	assert_int_equal(jv_len(jv_get(o, "a")), 2);
	assert_int_equal(jv_int(jv_at(jv_get(o, "a"), 0), -1), 1);
	jv_free(o);
}

/* A missing key or another type gives the default, NULL is always fine. */
static void
test_forgiving(void **state)
{
	struct jv *v = parse("{\"n\":1.5,\"i\":2,\"s\":\"t\",\"b\":false}");

	(void)state;
	assert_int_equal(jv_int(jv_get(v, "n"), 7), 7);
	assert_int_equal(jv_int(jv_get(v, "i"), 7), 2);
	assert_int_equal(jv_int(jv_get(v, "no"), 7), 7);
	assert_true(jv_real(jv_get(v, "i"), 0) == 2.0);
	assert_true(jv_real(jv_get(v, "s"), 0.25) == 0.25);
	assert_string_equal(jv_text(jv_get(v, "i"), "d"), "d");
	assert_string_equal(jv_text(jv_get(v, "s"), "d"), "t");
	assert_false(jv_true(jv_get(v, "b")));
	assert_false(jv_true(jv_get(v, "i")));
	assert_null(jv_at(v, 0));
	assert_int_equal(jv_len(v), 0);
	assert_null(jv_get(jv_get(v, "s"), "x"));
	jv_free(v);
	assert_null(jv_get(NULL, "x"));
	assert_null(jv_copy(NULL));
	assert_null(jv_dump(NULL));
	jv_put(NULL, "x", jv_integer(1)); /* takes it all the same */
	jv_add(NULL, jv_integer(1));
	jv_free(NULL);
}

/* A sentence that quotes a Latin-1 file is shown all the same. */
static void
test_not_utf8(void **state)
{
	struct jv *o = jv_object();
	char *text;

	(void)state;
	jv_put_string(o, "why",
	    "no column 'Gr\xf6\xdf"
	    "e' here");
	jv_put_string(o, "good",
	    "Gr\xc3\xb6\xc3\x9f"
	    "e");
	text = jv_dump(o);
	assert_string_equal(text,
	    "{\"why\":\"no column 'Gr??e' here\","
	    "\"good\":\"Gr\xc3\xb6\xc3\x9f"
	    "e\"}");
	free(text);
	jv_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_again),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_build),
	    cmocka_unit_test(test_forgiving),
	    cmocka_unit_test(test_not_utf8),
	};

	return cmocka_run_group_tests_name("jv", tests, NULL, NULL);
}
