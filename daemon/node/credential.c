#include "daemon/node/credential.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"
#include "daemon/node/jcs.h"
#include "daemon/node/jv.h"
#include "proto/base58.h"
#include "proto/sha256.h"

#define MULTICODEC_LEN 2

static const char suite[] = "eddsa-jcs-2022";
static const char context_v2[] = "https://www.w3.org/ns/credentials/v2";
static const uint8_t multicodec_ed25519[MULTICODEC_LEN] = {0xed, 0x01};

static const struct {
	const char *name;
	const char *nick;
} types[CREDENTIAL_TYPES] = {
    [CREDENTIAL_MEMBERSHIP] = {"MembershipCredential", "membership"},
    [CREDENTIAL_DATA_STEWARD] = {"DataStewardCredential", "data-steward"},
    [CREDENTIAL_AUDITOR] = {"AuditorCredential", "auditor"},
};

const char *
credential_type_name(uint8_t type)
{
	return type > 0 && type < CREDENTIAL_TYPES ? types[type].name : NULL;
}

uint8_t
credential_type_named(const char *name)
{
	for (uint8_t i = 1; i < CREDENTIAL_TYPES; i++)
		if (strcmp(types[i].name, name) == 0 ||
		    strcmp(types[i].nick, name) == 0)
			return i;
	return 0;
}

/* z6Mk...: the key as a Multikey. */
static void
multikey(const struct sign_public *pk, char *out, size_t len)
{
	uint8_t bytes[MULTICODEC_LEN + SIGN_PUBLIC_LEN];
	char text[BASE58_TEXT_MAX];

	memcpy(bytes, multicodec_ed25519, MULTICODEC_LEN);
	memcpy(bytes + MULTICODEC_LEN, pk->b, SIGN_PUBLIC_LEN);
	snprintf(out, len, "z%s", base58_text(bytes, sizeof(bytes), text));
}

char *
credential_did(const struct sign_public *pk,
    char out[static CREDENTIAL_DID_LEN])
{
	char key[CREDENTIAL_DID_LEN - 8];

	multikey(pk, key, sizeof(key));
	snprintf(out, CREDENTIAL_DID_LEN, "did:key:%s", key);
	return out;
}

int
credential_did_parse(const char *did, struct sign_public *out)
{
	static const char prefix[] = "did:key:";
	uint8_t bytes[MULTICODEC_LEN + SIGN_PUBLIC_LEN];

	if (strncmp(did, prefix, strlen(prefix)) == 0)
		did += strlen(prefix);
	if (*did != 'z' || base58_parse(did + 1, bytes, sizeof(bytes)) < 0 ||
	    memcmp(bytes, multicodec_ed25519, MULTICODEC_LEN) != 0)
		return -EINVAL;
	memcpy(out->b, bytes + MULTICODEC_LEN, SIGN_PUBLIC_LEN);
	return 0;
}

static int
canonical_hash(const struct jv *v, uint8_t out[static SHA256_LEN])
{
	char *text;
	size_t len;
	int rc = jcs_text(v, &text, &len);

	if (rc < 0)
		return rc;
	sha256(text, len, out);
	free(text);
	return 0;
}

/* What is signed: the hash of the options, then that of the document. */
static int
signed_hashes(const struct jv *document, const struct jv *options,
    uint8_t out[static 2 * SHA256_LEN])
{
	int rc = canonical_hash(options, out);

	return rc < 0 ? rc : canonical_hash(document, out + SHA256_LEN);
}

int
credential_prove(struct jv *document, struct jv *options,
    const struct sign_key *k)
{
	uint8_t hashes[2 * SHA256_LEN];
	uint8_t sig[SIGN_LEN];
	char text[BASE58_TEXT_MAX];
	char value[BASE58_TEXT_MAX + 1];
	int rc = signed_hashes(document, options, hashes);

	if (rc < 0) {
		jv_free(options);
		return rc;
	}
	sign_bytes(k, hashes, sizeof(hashes), sig);
	snprintf(value, sizeof(value), "z%s",
	    base58_text(sig, sizeof(sig), text));
	jv_put_string(options, "proofValue", value);
	jv_put(document, "proof", options);
	return 0;
}

static struct jv *
contexts(void)
{
	struct jv *list = jv_array();

	jv_add(list, jv_string(context_v2));
	return list;
}

static const char assertion[] = "assertionMethod";
static const char authentication[] = "authentication";

static struct jv *
proof_options(const struct sign_public *issuer, const char *created,
    const char *purpose)
{
	char key[CREDENTIAL_DID_LEN];
	char did[CREDENTIAL_DID_LEN];
	char method[2 * CREDENTIAL_DID_LEN + 2];
	struct jv *o = jv_object();

	multikey(issuer, key, sizeof(key));
	snprintf(method, sizeof(method), "%s#%s", credential_did(issuer, did),
	    key);
	jv_put_string(o, "type", "DataIntegrityProof");
	jv_put_string(o, "cryptosuite", suite);
	jv_put_string(o, "created", created);
	jv_put_string(o, "verificationMethod", method);
	jv_put_string(o, "proofPurpose", purpose);
	jv_put(o, "@context", contexts());
	return o;
}

