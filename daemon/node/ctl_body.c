#include "daemon/node/ctl_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_file.h"
#include "consensus/books/view.h"
#include "daemon/node/credential.h"
#include "daemon/node/ctl_payload.h"

#define BODY_ERR 160

/* What every reader of a field needs. */
struct words {
	const struct node *n;
	const struct jv *params;
	char *err; /* [BODY_ERR]; "" while all is well */
};

static void
complain(struct words *w, const char *key, const char *what)
{
	if (w->err[0] == '\0')
		snprintf(w->err, BODY_ERR, "%s: %.120s", key, what);
}

/* A sentence that says where, without the hint on the next line. */
static void
complain_all(struct words *w, const char *what)
{
	if (w->err[0] == '\0')
		snprintf(w->err, BODY_ERR, "%.*s",
		    (int)(strcspn(what, "\n") % BODY_ERR), what);
}

static uint64_t
number(struct words *w, const char *key, uint64_t otherwise, uint64_t max)
{
	const struct jv *v = jv_get(w->params, key);
	int64_t x = jv_int(v, -1);

	if (v == NULL)
		return otherwise;
	if (!jv_is_number(v) || x < 0 || (uint64_t)x > max) {
		complain(w, key, "want a whole number, not too large");
		return otherwise;
	}
	return (uint64_t)x;
}

/* Printable ASCII that fits. */
static void
text(struct words *w, const char *key, char out[static BODY_TEXT])
{
	const char *s = jv_text(jv_get(w->params, key), "");

	out[0] = '\0';
	for (const char *p = s; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || p - s >= BODY_TEXT - 1) {
			complain(w, key,
			    "want at most 63 printable characters");
			return;
		}
	memcpy(out, s, strlen(s) + 1);
}

static struct hash
hash_of(struct words *w, const char *key, bool needed)
{
	const char *s = jv_text(jv_get(w->params, key), NULL);
	struct hash h = {{0}};

	if (s == NULL && !needed)
		return h;
	if (s == NULL || hash_from_hex(s, &h) < 0)
		complain(w, key, "want 64 hex digits");
	return h;
}

bool
ctl_body_key(const struct node *n, const char *name, struct sign_public *out)
{
	const struct federation *f = n->roster;
	struct hash h;

	for (uint16_t i = 0; i < f->nmembers; i++)
		if (strcmp(f->members[i].name, name) == 0) {
			*out = f->members[i].sign;
			return true;
		}
	if (hash_from_hex(name, &h) < 0)
		return false;
	memcpy(out->b, h.b, sizeof(out->b));
	return true;
}

static struct sign_public
key_of(struct words *w, const char *key)
{
	struct sign_public k = {{0}};

	if (!ctl_body_key(w->n, jv_text(jv_get(w->params, key), ""), &k))
		complain(w, key, "want a member's name or 64 hex digits");
	return k;
}

static void
put_transfer(struct words *w, struct bytes_writer *out)
{
	struct body_transfer b = {.to = key_of(w, "to"),
	    .amount = number(w, "amount", 0, INT64_MAX)};

	text(w, "memo", b.memo);
	body_transfer_put(out, &b);
}

static uint32_t
tasks_of(struct words *w)
{
	const struct jv *list = jv_get(w->params, "tasks");
	uint32_t bits = 0;

	for (size_t i = 0; i < jv_len(list); i++) {
		const char *name = jv_text(jv_at(list, i), "");
		uint8_t k = JOB_VQC;

		while (k <= JOB_VQE && strcmp(job_kind_name(k), name) != 0)
			k++;
		if (k > JOB_VQE)
			complain(w, "tasks",
			    "want names such as vqc, linear, qsvm, qpca, vqe");
		else
			bits |= 1u << k;
	}
	return bits;
}

static void
circuits_of(struct words *w, struct body_asset *b)
{
	const struct jv *list = jv_get(w->params, "circuits");

	if (jv_len(list) > BODY_CIRCUITS)
		complain(w, "circuits", "want at most 8");
	for (size_t i = 0; i < jv_len(list) && i < BODY_CIRCUITS; i++)
		if (hash_from_hex(jv_text(jv_at(list, i), ""),
			&b->circuits[b->ncircuits++]) < 0)
			complain(w, "circuits", "want 64 hex digits each");
}

