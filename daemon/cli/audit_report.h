/*
 * audit_report.h - a dossier as a file, and one that was received.
 */
#ifndef QML_DAEMON_CLI_AUDIT_REPORT_H
#define QML_DAEMON_CLI_AUDIT_REPORT_H

#include "daemon/cli/audit.h"
#include "daemon/node/keys.h"

struct audit_report {
	const char *out; /* ends in .html or .json */
	const char *key; /* a node.key; NULL: it is not signed */
};

/* A node's keys; an exit code, with the sentence said. */
int audit_report_key(struct keys *k, const char *path);

/* Is the name one that can be written? An exit code, with the sentence said. */
int audit_report_name(const char *out);

/* As audit_run, and writes the dossier. *code: CLI_OK, or that of a key or file
 * that did not work, with the sentence said. */
int audit_report_run(struct audit *a, const struct audit_order *o,
    const struct audit_report *r, int *code)
    __attribute__((warn_unused_result));

/* Says who signed a .json dossier, or what a proof shows. want: the
 * federation's id, or NULL. An exit code: CLI_NOT_VERIFIED. */
int audit_report_verify(const char *path, const struct hash *want, bool json);

#endif
