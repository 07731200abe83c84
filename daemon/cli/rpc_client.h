/*
 * rpc_client.h - the caller's end of the control socket.
 *
 * JSON-RPC 2.0, one object per line, blocking with a timeout. Used by qmlctl
 * and by `qmlnode demo`. The methods are listed in daemon/node/README.md.
 */
#ifndef QML_DAEMON_CLI_RPC_CLIENT_H
#define QML_DAEMON_CLI_RPC_CLIENT_H

#include <stddef.h>

#include "daemon/node/jv.h"

struct rpc_client {
	int fd; /* -1: closed */
	int64_t id;
	char *line; /* bytes read, not yet taken */
	size_t len, cap;
	/* of the last call that failed with -EREMOTEIO: what the daemon said */
	int code;
	char error[512];
};

#define RPC_CLIENT_INIT ((struct rpc_client){.fd = -1})

/* -ENOENT or -ECONNREFUSED: no daemon there; -EACCES; -ENAMETOOLONG. */
int rpc_open(struct rpc_client *c, const char *socket_path)
    __attribute__((warn_unused_result));
void rpc_close(struct rpc_client *c); /* accepts RPC_CLIENT_INIT */

/* Takes params (NULL: none). *result is owned by the caller. -ETIMEDOUT;
 * -EREMOTEIO: refused, see code and error; -EBADMSG; -ECONNRESET. Events that
 * come in between are dropped. */
int rpc_call(struct rpc_client *c, const char *method, struct jv *params,
    int timeout_ms, struct jv **result) __attribute__((warn_unused_result));

/* After a call of "events": the next notification, whole. -ETIMEDOUT. */
int rpc_next_event(struct rpc_client *c, int timeout_ms, struct jv **event)
    __attribute__((warn_unused_result));

#endif
