/* The line of an invitation: whole, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/join_line.h"
#include "daemon/cli/pasted.h"
#include "proto/sign.h"

static struct join_line
sample(void)
{
	struct join_line j = {.federation = hash_bytes("x", "fed", 3)};

	snprintf(j.host.name, sizeof(j.host.name), "alpha");
	snprintf(j.host.address, sizeof(j.host.address), "[::1]:7000");
	memset(j.host.network, 0xa5, sizeof(j.host.network));
	return j;
}

static void
a_ticket(void **state)
{
	char line[JOIN_LINE_LEN], bad[JOIN_LINE_LEN], err[200];
	struct join_line j = sample(), k;

	(void)state;
	j.has_ticket = true;
	memset(j.ticket, 0x5a, sizeof(j.ticket));
	snprintf(j.who, sizeof(j.who), "epsilon");
	join_line_make(&j, line);
	assert_true(join_line_like(line));
	assert_int_equal(join_line_parse(line, &k, err, sizeof(err)), 0);
	assert_true(k.has_ticket);
	assert_memory_equal(k.ticket, j.ticket, 32);
	assert_string_equal(k.who, "epsilon");
	for (size_t i = 0; i < strlen(line); i++) {
		memcpy(bad, line, sizeof(bad));
		bad[i] = bad[i] == 'x' ? 'y' : 'x';
		assert_true(join_line_parse(bad, &k, err, sizeof(err)) < 0);
		bad[i] = '\0';
		assert_true(join_line_parse(bad, &k, err, sizeof(err)) < 0);
	}
	j.who[0] = '\0';
	join_line_make(&j, line);
	assert_int_equal(join_line_parse(line, &k, err, sizeof(err)), 0);
	assert_string_equal(k.who, "");
}

static void
there_and_back(void **state)
{
	char line[JOIN_LINE_LEN], around[JOIN_LINE_LEN + 8], err[200];
	struct join_line j = sample(), k;

	(void)state;
	join_line_make(&j, line);
	snprintf(around, sizeof(around), "  %s \r\n", line);
	assert_true(join_line_like(around));
	assert_int_equal(join_line_parse(around, &k, err, sizeof(err)), 0);
	assert_memory_equal(&k.federation, &j.federation, HASH_LEN);
	assert_string_equal(k.host.name, "alpha");
	assert_string_equal(k.host.address, "[::1]:7000");
	assert_memory_equal(k.host.network, j.host.network, 32);
	assert_false(join_line_like("federation.yaml"));
}

static size_t
put(char *out, const char *text)
{
	memcpy(out, text, strlen(text));
	return strlen(text);
}

/* Breaks `line` every `width` characters, as `how` says between them. */
static void
broken(const char *line, size_t width, const char *how, char *out)
{
	size_t n = 0;

	for (size_t i = 0; line[i] != '\0'; i++) {
		if (i > 0 && i % width == 0)
			n += put(out + n, how);
		out[n++] = line[i];
	}
	out[n] = '\0';
}

/* Between words, as mail programs do. */
static void
wrapped(const char *line, const char *how, char *out)
{
	size_t n = 0;

	for (size_t i = 0; line[i] != '\0'; i++)
		if (line[i] == ' ')
			n += put(out + n, how);
		else
			out[n++] = line[i];
	out[n] = '\0';
}

static void
as_it_arrives(void **state)
{
	static const char *const around[][2] = {{"'", "'"}, {"\"", "\"\n"},
	    {"qmlnode join '", "'"}, {"Dear Dr. B,\n\n> ", "\n"},
	    {"\xe2\x80\x9c", "\xe2\x80\x9d"}, {"`", "`"},
	    {"\t\xc2\xa0", " \r\n"}};
	static const char *const wraps[] = {"\n", "\r\n", " \n", "\n> ",
	    "\n    ", "  "};
	static const char *const breaks[] = {"\n", "\r\n", "\n> ", "\\\n"};
	char line[JOIN_LINE_LEN], text[4 * JOIN_LINE_LEN], err[200];
	struct join_line j = sample(), k;

	(void)state;
	j.has_ticket = true;
	join_line_make(&j, line);
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s", around[i][0], line,
		    around[i][1]);
		assert_true(join_line_like(text));
		assert_int_equal(join_line_parse(text, &k, err, sizeof(err)),
		    0);
		assert_memory_equal(&k.federation, &j.federation, HASH_LEN);
	}
	for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
		wrapped(line, wraps[i], text);
		assert_int_equal(join_line_parse(text, &k, err, sizeof(err)),
		    0);
	}
	for (size_t width = 8; width < 100; width++)
		for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]);
		     i++) {
			broken(line, width, breaks[i], text);
			assert_int_equal(join_line_parse(text, &k, err,
					     sizeof(err)),
			    0);
		}
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, line, 100);
	text[sizeof(text) - 1] = '\0';
	assert_true(join_line_parse(text, &k, err, sizeof(err)) < 0);
}

static void
whose_it_is(void **state)
{
	char line[JOIN_LINE_LEN];
	struct join_line j = sample();

	(void)state;
	join_line_make(&j, line);
	assert_non_null(strstr(pasted_whose(line), "qmlnode join"));
	assert_non_null(
	    strstr(pasted_whose("'qmlmember1 alpha"), "qmlctl invite"));
	assert_non_null(
	    strstr(pasted_whose("qmlrefound1 00"), "qmlnode refound"));
	assert_null(pasted_whose("federation.yaml"));
	assert_true(join_line_for(&j, "anybody"));
	snprintf(j.who, sizeof(j.who), "epsilon");
	assert_true(join_line_for(&j, "epsilon"));
	assert_false(join_line_for(&j, "mallory"));
}

static void
every_wrong_character(void **state)
{
	char line[JOIN_LINE_LEN], bad[JOIN_LINE_LEN], err[200];
	struct join_line j = sample(), k;

	(void)state;
	join_line_make(&j, line);
	for (size_t i = 0; i < strlen(line); i++) {
		memcpy(bad, line, sizeof(bad));
		bad[i] = bad[i] == 'x' ? 'y' : 'x';
		err[0] = '\0';
		assert_true(join_line_parse(bad, &k, err, sizeof(err)) < 0);
		assert_true(strlen(err) > 20);
		memcpy(bad, line, sizeof(bad));
		bad[i] = '\0'; /* cut */
		assert_true(join_line_parse(bad, &k, err, sizeof(err)) < 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(a_ticket),
	    cmocka_unit_test(as_it_arrives),
	    cmocka_unit_test(whose_it_is),
	    cmocka_unit_test(every_wrong_character),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
