#include "daemon/node/books_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/votes/payload.h"
#include "daemon/node/credential.h"
#include "daemon/node/jv.h"

void
books_json_hash(struct jv *o, const char *key, const struct hash *h)
{
	char hex[HASH_HEX_LEN];

	jv_put_string(o, key, hash_is_zero(h) ? "" : hash_hex(h, hex));
}

/* A member's name where there is one. */
static void
put_key(struct jv *o, const char *key, const struct books_look *at,
    const struct sign_public *k)
{
	const struct account *a = books_account(at->books, k);
	struct hash h;

	memcpy(h.b, k->b, sizeof(h.b));
	if (a != NULL && a->name[0] != '\0')
		jv_put_string(o, key, a->name);
	else
		books_json_hash(o, key, &h);
}

struct jv *
books_json_account(const struct account *a)
{
	struct jv *o = jv_object();
	struct hash h;

	memcpy(h.b, a->key.b, sizeof(h.b));
	books_json_hash(o, "account", &h);
	jv_put_string(o, "name", a->name);
	jv_put_integer(o, "balance", (int64_t)a->balance);
	jv_put_integer(o, "nonce", (int64_t)a->nonce);
	return o;
}

static struct jv *
row_account(const struct books_look *at, size_t i)
{
	const struct account *a = books_account_at(at->books, i);

	return a != NULL ? books_json_account(a) : NULL;
}

static const char *
asset_state(const struct asset *a, uint64_t height)
{
	if (a->banned)
		return "banned";
	if (a->erased)
		return "erased";
	if (a->withdrawn)
		return "withdrawn";
	if (height >= a->terms.expires)
		return "expired";
	if (a->terms.rounds && a->used >= a->terms.rounds)
		return "used_up";
	return "active";
}

static struct jv *
tasks_json(uint32_t bits)
{
	struct jv *list = jv_array();

	for (uint8_t k = JOB_VQC; k <= JOB_VQE; k++)
		if (bits >> k & 1)
			jv_add(list, jv_string(job_kind_name(k)));
	return list;
}

static struct jv *
circuits_json(const struct body_asset *t)
{
	struct jv *list = jv_array();
	char hex[HASH_HEX_LEN];

	for (uint8_t i = 0; i < t->ncircuits; i++)
		jv_add(list, jv_string(hash_hex(&t->circuits[i], hex)));
	return list;
}

static int64_t
epsilon_spent(const struct asset *a, struct rdp_kept *kept)
{
	uint32_t order;

	if (a->terms.privacy.eps_milli == 0 || a->privacy.steps == 0)
		return 0;
	return rdp_epsilon_kept(kept, &a->privacy.spent,
	    a->terms.privacy.delta_exp, &order);
}

static struct jv *
asset_json(const struct books_look *at, size_t i, struct rdp_kept *kept)
{
	const struct asset *a = books_asset_at(at->books, i);
	struct jv *o;

	if (a == NULL)
		return NULL;
	o = jv_object();
	books_json_hash(o, "id", &a->id);
	jv_put_string(o, "name", a->terms.name);
	put_key(o, "owner", at, &a->owner);
	jv_put_string(o, "state", asset_state(a, at->height + 1));
	books_json_hash(o, "root", &a->terms.root);
	books_json_hash(o, "schema", &a->terms.schema);
	books_json_hash(o, "manifest", &a->terms.manifest);
	books_json_hash(o, "parent", &a->terms.parent);
	jv_put_integer(o, "rows", a->terms.rows);
	jv_put_string(o, "purpose", a->terms.purpose);
	jv_put_string(o, "licence", a->terms.licence);
	jv_put(o, "tasks", tasks_json(a->terms.tasks));
	jv_put(o, "circuits", circuits_json(&a->terms));
	jv_put_string(o, "credential",
	    credential_type_name(a->terms.credential)
		? credential_type_name(a->terms.credential)
		: "");
	jv_put_integer(o, "price", (int64_t)a->terms.price);
	jv_put_integer(o, "expires", (int64_t)a->terms.expires);
	jv_put_integer(o, "rounds_max", a->terms.rounds);
	jv_put_integer(o, "rounds_used", a->used);
	jv_put_integer(o, "epsilon_milli", a->terms.privacy.eps_milli);
	jv_put_integer(o, "delta_exp", a->terms.privacy.delta_exp);
	jv_put_integer(o, "noisy_steps", (int64_t)a->privacy.steps);
	jv_put_integer(o, "epsilon_spent_nano", epsilon_spent(a, kept));
	jv_put_integer(o, "registered", (int64_t)a->registered);
	jv_put_integer(o, "withdrawn", (int64_t)a->withdrawn);
	jv_put_integer(o, "erased", (int64_t)a->erased);
	return o;
}

