/* YAML to a tree: what is read, and every refusal with line and column. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/yaml.h"

static int
parse(struct yaml_doc *d, const char *text, struct config_error *e)
{
	e->file = "t.yaml";
	e->text[0] = '\0';
	return yaml_parse(d, text, strlen(text), e);
}

static void
test_tree(void **state)
{
	static const char text[] = "a: 1\n"
				   "b:\n"
				   "  c: 'two words'   # why\n"
				   "  d: [x, \"y\"]\n"
				   "e:\n"
				   "  - f: 1\n"
				   "  - {f: 2}\n"
				   "g:\n";
	struct yaml_doc d;
	struct config_error e;
	const struct yaml_node *n;
	char buf[80];

	(void)state;
	assert_int_equal(parse(&d, text, &e), 0);
	assert_int_equal(d.root->n, 4);
	n = yaml_get(d.root, "a");
	assert_string_equal(n->text, "1");
	assert_false(n->quoted);
	assert_int_equal(n->at.line, 1);
	assert_int_equal(n->at.col, 4);
	n = yaml_get(yaml_get(d.root, "b"), "c");
	assert_string_equal(n->text, "two words");
	assert_true(n->quoted);
	assert_int_equal(n->key_at.line, 3);
	assert_int_equal(n->key_at.col, 3);
	n = yaml_get(yaml_get(d.root, "b"), "d");
	assert_int_equal(n->kind, YAML_LIST);
	assert_int_equal(n->n, 2);
	assert_string_equal(n->first->next->text, "y");
	n = yaml_get(d.root, "e");
	assert_string_equal(yaml_get(n->first->next, "f")->text, "2");
	assert_int_equal(n->first->next->at.line, 7);
	n = yaml_get(d.root, "g");
	assert_string_equal(yaml_describe(n, buf, sizeof(buf)), "nothing");
	assert_null(yaml_get(d.root, "h"));
	assert_null(yaml_get(n, "h"));
	yaml_close(&d);
}

static void
test_empty(void **state)
{
	struct yaml_doc d;
	struct config_error e;

	(void)state;
	assert_int_equal(parse(&d, "", &e), 0);
	assert_null(d.root);
	assert_int_equal(parse(&d, "# nothing but words\n", &e), 0);
	assert_null(d.root);
	yaml_close(&d);
}

static const struct {
	const char *text, *message;
} bad[] = {
    {"a: 1\na: 2\n",
	"t.yaml:2:1: key \"a\" stands twice; the first is in line 1"},
    {"x:\n  a: 1\n  b: 2\n  a: 3\n",
	"t.yaml:4:3: key \"a\" stands twice; the first is in line 2"},
    {"a: &x 1\nb: *x\n", "t.yaml:1:4: anchors and aliases are not used here"},
    {"a: 1\nb: *x\n", "t.yaml:2:4: "},
    {"a: !!int 1\n", "t.yaml:1:4: tags are not used here; remove "},
    {"a: !x {b: 1}\n", "t.yaml:1:4: tags are not used here; remove '!x'"},
    {"a: &l [1]\n", "t.yaml:1:4: anchors and aliases"},
    {"&k a: 1\n", "t.yaml:1:1: anchors and aliases"},
    {"- a\n- b\n", "t.yaml:1:1: want `key: value` lines"},
    {"just words\n", "t.yaml:1:1: want `key: value` lines"},
    {"a: 1\n---\nb: 2\n", "t.yaml:2:1: want one document"},
    {"a: [1, 2\nb: 3\n", "t.yaml:2:2: this is not YAML"},
    {"a: \"open\n", "t.yaml:2:1: this is not YAML"},
    {"a: 1\n b: 2\n", "t.yaml:2:3: this is not YAML"},
    {"a:\n\t- b\n", "t.yaml:2:1: this is not YAML"},
    {"? [a, b]\n: 1\n", "t.yaml:1:3: want a plain key"},
    {"a: \"x\\0y\"\n", "t.yaml:1:4: want printable text, got the byte 0x00"},
    {"a: \"\\e[31m\"\n", "t.yaml:1:4: want printable text, got the byte 0x1b"},
    {"\"\": 1\n", "t.yaml:1:1: want a key before the ':'"},
    {"a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n",
	"t.yaml:1:32: want at most 8 levels"},
    {"a: \xff\n", "t.yaml:1:4: this is not YAML"},
    /* A file of Latin-1: where the first such letter stands. */
    {"a: \xc3\xbc\n# \xc3\xbc, \xc3\xbc\nb: gr\xfc\xdf\n",
	"t.yaml:3:6: this is not YAML"},
};

