/*
 * jcs.h - JSON in one form only, for hashing and signing: RFC 8785.
 *
 * Keys sorted by UTF-16 code units, no white space, shortest escapes. Numbers
 * are integers of at most 2^53 - 1 in magnitude: a document with any other
 * number is refused, since how floats are written is where canonical JSON goes
 * wrong. Pure.
 */
#ifndef QML_DAEMON_NODE_JCS_H
#define QML_DAEMON_NODE_JCS_H

#include <stddef.h>

struct jv;

/* malloc'd and terminated in *out. -EINVAL: a number that is no integer of
 * that range, or text that is not UTF-8; -ENOMEM. */
int jcs_text(const struct jv *v, char **out, size_t *len)
    __attribute__((warn_unused_result));

#endif
