/* A line of the control socket: a request, or a refusal with a sentence; the
 * answer to it is one line that parses and carries the id. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/ctl_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What was parsed reads the same when it is written and parsed again. */
static void
check_again(const struct jv *v)
{
	char *a = jv_dump(v), *b, err[128];
	struct jv *again;

	if (v == NULL)
		return;
	assert(a != NULL);
	again = jv_parse(a, strlen(a), err, sizeof(err));
	assert(again != NULL);
	b = jv_dump(again);
	assert(b != NULL && strcmp(a, b) == 0);
	jv_free(again);
	free(a);
	free(b);
}

static void
check_line(char *line, const struct jv *id)
{
	char err[128], *a, *b;
	struct jv *v;

	assert(line != NULL);
	assert(strchr(line, '\n') == line + strlen(line) - 1);
	v = jv_parse(line, strlen(line), err, sizeof(err));
	assert(v != NULL);
	a = jv_dump(jv_get(v, "id"));
	b = id != NULL ? jv_dump(id) : strdup("null");
	assert(a != NULL && b != NULL && strcmp(a, b) == 0);
	free(a);
	free(b);
	jv_free(v);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ctl_request q;
	char err[256] = "";
	enum ctl_error code;

	if (len > CTL_LINE_MAX)
		return 0;
	code = ctl_line_parse((const char *)data, len, &q, err, sizeof(err));
	if (code == CTL_OK) {
		assert(memchr(q.method, '\0', sizeof(q.method)) != NULL);
		assert(q.params == NULL || jv_is_object(q.params));
		check_again(q.params);
		check_line(ctl_line_result(q.id, jv_object()), q.id);
	} else {
		assert(code == CTL_PARSE || code == CTL_INVALID);
		assert(err[0] != '\0' && q.params == NULL);
		check_line(ctl_line_error(q.id, code, "no"), q.id);
	}
	ctl_request_close(&q);
	return 0;
}
