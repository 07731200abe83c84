#include "proto/attest.h"

#include <assert.h>

/* 48 of head, a member and an id per answer, a signature. */
#define ATTEST_BYTES_MAX (48 + ATTEST_MAX_ANSWERS * (2 + HASH_LEN))

static const char attest_context[] = "qml.attest.v1";

static void
attest_put_signed(struct bytes_writer *w, const struct attest *a)
{
	assert(a->nheld <= ATTEST_MAX_ANSWERS);
	bytes_put_hash(w, &a->job);
	bytes_put_u64(w, a->round);
	bytes_put_u32(w, a->seq);
	bytes_put_u16(w, a->validator);
	bytes_put_u16(w, a->nheld);
	for (uint16_t i = 0; i < a->nheld; i++) {
		bytes_put_u16(w, a->member[i]);
		bytes_put_hash(w, &a->held[i]);
	}
}

struct hash
attest_digest(const struct attest *a)
{
	uint8_t buf[ATTEST_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	attest_put_signed(&w, a);
	assert(w.error == 0);
	return hash_bytes("qml.attest", w.data, w.len);
}

void
attest_sign(struct attest *a, const struct sign_key *k,
    const struct hash *federation)
{
	struct hash digest = attest_digest(a);

	sign_message(k, attest_context, federation, &digest, &a->sig);
}

bool
attest_verify(const struct attest *a, const struct sign_public *pk,
    const struct hash *federation)
{
	struct hash digest = attest_digest(a);

	return sign_verify(pk, attest_context, federation, &digest, &a->sig);
}

void
attest_put(struct bytes_writer *w, const struct attest *a)
{
	attest_put_signed(w, a);
	signature_put(w, &a->sig);
}

void
attest_get(struct bytes_reader *r, struct attest *out)
{
	*out = (struct attest){0};
	out->job = bytes_get_hash(r);
	out->round = bytes_get_u64(r);
	out->seq = bytes_get_u32(r);
	out->validator = bytes_get_u16(r);
	out->nheld = bytes_get_u16(r);
	if (out->validator >= VOTE_MAX_VALIDATORS)
		bytes_reader_fail(r);
	if (out->nheld > ATTEST_MAX_ANSWERS) {
		out->nheld = 0;
		bytes_reader_fail(r);
	}
	for (uint16_t i = 0; i < out->nheld; i++) {
		out->member[i] = bytes_get_u16(r);
		out->held[i] = bytes_get_hash(r);
		if (out->member[i] >= VOTE_MAX_VALIDATORS ||
		    (i > 0 && out->member[i] <= out->member[i - 1]))
			bytes_reader_fail(r);
	}
	signature_get(r, &out->sig);
}