struct jv *
credential_issue(const struct credential_order *o,
    const struct sign_key *issuer)
{
	struct sign_public pk = sign_key_public(issuer);
	struct jv *document = jv_object();
	struct jv *subject = jv_object();
	struct jv *type = jv_array();
	char did[CREDENTIAL_DID_LEN];
	char from[FEDERATION_TIME_LEN];
	char until[FEDERATION_TIME_LEN];

	federation_time_text(o->from_s * 1000, from);
	federation_time_text(o->until_s * 1000, until);
	jv_add(type, jv_string("VerifiableCredential"));
	jv_add(type, jv_string(credential_type_name(o->type)));
	jv_put_string(subject, "id", credential_did(&o->subject, did));
	if (o->name)
		jv_put_string(subject, "name", o->name);
	jv_put_string(subject, "federation", o->federation);
	jv_put(document, "@context", contexts());
	jv_put(document, "type", type);
	jv_put_string(document, "issuer", credential_did(&pk, did));
	jv_put_string(document, "validFrom", from);
	jv_put_string(document, "validUntil", until);
	jv_put(document, "credentialSubject", subject);
	if (credential_prove(document, proof_options(&pk, from, assertion),
		issuer) < 0) {
		jv_free(document);
		return NULL;
	}
	return document;
}

static int
refuse(char *err, const char *why)
{
	snprintf(err, CREDENTIAL_ERR_LEN, "credential: %s", why);
	return -EINVAL;
}

/* The document's contexts must begin with the proof's, in order. */
static bool
contexts_match(const struct jv *document, const struct jv *proof)
{
	const struct jv *have = jv_get(document, "@context");
	const struct jv *want = jv_get(proof, "@context");

	if (!want)
		return true;
	if (jv_is_string(want))
		return strcmp(jv_text(want, ""),
			   jv_is_array(have) ? jv_text(jv_at(have, 0), "-")
					     : jv_text(have, "-")) == 0;
	for (size_t i = 0; i < jv_len(want); i++)
		if (strcmp(jv_text(jv_at(want, i), "-"),
			jv_text(jv_at(have, i), "+")) != 0)
			return false;
	return true;
}

static const char *
proof_fault(const struct jv *document, const struct jv *proof,
    const char *purpose)
{
	if (!jv_is_object(proof))
		return "it has no proof";
	if (strcmp(jv_text(jv_get(proof, "type"), ""), "DataIntegrityProof") !=
	    0)
		return "its proof is no DataIntegrityProof";
	if (strcmp(jv_text(jv_get(proof, "cryptosuite"), ""), suite) != 0)
		return "its proof is not of the suite eddsa-jcs-2022";
	if (strcmp(jv_text(jv_get(proof, "proofPurpose"), ""), purpose) != 0)
		return purpose == assertion
		    ? "its proof's purpose is not assertionMethod"
		    : "its proof's purpose is not authentication";
	if (!contexts_match(document, proof))
		return "its @context does not begin with its proof's";
	return NULL;
}

/* The document without its proof, the proof without its value. */
static int
split(const struct jv *document, struct jv **bare, struct jv **options)
{
	*bare = jv_copy(document);
	*options = jv_copy(jv_get(document, "proof"));
	if (!*bare || !*options) {
		jv_free(*bare);
		jv_free(*options);
		return -ENOMEM;
	}
	jv_drop(*bare, "proof");
	jv_drop(*options, "proofValue");
	return 0;
}

static int
check_proof(const struct jv *document, const struct sign_public *pk,
    const char *purpose, char err[static CREDENTIAL_ERR_LEN])
{
	const struct jv *proof = jv_get(document, "proof");
	const char *fault = proof_fault(document, proof, purpose);
	const char *value = jv_text(jv_get(proof, "proofValue"), "");
	uint8_t hashes[2 * SHA256_LEN];
	uint8_t sig[SIGN_LEN];
	struct jv *bare, *options;
	int rc;

	if (fault)
		return refuse(err, fault);
	if (value[0] != 'z' || base58_parse(value + 1, sig, sizeof(sig)) < 0)
		return refuse(err, "its proofValue is no signature");
	rc = split(document, &bare, &options);
	if (rc < 0)
		return rc;
	rc = signed_hashes(bare, options, hashes);
	jv_free(bare);
	jv_free(options);
	if (rc == -EINVAL)
		return refuse(err, "it holds a number that is no integer");
	if (rc < 0)
		return rc;
	if (!sign_verify_bytes(pk, hashes, sizeof(hashes), sig))
		return refuse(err,
		    "its signature does not fit: it was "
		    "changed, or another key signed it");
	return 0;
}

