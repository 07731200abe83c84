/*
 * fuzz_proof.c - what a stranger sends to be verified without a chain.
 *
 * First byte: 0, a history proof whose parts are cut out of the rest (u16
 * length, bytes: founding, block, head, certificate; then path and growth, as
 * many hashes as u8 says); 2, one that holds, of fields of the rest and under
 * good signatures, which no other byte of it may have made; else the rest is a
 * JSON document and goes to every
 * reader of such: a dossier, a credential, a presentation, a history proof. And
 * once more with a proof that fits, as anybody can make one under an own key.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/ledger/ledger.h"
#include "daemon/cli/dossier.h"
#include "daemon/cli/history_proof.h"
#include "daemon/node/credential.h"
#include "daemon/node/jcs.h"
#include "daemon/node/jv.h"
#include "proto/merkle.h"
#include "tests/fuzz/village.h"

#define LEAVES_MAX 40

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

/* The parts of a proof before they are hex digits. */
enum { FOUNDING, BLOCK, HEAD, CERTIFICATE, PATH, GROWTH, PARTS };

struct pieces {
	struct bytes_writer w[PARTS];
};

static void
put_hashes(struct jv *o, const char *key, const struct bytes_writer *w)
{
	struct jv *list = jv_array();

	for (size_t at = 0; at < w->len; at += HASH_LEN)
		jv_add(list, hex_of(w->data + at, HASH_LEN));
	jv_put(o, key, list);
}

static int
check_pieces(const struct pieces *p)
{
	static const char *const keys[] = {"founding", "block", "head",
	    "certificate"};
	char why[HISTORY_PROOF_WHY_LEN] = "";
	struct jv *o = jv_object();
	struct history_claim c;
	int rc;

	for (size_t i = 0; i <= CERTIFICATE; i++)
		jv_put(o, keys[i], hex_of(p->w[i].data, p->w[i].len));
	put_hashes(o, "path", &p->w[PATH]);
	put_hashes(o, "growth", &p->w[GROWTH]);
	rc = history_proof_check(o, &c, why);
	assert(rc == 0 || (rc == -EBADMSG && why[0] != '\0'));
	jv_free(o);
	return rc;
}

static struct header
some_header(struct bytes_reader *r)
{
	struct header h = {.block_version = BLOCK_VERSION,
	    .app_version = BLOCK_APP_VERSION,
	    .federation = village_get()->id};

	h.round = bytes_get_u8(r);
	h.kind = bytes_get_u8(r) % 3;
	h.time_ms = bytes_get_u64(r);
	h.model = bytes_get_hash(r);
	h.proposer = bytes_get_u8(r) % VILLAGE_N;
	return h;
}

static struct hash
voters(void)
{
	struct ledger *l = NULL;
	struct hash h;
	int rc = ledger_new(&village_get()->f, &l);

	assert(rc == 0);
	h = *ledger_validators(l);
	ledger_free(l);
	return h;
}

/* Three of the four are a quorum: none may be missing. */
static void
certify(const struct header *head, struct bytes_writer *w)
{
	struct commit c = {.height = head->height, .block = header_id(head)};

	for (uint16_t i = 0; i < 3; i++) {
		struct vote v;

		c.validators[c.nsigs++] = i;
		v = commit_vote(&c, i);
		vote_sign(&v, village_get()->keys[i], &village_get()->id);
		c.sigs[i] = v.sig;
	}
	commit_put(w, &c);
}

/* A chain of so many blocks; one of them, and the one behind them all. */
static void
fill(struct pieces *p, struct bytes_reader *r)
{
	struct hash ids[LEAVES_MAX], path[MERKLE_MAX_DEPTH];
	size_t n = 2 + bytes_get_u8(r) % (LEAVES_MAX - 1);
	size_t at = 1 + bytes_get_u8(r) % (n - 1), len;
	struct header b = some_header(r), head = some_header(r);

	for (size_t i = 0; i < n; i++)
		ids[i] = bytes_get_hash(r);
	b.height = b.history_size = at;
	b.history_root = merkle_root_of(ids, at);
	ids[at] = header_id(&b);
	head.height = head.history_size = n;
	head.history_root = merkle_root_of(ids, n);
	head.validators = head.next_validators = voters();
	federation_put(&p->w[FOUNDING], &village_get()->f);
	header_put(&p->w[BLOCK], &b);
	header_put(&p->w[HEAD], &head);
	certify(&head, &p->w[CERTIFICATE]);
	len = merkle_path(ids, n, at, path);
	bytes_put_raw(&p->w[PATH], path, len * sizeof(path[0]));
	len = merkle_growth(ids, at, n, path);
	bytes_put_raw(&p->w[GROWTH], path, len * sizeof(path[0]));
}

