#include "consensus/books/body.h"

#include <assert.h>
#include <stdbool.h>

#include "consensus/market/shapley.h"

static void
public_put(struct bytes_writer *w, const struct sign_public *pk)
{
	bytes_put_raw(w, pk->b, SIGN_PUBLIC_LEN);
}

static void
public_get(struct bytes_reader *r, struct sign_public *out)
{
	bytes_get_raw(r, out->b, SIGN_PUBLIC_LEN);
}

void
body_transfer_put(struct bytes_writer *w, const struct body_transfer *b)
{
	public_put(w, &b->to);
	bytes_put_u64(w, b->amount);
	bytes_put_string(w, b->memo);
}

void
body_transfer_get(struct bytes_reader *r, struct body_transfer *out)
{
	*out = (struct body_transfer){.amount = 0};
	public_get(r, &out->to);
	out->amount = bytes_get_u64(r);
	bytes_get_string(r, out->memo, sizeof(out->memo));
}

void
body_asset_put(struct bytes_writer *w, const struct body_asset *b)
{
	assert(b->ncircuits <= BODY_CIRCUITS);
	bytes_put_string(w, b->name);
	bytes_put_hash(w, &b->root);
	bytes_put_hash(w, &b->schema);
	bytes_put_hash(w, &b->manifest);
	bytes_put_hash(w, &b->parent);
	bytes_put_u32(w, b->rows);
	bytes_put_string(w, b->purpose);
	bytes_put_string(w, b->licence);
	bytes_put_u32(w, b->tasks);
	bytes_put_u8(w, b->ncircuits);
	for (uint8_t i = 0; i < b->ncircuits; i++)
		bytes_put_hash(w, &b->circuits[i]);
	bytes_put_u64(w, b->price);
	bytes_put_u64(w, b->expires);
	bytes_put_u32(w, b->rounds);
	bytes_put_u32(w, b->privacy.eps_milli);
	bytes_put_u8(w, b->privacy.delta_exp);
	bytes_put_u8(w, b->credential);
}

/* Without a budget both of its numbers are zero: one form for one meaning. */
static bool
privacy_valid(const struct rdp_target *t)
{
	if (t->eps_milli == 0)
		return t->delta_exp == 0;
	return rdp_target_valid(t);
}

void
body_asset_get(struct bytes_reader *r, struct body_asset *out)
{
	*out = (struct body_asset){.rows = 0};
	bytes_get_string(r, out->name, sizeof(out->name));
	out->root = bytes_get_hash(r);
	out->schema = bytes_get_hash(r);
	out->manifest = bytes_get_hash(r);
	out->parent = bytes_get_hash(r);
	out->rows = bytes_get_u32(r);
	bytes_get_string(r, out->purpose, sizeof(out->purpose));
	bytes_get_string(r, out->licence, sizeof(out->licence));
	out->tasks = bytes_get_u32(r);
	out->ncircuits = bytes_get_u8(r);
	if (out->ncircuits > BODY_CIRCUITS) {
		out->ncircuits = 0;
		bytes_reader_fail(r);
	}
	for (uint8_t i = 0; i < out->ncircuits; i++)
		out->circuits[i] = bytes_get_hash(r);
	out->price = bytes_get_u64(r);
	out->expires = bytes_get_u64(r);
	out->rounds = bytes_get_u32(r);
	out->privacy.eps_milli = bytes_get_u32(r);
	out->privacy.delta_exp = bytes_get_u8(r);
	out->credential = bytes_get_u8(r);
	if (out->rows == 0 || out->name[0] == '\0' ||
	    hash_is_zero(&out->root) || !privacy_valid(&out->privacy))
		bytes_reader_fail(r);
}

void
body_ref_put(struct bytes_writer *w, const struct body_ref *b)
{
	bytes_put_hash(w, &b->id);
}

void
body_ref_get(struct bytes_reader *r, struct body_ref *out)
{
	out->id = bytes_get_hash(r);
}

void
body_order_put(struct bytes_writer *w, const struct body_order *b)
{
	assert(b->nassets <= BODY_ASSETS && b->job_len <= BODY_JOB_MAX);
	bytes_put_hash(w, &b->policy);
	bytes_put_string(w, b->purpose);
	bytes_put_u64(w, b->price);
	bytes_put_u64(w, b->escrow);
	bytes_put_u16(w, b->nassets);
	for (uint16_t i = 0; i < b->nassets; i++)
		bytes_put_hash(w, &b->assets[i]);
	bytes_put_blob(w, b->job, b->job_len);
}

