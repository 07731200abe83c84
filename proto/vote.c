#include "proto/vote.h"

#include <assert.h>

#define VOTE_BITMAP_LEN ((VOTE_MAX_VALIDATORS + 7) / 8)
/* Upper bounds of the encodings, for digests made on the stack. */
#define VOTE_BYTES_MAX 128
#define COMMIT_BYTES_MAX \
	(64 + VOTE_BITMAP_LEN + VOTE_MAX_VALIDATORS * (1 + SIGN_LEN))

static const char vote_context[] = "qml.vote.v1";
static const char proposal_context[] = "qml.proposal.v1";

static struct hash
digest_of(const char *tag, const struct bytes_writer *w)
{
	assert(w->error == 0);
	return hash_bytes(tag, w->data, w->len);
}

static void
vote_put_signed(struct bytes_writer *w, const struct vote *v)
{
	bytes_put_u8(w, v->type);
	bytes_put_u64(w, v->height);
	bytes_put_u32(w, v->round);
	bytes_put_hash(w, &v->block);
	bytes_put_u16(w, v->validator);
}

struct hash
vote_digest(const struct vote *v)
{
	uint8_t buf[VOTE_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	vote_put_signed(&w, v);
	return digest_of("qml.vote", &w);
}

void
vote_sign(struct vote *v, const struct sign_key *k,
    const struct hash *federation)
{
	struct hash digest = vote_digest(v);

	sign_message(k, vote_context, federation, &digest, &v->sig);
}

bool
vote_verify(const struct vote *v, const struct sign_public *pk,
    const struct hash *federation)
{
	struct hash digest = vote_digest(v);

	return sign_verify(pk, vote_context, federation, &digest, &v->sig);
}

void
vote_put(struct bytes_writer *w, const struct vote *v)
{
	vote_put_signed(w, v);
	signature_put(w, &v->sig);
}

void
vote_get(struct bytes_reader *r, struct vote *out)
{
	*out = (struct vote){0};
	out->type = bytes_get_u8(r);
	out->height = bytes_get_u64(r);
	out->round = bytes_get_u32(r);
	out->block = bytes_get_hash(r);
	out->validator = bytes_get_u16(r);
	signature_get(r, &out->sig);
	if (out->type != VOTE_PREVOTE && out->type != VOTE_PRECOMMIT)
		bytes_reader_fail(r);
	if (out->validator >= VOTE_MAX_VALIDATORS)
		bytes_reader_fail(r);
}

static void
proposal_put_signed(struct bytes_writer *w, const struct proposal *p)
{
	bytes_put_u64(w, p->height);
	bytes_put_u32(w, p->round);
	bytes_put_u32(w, (uint32_t)p->valid_round);
	bytes_put_hash(w, &p->block);
	bytes_put_u16(w, p->proposer);
}

struct hash
proposal_digest(const struct proposal *p)
{
	uint8_t buf[VOTE_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	proposal_put_signed(&w, p);
	return digest_of("qml.proposal", &w);
}

void
proposal_sign(struct proposal *p, const struct sign_key *k,
    const struct hash *federation)
{
	struct hash digest = proposal_digest(p);

	sign_message(k, proposal_context, federation, &digest, &p->sig);
}

bool
proposal_verify(const struct proposal *p, const struct sign_public *pk,
    const struct hash *federation)
{
	struct hash digest = proposal_digest(p);

	return sign_verify(pk, proposal_context, federation, &digest, &p->sig);
}

void
proposal_put(struct bytes_writer *w, const struct proposal *p)
{
	proposal_put_signed(w, p);
	signature_put(w, &p->sig);
}

void
proposal_get(struct bytes_reader *r, struct proposal *out)
{
	*out = (struct proposal){0};
	out->height = bytes_get_u64(r);
	out->round = bytes_get_u32(r);
	out->valid_round = (int32_t)bytes_get_u32(r);
	out->block = bytes_get_hash(r);
	out->proposer = bytes_get_u16(r);
	signature_get(r, &out->sig);
	if (out->valid_round < VOTE_NO_ROUND ||
	    (int64_t)out->valid_round >= (int64_t)out->round)
		bytes_reader_fail(r);
	if (out->proposer >= VOTE_MAX_VALIDATORS)
		bytes_reader_fail(r);
}

void
commit_put(struct bytes_writer *w, const struct commit *c)
{
	uint8_t bitmap[VOTE_BITMAP_LEN] = {0};

	assert(c->nsigs <= VOTE_MAX_VALIDATORS);
	for (uint16_t i = 0; i < c->nsigs; i++) {
		uint16_t v = c->validators[i];

		assert(v < VOTE_MAX_VALIDATORS);
		assert(i == 0 || v > c->validators[i - 1]);
		bitmap[v / 8] |= (uint8_t)(1u << v % 8);
	}
	bytes_put_u64(w, c->height);
	bytes_put_u32(w, c->round);
	bytes_put_hash(w, &c->block);
	bytes_put_raw(w, bitmap, sizeof(bitmap));
	for (uint16_t i = 0; i < c->nsigs; i++)
		signature_put(w, &c->sigs[i]);
}

void
commit_get(struct bytes_reader *r, struct commit *out)
{
	uint8_t bitmap[VOTE_BITMAP_LEN];

	*out = (struct commit){0};
	out->height = bytes_get_u64(r);
	out->round = bytes_get_u32(r);
	out->block = bytes_get_hash(r);
	bytes_get_raw(r, bitmap, sizeof(bitmap));
	for (uint16_t v = 0; v < 8 * VOTE_BITMAP_LEN; v++) {
		if ((bitmap[v / 8] >> v % 8 & 1) == 0)
			continue;
		if (v >= VOTE_MAX_VALIDATORS) {
			bytes_reader_fail(r);
			return;
		}
		out->validators[out->nsigs] = v;
		signature_get(r, &out->sigs[out->nsigs]);
		out->nsigs++;
	}
	if (out->nsigs == 0 && out->height != 0)
		bytes_reader_fail(r);
}

struct hash
commit_hash(const struct commit *c)
{
	uint8_t buf[COMMIT_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	commit_put(&w, c);
	return digest_of("qml.commit", &w);
}

struct vote
commit_vote(const struct commit *c, uint16_t i)
{
	assert(i < c->nsigs);
	return (struct vote){
	    .type = VOTE_PRECOMMIT,
	    .height = c->height,
	    .round = c->round,
	    .block = c->block,
	    .validator = c->validators[i],
	    .sig = c->sigs[i],
	};
}