static struct jv *
row_asset(const struct books_look *at, size_t i)
{
	struct rdp_kept kept = {0};

	return asset_json(at, i, &kept);
}

/* 1: the next to run; 0: not in the queue. */
static int64_t
place_in_queue(const struct books *b, size_t i)
{
	int64_t n = 0;

	if (books_order_at(b, i)->state != ORDER_QUEUED)
		return 0;
	for (size_t k = 0; k <= i; k++)
		n += books_order_at(b, k)->state == ORDER_QUEUED;
	return n;
}

static int
by_id(const void *key, const void *row)
{
	return memcmp(key, row, sizeof(struct hash));
}

/* Those that an order asks for, in its order; what does not exist is left as it
 * was. All assets are gone through once. */
static void
assets_of(const struct books_look *at, const struct order *x,
    const struct asset *out[static BODY_ASSETS])
{
	bool first[256] = {false}; /* some id begins so */
	const struct asset *a;

	for (uint16_t i = 0; i < x->nassets; i++)
		first[x->assets[i].b[0]] = true;
	for (size_t i = 0; (a = books_asset_at(at->books, i)) != NULL; i++) {
		const struct hash *id = first[a->id.b[0]]
		    ? bsearch(&a->id, x->assets, x->nassets, sizeof(*id), by_id)
		    : NULL;

		if (id != NULL)
			out[id - x->assets] = a;
	}
}

/* The owner of asset i is waited for, and no asset before it is his. */
static bool
awaited(const struct order *x, const struct asset *const *assets, uint16_t i)
{
	const struct asset *mine = assets[i];

	if (mine == NULL || x->accepted[i])
		return false;
	for (uint16_t k = 0; k < i; k++)
		if (assets[k] != NULL &&
		    memcmp(&assets[k]->owner, &mine->owner,
			sizeof(mine->owner)) == 0)
			return false;
	return true;
}

/* Who has not accepted yet; a buyer who owns data must as well. */
static void
put_awaited(struct jv *o, const struct books_look *at, const struct order *x)
{
	const struct asset *assets[BODY_ASSETS] = {NULL};
	struct jv *owner = jv_object();
	char text[256] = "";
	size_t n = 0;

	if (x->state == ORDER_OPEN)
		assets_of(at, x, assets);
	for (uint16_t i = 0; x->state == ORDER_OPEN && i < x->nassets; i++) {
		if (!awaited(x, assets, i) || n >= sizeof(text))
			continue;
		put_key(owner, "name", at, &assets[i]->owner);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n > 0 ? " " : "", jv_text(jv_get(owner, "name"), ""));
	}
	jv_put_string(o, "waits_for", text);
	jv_free(owner);
}

static struct jv *
row_order(const struct books_look *at, size_t i)
{
	static const char *const states[] = {"open", "queued", "running",
	    "done", "cancelled"};
	const struct order *x = books_order_at(at->books, i);
	struct jv *o, *assets;

	if (x == NULL)
		return NULL;
	o = jv_object();
	assets = jv_array();
	books_json_hash(o, "id", &x->id);
	put_key(o, "buyer", at, &x->buyer);
	jv_put_string(o, "state", states[x->state]);
	jv_put_integer(o, "queue", place_in_queue(at->books, i));
	jv_put_boolean(o, "ending", x->ending);
	jv_put_string(o, "purpose", x->purpose);
	books_json_hash(o, "policy", &x->policy);
	jv_put_string(o, "task", job_kind_name(x->wants.task));
	jv_put_integer(o, "rounds", x->wants.rounds);
	jv_put_integer(o, "rounds_run", x->rounds);
	jv_put_integer(o, "price", (int64_t)x->price);
	jv_put_integer(o, "escrow", (int64_t)x->escrow);
	jv_put_integer(o, "paid", (int64_t)x->paid);
	for (uint16_t k = 0; k < x->nassets; k++) {
		struct jv *e = jv_object();

		books_json_hash(e, "asset", &x->assets[k]);
		jv_put_boolean(e, "accepted", x->accepted[k]);
		jv_add(assets, e);
	}
	jv_put(o, "assets", assets);
	put_awaited(o, at, x);
	return o;
}

