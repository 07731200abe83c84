#include "consensus/books/image.h"

#include <string.h>

#include "consensus/books/state.h"

#define BLOB_MAX (1u << 20)

static void
image_bytes(struct walk *k, struct blob **b)
{
	uint32_t len = walk_count(k, *b ? (*b)->len : 0, BLOB_MAX);

	if (walk_reads(k)) {
		walk_need(k, len <= bytes_reader_left(k->from));
		if (!walk_ok(k))
			return;
		*b = blob_new(len);
		if (!*b) {
			walk_no_memory(k);
			return;
		}
	}
	if (*b)
		walk_raw(k, (*b)->data, len);
}

/* NULL: there is none. */
static void
image_blob(struct walk *k, struct blob **b)
{
	bool is = *b != NULL;

	walk_bool(k, &is);
	if (is && walk_ok(k))
		image_bytes(k, b);
}

static void
image_account(struct walk *k, struct books *b, void *row)
{
	struct account *a = row;

	(void)b;
	walk_key(k, &a->key);
	walk_u64(k, &a->balance);
	walk_u64(k, &a->nonce);
	walk_u16(k, &a->member);
	walk_need(k, a->member < b->nmembers || a->member == NO_MEMBER);
	walk_text(k, a->name, sizeof(a->name));
}

static void
image_rdp(struct walk *k, struct rdp_table *t)
{
	for (unsigned i = 0; i < RDP_ORDERS; i++)
		walk_i64(k, &t->nano[i]);
}

static void
image_asset(struct walk *k, struct books *b, void *row)
{
	struct asset *a = row;

	(void)b;
	walk_hash(k, &a->id);
	walk_key(k, &a->owner);
	if (walk_reads(k))
		body_asset_get(k->from, &a->terms);
	else
		body_asset_put(k->to, &a->terms);
	walk_u64(k, &a->registered);
	walk_u64(k, &a->withdrawn);
	walk_u64(k, &a->erased);
	walk_bool(k, &a->banned);
	walk_u32(k, &a->used);
	walk_u32(k, &a->privacy.target.eps_milli);
	walk_u8(k, &a->privacy.target.delta_exp);
	image_rdp(k, &a->privacy.cap);
	image_rdp(k, &a->privacy.spent);
	walk_u64(k, &a->privacy.steps);
}

static void
image_wants(struct walk *k, struct books_job *j)
{
	walk_u8(k, &j->task);
	walk_hash(k, &j->circuit);
	walk_u32(k, &j->rounds);
	walk_u32(k, &j->members);
	walk_u32(k, &j->step.q_ppb);
	walk_u32(k, &j->step.sigma_milli);
	walk_u32(k, &j->steps);
}

static void
image_order(struct walk *k, struct books *b, void *row)
{
	struct order *o = row;

	(void)b;
	walk_hash(k, &o->id);
	walk_key(k, &o->buyer);
	walk_u8(k, &o->state);
	walk_need(k, o->state <= ORDER_CANCELLED);
	walk_text(k, o->purpose, sizeof(o->purpose));
	walk_hash(k, &o->policy);
	walk_u64(k, &o->price);
	walk_u64(k, &o->escrow);
	walk_u64(k, &o->paid);
	walk_u32(k, &o->rounds);
	walk_bool(k, &o->ending);
	o->nassets = (uint16_t)walk_count(k, o->nassets, BODY_ASSETS);
	for (uint16_t i = 0; i < o->nassets; i++) {
		walk_hash(k, &o->assets[i]);
		walk_bool(k, &o->accepted[i]);
	}
	image_wants(k, &o->wants);
	image_bytes(k, &o->job);
	if (walk_reads(k) && walk_ok(k))
		o->job_hash = hash_bytes("qml.job", o->job->data, o->job->len);
}

static void
image_motion(struct walk *k, struct books *b, void *row)
{
	struct motion *m = row;
	struct decision *p = &m->p;

	(void)b;
	walk_u64(k, &p->id);
	walk_u8(k, &p->kind);
	walk_need(k, proposal_terms(p->kind) != NULL);
	walk_u8(k, &p->state);
	walk_need(k, p->state <= PROPOSAL_CANCELLED);
	walk_u16(k, &p->proposer);
	walk_hash(k, &p->payload);
	walk_u64(k, &p->submitted);
	walk_u64(k, &p->end);
	walk_u64(k, &p->eta);
	walk_bool(k, &p->extended);
	p->nvoters = (uint16_t)walk_count(k, p->nvoters, PROPOSAL_VOTERS_MAX);
	for (uint16_t i = 0; i < p->nvoters; i++) {
		walk_u64(k, &p->seats[i]);
		walk_u64(k, &p->tokens[i]);
		walk_u8(k, &p->votes[i]);
		walk_need(k, p->votes[i] <= VOTE_ABSTAIN);
	}
	walk_text(k, m->title, sizeof(m->title));
	walk_hash(k, &m->text);
	image_blob(k, &m->payload);
}

static void
image_token(struct walk *k, struct books *b, void *row)
{
	struct token *t = row;

	walk_hash(k, &t->id);
	walk_hash(k, &t->job);
	walk_hash(k, &t->parent);
	walk_hash(k, &t->model);
	walk_u64(k, &t->round_from);
	walk_u64(k, &t->round_to);
	walk_u64(k, &t->minted);
	walk_key(k, &t->owner);
	walk_key(k, &t->approved);
	walk_key(k, &t->user);
	walk_u64(k, &t->user_until);
	walk_u32(k, &t->royalty_ppm);
	walk_bool(k, &t->withdrawn_data);
	t->nshares = (uint16_t)walk_count(k, t->nshares, BOOKS_MEMBERS_MAX);
	for (uint16_t i = 0; i < t->nshares; i++) {
		walk_u16(k, &t->shares[i].member);
		walk_need(k, t->shares[i].member < b->nmembers);
		walk_u32(k, &t->shares[i].ppm);
	}
}

