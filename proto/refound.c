#include "proto/refound.h"

#include <string.h>

#define CONTEXT "qml.refound.v1"

static void
put_signed(struct bytes_writer *w, const struct refound *r)
{
	bytes_put_hash(w, &r->federation);
	bytes_put_u64(w, r->height);
	bytes_put_hash(w, &r->block);
	bytes_put_hash(w, &r->state);
	bytes_put_u64(w, r->at_ms);
	bytes_put_u16(w, r->n);
	for (uint16_t i = 0; i < r->n; i++)
		bytes_put_u16(w, r->seat[i]);
}

void
refound_put(struct bytes_writer *w, const struct refound *r)
{
	put_signed(w, r);
	for (uint16_t i = 0; i < r->n; i++) {
		bytes_put_u8(w, r->consent[i].alg != 0);
		if (r->consent[i].alg != 0)
			signature_put(w, &r->consent[i]);
	}
}

void
refound_get(struct bytes_reader *r, struct refound *out)
{
	*out = (struct refound){0};
	out->federation = bytes_get_hash(r);
	out->height = bytes_get_u64(r);
	out->block = bytes_get_hash(r);
	out->state = bytes_get_hash(r);
	out->at_ms = bytes_get_u64(r);
	out->n = bytes_get_u16(r);
	if (out->n == 0 || out->n > REFOUND_SEATS_MAX)
		bytes_reader_fail(r);
	for (uint16_t i = 0; i < out->n && !r->bad; i++) {
		out->seat[i] = bytes_get_u16(r);
		if (out->seat[i] >= REFOUND_SEATS_MAX ||
		    (i > 0 && out->seat[i] <= out->seat[i - 1]))
			bytes_reader_fail(r);
	}
	for (uint16_t i = 0; i < out->n && !r->bad; i++) {
		uint8_t there = bytes_get_u8(r);

		if (there > 1)
			bytes_reader_fail(r);
		if (there == 1)
			signature_get(r, &out->consent[i]);
	}
}

struct hash
refound_id(const struct refound *r)
{
	uint8_t image[128 + 2 * REFOUND_SEATS_MAX];
	struct bytes_writer w = bytes_writer_over(image, sizeof(image));

	put_signed(&w, r);
	return hash_bytes("qml.refound", w.data, w.len);
}

void
refound_sign(struct refound *r, uint16_t i, const struct sign_key *k)
{
	const struct hash id = refound_id(r);

	sign_message(k, CONTEXT, &r->federation, &id, &r->consent[i]);
}

bool
refound_signed(const struct refound *r, uint16_t i, const struct sign_public *k)
{
	const struct hash id = refound_id(r);

	return r->consent[i].alg != 0 &&
	    sign_verify(k, CONTEXT, &r->federation, &id, &r->consent[i]);
}

bool
refound_complete(const struct refound *r)
{
	for (uint16_t i = 0; i < r->n; i++)
		if (r->consent[i].alg == 0)
			return false;
	return r->n > 0;
}

int
refound_find(const struct refound *r, uint16_t seat)
{
	for (uint16_t i = 0; i < r->n; i++)
		if (r->seat[i] == seat)
			return i;
	return -1;
}
