#include "proto/answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/q24.h"
#include "proto/vote.h"

/* The signed head is fixed in length: see proto/README.md. */
#define ANSWER_HEAD_LEN                                                     \
	(2 + 1 + 1 + 2 + 2 + 32 + 8 + 4 * 32 + 21 + 8 + 4 + 8 + 8 + 4 + 4 + \
	    32 + 5 * 4 + 3 * 8)
#define ANSWER_FLAGS (ANSWER_REPLAYABLE | ANSWER_STATE_LOST | ANSWER_CONFINED)

static const char answer_context[] = "qml.answer.v1";

struct answer *
answer_new(uint32_t dim)
{
	struct answer *a;

	assert(dim <= ANSWER_DIM_MAX);
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->version = ANSWER_VERSION;
	a->dim = dim;
	a->nrefs = 1;
	if (dim > 0) {
		a->delta = calloc(dim, sizeof(*a->delta));
		if (a->delta == NULL) {
			free(a);
			return NULL;
		}
	}
	return a;
}

struct answer *
answer_copy(const struct answer *a)
{
	struct answer *copy = answer_new(a->dim);
	int64_t *delta;

	if (copy == NULL)
		return NULL;
	delta = copy->delta;
	*copy = *a;
	copy->delta = delta;
	copy->nrefs = 1;
	if (a->dim > 0)
		memcpy(delta, a->delta, a->dim * sizeof(*delta));
	return copy;
}

struct answer *
answer_ref(struct answer *a)
{
	a->nrefs++;
	return a;
}

void
answer_unref(struct answer *a)
{
	if (a == NULL)
		return;
	assert(a->nrefs > 0);
	if (--a->nrefs > 0)
		return;
	free(a->delta);
	free(a);
}

static void
head_put(struct bytes_writer *w, const struct answer *a)
{
	bytes_put_u16(w, a->version);
	bytes_put_u8(w, a->kind);
	bytes_put_u8(w, a->reason);
	bytes_put_u16(w, a->flags);
	bytes_put_u16(w, a->member);
	bytes_put_hash(w, &a->job);
	bytes_put_u64(w, a->round);
	bytes_put_hash(w, &a->base_model);
	bytes_put_hash(w, &a->data_asset);
	bytes_put_hash(w, &a->trainer_state);
	bytes_put_hash(w, &a->seed_commit);
	privacy_claim_put(w, &a->privacy);
	bytes_put_u64(w, a->clip_q24);
	bytes_put_u32(w, a->rows);
	bytes_put_i64(w, a->loss_before_q24);
	bytes_put_i64(w, a->loss_after_q24);
	bytes_put_u32(w, a->correct);
	bytes_put_u32(w, a->steps);
	bytes_put_i64(w, a->control_loss_q24);
	bytes_put_u32(w, a->control_correct);
	bytes_put_u32(w, a->valid_rows);
	bytes_put_i64(w, a->valid_loss_q24);
	bytes_put_u32(w, a->valid_correct);
	bytes_put_i64(w, a->valid_control_loss_q24);
	bytes_put_u32(w, a->valid_control_correct);
	bytes_put_u32(w, a->dim);
	bytes_put_hash(w, &a->payload);
}

static struct hash
head_id(const struct answer *a)
{
	uint8_t buf[ANSWER_HEAD_LEN];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	head_put(&w, a);
	assert(w.error == 0 && w.len == ANSWER_HEAD_LEN);
	return hash_bytes("qml.answer", w.data, w.len);
}

void
answer_sign(struct answer *a, const struct sign_key *k,
    const struct hash *federation)
{
	a->payload = (struct hash){{0}};
	if (a->dim > 0)
		a->payload = q24_hash("qml.payload", a->delta, a->dim);
	a->id = head_id(a);
	sign_message(k, answer_context, federation, &a->id, &a->sig);
}

bool
answer_verify(const struct answer *a, const struct sign_public *pk,
    const struct hash *federation)
{
	struct hash id = head_id(a);

	return sign_verify(pk, answer_context, federation, &id, &a->sig);
}

