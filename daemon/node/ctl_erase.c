/*
 * ctl_erase.c - the salt key goes, and with it all that links rows to the
 * roots on the chain. That it is gone is a transaction of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "consensus/books/view.h"
#include "daemon/node/books_json.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/erase.h"
#include "daemon/node/home.h"
#include "daemon/node/log.h"

static bool
is_ours(const struct node *n, const struct asset *a)
{
	struct sign_public self = sign_key_public(n->opt->key);

	return memcmp(&a->owner, &self, sizeof(self)) == 0;
}

/* Its place in the table; NULL with *code and err. */
static const struct asset *
find(const struct node *n, const struct jv *params, size_t *at, CTL_ERR_ARGS)
{
	const struct books *b = ledger_books(replica_ledger(n->replica));
	const struct asset *a;
	struct hash id;

	*code = CTL_PARAMS;
	if (hash_from_hex(jv_text(jv_get(params, "id"), ""), &id) < 0) {
		snprintf(err, errlen, "id: want 64 hex digits");
		return NULL;
	}
	for (*at = 0; (a = books_asset_at(b, *at)) != NULL; ++*at)
		if (hash_equal(&a->id, &id))
			break;
	*code = CTL_NOT_FOUND;
	if (a == NULL)
		snprintf(err, errlen, "no such data asset: qmlctl data list");
	*code = a != NULL ? CTL_REFUSED : *code;
	if (a != NULL && !is_ours(n, a)) {
		snprintf(err, errlen,
		    "refused: only its owner's node has the salt key");
		return NULL;
	}
	if (a != NULL && a->erased) {
		snprintf(err, errlen,
		    "refused: it was erased in block %llu already",
		    (unsigned long long)a->erased);
		return NULL;
	}
	return a;
}

/* All our assets that are not erased: one salt key is behind them. */
static struct jv *
others(const struct node *n, const struct asset *but)
{
	const struct books *b = ledger_books(replica_ledger(n->replica));
	struct jv *list = jv_array();
	const struct asset *a;

	for (size_t i = 0; (a = books_asset_at(b, i)) != NULL; i++) {
		struct jv *o;

		if (a == but || !is_ours(n, a) || a->erased)
			continue;
		o = jv_object();
		books_json_hash(o, "id", &a->id);
		jv_put_string(o, "name", a->terms.name);
		jv_add(list, o);
	}
	return list;
}

/* File, memory, child: in this order, so that a failure leaves all as it was.
 * Two syncs on the loop: once in the life of a salt. */
static int
destroy(struct node *n, struct erase_report *report)
{
	char path[HOME_PATH_LEN];
	int rc = home_path(n->opt->home, HOME_SALT, path, sizeof(path));

	if (rc == 0)
		rc = erase_file(path, report);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	sign_wipe(n->opt->salt, HOME_SALT_LEN);
	if (n->trainer != NULL)
		trainer_forget(n->trainer);
	return rc;
}

struct jv *
ctl_data_erase(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct books_look at = {ledger_books(replica_ledger(n->replica)),
	    n->roster, ledger_height(replica_ledger(n->replica))};
	const bool dry = jv_true(jv_get(params, "dry_run"));
	struct erase_report report = {"unknown", false};
	const struct asset *a;
	struct jv *o;
	size_t i;
	int rc = 0;

	a = find(n, params, &i, code, err, errlen);
	if (a == NULL)
		return NULL;
	if (!dry)
		rc = destroy(n, &report);
	if (rc < 0 && rc != -ENOENT) {
		*code = CTL_INTERNAL;
		snprintf(err, errlen,
		    "%s/" HOME_SALT ": %s: it may be there still, or be lost "
		    "in part: try again",
		    n->opt->home, log_why(rc));
		return NULL;
	}
	if (!dry)
		log_warn("data.erased", "filesystem=%s in_place=%d",
		    report.filesystem, report.in_place);
	o = ctl_object("qml.data_erase/1");
	jv_put(o, "asset", books_json_row(&at, "assets", i));
	jv_put(o, "also", others(n, a));
	jv_put_boolean(o, "destroyed", !dry);
	jv_put_boolean(o, "was_gone", rc == -ENOENT);
	jv_put_string(o, "filesystem", report.filesystem);
	jv_put_boolean(o, "in_place", report.in_place);
	jv_put_string(o, "file", HOME_SALT);
	return o;
}
