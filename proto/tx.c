#include "proto/tx.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Version, kind, sender, nonce, fee, expires, length. */
#define TX_HEAD_LEN (2 + 1 + SIGN_PUBLIC_LEN + 8 + 8 + 8 + 4)

static const char tx_context[] = "qml.tx.v1";

static const char *const names[TX_KINDS] = {
    [TX_TRANSFER] = "transfer",
    [TX_ASSET_REGISTER] = "asset_register",
    [TX_ASSET_WITHDRAW] = "asset_withdraw",
    [TX_ASSET_ERASED] = "asset_erased",
    [TX_ORDER] = "order",
    [TX_ORDER_ACCEPT] = "order_accept",
    [TX_ORDER_CANCEL] = "order_cancel",
    [TX_COMMIT] = "commit",
    [TX_WORTH] = "worth",
    [TX_PROPOSE] = "propose",
    [TX_VOTE] = "vote",
    [TX_MODEL_TRANSFER] = "model_transfer",
    [TX_MODEL_APPROVE] = "model_approve",
    [TX_MODEL_LEASE] = "model_lease",
    [TX_CREDENTIAL] = "credential",
    [TX_REVOKE] = "revoke",
    [TX_SHARD] = "shard",
};

bool
tx_is_duty(uint8_t kind)
{
	return kind == TX_COMMIT || kind == TX_WORTH || kind == TX_SHARD;
}

const char *
tx_kind_name(uint8_t kind)
{
	return kind > 0 && kind < TX_KINDS ? names[kind] : "unknown";
}

struct tx *
tx_new(uint32_t len)
{
	struct tx *t;

	assert(len <= TX_BODY_MAX);
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->version = TX_VERSION;
	t->len = len;
	t->nrefs = 1;
	/* Never of size zero, so that NULL always means no memory. */
	t->body = calloc(len + 1u, 1);
	if (t->body == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

struct tx *
tx_ref(struct tx *t)
{
	t->nrefs++;
	return t;
}

void
tx_unref(struct tx *t)
{
	if (t == NULL)
		return;
	assert(t->nrefs > 0);
	if (--t->nrefs > 0)
		return;
	free(t->body);
	free(t);
}

static void
head_put(struct bytes_writer *w, const struct tx *t)
{
	bytes_put_u16(w, t->version);
	bytes_put_u8(w, t->kind);
	bytes_put_raw(w, t->sender.b, SIGN_PUBLIC_LEN);
	bytes_put_u64(w, t->nonce);
	bytes_put_u64(w, t->fee);
	bytes_put_u64(w, t->expires);
	bytes_put_u32(w, t->len);
}

static struct hash
signed_id(const struct tx *t)
{
	uint8_t head[TX_HEAD_LEN];
	struct bytes_writer w = bytes_writer_over(head, sizeof(head));
	struct hash_stream s;

	head_put(&w, t);
	assert(w.error == 0 && w.len == TX_HEAD_LEN);
	hash_begin(&s, "qml.tx");
	hash_add(&s, head, sizeof(head));
	hash_add(&s, t->body, t->len);
	return hash_end(&s);
}

void
tx_sign(struct tx *t, const struct sign_key *k, const struct hash *federation)
{
	t->sender = sign_key_public(k);
	t->id = signed_id(t);
	sign_message(k, tx_context, federation, &t->id, &t->sig);
}

bool
tx_verify(const struct tx *t, const struct hash *federation)
{
	struct hash id = signed_id(t);

	return sign_verify(&t->sender, tx_context, federation, &id, &t->sig);
}

uint32_t
tx_len(const struct tx *t)
{
	return TX_HEAD_LEN + t->len + 1 + SIGN_LEN;
}

void
tx_put(struct bytes_writer *w, const struct tx *t)
{
	head_put(w, t);
	bytes_put_raw(w, t->body, t->len);
	signature_put(w, &t->sig);
}

struct tx *
tx_get(struct bytes_reader *r)
{
	struct tx head = {0};
	const uint8_t *body;
	struct tx *t;

	head.version = bytes_get_u16(r);
	head.kind = bytes_get_u8(r);
	bytes_get_raw(r, head.sender.b, SIGN_PUBLIC_LEN);
	head.nonce = bytes_get_u64(r);
	head.fee = bytes_get_u64(r);
	head.expires = bytes_get_u64(r);
	head.len = bytes_get_u32(r);
	if (head.version != TX_VERSION || head.kind == 0 ||
	    head.kind >= TX_KINDS || head.len > TX_BODY_MAX)
		bytes_reader_fail(r);
	body = bytes_get_slice(r, r->bad ? 0 : head.len);
	signature_get(r, &head.sig);
	if (r->bad)
		return NULL;
	t = tx_new(head.len);
	if (t == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	head.body = t->body;
	head.nrefs = t->nrefs;
	*t = head;
	if (t->len > 0)
		memcpy(t->body, body, t->len);
	t->id = signed_id(t);
	return t;
}