void
body_order_get(struct bytes_reader *r, struct body_order *out)
{
	size_t len;

	*out = (struct body_order){.job_len = 0};
	out->policy = bytes_get_hash(r);
	bytes_get_string(r, out->purpose, sizeof(out->purpose));
	out->price = bytes_get_u64(r);
	out->escrow = bytes_get_u64(r);
	out->nassets = bytes_get_u16(r);
	if (out->nassets > BODY_ASSETS) {
		out->nassets = 0;
		bytes_reader_fail(r);
	}
	for (uint16_t i = 0; i < out->nassets; i++) {
		out->assets[i] = bytes_get_hash(r);
		if (i > 0 &&
		    hash_compare(&out->assets[i - 1], &out->assets[i]) >= 0)
			bytes_reader_fail(r);
	}
	out->job = bytes_get_blob(r, BODY_JOB_MAX, &len);
	out->job_len = (uint32_t)len;
	if (len == 0)
		bytes_reader_fail(r);
}

void
body_commit_put(struct bytes_writer *w, const struct body_commit *b)
{
	bytes_put_hash(w, &b->job);
	bytes_put_u64(w, b->round);
	bytes_put_hash(w, &b->commit);
}

void
body_commit_get(struct bytes_reader *r, struct body_commit *out)
{
	out->job = bytes_get_hash(r);
	out->round = bytes_get_u64(r);
	out->commit = bytes_get_hash(r);
}

void
body_worth_put(struct bytes_writer *w, const struct body_worth *b)
{
	assert(b->n <= BODY_GAME_MAX);
	bytes_put_hash(w, &b->job);
	bytes_put_u64(w, b->round);
	bytes_put_u16(w, b->n);
	bytes_put_raw(w, b->utility, (size_t)8 * b->n);
}

int64_t
body_utility(const uint8_t *utility, uint16_t i)
{
	struct bytes_reader r = bytes_reader_of(utility + (size_t)8 * i, 8);

	return bytes_get_i64(&r);
}

void
body_worth_get(struct bytes_reader *r, struct body_worth *out)
{
	*out = (struct body_worth){.n = 0};
	out->job = bytes_get_hash(r);
	out->round = bytes_get_u64(r);
	out->n = bytes_get_u16(r);
	if (out->n == 0 || out->n > BODY_GAME_MAX)
		bytes_reader_fail(r);
	out->utility = bytes_get_slice(r, r->bad ? 0 : (size_t)8 * out->n);
	for (uint16_t i = 0; !r->bad && i < out->n; i++) {
		int64_t v = body_utility(out->utility, i);

		if (v > SHAPLEY_UTILITY_MAX || v < -SHAPLEY_UTILITY_MAX)
			bytes_reader_fail(r);
	}
}

void
body_propose_put(struct bytes_writer *w, const struct body_propose *b)
{
	assert(b->len <= BODY_PAYLOAD_MAX);
	bytes_put_u8(w, b->kind);
	bytes_put_string(w, b->title);
	bytes_put_hash(w, &b->text);
	bytes_put_blob(w, b->payload, b->len);
}

void
body_propose_get(struct bytes_reader *r, struct body_propose *out)
{
	size_t len;

	*out = (struct body_propose){.len = 0};
	out->kind = bytes_get_u8(r);
	bytes_get_string(r, out->title, sizeof(out->title));
	out->text = bytes_get_hash(r);
	out->payload = bytes_get_blob(r, BODY_PAYLOAD_MAX, &len);
	out->len = (uint32_t)len;
}

void
body_ballot_put(struct bytes_writer *w, const struct body_ballot *b)
{
	bytes_put_u64(w, b->proposal);
	bytes_put_u8(w, b->option);
}

void
body_ballot_get(struct bytes_reader *r, struct body_ballot *out)
{
	out->proposal = bytes_get_u64(r);
	out->option = bytes_get_u8(r);
}

void
body_model_put(struct bytes_writer *w, const struct body_model *b)
{
	bytes_put_hash(w, &b->token);
	public_put(w, &b->to);
	bytes_put_u64(w, b->expires);
	bytes_put_u64(w, b->price);
}

void
body_model_get(struct bytes_reader *r, struct body_model *out)
{
	out->token = bytes_get_hash(r);
	public_get(r, &out->to);
	out->expires = bytes_get_u64(r);
	out->price = bytes_get_u64(r);
}

void
body_credential_put(struct bytes_writer *w, const struct body_credential *b)
{
	bytes_put_hash(w, &b->id);
	public_put(w, &b->subject);
	bytes_put_u8(w, b->type);
	bytes_put_u64(w, b->expires);
}

void
body_credential_get(struct bytes_reader *r, struct body_credential *out)
{
	out->id = bytes_get_hash(r);
	public_get(r, &out->subject);
	out->type = bytes_get_u8(r);
	out->expires = bytes_get_u64(r);
}