int
credential_check_proof(const struct jv *document, const struct sign_public *pk,
    char err[static CREDENTIAL_ERR_LEN])
{
	return check_proof(document, pk, assertion, err);
}

static uint8_t
type_of(const struct jv *document)
{
	const struct jv *list = jv_get(document, "type");

	for (size_t i = 0; i < jv_len(list); i++) {
		uint8_t t = credential_type_named(jv_text(jv_at(list, i), ""));

		if (t)
			return t;
	}
	return 0;
}

static int
time_of(const struct jv *document, const char *key, uint64_t *out)
{
	uint64_t ms;

	if (federation_time_parse(jv_text(jv_get(document, key), ""), &ms) != 0)
		return -EINVAL;
	*out = ms / 1000;
	return 0;
}

int
credential_check(const struct jv *document, uint64_t now_s,
    struct credential_view *out, char err[static CREDENTIAL_ERR_LEN])
{
	const struct jv *subject = jv_get(document, "credentialSubject");
	int rc;

	*out = (struct credential_view){.type = type_of(document)};
	if (out->type == 0)
		return refuse(err, "its type is none of those known here");
	if (credential_did_parse(jv_text(jv_get(document, "issuer"), ""),
		&out->issuer) < 0)
		return refuse(err, "its issuer is no did:key of Ed25519");
	if (credential_did_parse(jv_text(jv_get(subject, "id"), ""),
		&out->subject) < 0)
		return refuse(err, "its subject is no did:key of Ed25519");
	rc = credential_check_proof(document, &out->issuer, err);
	if (rc < 0)
		return rc;
	if (time_of(document, "validFrom", &out->from_s) < 0 ||
	    time_of(document, "validUntil", &out->until_s) < 0)
		return refuse(err, "validFrom or validUntil is no UTC time");
	if (now_s < out->from_s)
		return refuse(err, "it is not valid yet");
	if (now_s >= out->until_s)
		return refuse(err, "it has expired");
	rc = credential_id(document, &out->id);
	return rc < 0 ? refuse(err, "it cannot be canonical") : 0;
}

int
credential_id(const struct jv *document, struct hash *out)
{
	return canonical_hash(document, out->b);
}

struct jv *
credential_present(const struct jv *credential, const char *challenge,
    uint64_t now_s, const struct sign_key *holder)
{
	struct sign_public pk = sign_key_public(holder);
	struct jv *document = jv_object(), *list = jv_array(), *options;
	struct jv *type = jv_array();
	char did[CREDENTIAL_DID_LEN], created[FEDERATION_TIME_LEN];

	jv_add(type, jv_string("VerifiablePresentation"));
	jv_add(list, jv_copy(credential));
	jv_put(document, "@context", contexts());
	jv_put(document, "type", type);
	jv_put_string(document, "holder", credential_did(&pk, did));
	jv_put(document, "verifiableCredential", list);
	federation_time_text(now_s * 1000, created);
	options = proof_options(&pk, created, authentication);
	if (challenge[0] != '\0')
		jv_put_string(options, "challenge", challenge);
	if (credential_prove(document, options, holder) < 0) {
		jv_free(document);
		return NULL;
	}
	return document;
}

bool
credential_is_presentation(const struct jv *document)
{
	const struct jv *list = jv_get(document, "type");

	for (size_t i = 0; i < jv_len(list); i++)
		if (strcmp(jv_text(jv_at(list, i), ""),
			"VerifiablePresentation") == 0)
			return true;
	return false;
}

int
credential_check_presentation(const struct jv *p, const char *challenge,
    const struct jv **credential, char err[static CREDENTIAL_ERR_LEN])
{
	const char *holder = jv_text(jv_get(p, "holder"), "");
	const struct jv *list = jv_get(p, "verifiableCredential");
	const struct jv *subject;
	struct sign_public pk;
	int rc;

	*credential = jv_at(list, 0);
	if (credential_did_parse(holder, &pk) < 0)
		return refuse(err, "its holder is no did:key of Ed25519");
	rc = check_proof(p, &pk, authentication, err);
	if (rc < 0)
		return rc;
	if (challenge != NULL &&
	    strcmp(jv_text(jv_get(jv_get(p, "proof"), "challenge"), ""),
		challenge) != 0)
		return refuse(err,
		    "it was not made for this challenge: somebody may "
		    "have kept it");
	if (jv_len(list) != 1)
		return refuse(err, "want one credential in it");
	subject = jv_get(*credential, "credentialSubject");
	if (strcmp(jv_text(jv_get(subject, "id"), ""), holder) != 0)
		return refuse(err,
		    "its holder is not the credential's subject");
	return 0;
}