static struct jv *
house_json(const struct decision *p, enum proposal_house house)
{
	struct jv *o = jv_object();
	struct ballots t;

	proposal_tally(p, house, &t);
	jv_put_boolean(o, "quorum",
	    ballots_has_quorum(&t, &proposal_terms(p->kind)->rule));
	jv_put_integer(o, "yes", (int64_t)t.count[VOTE_YES]);
	jv_put_integer(o, "no", (int64_t)t.count[VOTE_NO]);
	jv_put_integer(o, "veto", (int64_t)t.count[VOTE_VETO]);
	jv_put_integer(o, "abstain", (int64_t)t.count[VOTE_ABSTAIN]);
	jv_put_integer(o, "total", (int64_t)t.total);
	return o;
}

/* Who votes knows members by name; what is signed, by id. */
static void
name_member(const struct member *m, char text[static PAYLOAD_TEXT])
{
	const size_t len = strlen(m->name);
	char hex[HASH_HEX_LEN], *at;

	_Static_assert(sizeof(m->name) < sizeof(hex), "a name fits there");
	at = strstr(text, hash_hex(&m->id, hex));
	if (at == NULL || len == 0)
		return;
	memcpy(at, m->name, len);
	memmove(at + len, at + HASH_HEX_LEN - 1,
	    strlen(at + HASH_HEX_LEN - 1) + 1);
}

static const char *
payload_says(const struct motion *m, const struct federation *f,
    char out[static PAYLOAD_TEXT])
{
	struct payload p;

	if (!payload_get(m->p.kind, m->payload->data, m->payload->len, &p))
		return "";
	payload_text(m->p.kind, &p, out);
	for (uint16_t i = 0; i < f->nmembers; i++)
		name_member(&f->members[i], out);
	return out;
}

/* What it takes to pass, and when that takes effect. */
static void
put_rules(struct jv *o, const struct books_look *at, const struct motion *m)
{
	const struct proposal_terms *t = proposal_terms(m->p.kind);
	const struct proposal_calendar *c = books_calendar(at->books);

	jv_put_integer(o, "quorum_ppm", t->rule.quorum_ppm);
	jv_put_integer(o, "threshold_ppm", t->rule.threshold_ppm);
	jv_put_integer(o, "veto_ppm", t->rule.veto_ppm);
	jv_put_integer(o, "time_lock",
	    (int64_t)((uint64_t)t->time_lock * c->lock_percent / 100));
	jv_put_integer(o, "grace", c->grace);
	jv_put_boolean(o, "early", t->early);
	jv_put_boolean(o, "extended", m->p.extended);
}

static struct jv *
row_proposal(const struct books_look *at, size_t i)
{
	static const char *const options[] = {"", "yes", "no", "veto",
	    "abstain"};
	const struct federation *f = at->federation;
	const struct motion *m = books_motion_at(at->books, i);
	const struct proposal_terms *terms;
	char does[PAYLOAD_TEXT];
	struct jv *o, *votes, *voters;

	if (m == NULL)
		return NULL;
	terms = proposal_terms(m->p.kind);
	o = jv_object();
	votes = jv_object();
	voters = jv_array();
	jv_put_integer(o, "id", (int64_t)m->p.id);
	jv_put_string(o, "kind", terms->name);
	jv_put_string(o, "title", m->title);
	jv_put_string(o, "state",
	    proposal_state_name((enum proposal_state)m->p.state));
	jv_put_string(o, "proposer", f->members[m->p.proposer].name);
	books_json_hash(o, "payload", &m->p.payload);
	books_json_hash(o, "text", &m->text);
	jv_put_string(o, "does", payload_says(m, f, does));
	jv_put_integer(o, "submitted", (int64_t)m->p.submitted);
	jv_put_integer(o, "end", (int64_t)m->p.end);
	jv_put_integer(o, "eta", (int64_t)m->p.eta);
	if (terms->houses & HOUSE_SEATS)
		jv_put(o, "seats", house_json(&m->p, HOUSE_SEATS));
	if (terms->houses & HOUSE_TOKENS)
		jv_put(o, "tokens", house_json(&m->p, HOUSE_TOKENS));
	put_rules(o, at, m);
	for (uint16_t k = 0; k < m->p.nvoters; k++) {
		struct jv *v = jv_object();

		jv_put_string(v, "member", f->members[k].name);
		jv_put_string(v, "option", options[m->p.votes[k]]);
		jv_put_integer(v, "seats", (int64_t)m->p.seats[k]);
		jv_put_integer(v, "tokens", (int64_t)m->p.tokens[k]);
		jv_add(voters, v);
		if (m->p.votes[k] != VOTE_NONE)
			jv_put_string(votes, f->members[k].name,
			    options[m->p.votes[k]]);
	}
	jv_put(o, "votes", votes);
	jv_put(o, "voters", voters);
	return o;
}

