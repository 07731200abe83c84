/*
 * audit_proof.h - proof that a block is in the chain, for tools of others.
 */
#ifndef QML_DAEMON_CLI_AUDIT_PROOF_H
#define QML_DAEMON_CLI_AUDIT_PROOF_H

#include "daemon/cli/audit.h"

struct audit_proof {
	const char *height; /* as typed */
	const char *out;    /* OUT, with a key also OUT.entry, the header */
	/* A node.key, who signs the checkpoint; NULL: the proof by the
	 * members' certificates, see history_proof.h. */
	const char *key;
};

/* Runs the audit first: of a chain that fails nothing is written. *code: an
 * exit code, with the sentence said. */
int audit_proof_run(struct audit *a, const struct audit_order *o,
    const struct audit_proof *p, int *code) __attribute__((warn_unused_result));

#endif
