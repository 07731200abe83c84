/*
 * vote.h - proposals, votes and the commit certificate: canonical bytes, ids,
 * signatures.
 *
 * A vote names its validator by index only and holds no time: no second
 * lookup path can disagree with the first. The validator set of the height
 * gives the key. A certificate is a list of precommits for one block of one
 * round in index order; every signature in it is checked.
 */
#ifndef QML_PROTO_VOTE_H
#define QML_PROTO_VOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"

#define VOTE_MAX_VALIDATORS 100
#define VOTE_NO_ROUND (-1)

enum vote_type {
	VOTE_PREVOTE = 1,
	VOTE_PRECOMMIT = 2,
};

struct vote {
	uint8_t type; /* enum vote_type */
	uint64_t height;
	uint32_t round;
	struct hash block; /* zero: nil */
	uint16_t validator;
	struct signature sig;
};

/* The signed head of a proposal; the block travels beside it. */
struct proposal {
	uint64_t height;
	uint32_t round;
	int32_t valid_round; /* VOTE_NO_ROUND or < round */
	struct hash block;
	uint16_t proposer;
	struct signature sig;
};

/* Precommits of a quorum for `block`; nsigs == 0 only at height 0. */
struct commit {
	uint64_t height;
	uint32_t round;
	struct hash block;
	uint16_t nsigs;
	uint16_t validators[VOTE_MAX_VALIDATORS]; /* ascending */
	struct signature sigs[VOTE_MAX_VALIDATORS];
};

struct hash vote_digest(const struct vote *v); /* without the signature */
void vote_sign(struct vote *v, const struct sign_key *k,
    const struct hash *federation);
bool vote_verify(const struct vote *v, const struct sign_public *pk,
    const struct hash *federation);
void vote_put(struct bytes_writer *w, const struct vote *v);
void vote_get(struct bytes_reader *r, struct vote *out);

struct hash proposal_digest(const struct proposal *p);
void proposal_sign(struct proposal *p, const struct sign_key *k,
    const struct hash *federation);
bool proposal_verify(const struct proposal *p, const struct sign_public *pk,
    const struct hash *federation);
void proposal_put(struct bytes_writer *w, const struct proposal *p);
void proposal_get(struct bytes_reader *r, struct proposal *out);

void commit_put(struct bytes_writer *w, const struct commit *c);
/* Bad unless indices ascend, are below VOTE_MAX_VALIDATORS and no bit is
 * left over. Encodes a bitmap as reference 2.3 says. */
void commit_get(struct bytes_reader *r, struct commit *out);
struct hash commit_hash(const struct commit *c);
/* The i-th precommit of the certificate as a vote. */
struct vote commit_vote(const struct commit *c, uint16_t i);

#endif
