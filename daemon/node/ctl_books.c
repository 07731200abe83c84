/*
 * ctl_books.c - what members own, allowed and decided, as JSON.
 */
#include <stdio.h>

#include "consensus/replica/txpool.h"
#include "daemon/node/books_json.h"
#include "daemon/node/ctl_body.h"
#include "daemon/node/ctl_methods.h"

struct jv *
ctl_books_list(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct books_look at = {ledger_books(l), n->roster,
	    ledger_height(l)};
	const char *name = jv_text(jv_get(params, "table"), "accounts");
	int64_t from = jv_int(jv_get(params, "from"), 0);
	size_t i = from > 0 ? (size_t)from : 0;
	struct jv *o, *rows = books_json_page(&at, name, i);

	if (rows == NULL) {
		*code = CTL_PARAMS;
		snprintf(err, errlen,
		    "table: want accounts, assets, orders, proposals, tokens, "
		    "credentials or uses");
		return NULL;
	}
	o = ctl_object("qml.ledger_list/1");
	jv_put_string(o, "table", name);
	jv_put_integer(o, "height", (int64_t)at.height);
	jv_put(o, "rows", rows);
	return o;
}

struct jv *
ctl_books_account(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct books *b = ledger_books(l);
	const char *name = jv_text(jv_get(params, "account"), NULL);
	struct sign_public key = sign_key_public(n->opt->key);
	struct books_totals t = books_totals(b);
	const struct account *a;
	struct jv *o;

	if (name != NULL && !ctl_body_key(n, name, &key)) {
		*code = CTL_PARAMS;
		snprintf(err, errlen,
		    "account: want a member's name or 64 hex digits");
		return NULL;
	}
	a = books_account(b, &key);
	if (a == NULL) {
		*code = CTL_NOT_FOUND;
		snprintf(err, errlen, "nobody has this account yet");
		return NULL;
	}
	o = ctl_object("qml.account/1");
	jv_put(o, "account", books_json_account(a));
	jv_put_integer(o, "height", (int64_t)ledger_height(l));
	jv_put_integer(o, "next_nonce",
	    (int64_t)txpool_nonce(replica_txpool(n->replica), l, &key));
	jv_put_integer(o, "treasury", (int64_t)t.treasury);
	jv_put_integer(o, "minted", (int64_t)t.minted);
	jv_put_integer(o, "burned", (int64_t)t.burned);
	jv_put_integer(o, "cap", (int64_t)t.cap);
	jv_put_integer(o, "fee", (int64_t)t.fee);
	books_json_hash(o, "policy", &t.policy);
	return o;
}
