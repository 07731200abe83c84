/*
 * ctl_line.h - one line of the control socket: JSON-RPC 2.0 to a struct.
 *
 * Pure, so that the fuzzer can call it.
 */
#ifndef QML_DAEMON_NODE_CTL_LINE_H
#define QML_DAEMON_NODE_CTL_LINE_H

#include <stddef.h>

#include "daemon/node/jv.h"

#define CTL_LINE_MAX 65536
#define CTL_METHOD_LEN 64

/* JSON-RPC 2.0 section 5.1, and our own from -32000 down. */
enum ctl_error {
	CTL_OK = 0,
	CTL_PARSE = -32700,
	CTL_INVALID = -32600,
	CTL_NO_METHOD = -32601,
	CTL_PARAMS = -32602,
	CTL_INTERNAL = -32603,
	CTL_NOT_PERMITTED = -32004,
	CTL_NOT_FOUND = -32005,
	CTL_BUSY = -32006,
	CTL_REFUSED = -32007, /* by the ledger: the text says why */
};

struct ctl_request {
	char method[CTL_METHOD_LEN];
	struct jv *id;     /* owned; null when there was none */
	struct jv *params; /* owned; NULL: none */
};

#define CTL_REQUEST_INIT ((struct ctl_request){.id = NULL})

/* CTL_OK, CTL_PARSE or CTL_INVALID with a sentence in err. *out is to be
 * closed in any case: an error answer needs its id. */
enum ctl_error ctl_line_parse(const char *line, size_t len,
    struct ctl_request *out, char *err, size_t errlen);
void ctl_request_close(struct ctl_request *q);

/* One line with its end, malloc'd; takes result. id is copied. NULL: memory */
char *ctl_line_result(const struct jv *id, struct jv *result);
char *ctl_line_error(const struct jv *id, enum ctl_error code,
    const char *message);
/* A notification; takes params. */
char *ctl_line_event(const char *method, struct jv *params);

#endif
