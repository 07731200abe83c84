/*
 * attest.h - a validator's signed word on which answers it holds.
 *
 * An answer enters the round's set exactly if validators of more than a third
 * of the power attest it. A validator attests once it holds an answer of every
 * active member, or when the collection time is over; a later one with a
 * higher seq replaces it.
 */
#ifndef QML_PROTO_ATTEST_H
#define QML_PROTO_ATTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"
#include "proto/vote.h"

#define ATTEST_MAX_ANSWERS VOTE_MAX_VALIDATORS

struct attest {
	struct hash job;
	uint64_t round;
	uint32_t seq;
	uint16_t validator;
	uint16_t nheld;
	uint16_t member[ATTEST_MAX_ANSWERS];  /* ascending */
	struct hash held[ATTEST_MAX_ANSWERS]; /* answer ids, same order */
	struct signature sig;
};

struct hash attest_digest(const struct attest *a);
void attest_sign(struct attest *a, const struct sign_key *k,
    const struct hash *federation);
bool attest_verify(const struct attest *a, const struct sign_public *pk,
    const struct hash *federation);
void attest_put(struct bytes_writer *w, const struct attest *a);
void attest_get(struct bytes_reader *r, struct attest *out);

#endif
