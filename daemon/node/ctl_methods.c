#include "daemon/node/ctl_methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/ledger/seats.h"
#include "daemon/node/invites.h"

#define CTL_ROUNDS_MAX 1000 /* about 2 ms of the loop */

void
ctl_put_id(struct jv *o, const char *key, enum id_kind kind,
    const struct hash *h)
{
	char text[ID_TEXT_LEN];

	jv_put_string(o, key, id_text(kind, h, text));
}

bool
ctl_want(const struct jv *params, const struct ctl_number *n, uint64_t *out,
    char *err, size_t errlen)
{
	const struct jv *v = jv_get(params, n->key);
	int64_t x = jv_int(v, -1);

	if (v == NULL)
		return true;
	if (x < 0 || (uint64_t)x < n->min || (uint64_t)x > n->max) {
		snprintf(err, errlen,
		    "%s: want a whole number from %llu to %llu", n->key,
		    (unsigned long long)n->min, (unsigned long long)n->max);
		return false;
	}
	*out = (uint64_t)x;
	return true;
}

struct jv *
ctl_object(const char *schema)
{
	struct jv *o = jv_object();

	jv_put_string(o, "schema", schema);
	return o;
}

/* Is there anybody? The seat of a candidate who was not voted in is free. */
static const char *
seat_word(const struct node *n, uint16_t i)
{
	static const char *const words[] = {[SEAT_FREE] = "",
	    [SEAT_CANDIDATE] = "candidate",
	    [SEAT_MEMBER] = "member",
	    [SEAT_LEFT] = "left"};
	const struct seats *s = ledger_seats(replica_ledger(n->replica));

	return i < s->n ? words[s->state[i]] : "";
}

static struct jv *
run_peers(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->roster;
	struct jv *o = ctl_object("qml.peers/1"), *a = jv_array();

	(void)params, (void)code, (void)err, (void)errlen;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		const char *state = seat_word(n, i);
		struct peers_info s;
		struct jv *p;

		if (i == n->self || state[0] == '\0')
			continue;
		peers_info(n->peers, i, &s);
		if (!s.up && strcmp(state, "left") == 0)
			continue; /* nobody looks for him */
		p = jv_object();
		jv_put_string(p, "name", f->members[i].name);
		jv_put_string(p, "state", state);
		ctl_put_id(p, "node", ID_NODE, &f->members[i].id);
		jv_put_string(p, "address", f->members[i].address);
		jv_put_boolean(p, "up", s.up);
		jv_put_boolean(p, "dialed", s.dialed);
		jv_put_number(p, "rtt_ms", s.rtt_us / 1000.0);
		jv_put_integer(p, "bytes_in", (int64_t)s.bytes_in);
		jv_put_integer(p, "bytes_out", (int64_t)s.bytes_out);
		jv_put_integer(p, "messages_in", (int64_t)s.msgs_in);
		jv_put_integer(p, "messages_out", (int64_t)s.msgs_out);
		jv_put_integer(p, "dropped", (int64_t)s.dropped);
		jv_put_integer(p, "connects", s.connects);
		jv_put_integer(p, "punished", s.punished);
		jv_put_string(p, "last_error",
		    s.last_error != 0 ? link_reason(s.last_error) : "");
		jv_add(a, p);
	}
	jv_put(o, "peers", a);
	return o;
}

static struct jv *
run_members(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->roster;
	struct jv *o = ctl_object("qml.members/1"), *a = jv_array();

	(void)params, (void)code, (void)err, (void)errlen;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		const struct member *m = &f->members[i];
		const char *state = seat_word(n, i);
		char hex[HASH_HEX_LEN];
		struct hash network;
		struct jv *j;

		if (state[0] == '\0')
			continue;
		j = jv_object();
		jv_put_integer(j, "index", i);
		jv_put_string(j, "name", m->name);
		jv_put_string(j, "state", state);
		ctl_put_id(j, "node", ID_NODE, &m->id);
		jv_put_string(j, "address", m->address);
		memcpy(network.b, m->network, sizeof(network.b));
		jv_put_string(j, "network", hash_hex(&network, hex));
		jv_put_integer(j, "power", m->power);
		jv_put_integer(j, "weight", m->weight);
		jv_put_boolean(j, "self", i == n->self);
		jv_put_boolean(j, "connected",
		    i == n->self || peers_up(n->peers, i));
		jv_add(a, j);
	}
	jv_put(o, "members", a);
	return o;
}