void
answer_head_put(struct bytes_writer *w, const struct answer *a)
{
	head_put(w, a);
	signature_put(w, &a->sig);
}

void
answer_put(struct bytes_writer *w, const struct answer *a)
{
	answer_head_put(w, a);
	assert(a->dim == 0 || a->delta != NULL);
	for (uint32_t i = 0; i < a->dim; i++)
		bytes_put_i64(w, a->delta[i]);
}

static void
head_get(struct bytes_reader *r, struct answer *a)
{
	a->version = bytes_get_u16(r);
	a->kind = bytes_get_u8(r);
	a->reason = bytes_get_u8(r);
	a->flags = bytes_get_u16(r);
	a->member = bytes_get_u16(r);
	a->job = bytes_get_hash(r);
	a->round = bytes_get_u64(r);
	a->base_model = bytes_get_hash(r);
	a->data_asset = bytes_get_hash(r);
	a->trainer_state = bytes_get_hash(r);
	a->seed_commit = bytes_get_hash(r);
	privacy_claim_get(r, &a->privacy);
	a->clip_q24 = bytes_get_u64(r);
	a->rows = bytes_get_u32(r);
	a->loss_before_q24 = bytes_get_i64(r);
	a->loss_after_q24 = bytes_get_i64(r);
	a->correct = bytes_get_u32(r);
	a->steps = bytes_get_u32(r);
	a->control_loss_q24 = bytes_get_i64(r);
	a->control_correct = bytes_get_u32(r);
	a->valid_rows = bytes_get_u32(r);
	a->valid_loss_q24 = bytes_get_i64(r);
	a->valid_correct = bytes_get_u32(r);
	a->valid_control_loss_q24 = bytes_get_i64(r);
	a->valid_control_correct = bytes_get_u32(r);
	a->dim = bytes_get_u32(r);
	a->payload = bytes_get_hash(r);
}

static bool
head_valid(const struct answer *a)
{
	if (a->version != ANSWER_VERSION || a->member >= VOTE_MAX_VALIDATORS)
		return false;
	if ((a->flags & ~ANSWER_FLAGS) != 0 || a->correct > a->rows ||
	    a->control_correct > a->rows || a->valid_correct > a->valid_rows ||
	    a->valid_control_correct > a->valid_rows)
		return false;
	if (a->kind == ANSWER_UPDATE)
		return a->reason == ANSWER_REASON_NONE && a->dim > 0 &&
		    a->dim <= ANSWER_DIM_MAX;
	return a->kind == ANSWER_NO_UPDATE && a->reason > ANSWER_REASON_NONE &&
	    a->reason <= ANSWER_REASON_NUMERIC && a->dim == 0 &&
	    hash_is_zero(&a->payload);
}

/* The payload of the head, borrowed; NULL and r bad when short or wrong. */
static const uint8_t *
payload_get(struct bytes_reader *r, const struct answer *head)
{
	size_t len = sizeof(*head->delta) * head->dim;
	const uint8_t *delta = bytes_get_slice(r, len);
	struct hash payload;

	if (delta == NULL || head->dim == 0)
		return delta;
	payload = hash_bytes("qml.payload", delta, len);
	if (hash_equal(&payload, &head->payload))
		return delta;
	bytes_reader_fail(r);
	return NULL;
}

void
answer_head_get(struct bytes_reader *r, struct answer *out)
{
	*out = (struct answer){0};
	head_get(r, out);
	signature_get(r, &out->sig);
	if (!head_valid(out))
		bytes_reader_fail(r);
	out->id = head_id(out);
}

struct answer *
answer_get(struct bytes_reader *r, uint32_t dim_max)
{
	struct answer head, *a;
	const uint8_t *delta;

	answer_head_get(r, &head);
	if (head.dim > dim_max)
		bytes_reader_fail(r);
	if (r->bad)
		return NULL;
	delta = payload_get(r, &head);
	if (delta == NULL)
		return NULL;
	a = answer_new(head.dim);
	if (a == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	head.delta = a->delta;
	head.nrefs = a->nrefs;
	*a = head;
	q24_load(a->delta, delta, a->dim);
	return a;
}
