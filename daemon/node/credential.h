/*
 * credential.h - W3C Verifiable Credentials 2.0, signed with eddsa-jcs-2022.
 *
 * A credential says that its issuer vouches for somebody: a member, a data
 * steward, an auditor. It is a JSON document with a proof; the chain holds
 * only its hash, its subject's key and whether it was revoked. Proof: Ed25519
 * over SHA-256(JCS(proof options)) || SHA-256(JCS(document)), in base58btc
 * (W3C vc-di-eddsa 3.3). Who somebody is, is a did:key. Pure; time comes in.
 */
#ifndef QML_DAEMON_NODE_CREDENTIAL_H
#define QML_DAEMON_NODE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"
#include "proto/sign.h"

#define CREDENTIAL_DID_LEN 80
#define CREDENTIAL_ERR_LEN 256
#define CREDENTIAL_BYTES_MAX (64u << 10)

enum credential_type {
	CREDENTIAL_MEMBERSHIP = 1,
	CREDENTIAL_DATA_STEWARD,
	CREDENTIAL_AUDITOR,
	CREDENTIAL_TYPES, /* past the last */
};

/* "MembershipCredential"; NULL: no such type. */
const char *credential_type_name(uint8_t type);
/* By that name or "membership", "data-steward", "auditor"; 0: none. */
uint8_t credential_type_named(const char *name);

/* did:key:z6Mk... of an Ed25519 key (multicodec ed01). Returns out. */
char *credential_did(const struct sign_public *pk,
    char out[static CREDENTIAL_DID_LEN]);
/* did:key:..., or its key alone (z...). -EINVAL. */
int credential_did_parse(const char *did, struct sign_public *out)
    __attribute__((warn_unused_result));

struct jv;

struct credential_order {
	uint8_t type;
	const char *federation; /* qf1... */
	const char *name;       /* of the subject, for people; may be NULL */
	struct sign_public subject;
	uint64_t from_s; /* UNIX seconds */
	uint64_t until_s;
};

/* A signed document; jv_free it. NULL: no memory. */
struct jv *credential_issue(const struct credential_order *o,
    const struct sign_key *issuer);

/* Adds "proof" to a document; `options` are the proof's other members and are
 * taken. -EINVAL: cannot be canonical; -ENOMEM. */
int credential_prove(struct jv *document, struct jv *options,
    const struct sign_key *k) __attribute__((warn_unused_result));
/* Does the proof hold under this key? -EINVAL with a sentence: no proof,
 * another suite, another purpose, contexts that do not start with the proof's,
 * or a signature that does not fit. */
int credential_check_proof(const struct jv *document,
    const struct sign_public *pk, char err[static CREDENTIAL_ERR_LEN])
    __attribute__((warn_unused_result));

/* What a valid credential says. */
struct credential_view {
	uint8_t type;
	struct sign_public issuer, subject;
	uint64_t from_s, until_s;
	struct hash id; /* SHA-256 of the canonical document with its proof */
};

/* Proof, type, times at now_s, and that the issuer's did is the proof's key.
 * -EINVAL with a sentence. */
int credential_check(const struct jv *document, uint64_t now_s,
    struct credential_view *out, char err[static CREDENTIAL_ERR_LEN])
    __attribute__((warn_unused_result));

/* SHA-256 of the canonical document with its proof: its name on the chain.
 * -EINVAL, -ENOMEM. */
int credential_id(const struct jv *document, struct hash *out)
    __attribute__((warn_unused_result));

/* A verifiable presentation: the holder shows its credential to whoever asked
 * with this challenge ("": nobody did). Takes nothing; jv_free the result.
 * NULL: no memory, or the credential cannot be canonical. */
struct jv *credential_present(const struct jv *credential,
    const char *challenge, uint64_t now_s, const struct sign_key *holder);
/* Its proof, and that the holder is the credential's subject; *credential is
 * borrowed from p and not checked yet. challenge NULL: any. -EINVAL with a
 * sentence. */
int credential_check_presentation(const struct jv *p, const char *challenge,
    const struct jv **credential, char err[static CREDENTIAL_ERR_LEN])
    __attribute__((warn_unused_result));
bool credential_is_presentation(const struct jv *document);

#endif
