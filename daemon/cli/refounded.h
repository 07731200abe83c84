/*
 * refounded.h - the re-foundings of a chain: a file beside it, a line to pass
 * around.
 *
 * The file is what refound_put writes, one behind the other. It proves itself:
 * each names the federation before it, and a wrong byte breaks a signature.
 */
#ifndef QML_DAEMON_CLI_REFOUNDED_H
#define QML_DAEMON_CLI_REFOUNDED_H

#include <stddef.h>

#include "proto/federation.h"

#define REFOUNDED_FILE "refounded"    /* complete ones, in a home */
#define REFOUNDED_AGREED "refounding" /* id of what this node signed */
#define REFOUNDED_MAGIC "qmlrefound1"
#define REFOUNDED_BYTES_MAX (1u << 19)

/* Of folder's file, if there is one. -EBADMSG, -errno. */
int refounded_load(const char *folder, struct federation *f)
    __attribute__((warn_unused_result));
/* All of f's into folder's file, durable. */
int refounded_save(const char *folder, const struct federation *f)
    __attribute__((warn_unused_result));

/* malloc'd; NULL: memory. */
char *refounded_line(const struct refound *r);
/* Out of what was pasted. -EINVAL: not whole. -ENOMEM. */
int refounded_parse(const char *text, struct refound *out)
    __attribute__((warn_unused_result));

#endif
