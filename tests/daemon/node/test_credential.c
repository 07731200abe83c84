/* JCS and credentials: W3C's own vector, and every way of being wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/credential.h"
#include "daemon/node/jcs.h"
#include "daemon/node/jv.h"
#include "proto/base58.h"

static struct jv *
parse(const char *text)
{
	char err[256];
	struct jv *v = jv_parse(text, strlen(text), err, sizeof(err));

	assert_non_null(v);
	return v;
}

static void
canonical(const char *in, const char *want)
{
	struct jv *v = parse(in);
	char *text;
	size_t len;

	assert_int_equal(jcs_text(v, &text, &len), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
	jv_free(v);
}

/* RFC 8785, 3.2.3 (sorting) and 3.2.2 (escapes); numbers of our profile. */
static void
test_canonical_form(void **state)
{
	struct jv *v;
	char *text;
	size_t len;

	(void)state;
	canonical("{ \"b\" : [1, 2,  {\"z\":null,\"a\":true}], \"a\": \"x\" }",
	    "{\"a\":\"x\",\"b\":[1,2,{\"a\":true,\"z\":null}]}");
	canonical(
	    "[\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"]",
	    "[\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]");
	canonical("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,"
		  "\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
	    "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,"
	    "\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
	    "\"\xef\xac\xb3\":3}");
	canonical("[9007199254740991,-9007199254740991,0]",
	    "[9007199254740991,-9007199254740991,0]");
	v = parse("[9007199254740993]");
	assert_int_equal(jcs_text(v, &text, &len), -EINVAL);
	jv_free(v);
	v = parse("[0.5]");
	assert_int_equal(jcs_text(v, &text, &len), -EINVAL);
	jv_free(v);
}

/* W3C vc-di-eddsa, test vectors eddsa-jcs-2022. */
static const char w3c_document[] =
    "{\"@context\":[\"https://www.w3.org/ns/credentials/v2\","
    "\"https://www.w3.org/ns/credentials/examples/v2\"],"
    "\"id\":\"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33\","
    "\"type\":[\"VerifiableCredential\",\"AlumniCredential\"],"
    "\"name\":\"Alumni Credential\","
    "\"description\":\"A minimum viable example of an Alumni Credential.\","
    "\"issuer\":\"https://vc.example/issuers/5678\","
    "\"validFrom\":\"2023-01-01T00:00:00Z\","
    "\"credentialSubject\":{\"id\":\"did:example:abcdefgh\","
    "\"alumniOf\":\"The School of Examples\"}}";
static const char w3c_options[] =
    "{\"type\":\"DataIntegrityProof\",\"cryptosuite\":\"eddsa-jcs-2022\","
    "\"created\":\"2023-02-24T23:36:38Z\","
    "\"verificationMethod\":\"https://vc.example/issuers/5678#"
    "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2\","
    "\"proofPurpose\":\"assertionMethod\","
    "\"@context\":[\"https://www.w3.org/ns/credentials/v2\","
    "\"https://www.w3.org/ns/credentials/examples/v2\"]}";
static const char w3c_value[] =
    "z63t83Y53KfzJ5ZosfKTnqfMcKB2dmTrfjSaQjeNNjAD5srBowQfmWqeRb8rRjmeEuCBEsdd"
    "F9LsVogtuTsijJKh4";

static struct sign_key *
w3c_key(void)
{
	static const char private_key[] =
	    "3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq";
	uint8_t bytes[34]; /* multicodec 0x1300, varint 80 26, then the seed */
	struct sign_key *k;

	assert_int_equal(sign_setup(), 0);
	assert_int_equal(base58_parse(private_key, bytes, sizeof(bytes)), 0);
	assert_int_equal(bytes[0], 0x80);
	assert_int_equal(bytes[1], 0x26);
	assert_int_equal(sign_key_new(bytes + 2, &k), 0);
	return k;
}

static void
test_w3c_vector(void **state)
{
	struct jv *document = parse(w3c_document);
	struct sign_key *k = w3c_key();
	struct sign_public pk = sign_key_public(k);
	struct sign_public other;
	char err[CREDENTIAL_ERR_LEN];
	char did[CREDENTIAL_DID_LEN];

	(void)state;
	assert_string_equal(credential_did(&pk, did),
	    "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2");
	assert_int_equal(credential_did_parse(did, &other), 0);
	assert_memory_equal(&other, &pk, sizeof(pk));
	assert_int_equal(credential_prove(document, parse(w3c_options), k), 0);
	assert_string_equal(jv_text(jv_get(jv_get(document, "proof"),
					"proofValue"),
				""),
	    w3c_value);
	assert_int_equal(credential_check_proof(document, &pk, err), 0);
	jv_put_string(document, "name", "Alumni credential");
	assert_int_equal(credential_check_proof(document, &pk, err), -EINVAL);
	assert_non_null(strstr(err, "does not fit"));
	jv_free(document);
	sign_key_free(k);
}

/* Replaces the first `from` in the document's text. */
static struct jv *
altered(const struct jv *document, const char *from, const char *to)
{
	char *text = jv_dump(document);
	char *at = strstr(text, from);
	char *out = malloc(strlen(text) + strlen(to) + 1);
	struct jv *v;

	assert_non_null(at);
	assert_non_null(out);
	memcpy(out, text, (size_t)(at - text));
	snprintf(out + (at - text),
	    strlen(text) + strlen(to) + 1 - (size_t)(at - text), "%s%s", to,
	    at + strlen(from));
	v = parse(out);
	free(out);
	free(text);
	return v;
}

