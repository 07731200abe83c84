#include "tests/consensus/books/town.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void
town_open(struct town *t, uint16_t n, const struct books_terms *terms)
{
	struct books_founder founders[TOWN_MAX] = {0};
	int rc = sign_setup();

	assert(rc == 0 && n <= TOWN_MAX);
	*t = (struct town){.n = n, .height = 1};
	t->federation = hash_bytes("qml.federation", "town", 4);
	for (uint16_t i = 0; i < n; i++) {
		uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1)};

		rc = sign_key_new(seed, &t->keys[i]);
		assert(rc == 0);
		t->pub[i] = sign_key_public(t->keys[i]);
		founders[i].key = t->pub[i];
		snprintf(founders[i].name, sizeof(founders[i].name), "m%u",
		    (unsigned)i);
	}
	rc = books_new(terms, founders, n, &t->books);
	assert(rc == 0);
}

void
town_close(struct town *t)
{
	for (uint16_t i = 0; i < t->n; i++)
		sign_key_free(t->keys[i]);
	books_free(t->books);
}

struct tx *
town_tx(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct tx *x = tx_new((uint32_t)w->len);

	assert(x && w->error == 0);
	x->kind = kind;
	x->nonce = tx_is_duty(kind) ? 0 : t->nonce[from];
	x->fee = BOOKS_TERMS_DEFAULT.fee;
	x->expires = t->height + 1000;
	if (w->len)
		memcpy(x->body, w->data, w->len);
	tx_sign(x, t->keys[from], &t->federation);
	bytes_writer_close(w);
	return x;
}

int
town_do(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *w,
    struct hash *id)
{
	struct tx *x = town_tx(t, from, kind, w);
	enum books_verdict said = books_check(t->books, x, t->height);
	int rc = books_apply(t->books, x, t->height);

	assert((int)said == rc);
	assert(books_conserved(t->books));
	if (rc == BOOKS_OK)
		t->nonce[from] += !tx_is_duty(kind);
	if (id)
		*id = x->id;
	tx_unref(x);
	return rc;
}

int
town_job_of(const void *arg, const uint8_t *bytes, uint32_t len,
    struct books_job *out)
{
	(void)arg;
	if (len != 4)
		return -EINVAL;
	*out = (struct books_job){.task = bytes[0],
	    .circuit = {{bytes[1]}},
	    .rounds = bytes[2],
	    .steps = 10};
	if (bytes[3])
		out->step = (struct rdp_step){50000000, 1200};
	return 0;
}

struct body_asset
town_asset(uint8_t rows)
{
	return (struct body_asset){.name = "ward 7",
	    .root = {{rows}},
	    .schema = {{7}},
	    .rows = 120,
	    .purpose = "research",
	    .licence = "CC-BY-4.0",
	    .tasks = 1u << 1,
	    .price = 1000,
	    .expires = 500};
}

int
town_register(struct town *t, uint16_t from, const struct body_asset *a,
    struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_asset_put(&w, a);
	return town_do(t, from, TX_ASSET_REGISTER, &w, id);
}

int
town_ref(struct town *t, uint16_t from, uint8_t kind, const struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_ref_put(&w, &(struct body_ref){*id});
	return town_do(t, from, kind, &w, NULL);
}

int
town_order(struct town *t, uint16_t from, const struct body_order *o,
    const struct town_job *job, struct hash *id)
{
	uint8_t bytes[] = {job->task, job->circuit, job->rounds, job->noisy};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_order full = *o;

	full.job = bytes;
	full.job_len = sizeof(bytes);
	body_order_put(&w, &full);
	return town_do(t, from, TX_ORDER, &w, id);
}