/* The agreed columns, as the federation names them. */
static struct hash
schema_hash(const struct federation *f)
{
	struct hash_stream s;

	hash_begin(&s, "qml.schema");
	for (uint16_t i = 0; i < f->ncolumns; i++) {
		const struct column *c = &f->columns[i];

		hash_add(&s, c->name, strlen(c->name) + 1);
		hash_add(&s, c->unit, strlen(c->unit) + 1);
	}
	hash_add(&s, f->label, strlen(f->label) + 1);
	return hash_end(&s);
}

/* By its name or number; 0: none is asked for. */
static uint8_t
credential_of(struct words *w)
{
	const struct jv *v = jv_get(w->params, "credential");
	uint8_t type;

	if (!jv_is_string(v))
		return (uint8_t)number(w, "credential", 0, UINT8_MAX);
	type = credential_type_named(jv_text(v, ""));
	if (type == 0)
		complain(w, "credential",
		    "want membership, data-steward or auditor");
	return type;
}

static void
put_asset(struct words *w, struct bytes_writer *out)
{
	const struct trainwire_ready *ready =
	    w->n->trainer != NULL ? trainer_ready(w->n->trainer) : NULL;
	const char *manifest = jv_text(jv_get(w->params, "manifest"), "");
	uint64_t height = ledger_height(replica_ledger(w->n->replica));
	struct body_asset b = {.root = hash_of(w, "root", false),
	    .parent = hash_of(w, "parent", false),
	    .schema = schema_hash(w->n->roster),
	    .manifest = hash_bytes("qml.manifest", manifest, strlen(manifest)),
	    .rows = (uint32_t)number(w, "rows", 0, UINT32_MAX),
	    .tasks = tasks_of(w),
	    .price = number(w, "price", 0, INT64_MAX),
	    .expires = height + number(w, "expires_in", 1000000, UINT32_MAX),
	    .rounds = (uint32_t)number(w, "rounds", 0, UINT32_MAX),
	    .privacy = {(uint32_t)number(w, "epsilon_milli", 0, 1000000),
		(uint8_t)number(w, "delta_exp", 0, 18)},
	    .credential = credential_of(w)};

	text(w, "name", b.name);
	text(w, "purpose", b.purpose);
	text(w, "licence", b.licence);
	circuits_of(w, &b);
	if (hash_is_zero(&b.root) && ready != NULL && ready->rows > 0) {
		b.root = ready->data_asset;
		if (b.rows == 0) /* fewer may be said */
			b.rows = ready->rows;
	}
	if (hash_is_zero(&b.root))
		complain(w, "root",
		    "the trainer has shown no rows yet; give root and rows");
	if (b.ncircuits <= BODY_CIRCUITS)
		body_asset_put(out, &b);
}

