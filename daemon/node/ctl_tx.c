/*
 * ctl_tx.c - transactions of this node: signed with its key, followed up.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "consensus/books/view.h"
#include "consensus/replica/txpool.h"
#include "daemon/node/ctl_body.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/log.h"
#include "daemon/node/txbox.h"

#define CTL_TX_LIFE 1000 /* blocks, unless the request says otherwise */

static void
put_hash(struct jv *o, const char *key, const struct hash *h)
{
	char hex[HASH_HEX_LEN];

	jv_put_string(o, key, hash_hex(h, hex));
}

/* What to do about a refusal. */
static const char *
hint(enum books_verdict v)
{
	static const char *const hints[BOOKS_VERDICTS] = {
	    [BOOKS_BODY] = "a value is out of its bounds: see qmlctl(1)",
	    [BOOKS_EXPIRED] = "send it again",
	    [BOOKS_NONCE] = "send it again: its number is taken",
	    [BOOKS_FEE] = "leave --fee out, or: qmlctl ledger balance --json",
	    [BOOKS_FUNDS] = "see what there is: qmlctl ledger balance",
	    [BOOKS_NOBODY] =
		"an account begins with its first tokens: have some sent",
	    [BOOKS_NOT_MEMBER] = "ask a member to do it: qmlctl members",
	    [BOOKS_EXISTS] = "it is there: look at the list; a new version of "
			     "the same rows names it: qmlctl data register "
			     "--parent ID",
	    [BOOKS_UNKNOWN] = "look for its id in the list: qmlctl data|job|"
			      "proposal|model|credential list",
	    [BOOKS_NOT_OWNER] = "ask who owns it: see the list",
	    [BOOKS_STATE] = "see how it stands in the list",
	    [BOOKS_ASSET_WITHDRAWN] = "choose other data: qmlctl data list",
	    [BOOKS_ASSET_EXPIRED] = "ask the owner for a new version: qmlctl "
				    "data register --parent ID",
	    [BOOKS_ASSET_BANNED] = "the members decide: qmlctl proposal new "
				   "asset TITLE --asset ID --ban 0",
	    [BOOKS_ASSET_USED_UP] =
		"ask the owner: qmlctl data show ID; qmlctl privacy",
	    [BOOKS_TASK_DENIED] = "see what is allowed: qmlctl data show ID",
	    [BOOKS_CIRCUIT_DENIED] = "see what is allowed: qmlctl data show ID",
	    [BOOKS_PRICE] = "offer more: qmlctl data list says the prices; "
			    "the escrow must cover all rounds",
	    [BOOKS_PURPOSE] = "name the data's purpose: qmlctl data show ID",
	    [BOOKS_POLICY] =
		"name the policy in force: qmlctl ledger balance --json",
	    [BOOKS_PRIVACY] = "see what is left: qmlctl privacy; a job with "
			      "more noise, fewer rounds or no control arm "
			      "costs less",
	    [BOOKS_CREDENTIAL] =
		"have one issued: qmlctl credential list, qmlctl data show ID",
	    [BOOKS_VOTED_SO] = "see how it stands: qmlctl proposal show N",
	    [BOOKS_VOTED] = "see how it stands: qmlctl proposal show N",
	    [BOOKS_FEW_MEMBERS] = "name assets of more members: qmlctl data "
				  "list",
	    [BOOKS_RANGE] = "see the bounds: qmlctl(1), proposal new",
	    [BOOKS_LIMIT] = "wait until some are closed; the data assets of "
			    "a member are counted for good",
	};

	return v < BOOKS_VERDICTS && hints[v] != NULL ? hints[v] : "";
}

/* An order of several assets: which of them, and what it still has. */
static bool
explain_asset(const struct node *n, int rc, const struct tx *t, char *err,
    size_t errlen)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct asset *a;
	char hex[HASH_HEX_LEN];
	uint64_t rounds;

	if (rc != BOOKS_PRIVACY && rc != BOOKS_ASSET_USED_UP)
		return false;
	a = books_short_asset(ledger_books(l), t, ledger_height(l) + 1,
	    &rounds);
	if (a == NULL)
		return false;
	snprintf(err, errlen,
	    "refused: %s: of this job %llu rounds still fit into %.8s.. "
	    "\"%s\"; %s",
	    books_verdict_text((enum books_verdict)rc),
	    (unsigned long long)rounds, hash_hex(&a->id, hex), a->terms.name,
	    hint((enum books_verdict)rc));
	return true;
}

