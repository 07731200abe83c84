/* The root over the books: one leaf a table, rows in their order. */
#include <assert.h>

#include "consensus/books/state.h"
#include "proto/merkle.h"

#define ROW_MAX 8192

struct row {
	uint8_t buf[ROW_MAX];
	struct bytes_writer w;
	struct hash_stream s;
};

static void
begin(struct row *r)
{
	hash_begin(&r->s, "qml.books");
	r->w = bytes_writer_over(r->buf, sizeof(r->buf));
}

/* What was written since goes into the table's hash. */
static void
row_end(struct row *r)
{
	assert(r->w.error == 0);
	hash_add(&r->s, r->w.data, r->w.len);
	r->w = bytes_writer_over(r->buf, sizeof(r->buf));
}

static void
put_key(struct row *r, const struct sign_public *k)
{
	bytes_put_raw(&r->w, k->b, SIGN_PUBLIC_LEN);
}

static struct hash
accounts_root(const struct books *b, struct row *r)
{
	const struct account *a = BOOKS_ROWS(struct account, b->accounts);

	begin(r);
	for (size_t i = 0; i < b->accounts.n; i++) {
		put_key(r, &a[i].key);
		bytes_put_u64(&r->w, a[i].balance);
		bytes_put_u64(&r->w, a[i].nonce);
		bytes_put_u16(&r->w, a[i].member);
		row_end(r);
	}
	return hash_end(&r->s);
}

static void
put_budget(struct row *r, const struct budget *p)
{
	for (unsigned i = 0; i < RDP_ORDERS; i++)
		bytes_put_i64(&r->w, p->spent.nano[i]);
	bytes_put_u64(&r->w, p->steps);
}

static struct hash
assets_root(const struct books *b, struct row *r)
{
	const struct asset *a = BOOKS_ROWS(struct asset, b->assets);

	begin(r);
	for (size_t i = 0; i < b->assets.n; i++) {
		bytes_put_hash(&r->w, &a[i].id);
		put_key(r, &a[i].owner);
		body_asset_put(&r->w, &a[i].terms);
		bytes_put_u64(&r->w, a[i].registered);
		bytes_put_u64(&r->w, a[i].withdrawn);
		bytes_put_u64(&r->w, a[i].erased);
		bytes_put_u8(&r->w, a[i].banned);
		bytes_put_u32(&r->w, a[i].used);
		put_budget(r, &a[i].privacy);
		row_end(r);
	}
	return hash_end(&r->s);
}

static struct hash
orders_root(const struct books *b, struct row *r)
{
	const struct order *o = BOOKS_ROWS(struct order, b->orders);

	begin(r);
	for (size_t i = 0; i < b->orders.n; i++) {
		bytes_put_hash(&r->w, &o[i].id);
		put_key(r, &o[i].buyer);
		bytes_put_u8(&r->w, o[i].state);
		bytes_put_hash(&r->w, &o[i].policy);
		bytes_put_u64(&r->w, o[i].price);
		bytes_put_u64(&r->w, o[i].escrow);
		bytes_put_u64(&r->w, o[i].paid);
		bytes_put_u32(&r->w, o[i].rounds);
		bytes_put_u8(&r->w, o[i].ending);
		for (uint16_t k = 0; k < o[i].nassets; k++) {
			bytes_put_hash(&r->w, &o[i].assets[k]);
			bytes_put_u8(&r->w, o[i].accepted[k]);
		}
		bytes_put_hash(&r->w, &o[i].job_hash);
		row_end(r);
	}
	return hash_end(&r->s);
}

static struct hash
motions_root(const struct books *b, struct row *r)
{
	const struct motion *m = BOOKS_ROWS(struct motion, b->motions);

	begin(r);
	for (size_t i = 0; i < b->motions.n; i++) {
		const struct decision *p = &m[i].p;

		bytes_put_u64(&r->w, p->id);
		bytes_put_u8(&r->w, p->kind);
		bytes_put_u8(&r->w, p->state);
		bytes_put_u16(&r->w, p->proposer);
		bytes_put_hash(&r->w, &p->payload);
		bytes_put_u64(&r->w, p->submitted);
		bytes_put_u64(&r->w, p->end);
		bytes_put_u64(&r->w, p->eta);
		bytes_put_hash(&r->w, &m[i].text);
		for (uint16_t k = 0; k < p->nvoters; k++) {
			bytes_put_u64(&r->w, p->seats[k]);
			bytes_put_u64(&r->w, p->tokens[k]);
			bytes_put_u8(&r->w, p->votes[k]);
		}
		row_end(r);
	}
	return hash_end(&r->s);
}