static void
put_ref(struct words *w, struct bytes_writer *out)
{
	struct body_ref b = {hash_of(w, "id", true)};

	body_ref_put(out, &b);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

/* The job of the order's file, as in federation.yaml; without one that of the
 * open round once more. */
static void
put_job(struct words *w, struct bytes_writer *out)
{
	const struct ledger *l = replica_ledger(w->n->replica);
	const char *yaml = jv_text(jv_get(w->params, "job"), NULL);
	const struct config_text text = {yaml, yaml ? strlen(yaml) : 0};
	struct config_error e = {.file = "job"};
	struct job j;
	int rc;

	if (yaml == NULL) {
		job_put(out, ledger_job(l));
		return;
	}
	rc = federation_file_parse_job(&j, ledger_federation(l), &text, &e);
	if (rc == 0)
		job_put(out, &j);
	else
		complain_all(w, rc == -EINVAL ? e.text : "out of memory");
	job_close(&j);
}

static void
put_order(struct words *w, struct bytes_writer *out)
{
	const struct books *books = ledger_books(replica_ledger(w->n->replica));
	const struct jv *list = jv_get(w->params, "assets");
	struct bytes_writer job = BYTES_WRITER_INIT;
	struct body_order b = {.policy = hash_of(w, "policy", false),
	    .price = number(w, "price", 0, INT64_MAX),
	    .escrow = number(w, "escrow", 0, INT64_MAX)};

	text(w, "purpose", b.purpose);
	if (jv_get(w->params, "policy") == NULL)
		b.policy = books_totals(books).policy;
	if (jv_len(list) == 0 || jv_len(list) > BODY_ASSETS)
		complain(w, "assets", "want 1 to 100 ids");
	for (size_t i = 0; i < jv_len(list) && i < BODY_ASSETS; i++)
		if (hash_from_hex(jv_text(jv_at(list, i), ""),
			&b.assets[b.nassets++]) < 0)
			complain(w, "assets", "want 64 hex digits each");
	qsort(b.assets, b.nassets, sizeof(b.assets[0]), compare);
	put_job(w, &job);
	b.job = job.data;
	b.job_len = (uint32_t)job.len;
	if (job.error != 0 || b.job_len > BODY_JOB_MAX)
		complain(w, "job", "it is too large");
	else
		body_order_put(out, &b);
	bytes_writer_close(&job);
}

static void
put_propose(struct words *w, struct bytes_writer *out)
{
	const char *kind = jv_text(jv_get(w->params, "proposal"), "");
	const char *why = jv_text(jv_get(w->params, "text"), "");
	struct bytes_writer payload = BYTES_WRITER_INIT;
	char wrong[BODY_ERR];
	struct body_propose b = {.kind = proposal_kind_named(kind),
	    .text = hash_bytes("qml.text", why, strlen(why))};

	text(w, "title", b.title);
	if (b.kind == 0)
		complain(w, "proposal",
		    "want text, param, rule, member, job, asset, ethics, "
		    "treasury, pause or upgrade");
	else if (!ctl_payload_put(w->n, b.kind, w->params, &payload, wrong))
		complain(w, "proposal", wrong);
	b.payload = payload.data;
	b.len = (uint32_t)payload.len;
	if (payload.error != 0)
		complain(w, "proposal", "out of memory");
	else
		body_propose_put(out, &b);
	bytes_writer_close(&payload);
}

static void
put_vote(struct words *w, struct bytes_writer *out)
{
	static const char *const options[] = {"", "yes", "no", "veto",
	    "abstain"};
	const char *s = jv_text(jv_get(w->params, "option"), "");
	struct body_ballot b = {.proposal = number(w, "id", 0, INT64_MAX)};

	for (uint8_t i = VOTE_YES; i <= VOTE_ABSTAIN; i++)
		if (strcmp(options[i], s) == 0)
			b.option = i;
	if (b.option == VOTE_NONE)
		complain(w, "option", "want yes, no, veto or abstain");
	body_ballot_put(out, &b);
}

static void
put_model(struct words *w, struct bytes_writer *out)
{
	uint64_t height = ledger_height(replica_ledger(w->n->replica));
	uint64_t in = number(w, "expires_in", 0, UINT32_MAX);
	struct body_model b = {.token = hash_of(w, "token", true),
	    .to = key_of(w, "to"),
	    .expires = in > 0 ? height + in : 0,
	    .price = number(w, "price", 0, INT64_MAX)};

	body_model_put(out, &b);
}

static void
put_credential(struct words *w, struct bytes_writer *out)
{
	uint64_t height = ledger_height(replica_ledger(w->n->replica));
	struct body_credential b = {.id = hash_of(w, "id", true),
	    .subject = key_of(w, "subject"),
	    .type = (uint8_t)number(w, "type", 0, UINT8_MAX),
	    .expires = height + number(w, "expires_in", 1000000, UINT32_MAX)};

	body_credential_put(out, &b);
}

static void (*const writers[TX_KINDS])(struct words *,
    struct bytes_writer *) = {
    [TX_TRANSFER] = put_transfer,
    [TX_ASSET_REGISTER] = put_asset,
    [TX_ASSET_WITHDRAW] = put_ref,
    [TX_ASSET_ERASED] = put_ref,
    [TX_ORDER] = put_order,
    [TX_ORDER_ACCEPT] = put_ref,
    [TX_ORDER_CANCEL] = put_ref,
    [TX_PROPOSE] = put_propose,
    [TX_VOTE] = put_vote,
    [TX_MODEL_TRANSFER] = put_model,
    [TX_MODEL_APPROVE] = put_model,
    [TX_MODEL_LEASE] = put_model,
    [TX_CREDENTIAL] = put_credential,
    [TX_REVOKE] = put_ref,
};

uint8_t
ctl_body_kind(const char *name)
{
	for (uint8_t k = 1; k < TX_KINDS; k++)
		if (writers[k] != NULL && strcmp(tx_kind_name(k), name) == 0)
			return k;
	return 0;
}

bool
ctl_body_put(const struct node *n, uint8_t kind, const struct jv *params,
    struct bytes_writer *w, char err[static 160])
{
	struct words words = {n, params, err};

	err[0] = '\0';
	writers[kind](&words, w);
	if (err[0] == '\0' && w->error != 0)
		snprintf(err, BODY_ERR, "out of memory");
	if (err[0] == '\0' && w->len > TX_BODY_MAX)
		snprintf(err, BODY_ERR, "the transaction is too large");
	return err[0] == '\0';
}