static struct jv *
row_token(const struct books_look *at, size_t i)
{
	const struct federation *f = at->federation;
	const struct token *t = books_token_at(at->books, i);
	struct jv *o, *shares;

	if (t == NULL)
		return NULL;
	o = jv_object();
	shares = jv_array();
	books_json_hash(o, "id", &t->id);
	books_json_hash(o, "job", &t->job);
	books_json_hash(o, "model", &t->model);
	books_json_hash(o, "parent", &t->parent);
	jv_put_integer(o, "round_from", (int64_t)t->round_from);
	jv_put_integer(o, "round_to", (int64_t)t->round_to);
	jv_put_integer(o, "minted", (int64_t)t->minted);
	put_key(o, "owner", at, &t->owner);
	put_key(o, "approved", at, &t->approved);
	put_key(o, "user", at, &t->user);
	jv_put_integer(o, "user_until", (int64_t)t->user_until);
	jv_put_integer(o, "royalty_ppm", t->royalty_ppm);
	jv_put_boolean(o, "uses_withdrawn_data", t->withdrawn_data);
	for (uint16_t k = 0; k < t->nshares; k++) {
		struct jv *e = jv_object();

		jv_put_string(e, "member",
		    f->members[t->shares[k].member].name);
		jv_put_integer(e, "ppm", t->shares[k].ppm);
		jv_add(shares, e);
	}
	jv_put(o, "shares", shares);
	return o;
}

static struct jv *
row_credential(const struct books_look *at, size_t i)
{
	const struct credential *c = books_credential_at(at->books, i);
	struct jv *o;

	if (c == NULL)
		return NULL;
	o = jv_object();
	books_json_hash(o, "id", &c->id);
	put_key(o, "issuer", at, &c->issuer);
	put_key(o, "subject", at, &c->subject);
	jv_put_integer(o, "type", c->type);
	jv_put_string(o, "type_name",
	    credential_type_name(c->type) ? credential_type_name(c->type) : "");
	jv_put_string(o, "state",
	    c->revoked                         ? "revoked"
		: at->height + 1 >= c->expires ? "expired"
					       : "valid");
	jv_put_integer(o, "issued", (int64_t)c->issued);
	jv_put_integer(o, "expires", (int64_t)c->expires);
	jv_put_integer(o, "revoked", (int64_t)c->revoked);
	return o;
}

static struct jv *
row_use(const struct books_look *at, size_t i)
{
	const struct use *u = books_use_at(at->books, i);
	struct jv *o;

	if (u == NULL)
		return NULL;
	o = jv_object();
	books_json_hash(o, "job", &u->job);
	books_json_hash(o, "asset", &u->asset);
	jv_put_integer(o, "rounds", (int64_t)u->rounds);
	return o;
}

/* A page keeps the loop from all else while it is made: below 40 ms each, on
 * one core, with a hundred members and ten thousand assets. */
static const struct table {
	const char *name;
	struct jv *(*row)(const struct books_look *at, size_t i);
	size_t page; /* rows */
} tables[] = {
    {"accounts", row_account, 1000},
    {"assets", row_asset, 1000},
    {"orders", row_order, 200},
    {"proposals", row_proposal, 200},
    {"tokens", row_token, 500},
    {"credentials", row_credential, 1000},
    {"uses", row_use, 1000},
};

static const struct table *
table_of(const char *name)
{
	for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++)
		if (strcmp(tables[k].name, name) == 0)
			return &tables[k];
	return NULL;
}

struct jv *
books_json_row(const struct books_look *at, const char *table, size_t i)
{
	const struct table *t = table_of(table);

	return t != NULL ? t->row(at, i) : NULL;
}

struct jv *
books_json_page(const struct books_look *at, const char *table, size_t from)
{
	const struct table *t = table_of(table);
	struct jv *rows, *row;
	struct rdp_kept kept = {0};

	if (t == NULL)
		return NULL;
	rows = jv_array();
	for (size_t i = from; i - from < t->page; i++) {
		row = t->row == row_asset ? asset_json(at, i, &kept)
					  : t->row(at, i);
		if (row == NULL)
			break;
		jv_add(rows, row);
	}
	return rows;
}
