/*
 * evidence.h - two signed objects of one author that no honest one signs.
 *
 * Self-contained: with the author's key anybody can see it. Four kinds: two
 * votes of one height, round and type; two proposals of one height and round;
 * two answers of one training round; two attestations of one number. Kept as
 * its canonical bytes, the smaller object first, so that one offence that two
 * nodes saw is one evidence. Objects are counted. One thread.
 */
#ifndef QML_PROTO_EVIDENCE_H
#define QML_PROTO_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/answer.h"
#include "proto/attest.h"
#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"
#include "proto/vote.h"

#define EVIDENCE_BYTES_MAX (2 * 4096)

enum evidence_kind {
	EVIDENCE_VOTES = 1,
	EVIDENCE_PROPOSALS,
	EVIDENCE_ANSWERS,
	EVIDENCE_ATTESTS,
	EVIDENCE_KINDS, /* past the last */
};

struct evidence {
	uint8_t kind;   /* enum evidence_kind */
	uint16_t who;   /* member index */
	uint64_t at;    /* height; of answers and attestations training round */
	struct hash id; /* H("qml.evidence", bytes) */
	uint32_t len;
	uint8_t *bytes; /* [len], owned */
	unsigned nrefs;
};

/* -EINVAL: not two different objects of one place and author; -ENOMEM. */
int evidence_of_votes(const struct vote *a, const struct vote *b,
    struct evidence **out) __attribute__((warn_unused_result));
int evidence_of_proposals(const struct proposal *a, const struct proposal *b,
    struct evidence **out) __attribute__((warn_unused_result));
int evidence_of_answers(const struct answer *a, const struct answer *b,
    struct evidence **out) __attribute__((warn_unused_result));
int evidence_of_attests(const struct attest *a, const struct attest *b,
    struct evidence **out) __attribute__((warn_unused_result));

struct evidence *evidence_ref(struct evidence *e);
void evidence_unref(struct evidence *e); /* NULL is fine */

/* Both signatures. */
bool evidence_verify(const struct evidence *e, const struct sign_public *pk,
    const struct hash *federation);

void evidence_put(struct bytes_writer *w, const struct evidence *e);
/* NULL and r bad: malformed, in the wrong order, or no memory. */
struct evidence *evidence_get(struct bytes_reader *r);

/* By kind, author, place: strictly ascending in a block. */
int evidence_compare(const struct evidence *a, const struct evidence *b);

/* "votes", "attestations": for people and the index. */
const char *evidence_kind_name(uint8_t kind);

#endif