static struct jv *
run_rounds(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	int64_t want = jv_int(jv_get(params, "n"), 20);
	uint64_t have =
	    n->nrounds < NODE_ROUNDS_KEPT ? n->nrounds : NODE_ROUNDS_KEPT;
	struct jv *o = ctl_object("qml.rounds/1"), *a = jv_array();

	(void)code, (void)err, (void)errlen;
	if (want < 0 || want > CTL_ROUNDS_MAX)
		want = CTL_ROUNDS_MAX;
	if ((uint64_t)want > have)
		want = (int64_t)have;
	for (uint64_t k = n->nrounds - (uint64_t)want; k < n->nrounds; k++)
		jv_add(a,
		    ctl_kept_round_json(n, &n->rounds[k % NODE_ROUNDS_KEPT]));
	jv_put(o, "rounds", a);
	return o;
}

static struct jv *
run_stop(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct jv *o = ctl_object("qml.stop/1");

	(void)params, (void)code, (void)err, (void)errlen;
	jv_put_boolean(o, "stopping", true);
	n->stop_asked = true; /* after the answer went out */
	return o;
}

static struct jv *run_list(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);

static const struct ctl_method methods[] = {
    {"status", .run = ctl_status, .help = "where this node stands"},
    {"peers", .run = run_peers, .help = "links to the other members"},
    {"members", .run = run_members, .help = "who takes part"},
    {"rounds", .run = run_rounds, .help = "closed rounds; n: how many"},
    {"round", .ask = ctl_ask_round, .tell = ctl_tell_round,
	.help = "one closed round in full; n: which"},
    {"block", .ask = ctl_ask_block, .tell = ctl_tell_block,
	.help = "one block; height: a number or \"head\""},
    {"model", .take = ctl_take_model, .make = ctl_make_model,
	.help = "the current model's parameters, or a version's; token"},
    {"health", .run = ctl_health, .help = "checks with reasons"},
    {"privacy", .run = ctl_privacy,
	.help = "budgets of the data assets: spent, left"},
    {"ledger.account", .run = ctl_books_account,
	.help = "an account and the totals; account: whose, else ours"},
    {"ledger.list", .run = ctl_books_list,
	.help = "rows of a table; table: which, from: where to begin"},
    {"ledger.history", .take = ctl_take_history, .make = ctl_make_report,
	.help = "changes of a balance; account, n, before: a row"},
    {"ledger.entries", .take = ctl_take_entries, .make = ctl_make_report,
	.help = "changes of all balances; from, to, n, after: a row"},
    {"ledger.settlement", .take = ctl_take_settlement, .make = ctl_make_report,
	.help = "every account's sums by cause; from, to: heights"},
    {"data.erase", true, .run = ctl_data_erase,
	.help = "destroy the salt key; id: of an asset of ours, dry_run"},
    {"credential.sign", true, .run = ctl_credential_sign,
	.help = "a signed credential; subject, type, days, name"},
    {"credential.present", true, .run = ctl_credential_present,
	.help = "a presentation of ours; document, challenge"},
    {"credential.status", .run = ctl_credential_status,
	.help = "what the chain says of a credential; id"},
    {"worth", .run = ctl_worth,
	.help = "what updates of closed rounds were worth; n: how many"},
    {"model.version", .take = ctl_take_version, .make = ctl_make_report,
	.help = "all that the chain knows of a version; token"},
    {"tx.submit", true, .run = ctl_tx_submit,
	.help = "sign and send a transaction; kind and its fields"},
    {"tx.status", .run = ctl_tx_status,
	.help = "what became of a transaction; id"},
    {"invite", true, .run = ctl_invite,
	.help = "a ticket for one newcomer; name, power, weight, replace"},
    {"stop", true, .run = run_stop, .help = "drain and end the daemon"},
    {"rpc.list", .run = run_list, .help = "these lines"},
};

static struct jv *
run_list(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct jv *o = jv_object();

	(void)n, (void)params, (void)code, (void)err, (void)errlen;
	jv_put_string(o, "schema", "qml.methods/1");
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		jv_put_string(o, methods[i].name, methods[i].help);
	jv_put_string(o, "events", "turn this connection into a stream");
	return o;
}

const struct ctl_method *
ctl_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
