/*
 * verify.h - one block after another, from their bytes alone.
 *
 * What an auditor or a node that catches up checks before it looks at what a
 * block means: the block's id, its place behind the one before, the history
 * tree, the certificate and every signature in the block. Written apart from
 * the ledger, which repeats most of it on the way to the state: two readings
 * of the rules have to agree. Pure; one thread per struct verify.
 */
#ifndef QML_CONSENSUS_CHAIN_VERIFY_H
#define QML_CONSENSUS_CHAIN_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/block.h"
#include "proto/federation.h"
#include "proto/hash.h"
#include "proto/merkle.h"
#include "proto/vote.h"

enum verify_verdict {
	VERIFY_OK,
	VERIFY_FORM,       /* not a block and a certificate, canonically */
	VERIFY_ID,         /* another id than the record says */
	VERIFY_FEDERATION, /* of another federation */
	VERIFY_HEIGHT,
	VERIFY_PREVIOUS, /* does not name the block before */
	VERIFY_TIME,     /* not after the block before */
	VERIFY_HISTORY,
	VERIFY_LAST_COMMIT,  /* certificate of the block before, inside */
	VERIFY_COMMIT_BLOCK, /* certificate for another block */
	VERIFY_COMMIT_SIGNER,
	VERIFY_COMMIT_QUORUM,
	VERIFY_COMMIT_SIGNATURE, /* who: validator */
	VERIFY_ANSWER_MEMBER,
	VERIFY_ANSWER_SIGNATURE, /* who: member */
	VERIFY_ATTEST_SIGNER,
	VERIFY_ATTEST_SIGNATURE, /* who: validator */
	VERIFY_NO_MEMORY,        /* ours: says nothing about the block */
};

/* Keys and power by seat; power 0: nobody votes there. */
struct verify_seats {
	uint16_t n;
	struct hash id[FEDERATION_MAX_MEMBERS]; /* of the member */
	uint32_t power[FEDERATION_MAX_MEMBERS];
	struct sign_public key[FEDERATION_MAX_MEMBERS];
};

struct verify {
	const struct federation *f; /* borrowed */
	struct verify_seats now;    /* who votes at height + 1 */
	struct verify_seats before; /* who voted at height */
	struct hash federation;     /* at height + 1 */
	struct hash past;           /* at height */
	struct hash state;          /* root after height */
	struct merkle history;      /* over the ids of 0..height */
	uint64_t height;            /* of the last block that passed */
	struct hash head;           /* its id; the federation's at height 0 */
	uint64_t time_ms;
	struct hash commit; /* commit_hash of the certificate that we saw */
	uint16_t who;       /* whom the last verdict is about */
	/* What was checked so far. */
	uint64_t ncommit_signatures;
	uint64_t nanswer_signatures;
	uint64_t nattest_signatures;
	uint64_t npayloads; /* update payloads that match their hash */
};

/* Without a full stop; static. Verdicts with a `who` end in a word after
 * which a name fits. */
const char *verify_text(enum verify_verdict v);

/* Payload of a record of kind block: *b is the caller's on VERIFY_OK, NULL
 * otherwise. */
enum verify_verdict verify_decode(const uint8_t *data, size_t len,
    uint32_t dim_max, struct block **b, struct commit *c);
/* The same of one that segments_read gave, of our own chain. */
enum verify_verdict verify_decode_stored(const uint8_t *data, size_t len,
    struct block **b, struct commit *c);
/* The same of a block without the answers' payloads (block_put_heads). */
enum verify_verdict verify_decode_heads(const uint8_t *data, size_t len,
    struct block **b, struct commit *c);

/* Stands at block 0. Keeps f. -ENOMEM. */
int verify_init(struct verify *v, const struct federation *f)
    __attribute__((warn_unused_result));

/* The next block with its certificate. Nothing but the counts changes unless
 * the verdict is VERIFY_OK. */
enum verify_verdict verify_block(struct verify *v, const struct block *b,
    const struct commit *c);

/* A quorum of these validators signed this block: all signatures are checked.
 * *who names the first bad one. */
enum verify_verdict verify_commit(const struct verify_seats *s,
    const struct hash *federation, const struct commit *c, uint16_t *who);

/* Who votes at a height, as the bytes that headers have the hash of
 * (validators, next_validators). */
void verify_put_seats(struct bytes_writer *w, const struct verify_seats *s);
/* False unless they hash to `want`. */
bool verify_get_seats(struct bytes_reader *r, const struct hash *want,
    struct verify_seats *out);

/* Between blocks, behind verify_reseat with those whom the last block
 * announced: does the federation go on from here by re-foundings that f knows
 * of? 1: it does, by those who agreed; 0: none is of this height; -EBADMSG: one
 * is, and does not hold. Who gives up his seat in the next block but one is not
 * known here: the ledger lets him agree to nothing. */
int verify_refound(struct verify *v) __attribute__((warn_unused_result));

/* One re-founding, whatever block and state it names: of this federation,
 * signed by those of `now` who go on, and they are no quorum. Then these and
 * the new id are in *now and *federation. */
bool verify_refounded(struct verify_seats *now, struct hash *federation,
    const struct refound *r);

/* Between blocks: who votes at height + 1, if not those of before. The caller
 * has it from the state whose root the last block names. */
void verify_reseat(struct verify *v, const struct verify_seats *s);

#endif