static void
explain(int rc, enum ctl_error *code, char *err, size_t errlen)
{
	*code = CTL_REFUSED;
	if (rc > 0)
		snprintf(err, errlen, "refused: %s; %s",
		    books_verdict_text((enum books_verdict)rc),
		    hint((enum books_verdict)rc));
	else if (rc == -ENOSPC)
		snprintf(err, errlen,
		    "too many transactions wait already: try again later");
	else if (rc == -EEXIST)
		snprintf(err, errlen, "it waits already");
	else if (rc == -ENOMEM)
		snprintf(err, errlen,
		    "this node is out of memory: try again later");
	else
		snprintf(err, errlen, "it could not be signed");
}

struct terms {
	uint64_t fee, life; /* units; blocks */
};

static bool
read_terms(const struct node *n, const struct jv *params, struct terms *out,
    char *err, size_t errlen)
{
	const struct ledger *l = replica_ledger(n->replica);

	*out = (struct terms){books_totals(ledger_books(l)).fee, CTL_TX_LIFE};
	return ctl_want(params, &(struct ctl_number){"fee", 0, INT64_MAX},
		   &out->fee, err, errlen) &&
	    ctl_want(params, &(struct ctl_number){"life", 1, UINT32_MAX},
		&out->life, err, errlen);
}

/* NULL: memory. */
static struct tx *
make_tx(const struct node *n, uint8_t kind, const struct terms *terms,
    const struct bytes_writer *body)
{
	const struct ledger *l = replica_ledger(n->replica);
	struct sign_public self = sign_key_public(n->opt->key);
	struct tx *t = tx_new((uint32_t)body->len);

	if (t == NULL)
		return NULL;
	if (body->len > 0)
		memcpy(t->body, body->data, body->len);
	t->kind = kind;
	t->nonce = txpool_nonce(replica_txpool(n->replica), l, &self);
	t->fee = terms->fee;
	t->expires = ledger_height(l) + terms->life;
	tx_sign(t, n->opt->key, &n->federation_id);
	return t;
}

struct jv *
ctl_tx_submit(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	uint8_t kind = ctl_body_kind(jv_text(jv_get(params, "kind"), ""));
	struct bytes_writer body = BYTES_WRITER_INIT;
	struct terms terms;
	struct tx *t = NULL;
	struct jv *o;
	char why[160];
	int rc;

	*code = CTL_PARAMS;
	if (kind == 0) {
		snprintf(err, errlen, "kind: not one that can be sent");
		return NULL;
	}
	if (!read_terms(n, params, &terms, err, errlen))
		return NULL;
	if (ctl_body_put(n, kind, params, &body, why))
		t = make_tx(n, kind, &terms, &body);
	else
		snprintf(err, errlen, "%s", why);
	bytes_writer_close(&body);
	if (t == NULL)
		return NULL;
	rc = txbox_keep(n->opt->home, t);
	if (rc < 0)
		log_warn("tx.keep", "why=\"%s\"", log_why(rc));
	rc = node_submit(n, tx_ref(t));
	if (rc == BOOKS_NONCE) /* it is the next one: too many are before it */
		rc = -ENOSPC;
	if (rc != 0) {
		txbox_drop(n->opt->home, &t->id);
		*code = CTL_REFUSED;
		if (!explain_asset(n, rc, t, err, errlen))
			explain(rc, code, err, errlen);
		tx_unref(t);
		return NULL;
	}
	o = ctl_object("qml.tx/1");
	put_hash(o, "id", &t->id);
	jv_put_string(o, "kind", tx_kind_name(kind));
	jv_put_integer(o, "nonce", (int64_t)t->nonce);
	jv_put_integer(o, "fee", (int64_t)t->fee);
	jv_put_integer(o, "expires", (int64_t)t->expires);
	jv_put_string(o, "state", "waiting");
	tx_unref(t);
	return o;
}

struct jv *
ctl_tx_status(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct txpool *pool = replica_txpool(n->replica);
	const struct txpool_gone *gone;
	struct jv *o;
	uint64_t height;
	struct hash id;

	if (hash_from_hex(jv_text(jv_get(params, "id"), ""), &id) < 0) {
		*code = CTL_PARAMS;
		snprintf(err, errlen, "id: want 64 hex digits");
		return NULL;
	}
	o = ctl_object("qml.tx_status/1");
	put_hash(o, "id", &id);
	height = node_tx_height(n, &id);
	gone = txpool_why(pool, &id);
	if (height > 0) {
		jv_put_string(o, "state", "applied");
		jv_put_integer(o, "height", (int64_t)height);
	} else if (txpool_find(pool, &id) != NULL) {
		jv_put_string(o, "state", "waiting");
	} else if (gone != NULL && gone->why != BOOKS_OK) {
		jv_put_string(o, "state", "refused");
		jv_put_string(o, "verdict", books_verdict_name(gone->why));
		jv_put_string(o, "why", books_verdict_text(gone->why));
		jv_put_string(o, "next", hint(gone->why));
	} else {
		jv_put_string(o, "state", "unknown");
	}
	return o;
}
