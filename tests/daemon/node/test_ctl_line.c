/* A line of the control socket: request, answer, notification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/ctl_line.h"

static enum ctl_error
parse(const char *line, struct ctl_request *q)
{
	char err[256] = "";
	enum ctl_error code =
	    ctl_line_parse(line, strlen(line), q, err, sizeof(err));

	assert_int_equal(code == CTL_OK, err[0] == '\0');
	return code;
}

static void
test_good(void **state)
{
	struct ctl_request q;

	(void)state;
	assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":"
			       "\"round\",\"params\":{\"n\":3}}\r",
			     &q),
	    CTL_OK);
	assert_string_equal(q.method, "round");
	assert_int_equal(jv_int(q.id, -1), 7);
	assert_int_equal(jv_int(jv_get(q.params, "n"), -1), 3);
	ctl_request_close(&q);
	assert_null(q.id);
	assert_int_equal(parse("{\"method\":\"x\",\"jsonrpc\":\"2.0\"}", &q),
	    CTL_OK);
	assert_null(q.id);
	assert_null(q.params);
	ctl_request_close(&q);
	ctl_request_close(&q); /* twice is fine */
}

/* The id comes back even with what is wrong, so that a caller can match it. */
static void
test_bad(void **state)
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
	    {"", CTL_PARSE},
	    {"{\"id\":1", CTL_PARSE},
	    {"{\"id\":1,\"id\":2}", CTL_PARSE},
	    {"[]", CTL_INVALID},
	    {"{\"id\":1}", CTL_INVALID},
	    {"{\"id\":1,\"jsonrpc\":2.0,\"method\":\"x\"}", CTL_INVALID},
	    {"{\"id\":1,\"jsonrpc\":\"1.0\",\"method\":\"x\"}", CTL_INVALID},
	    {"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":1}", CTL_INVALID},
	    {"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":[]}",
		CTL_INVALID},
	};
	struct ctl_request q;
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line, &q), cases[i].code);
		if (strncmp(cases[i].line, "{\"id\":1,\"j", 10) == 0)
			assert_int_equal(jv_int(q.id, -1), 1);
		ctl_request_close(&q);
	}
	snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"%063d\"}", 0);
	assert_int_equal(parse(line, &q), CTL_OK); /* the longest name */
	ctl_request_close(&q);
	snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"%064d\"}", 0);
	assert_int_equal(parse(line, &q), CTL_INVALID);
	ctl_request_close(&q);
}

static void
check(char *line, const char *want)
{
	assert_string_equal(line, want);
	free(line);
}

static void
test_answers(void **state)
{
	struct jv *id = jv_string("a"), *r = jv_object();

	(void)state;
	jv_put_boolean(r, "ok", true);
	check(ctl_line_result(id, r),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"ok\":true}}\n");
	check(ctl_line_error(id, CTL_NOT_FOUND, "line\nbreak"),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":-32005,"
	    "\"message\":\"line\\nbreak\"}}\n");
	check(ctl_line_error(NULL, CTL_PARSE, ""),
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
	    "\"message\":\"\"}}\n");
	check(ctl_line_event("round.opened", jv_object()),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"round.opened\",\"params\":{}}"
	    "\n");
	jv_free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests_name("ctl_line", tests, NULL, NULL);
}
