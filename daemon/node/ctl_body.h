/*
 * ctl_body.h - the body of a transaction from the words of a request.
 *
 * Keys of accounts are 64 hex digits or a member's name; everything else that
 * has an id is 64 hex digits. Amounts are token units.
 */
#ifndef QML_DAEMON_NODE_CTL_BODY_H
#define QML_DAEMON_NODE_CTL_BODY_H

#include "daemon/node/jv.h"
#include "daemon/node/node.h"
#include "proto/bytes.h"

/* 0: no such kind, or one that no person sends. */
uint8_t ctl_body_kind(const char *name);
/* Writes the body; false with a sentence in err. */
bool ctl_body_put(const struct node *n, uint8_t kind, const struct jv *params,
    struct bytes_writer *w, char err[static 160]);

/* Of a member's name or 64 hex digits. */
bool ctl_body_key(const struct node *n, const char *text,
    struct sign_public *out);

#endif
