/*
 * member_line.h - what a new member sends to the founder: one line.
 *
 * qmlmember1 NAME ADDRESS SIGN NETWORK PROOF CHECK. ADDRESS is "-" for a node
 * that dials out only. PROOF is a signature by SIGN over all before it, so
 * nobody can enter another's key as his own; CHECK is four bytes of a hash
 * that finds a line that was cut or mistyped before anything else looks.
 */
#ifndef QML_DAEMON_CLI_MEMBER_LINE_H
#define QML_DAEMON_CLI_MEMBER_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/node/keys.h"
#include "proto/federation.h"

#define MEMBER_LINE_LEN 768
#define MEMBER_LINE_MAGIC "qmlmember1"

/* name and address must be good ones. */
void member_line_make(const struct keys *k, const char *name,
    const char *address, char out[static MEMBER_LINE_LEN]);

/* The line alone, out of what was pasted; false: no whole one is in it. */
bool member_line_take(const char *text, char out[static MEMBER_LINE_LEN]);
/* Into *m with its id, power and weight 1. -EINVAL with a sentence in err;
 * what is around the line, and line breaks in it, do not matter. */
int member_line_parse(const char *line, struct member *m, char *err,
    size_t errlen) __attribute__((warn_unused_result));

#endif
