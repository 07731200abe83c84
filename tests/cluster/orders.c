#include "tests/cluster/orders.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/books/view.h"
#include "proto/q24.h"

bool
orders_has(const struct world *w)
{
	return w->setup.seed % 4 == 1 && !w->setup.steady && !w->setup.dead &&
	    !w->setup.members;
}

struct hash
orders_root(uint16_t member)
{
	return hash_bytes("rows", &member, sizeof(member));
}

static const struct asset *
asset_of(const struct books *books, const struct sign_public *key)
{
	const struct asset *a;

	for (size_t i = 0; (a = books_asset_at(books, i)) != NULL; i++)
		if (memcmp(&a->owner, key, sizeof(*key)) == 0 &&
		    a->withdrawn == 0 && a->terms.tasks == 1u << JOB_LINEAR)
			return a;
	return NULL;
}

static uint8_t
put_asset(uint16_t member, struct bytes_writer *out)
{
	struct body_asset b = {.root = orders_root(member),
	    .rows = 10,
	    .tasks = 1u << JOB_LINEAR,
	    .name = "rows",
	    .price = 7,
	    .expires = 100000};

	body_asset_put(out, &b);
	return TX_ASSET_REGISTER;
}

/* An open order that waits for this asset's owner. */
static const struct order *
waits_for(const struct books *books, const struct asset *mine, bool *any)
{
	const struct order *o;

	*any = false;
	for (size_t i = 0; (o = books_order_at(books, i)) != NULL; i++) {
		*any = *any || o->state <= ORDER_QUEUED;
		for (uint16_t k = 0; k < o->nassets; k++)
			if (o->state == ORDER_OPEN && !o->accepted[k] &&
			    hash_equal(&o->assets[k], &mine->id))
				return o;
	}
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

static uint8_t
put_order(struct world *w, const struct ledger *l, struct bytes_writer *out)
{
	const struct books *books = ledger_books(l);
	struct bytes_writer bytes = BYTES_WRITER_INIT;
	uint64_t x = rng_next(&w->txrng);
	struct job j = w->fed.job; /* borrowed: has no texts */
	struct body_order b = {.price = 7u * w->n,
	    .escrow = 7u * w->n * ORDERS_ROUNDS + 5};

	for (uint16_t i = 0; i < w->n; i++) {
		const struct asset *a =
		    asset_of(books, &w->fed.members[i].sign);

		if (a != NULL)
			b.assets[b.nassets++] = a->id;
	}
	qsort(b.assets, b.nassets, sizeof(b.assets[0]), compare);
	j.seed = hash_bytes("seed", &x, sizeof(x));
	job_put(&bytes, &j);
	b.job = bytes.data;
	b.job_len = (uint32_t)bytes.len;
	body_order_put(out, &b);
	bytes_writer_close(&bytes);
	return TX_ORDER;
}

uint8_t
orders_put(struct world *w, const struct ledger *l, uint16_t member,
    struct bytes_writer *out)
{
	const struct books *books = ledger_books(l);
	const struct asset *mine =
	    asset_of(books, &w->fed.members[member].sign);
	const struct order *o;
	struct body_ref ref;
	bool any;

	if (!orders_has(w) || rng_chance(&w->txrng, 300))
		return 0;
	if (mine == NULL)
		return put_asset(member, out);
	o = waits_for(books, mine, &any);
	if (o != NULL) {
		ref.id = o->id;
		body_ref_put(out, &ref);
		return TX_ORDER_ACCEPT;
	}
	return any ? 0 : put_order(w, l, out);
}

bool
orders_start(const struct world *w, const struct block *b)
{
	const int64_t zero[WORLD_DIM] = {0};
	const struct hash h = q24_hash("qml.model", zero, WORLD_DIM);

	return orders_has(w) && w->closed >= ORDERS_ROUNDS &&
	    hash_equal(&h, &b->header.model);
}