static void
image_credential(struct walk *k, struct books *b, void *row)
{
	struct credential *c = row;

	(void)b;
	walk_hash(k, &c->id);
	walk_key(k, &c->issuer);
	walk_key(k, &c->subject);
	walk_u8(k, &c->type);
	walk_u64(k, &c->issued);
	walk_u64(k, &c->expires);
	walk_u64(k, &c->revoked);
}

static void
image_valuation(struct walk *k, struct books *b, void *row)
{
	struct valuation *v = row;

	walk_hash(k, &v->job);
	walk_u64(k, &v->round);
	walk_u64(k, &v->reward);
	walk_u64(k, &v->until);
	walk_hash(k, &v->seed);
	v->n = (uint16_t)walk_count(k, v->n, BOOKS_MEMBERS_MAX);
	for (uint16_t i = 0; i < v->n; i++) {
		walk_u16(k, &v->members[i]);
		walk_need(k, v->members[i] < b->nmembers);
	}
	for (uint16_t i = 0; i < b->nmembers; i++)
		image_blob(k, &v->said[i]);
	walk_u16(k, &v->nsaid);
	walk_need(k, v->nsaid <= b->nmembers);
	walk_u32(k, &v->shard);
	walk_bool(k, &v->shown);
}

static void
image_use(struct walk *k, struct books *b, void *row)
{
	struct use *u = row;

	(void)b;
	walk_hash(k, &u->job);
	walk_hash(k, &u->asset);
	walk_u64(k, &u->rounds);
}

static void
image_promise(struct walk *k, struct books *b, void *row)
{
	struct promise *p = row;

	walk_hash(k, &p->job);
	walk_u64(k, &p->round);
	walk_u16(k, &p->member);
	walk_need(k, p->member < b->nmembers);
	walk_hash(k, &p->commit);
	walk_u64(k, &p->height);
}

struct rows {
	struct books *books;
	struct table *table;
	void (*one)(struct walk *k, struct books *b, void *row);
};

/* Row by row: what is read may lie about how many there are. */
static void
image_rows(struct walk *k, const struct rows *r)
{
	struct table *t = r->table;
	uint32_t n = walk_count(k, t->n, UINT32_MAX);

	for (uint32_t i = 0; i < n && walk_ok(k); i++) {
		if (walk_reads(k) && table_reserve(t) < 0) {
			walk_no_memory(k);
			return;
		}
		if (walk_reads(k))
			(void)table_insert(t, t->n);
		r->one(k, r->books, t->rows + i * t->size);
	}
}

static void
image_tables(struct walk *k, struct books *b)
{
	const struct rows all[] = {
	    {b, &b->accounts, image_account},
	    {b, &b->assets, image_asset},
	    {b, &b->orders, image_order},
	    {b, &b->motions, image_motion},
	    {b, &b->tokens, image_token},
	    {b, &b->credentials, image_credential},
	    {b, &b->valuations, image_valuation},
	    {b, &b->uses, image_use},
	    {b, &b->promises, image_promise},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		image_rows(k, &all[i]);
}

/* Accounts are found by halving. */
static bool
accounts_ascend(const struct books *b)
{
	const struct account *a = BOOKS_ROWS(struct account, b->accounts);

	for (size_t i = 1; i < b->accounts.n; i++)
		if (memcmp(a[i - 1].key.b, a[i].key.b, SIGN_PUBLIC_LEN) >= 0)
			return false;
	return true;
}

static void
image_settled(struct walk *k, struct settled *s)
{
	walk_hash(k, &s->job);
	walk_u64(k, &s->round);
	walk_u64(k, &s->height);
	walk_u64(k, &s->reward);
	walk_u32(k, &s->shard);
	s->n = (uint16_t)walk_count(k, s->n, BOOKS_MEMBERS_MAX);
	walk_u16(k, &s->nsaid);
	walk_bool(k, &s->paid);
	walk_i64(k, &s->nobody);
	walk_i64(k, &s->all);
	for (uint16_t i = 0; i < s->n; i++) {
		walk_u16(k, &s->members[i]);
		walk_need(k, s->members[i] < BOOKS_MEMBERS_MAX);
		walk_i64(k, &s->value[i]);
		walk_u64(k, &s->part[i]);
	}
}

/* The books as books_new gave them, without what was founded. */
static void
empty(struct books *b)
{
	b->accounts.n = 0;
	memset(b->members, 0, sizeof(b->members));
	memset(b->active, 0, sizeof(b->active));
}

void
books_image(struct walk *k, struct books *b)
{
	if (walk_reads(k))
		empty(b);
	b->nmembers = (uint16_t)walk_count(k, b->nmembers, BOOKS_MEMBERS_MAX);
	for (uint16_t i = 0; i < b->nmembers; i++) {
		walk_key(k, &b->members[i]);
		walk_bool(k, &b->active[i]);
		walk_i64(k, &b->earned[i]);
	}
	image_tables(k, b);
	walk_need(k, accounts_ascend(b));
	walk_hash(k, &b->policy);
	walk_u64(k, &b->treasury);
	walk_u64(k, &b->minted);
	walk_u64(k, &b->burned);
	walk_u64(k, &b->rounds);
	walk_u64(k, &b->pot);
	walk_u32(k, &b->shards_used);
	for (unsigned i = 0; i < SETTLED_KEPT; i++)
		image_settled(k, &b->settled[i]);
	walk_u64(k, &b->nsettled);
}
