/*
 * fuzz_proof.c - what a stranger sends to be verified without a chain.
 *
 * First byte: 0, a history proof whose parts are cut out of the rest (u16
 * length, bytes: founding, block, head, certificate; then path and growth, as
 * many hashes as u8 says); else the rest is a JSON document and goes to every
 * reader of such: a dossier, a credential, a presentation, a history proof.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/dossier.h"
#include "daemon/cli/history_proof.h"
#include "daemon/node/credential.h"
#include "daemon/node/jcs.h"
#include "daemon/node/jv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 8000;

static struct jv *
hex_of(const uint8_t *data, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);
	struct jv *v;

	assert(text != NULL);
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digit[data[i] >> 4];
		text[2 * i + 1] = digit[data[i] & 15];
	}
	text[2 * len] = '\0';
	v = jv_string(text);
	free(text);
	return v;
}

static struct jv *
part(struct bytes_reader *r)
{
	size_t len = bytes_get_u16(r);
	const uint8_t *at;

	if (len > bytes_reader_left(r))
		len = bytes_reader_left(r);
	at = bytes_get_slice(r, len);
	return hex_of(at, r->bad ? 0 : len);
}

static struct jv *
path(struct bytes_reader *r)
{
	struct jv *list = jv_array();

	for (uint8_t n = bytes_get_u8(r); n > 0 && !r->bad; n--) {
		struct hash h = bytes_get_hash(r);

		jv_add(list, hex_of(h.b, sizeof(h.b)));
	}
	return list;
}

static void
check_history(const struct jv *document)
{
	char why[HISTORY_PROOF_WHY_LEN] = "";
	struct history_claim c;
	int rc = history_proof_check(document, &c, why);

	assert(rc == 0 || (rc == -EBADMSG && why[0] != '\0'));
}

static void
history(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct jv *o = jv_object();

	jv_put(o, "founding", part(&r));
	jv_put(o, "block", part(&r));
	jv_put(o, "head", part(&r));
	jv_put(o, "certificate", part(&r));
	jv_put(o, "path", path(&r));
	jv_put(o, "growth", path(&r));
	check_history(o);
	jv_free(o);
}

/* Its canonical form is its own canonical form. */
static void
check_canonical(const struct jv *v)
{
	char *text, *again, err[CREDENTIAL_ERR_LEN];
	size_t len, n;
	struct jv *copy;

	if (jcs_text(v, &text, &len) < 0)
		return;
	assert(strlen(text) == len);
	copy = jv_parse(text, len, err, sizeof(err));
	assert(copy != NULL);
	assert(jcs_text(copy, &again, &n) == 0);
	assert(n == len && memcmp(text, again, n) == 0);
	jv_free(copy);
	free(again);
	free(text);
}

static void
document(const uint8_t *data, size_t len)
{
	char err[CREDENTIAL_ERR_LEN] = "", by[CREDENTIAL_DID_LEN];
	struct jv *v = jv_parse((const char *)data, len, err, sizeof(err));
	struct credential_view view;
	const struct jv *inner;
	struct hash id;

	if (v == NULL) {
		assert(err[0] != '\0');
		return;
	}
	check_canonical(v);
	err[0] = '\0';
	if (dossier_verify(v, by, err) < 0)
		assert(err[0] != '\0');
	if (credential_check(v, 1700000000, &view, err) == 0)
		assert(credential_type_name(view.type) != NULL &&
		    credential_id(v, &id) == 0 && hash_equal(&id, &view.id));
	if (credential_is_presentation(v) &&
	    credential_check_presentation(v, NULL, &inner, err) == 0)
		assert(inner != NULL);
	check_history(v);
	jv_free(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	assert(sign_setup() == 0);
	if (len == 0)
		return 0;
	if (data[0] == 0)
		history(data + 1, len - 1);
	else
		document(data + 1, len - 1);
	return 0;
}
