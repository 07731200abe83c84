/*
 * refound.h - a federation goes on without a quorum: from the last block that
 * was agreed on, with those members that are left, under another id.
 *
 * No vote can decide it, so each of those who go on signs it with the key of
 * his seat. The new id is the hash of what they sign: whatever was signed for
 * the federation of before is worth nothing in this one, and nobody can take
 * one for the other. The chain, and all that is in its state, goes on.
 */
#ifndef QML_PROTO_REFOUND_H
#define QML_PROTO_REFOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"

#define REFOUND_SEATS_MAX 100
#define REFOUND_MAX 64 /* of one chain */

struct refound {
	/* signed, in this order */
	struct hash federation; /* that ends */
	uint64_t height;        /* of the last block of it */
	struct hash block;
	struct hash state; /* root after it, and after those before this one */
	uint64_t at_ms;    /* UNIX; when it was drawn up */
	uint16_t n;
	uint16_t seat[REFOUND_SEATS_MAX]; /* [n] who goes on, ascending */
	/* by the key of seat[i]; alg 0: not yet */
	struct signature consent[REFOUND_SEATS_MAX];
};

/* With the consents that are there. */
void refound_put(struct bytes_writer *w, const struct refound *r);
/* Seats ascend, and there is one. */
void refound_get(struct bytes_reader *r, struct refound *out);
/* The federation that begins with it. */
struct hash refound_id(const struct refound *r);

void refound_sign(struct refound *r, uint16_t i, const struct sign_key *k);
/* By this key, for seat[i]. */
bool refound_signed(const struct refound *r, uint16_t i,
    const struct sign_public *k);
/* Everybody has signed something. */
bool refound_complete(const struct refound *r);
/* -1: not one of those. */
int refound_find(const struct refound *r, uint16_t seat);

#endif
