/*
 * dossier.h - all that a chain tells of a federation, as one JSON document.
 *
 * Schema qml.dossier/1: who, which jobs, every round, data and consent,
 * privacy, contributions and pay, votes, versions, the checks A1 to A20, and
 * what no chain can show. Amounts, counts and heights are integers, losses are
 * Q24, so that the document has one canonical form (RFC 8785) and can be
 * signed.
 */
#ifndef QML_DAEMON_CLI_DOSSIER_H
#define QML_DAEMON_CLI_DOSSIER_H

#include <stdint.h>

#include "daemon/cli/audit.h"
#include "daemon/node/credential.h"
#include "proto/sign.h"

struct jv;

/* Runs the audit and returns what it returns; *out is set whenever block 0 is
 * sound, also of a chain that fails, and is the caller's. now_ms: UNIX. */
int dossier_make(struct audit *a, const struct audit_order *o, uint64_t now_ms,
    struct jv **out) __attribute__((warn_unused_result));

/* dossier_about.c: the parts that do not change from block to block. */
struct jv *dossier_federation(const struct ledger *l);
struct jv *dossier_job(const struct job *j, const struct hash *id);
struct jv *dossier_checks(const struct checks *c);
struct jv *dossier_blind(void); /* what no chain can show */

/* Adds "proof" (Data Integrity, eddsa-jcs-2022) by this key. -EINVAL,
 * -ENOMEM. */
int dossier_sign(struct jv *document, const struct sign_key *key,
    uint64_t now_ms) __attribute__((warn_unused_result));
/* -EINVAL with a sentence; by is a did:key when it holds. */
int dossier_verify(const struct jv *document,
    char by[static CREDENTIAL_DID_LEN], char err[static CREDENTIAL_ERR_LEN])
    __attribute__((warn_unused_result));

#endif