static void
test_issue_and_check(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} bad[] = {
	    {"MembershipCredential", "AuditorCredential", "does not fit"},
	    {"MembershipCredential", "Other", "none of those known"},
	    {"eddsa-jcs-2022", "eddsa-rdfc-2022", "suite"},
	    {"assertionMethod", "authentication", "purpose"},
	    {"ward", "yard", "does not fit"},
	    {"\"proof\"", "\"prove\"", "no proof"},
	    {"credentials/v2\"],\"type\"", "other/v2\"],\"type\"", "@context"},
	    {"did:key:z", "did:web:z", "no did:key"},
	    {"\"id\":\"did:key:z", "\"id\":\"did:web:z", "its subject is no"},
	    {"DataIntegrityProof", "Ed25519Signature2020", "is no Data"},
	    {"\"name\":\"ward\"", "\"name\":1.5", "no integer"},
	};
	uint8_t seed[SIGN_SEED_LEN] = {5};
	char err[CREDENTIAL_ERR_LEN];
	struct credential_order o = {.type = CREDENTIAL_MEMBERSHIP,
	    .federation = "qf1example",
	    .name = "ward",
	    .from_s = 1700000000,
	    .until_s = 1800000000};
	struct credential_view view;
	struct sign_key *k;
	struct jv *document;

	(void)state;
	assert_int_equal(sign_setup(), 0);
	assert_int_equal(sign_key_new(seed, &k), 0);
	o.subject = sign_key_public(k);
	o.subject = (struct sign_public){{7}};
	document = credential_issue(&o, k);
	assert_non_null(document);
	assert_int_equal(credential_check(document, 1750000000, &view, err), 0);
	assert_int_equal(view.type, CREDENTIAL_MEMBERSHIP);
	assert_int_equal(view.subject.b[0], 7);
	assert_true(view.from_s == o.from_s && view.until_s == o.until_s);
	assert_int_equal(credential_check(document, 1699999999, &view, err),
	    -EINVAL);
	assert_non_null(strstr(err, "not valid yet"));
	assert_int_equal(credential_check(document, 1800000000, &view, err),
	    -EINVAL);
	assert_non_null(strstr(err, "expired"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct jv *v = altered(document, bad[i].from, bad[i].to);

		assert_int_equal(credential_check(v, 1750000000, &view, err),
		    -EINVAL);
		if (!strstr(err, bad[i].why))
			fail_msg("%s: got %s", bad[i].why, err);
		jv_free(v);
	}
	jv_free(document);
	sign_key_free(k);
}

/* What a holder shows: its own proof around the issuer's. */
static void
test_presentation(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} bad[] = {
	    {"for delta", "for gamma", "does not fit"},
	    {"\"authentication\"", "\"assertionMethod\"", "authentication"},
	    {"VerifiableCredential\"", "OtherCredential\"", "does not fit"},
	};
	uint8_t seed[SIGN_SEED_LEN] = {5}, other[SIGN_SEED_LEN] = {6};
	struct credential_order o = {.type = CREDENTIAL_AUDITOR,
	    .federation = "qf1example",
	    .from_s = 1700000000,
	    .until_s = 1800000000};
	char err[CREDENTIAL_ERR_LEN];
	struct sign_key *issuer, *holder;
	const struct jv *inside;
	struct credential_view view;
	struct jv *document, *p;

	(void)state;
	assert_int_equal(sign_setup(), 0);
	assert_int_equal(sign_key_new(seed, &issuer), 0);
	assert_int_equal(sign_key_new(other, &holder), 0);
	o.subject = sign_key_public(holder);
	document = credential_issue(&o, issuer);
	p = credential_present(document, "for delta", 1750000000, holder);
	assert_non_null(p);
	assert_true(credential_is_presentation(p));
	assert_false(credential_is_presentation(document));
	assert_int_equal(credential_check_presentation(p, "for delta", &inside,
			     err),
	    0);
	assert_int_equal(credential_check(inside, 1750000000, &view, err), 0);
	assert_int_equal(credential_check_presentation(p, NULL, &inside, err),
	    0);
	assert_int_equal(credential_check_presentation(p, "", &inside, err),
	    -EINVAL);
	assert_non_null(strstr(err, "challenge"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct jv *v = altered(p, bad[i].from, bad[i].to);

		assert_int_equal(credential_check_presentation(v, NULL, &inside,
				     err),
		    -EINVAL);
		if (!strstr(err, bad[i].why))
			fail_msg("%s: got %s", bad[i].why, err);
		jv_free(v);
	}
	jv_free(p);
	/* Somebody else's credential. */
	p = credential_present(document, "x", 1750000000, issuer);
	assert_int_equal(credential_check_presentation(p, "x", &inside, err),
	    -EINVAL);
	assert_non_null(strstr(err, "subject"));
	jv_free(p);
	jv_free(document);
	sign_key_free(issuer);
	sign_key_free(holder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_canonical_form),
	    cmocka_unit_test(test_w3c_vector),
	    cmocka_unit_test(test_issue_and_check),
	    cmocka_unit_test(test_presentation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
