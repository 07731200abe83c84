/*
 * ctl_credential.c - credentials signed with the node's key, and what the
 * chain says of one. That its hash gets onto the chain is a transaction.
 */
#include <stdio.h>
#include <string.h>

#include "consensus/books/view.h"
#include "daemon/node/books_json.h"
#include "daemon/node/credential.h"
#include "daemon/node/ctl_body.h"
#include "daemon/node/ctl_methods.h"

#define DAY_S 86400
#define DAYS_DEFAULT 365
#define DAYS_MAX 36500

static struct jv *
params_wrong(CTL_ERR_ARGS, const char *what)
{
	*code = CTL_PARAMS;
	snprintf(err, errlen, "%s", what);
	return NULL;
}

/* A member's name, 64 hex digits or a did:key. */
static bool
subject_of(const struct node *n, const char *text, struct sign_public *out)
{
	return ctl_body_key(n, text, out) ||
	    (strncmp(text, "did:", 4) == 0 &&
		credential_did_parse(text, out) == 0);
}

static const char *
member_name(const struct node *n, const struct sign_public *key)
{
	const struct federation *f = n->roster;

	for (uint16_t i = 0; i < f->nmembers; i++)
		if (memcmp(&f->members[i].sign, key, sizeof(*key)) == 0)
			return f->members[i].name;
	return NULL;
}

struct jv *
ctl_credential_sign(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	char federation[ID_TEXT_LEN];
	const struct ctl_number life = {"days", 1, DAYS_MAX};
	uint64_t days = DAYS_DEFAULT, now_s = node_wall_ms() / 1000;
	struct credential_order order = {
	    .type = credential_type_named(jv_text(jv_get(params, "type"), "")),
	    .federation = id_text(ID_FEDERATION, &n->federation_id, federation),
	    .from_s = now_s,
	};
	struct jv *o, *document;
	struct hash id, key;

	if (order.type == 0)
		return params_wrong(code, err, errlen,
		    "type: want membership, data-steward or auditor");
	if (!ctl_want(params, &life, &days, err, errlen)) {
		*code = CTL_PARAMS;
		return NULL;
	}
	order.until_s = now_s + days * DAY_S;
	if (!subject_of(n, jv_text(jv_get(params, "subject"), ""),
		&order.subject))
		return params_wrong(code, err, errlen,
		    "subject: want a member's name, 64 hex digits or a "
		    "did:key");
	order.name =
	    jv_text(jv_get(params, "name"), member_name(n, &order.subject));
	document = credential_issue(&order, n->opt->key);
	if (document == NULL || credential_id(document, &id) < 0) {
		jv_free(document);
		return NULL;
	}
	memcpy(key.b, order.subject.b, sizeof(key.b));
	o = ctl_object("qml.credential/1");
	books_json_hash(o, "id", &id);
	books_json_hash(o, "subject", &key);
	jv_put_integer(o, "type", order.type);
	jv_put(o, "document", document);
	return o;
}

struct jv *
ctl_credential_present(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct jv *document = jv_get(params, "document");
	char why[CREDENTIAL_ERR_LEN], did[CREDENTIAL_DID_LEN];
	struct sign_public self = sign_key_public(n->opt->key);
	uint64_t now_s = node_wall_ms() / 1000;
	struct credential_view v;
	struct jv *o, *p;

	if (!jv_is_object(document))
		return params_wrong(code, err, errlen,
		    "document: want a credential");
	if (credential_check(document, now_s, &v, why) < 0)
		return params_wrong(code, err, errlen, why);
	if (memcmp(&v.subject, &self, sizeof(self)) != 0) {
		*code = CTL_REFUSED;
		snprintf(err, errlen,
		    "its subject is not this node, which is %s",
		    credential_did(&self, did));
		return NULL;
	}
	p = credential_present(document,
	    jv_text(jv_get(params, "challenge"), ""), now_s, n->opt->key);
	if (p == NULL)
		return NULL;
	o = ctl_object("qml.presentation/1");
	books_json_hash(o, "id", &v.id);
	jv_put(o, "presentation", p);
	return o;
}

struct jv *
ctl_credential_status(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct books_look at = {ledger_books(l), n->roster,
	    ledger_height(l)};
	const struct credential *c;
	struct jv *o, *row = NULL;
	struct hash id;

	if (hash_from_hex(jv_text(jv_get(params, "id"), ""), &id) < 0)
		return params_wrong(code, err, errlen,
		    "id: want 64 hex digits");
	for (size_t i = 0;
	     row == NULL && (c = books_credential_at(at.books, i)) != NULL; i++)
		if (hash_equal(&c->id, &id))
			row = books_json_row(&at, "credentials", i);
	o = ctl_object("qml.credential_status/1");
	books_json_hash(o, "id", &id);
	jv_put_integer(o, "height", (int64_t)at.height);
	jv_put_boolean(o, "on_chain", row != NULL);
	if (row != NULL)
		jv_put(o, "credential", row);
	return o;
}
