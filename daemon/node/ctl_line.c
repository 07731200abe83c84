#include "daemon/node/ctl_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ctl_error
ctl_line_parse(const char *line, size_t len, struct ctl_request *out, char *err,
    size_t errlen)
{
	const struct jv *method, *params;
	enum ctl_error code = CTL_OK;
	struct jv *v;

	*out = CTL_REQUEST_INIT;
	v = jv_parse(line, len, err, errlen);
	if (v == NULL)
		return CTL_PARSE;
	out->id = jv_copy(jv_get(v, "id"));
	method = jv_get(v, "method");
	params = jv_get(v, "params");
	if (!jv_is_object(v) ||
	    strcmp(jv_text(jv_get(v, "jsonrpc"), ""), "2.0") != 0) {
		snprintf(err, errlen,
		    "want one object with \"jsonrpc\":"
		    "\"2.0\"");
		code = CTL_INVALID;
	} else if (!jv_is_string(method) ||
	    strlen(jv_text(method, "")) >= sizeof(out->method)) {
		snprintf(err, errlen, "method: want a short string");
		code = CTL_INVALID;
	} else if (params != NULL && !jv_is_object(params)) {
		snprintf(err, errlen, "params: want an object");
		code = CTL_INVALID;
	} else {
		snprintf(out->method, sizeof(out->method), "%s",
		    jv_text(method, ""));
		out->params = jv_copy(params);
	}
	jv_free(v);
	return code;
}

void
ctl_request_close(struct ctl_request *q)
{
	jv_free(q->id);
	jv_free(q->params);
	*q = CTL_REQUEST_INIT;
}

/* Dumps and frees; the final zero makes room for the line's end. */
static char *
finish(struct jv *v)
{
	char *text = jv_dump(v), *line;
	size_t len;

	jv_free(v);
	if (text == NULL)
		return NULL;
	len = strlen(text);
	line = realloc(text, len + 2);
	if (line == NULL) {
		free(text);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

static struct jv *
answer(const struct jv *id)
{
	struct jv *v = jv_object();

	jv_put_string(v, "jsonrpc", "2.0");
	jv_put(v, "id", id != NULL ? jv_copy(id) : jv_null());
	return v;
}

char *
ctl_line_result(const struct jv *id, struct jv *result)
{
	struct jv *v = answer(id);

	jv_put(v, "result", result);
	return finish(v);
}

char *
ctl_line_error(const struct jv *id, enum ctl_error code, const char *message)
{
	struct jv *v = answer(id), *e = jv_object();

	jv_put_integer(e, "code", code);
	jv_put_string(e, "message", message);
	jv_put(v, "error", e);
	return finish(v);
}

char *
ctl_line_event(const char *method, struct jv *params)
{
	struct jv *v = jv_object();

	jv_put_string(v, "jsonrpc", "2.0");
	jv_put_string(v, "method", method);
	jv_put(v, "params", params);
	return finish(v);
}
