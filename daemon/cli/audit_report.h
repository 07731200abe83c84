/*
 * audit_report.h - a dossier as a file, and one that was received.
 */
#ifndef QML_DAEMON_CLI_AUDIT_REPORT_H
#define QML_DAEMON_CLI_AUDIT_REPORT_H

#include "daemon/cli/audit.h"

struct audit_report {
	const char *out; /* ends in .html or .json */
	const char *key; /* a node.key; NULL: it is not signed */
};

/* Is the name one that can be written? An exit code, with the sentence said. */
int audit_report_name(const char *out);

/* As audit_run, and writes the dossier. *code: CLI_OK, or that of a key or file
 * that did not work, with the sentence said. */
int audit_report_run(struct audit *a, const char *path,
    const struct hash *federation, const struct audit_report *r, int *code)
    __attribute__((warn_unused_result));

/* Says who signed a .json dossier. An exit code: CLI_NOT_VERIFIED. */
int audit_report_verify(const char *path);

#endif