static void
sound_history(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer *w;
	struct pieces p = {.w = {BYTES_WRITER_INIT}};
	const uint8_t which = bytes_get_u8(&r) % PARTS;
	const uint16_t place = bytes_get_u16(&r);
	const uint8_t mask = bytes_get_u8(&r);

	fill(&p, &r);
	assert(check_pieces(&p) == 0);
	w = &p.w[which];
	if (w->len > 0 && mask != 0) {
		w->data[place % w->len] ^= mask;
		assert(check_pieces(&p) < 0);
	}
	for (unsigned i = 0; i < PARTS; i++)
		bytes_writer_close(&p.w[i]);
}

#define NOW UINT64_C(1700000000)

/* The document's own proof, but for what makes it one of our suite. */
static struct jv *
options_of(const struct jv *v)
{
	const struct jv *had = jv_get(v, "proof");
	struct jv *o = jv_is_object(had) ? jv_copy(had) : jv_object();
	static const char *const fixed[][2] = {{"type", "DataIntegrityProof"},
	    {"cryptosuite", "eddsa-jcs-2022"},
	    {"proofPurpose", "assertionMethod"}};

	jv_drop(o, "proofValue");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		jv_drop(o, fixed[i][0]);
		jv_put_string(o, fixed[i][0], fixed[i][1]);
	}
	return o;
}

/* Shown to somebody by the same key, which is or is not its subject's. */
static void
present(const struct jv *v, const char *did)
{
	const struct sign_key *key = village_get()->keys[0];
	const char *subject =
	    jv_text(jv_get(jv_get(v, "credentialSubject"), "id"), "");
	struct jv *p = credential_present(v, "here", NOW, key);
	char err[CREDENTIAL_ERR_LEN] = "";
	const struct jv *inner;
	int rc;

	assert(p != NULL && credential_is_presentation(p));
	rc = credential_check_presentation(p, "here", &inner, err);
	assert((rc == 0) == (strcmp(subject, did) == 0));
	rc = credential_check_presentation(p, "there", &inner, err);
	assert(rc == -EINVAL && err[0] != '\0');
	jv_free(p);
}

/* Whatever a signature by its issuer says is looked at behind it. */
static void
proven(const struct jv *v)
{
	const struct sign_key *key = village_get()->keys[0];
	struct sign_public pk = sign_key_public(key);
	char did[CREDENTIAL_DID_LEN], err[CREDENTIAL_ERR_LEN] = "";
	struct credential_view view;
	struct jv *copy = jv_copy(v);

	jv_drop(copy, "proof");
	jv_drop(copy, "issuer");
	jv_put_string(copy, "issuer", credential_did(&pk, did));
	if (credential_prove(copy, options_of(v), key) == 0) {
		int rc = credential_check(copy, NOW, &view, err);

		assert(rc == 0 || (rc == -EINVAL && err[0] != '\0'));
		assert(strstr(err, "signature") == NULL);
		assert(rc < 0 ||
		    (view.from_s <= NOW && NOW < view.until_s &&
			memcmp(&view.issuer, &pk, sizeof(pk)) == 0 &&
			credential_type_name(view.type) != NULL));
		present(copy, did);
	}
	jv_free(copy);
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
	if (jv_is_object(v))
		proven(v);
	if (credential_check(v, NOW, &view, err) == 0)
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
	else if (data[0] == 2)
		sound_history(data + 1, len - 1);
	else
		document(data + 1, len - 1);
	return 0;
}
