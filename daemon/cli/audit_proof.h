/*
 * audit_proof.h - proof that a block is in the chain, for tools of others.
 */
#ifndef QML_DAEMON_CLI_AUDIT_PROOF_H
#define QML_DAEMON_CLI_AUDIT_PROOF_H

#include "daemon/cli/audit.h"

struct audit_proof {
	const char *height; /* as typed */
	const char *out;    /* OUT, and OUT.entry: the header's bytes */
	const char *key;    /* a node.key: who signs the checkpoint */
};

/* Runs the audit first: of a chain that fails nothing is written. Prints the
 * verifier's key. *code: an exit code, with the sentence said. */
int audit_proof_run(struct audit *a, const struct audit_order *o,
    const struct audit_proof *p, int *code) __attribute__((warn_unused_result));

#endif
