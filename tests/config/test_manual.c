/* The man pages list every key with its type, default and help, and their
 * examples are valid files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/federation_draft.h"
#include "config/federation_file.h"
#include "config/node.h"
#include "config/value.h"

#define PAGE_BYTES_MAX 65536

/* The page without roff's escapes of '-' and '\\'. */
static char *
read_page(const char *path)
{
	struct config_error e;
	void *data = NULL;
	char *text, *to, *from;
	size_t len = 0;

	if (config_read(path, PAGE_BYTES_MAX, &data, &len, &e) != 0)
		fail_msg("%s", e.text);
	text = malloc(len + 1);
	assert_non_null(text);
	memcpy(text, data, len);
	text[len] = '\0';
	free(data);
	for (from = to = text; *from != '\0'; from++)
		if (from[0] != '\\' || (from[1] != '-' && from[1] != 'e'))
			*to++ = *from;
	*to = '\0';
	return text;
}

static void
check_rows(const struct schema *s, const char *page)
{
	const struct schema_row *row;
	char want[256], entry[1024];
	size_t i, n;

	assert_true(s->n > 3);
	for (i = 0; i < s->n; i++) {
		row = &s->rows[i];
		value_want(row, want, sizeof(want));
		n = (size_t)snprintf(entry, sizeof(entry), ".TP\n.B %s\n",
		    row->key);
		if (row->type != SCHEMA_OTHER)
			n += (size_t)snprintf(entry + n, sizeof(entry) - n,
			    "%s; %s%s.\n", want,
			    row->def == NULL ? "required" : "default ",
			    row->def == NULL                ? ""
				: row->def[0] != '\0'       ? row->def
				: row->type == SCHEMA_TEXTS ? "[]"
							    : "\"\"");
		snprintf(entry + n, sizeof(entry) - n, "%s.\n", row->help);
		if (strstr(page, entry) == NULL)
			fail_msg("the man page lacks:\n%s", entry);
	}
}

/* What stands between .nf and .fi. */
static char *
example(char *page)
{
	char *start = strstr(page, "\n.nf\n"), *end;

	assert_non_null(start);
	start += 5;
	end = strstr(start, ".fi\n");
	assert_non_null(end);
	*end = '\0';
	return start;
}

static void
test_node(void **state)
{
	char *page = read_page("config/qmlnode.yaml.5"), *text;
	struct config_error e = {.file = "example"};
	struct config_node c;

	(void)state;
	check_rows(&config_node_schema, page);
	text = example(page);
	if (config_node_parse(&c, text, strlen(text), &e) != 0)
		fail_msg("%s", e.text);
	config_node_close(&c);
	free(page);
}

static void
test_federation(void **state)
{
	char *page = read_page("config/federation.yaml.5"), *text;
	struct config_error e = {.file = "example"};
	struct federation f;

	(void)state;
	check_rows(&federation_schema, page);
	check_rows(&federation_member_schema, page);
	check_rows(&federation_column_schema, page);
	text = example(page);
	if (federation_file_parse(&f, text, strlen(text), &e) != 0)
		fail_msg("%s", e.text);
	federation_close(&f);
	free(page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_node),
	    cmocka_unit_test(test_federation),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