static void
test_refused(void **state)
{
	struct yaml_doc d;
	struct config_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(&d, bad[i].text, &e), -EINVAL);
		assert_null(d.root);
		assert_null(d.blocks);
		if (strncmp(e.text, bad[i].message, strlen(bad[i].message)) !=
		    0)
			fail_msg("case %zu: '%s'", i, e.text);
	}
}

/* Nothing that grows faster than the file. */
static void
test_bounds(void **state)
{
	struct yaml_doc d;
	struct config_error e = {.file = "t.yaml"};
	size_t i, n = 0;
	char *text = malloc(YAML_BYTES_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, '#', YAML_BYTES_MAX + 1);
	assert_int_equal(yaml_parse(&d, text, YAML_BYTES_MAX + 1, &e), -EINVAL);
	assert_string_equal(e.text,
	    "t.yaml: want at most 1048576 bytes, got 1048577");
	assert_int_equal(yaml_parse(&d, text, YAML_BYTES_MAX, &e), 0);
	memcpy(text, "a: [", 4);
	for (i = 4; i < YAML_BYTES_MAX; i += 2)
		memcpy(text + i, "1,", 2);
	assert_int_equal(yaml_parse(&d, text, YAML_BYTES_MAX, &e), -EINVAL);
	assert_non_null(strstr(e.text, "want at most 65536 values"));
	memset(text, '[', 4096);
	assert_int_equal(yaml_parse(&d, text, 4096, &e), -EINVAL);
	for (i = 0; i <= YAML_KEYS_MAX; i++)
		n += (size_t)snprintf(text + n, 32, "k%zu: 1\n", i);
	assert_int_equal(yaml_parse(&d, text, n, &e), -EINVAL);
	assert_string_equal(e.text,
	    "t.yaml:129:1: want at most 128 keys in one "
	    "map");
	free(text);
}

static void
test_quote(void **state)
{
	static const struct {
		const char *text;
		unsigned line, col;
		const char *want;
	} cases[] = {
	    {"a: 1\nb: x\n", 2, 4,
		"t:2:4: no\n     2 | b: x\n       |    ^\n  mend"},
	    {"a: \"\x1b[31m\"", 1, 4,
		"t:1:4: no\n     1 | a: \" [31m\"\n       |    ^\n  mend"},
	    {"a: 1\n", 2, 1, "t:2:1: no\n  mend"},
	    {"a: 1\n", 0, 0, "t: no\n  mend"},
	    {"\n\n", 2, 1, "t:2:1: no\n  mend"},
	    {"", 1, 1, "t:1:1: no\n  mend"},
	};
	struct config_error e = {.file = "t"};
	char wide[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)config_fail(&e,
		    (struct config_place){cases[i].line, cases[i].col},
		    "no\n  mend");
		config_quote(&e, cases[i].text, strlen(cases[i].text));
		assert_string_equal(e.text, cases[i].want);
	}
	/* Cut at 72 bytes, never inside a character. */
	memset(wide, 'x', 71);
	memcpy(wide + 71, "\xc3\xa9 and more", 12);
	(void)config_fail(&e, (struct config_place){1, 1}, "no");
	config_quote(&e, wide, 83);
	assert_int_equal(strlen(e.text),
	    strlen("t:1:1: no\n     1 | ") + 71 + strlen("\n       | ^"));
	(void)config_fail(&e, (struct config_place){1, 80}, "no");
	config_quote(&e, wide, 83);
	assert_string_equal(e.text, "t:1:80: no");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tree),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