static struct hash
tokens_root(const struct books *b, struct row *r)
{
	const struct token *t = BOOKS_ROWS(struct token, b->tokens);

	begin(r);
	for (size_t i = 0; i < b->tokens.n; i++) {
		bytes_put_hash(&r->w, &t[i].id);
		put_key(r, &t[i].owner);
		put_key(r, &t[i].approved);
		put_key(r, &t[i].user);
		bytes_put_u64(&r->w, t[i].user_until);
		bytes_put_u32(&r->w, t[i].royalty_ppm);
		bytes_put_u8(&r->w, t[i].withdrawn_data);
		for (uint16_t k = 0; k < t[i].nshares; k++) {
			bytes_put_u16(&r->w, t[i].shares[k].member);
			bytes_put_u32(&r->w, t[i].shares[k].ppm);
		}
		row_end(r);
	}
	return hash_end(&r->s);
}

static struct hash
credentials_root(const struct books *b, struct row *r)
{
	const struct credential *c =
	    BOOKS_ROWS(struct credential, b->credentials);

	begin(r);
	for (size_t i = 0; i < b->credentials.n; i++) {
		bytes_put_hash(&r->w, &c[i].id);
		put_key(r, &c[i].issuer);
		put_key(r, &c[i].subject);
		bytes_put_u8(&r->w, c[i].type);
		bytes_put_u64(&r->w, c[i].expires);
		bytes_put_u64(&r->w, c[i].revoked);
		row_end(r);
	}
	return hash_end(&r->s);
}

static struct hash
valuations_root(const struct books *b, struct row *r)
{
	const struct valuation *v = BOOKS_ROWS(struct valuation, b->valuations);

	begin(r);
	for (size_t i = 0; i < b->valuations.n; i++) {
		bytes_put_hash(&r->w, &v[i].job);
		bytes_put_u64(&r->w, v[i].round);
		bytes_put_u64(&r->w, v[i].reward);
		bytes_put_u64(&r->w, v[i].until);
		if (b->terms.validation.shards > 0) {
			bytes_put_u32(&r->w, v[i].shard);
			bytes_put_u8(&r->w, v[i].shown);
		}
		row_end(r);
		for (uint16_t k = 0; k < b->nmembers; k++)
			if (v[i].said[k])
				hash_add(&r->s, v[i].said[k]->data,
				    v[i].said[k]->len);
	}
	return hash_end(&r->s);
}

static struct hash
rest_root(const struct books *b, struct row *r)
{
	const struct promise *p = BOOKS_ROWS(struct promise, b->promises);
	const struct use *u = BOOKS_ROWS(struct use, b->uses);

	begin(r);
	bytes_put_hash(&r->w, &b->policy);
	bytes_put_u64(&r->w, b->treasury);
	bytes_put_u64(&r->w, b->minted);
	bytes_put_u64(&r->w, b->burned);
	bytes_put_u64(&r->w, b->rounds);
	for (uint16_t i = 0; i < b->nmembers; i++)
		bytes_put_i64(&r->w, b->earned[i]);
	if (b->terms.validation.shards > 0) {
		bytes_put_u64(&r->w, b->pot);
		bytes_put_u32(&r->w, b->shards_used);
	}
	for (uint16_t i = 0; i < b->nmembers; i++)
		bytes_put_u8(&r->w, b->active[i]);
	row_end(r);
	for (size_t i = 0; i < b->promises.n; i++) {
		bytes_put_hash(&r->w, &p[i].commit);
		bytes_put_u16(&r->w, p[i].member);
		bytes_put_u64(&r->w, p[i].round);
		row_end(r);
	}
	for (size_t i = 0; i < b->uses.n; i++) {
		bytes_put_hash(&r->w, &u[i].job);
		bytes_put_hash(&r->w, &u[i].asset);
		bytes_put_u64(&r->w, u[i].rounds);
		row_end(r);
	}
	return hash_end(&r->s);
}

struct hash
books_root(const struct books *b)
{
	struct row r;
	struct hash leaves[] = {
	    accounts_root(b, &r),
	    assets_root(b, &r),
	    orders_root(b, &r),
	    motions_root(b, &r),
	    tokens_root(b, &r),
	    credentials_root(b, &r),
	    valuations_root(b, &r),
	    rest_root(b, &r),
	};

	return merkle_root_of(leaves, sizeof(leaves) / sizeof(*leaves));
}
