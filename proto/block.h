/*
 * block.h - one step of the shared chain: header, body, ids.
 *
 * The header commits to everything in the body and to the state after the
 * block. In a proposal a body names answers by id; on disk and in block sync
 * the answers follow in full, so a chain can be audited from its files alone.
 * The layout is docs for auditors: see proto/README.md.
 */
#ifndef QML_PROTO_BLOCK_H
#define QML_PROTO_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/answer.h"
#include "proto/attest.h"
#include "proto/bytes.h"
#include "proto/evidence.h"
#include "proto/hash.h"
#include "proto/tx.h"
#include "proto/vote.h"

#define BLOCK_VERSION 1
#define BLOCK_APP_VERSION 1
#define BLOCK_BODY_MAX (32u << 20)
#define BLOCK_TXS_MAX 1000
#define BLOCK_EVIDENCE_MAX 8
#define BLOCK_TXS_BYTES_MAX (1u << 20) /* of all transactions together */

enum block_kind {
	BLOCK_ORDINARY = 0,  /* heartbeat; no round is closed */
	BLOCK_AGGREGATE = 1, /* closes a round with an aggregate */
	BLOCK_SKIP = 2,      /* closes a round, the model stays */
};

struct header {
	uint16_t block_version;
	uint16_t app_version;
	struct hash federation;
	uint64_t height;
	uint32_t round;   /* round in which the block was first proposed */
	uint8_t kind;     /* enum block_kind */
	uint64_t time_ms; /* UNIX, > the previous block's */
	struct hash prev;
	struct hash last_commit;  /* commit_hash of height - 1; zero at 1 */
	uint64_t history_size;    /* = height */
	struct hash history_root; /* RFC 6962 over the ids of 0..height-1 */
	struct hash validators;
	struct hash next_validators;
	struct hash params;
	uint64_t fl_round; /* open (kind 0) or closed by this block (1, 2) */
	struct hash answers_root;
	uint16_t nanswers;
	struct hash attests_root;
	uint16_t nattests;
	struct hash aggregate; /* H("qml.agg", int64s); zero unless kind 1 */
	struct hash model;     /* after this block */
	struct hash txs_root;
	uint16_t ntxs;
	struct hash evidence_root;
	uint16_t nevidence;
	struct hash state_root; /* after this block */
	uint16_t proposer;
	uint32_t body_bytes; /* exact length of the body by reference */
};

struct block {
	struct header header;
	struct hash id;             /* H("qml.header", header) */
	struct commit *last_commit; /* NULL at height 1 */
	struct attest *attests;     /* [header.nattests], by validator */
	struct hash *answer_ids;    /* [header.nanswers], by member */
	struct answer **answers;    /* [header.nanswers], a reference each, or
	                             * NULL where only the id is known */
	struct tx **txs;            /* [header.ntxs], a reference each, in the
	                             * order in which they take effect */
	struct evidence **evidence; /* [header.nevidence], a reference each,
	                             * ascending */
};

/* An empty block; NULL: memory. Free drops the references. */
struct block *block_new(uint16_t nattests, uint16_t nanswers, uint16_t ntxs);
void block_free(struct block *b); /* NULL is fine */
/* Takes references to n <= BLOCK_EVIDENCE_MAX; before block_seal. -ENOMEM. */
int block_add_evidence(struct block *b, struct evidence *const *list,
    uint16_t n) __attribute__((warn_unused_result));

void header_put(struct bytes_writer *w, const struct header *h);
void header_get(struct bytes_reader *r, struct header *out);
/* Id of the header as it stands. */
struct hash header_id(const struct header *h);

/* Roots, counts and body_bytes from the body into the header, then id.
 * last_commit, attests, answer_ids and txs must be set. -EMSGSIZE: more
 * transactions than BLOCK_TXS_BYTES_MAX; -EINVAL: one is missing. */
int block_seal(struct block *b) __attribute__((warn_unused_result));
/* The opposite: do roots, counts and length in the header fit the body? */
bool block_sealed(const struct block *b);

/* Header and body by reference. */
void block_put(struct bytes_writer *w, const struct block *b);
/* NULL and r bad: malformed or not sealed. answers[] are all NULL. */
struct block *block_get(struct bytes_reader *r);

/* block_put, then every answer in full. All answers must be present. */
void block_put_full(struct bytes_writer *w, const struct block *b);
/* NULL and r bad: also when an answer's id is not the one named. */
struct block *block_get_full(struct bytes_reader *r, uint32_t dim_max);
/* The same of bytes that this node wrote, whose hash is right: whether body and
 * header fit is not looked at again. */
struct block *block_get_stored(struct bytes_reader *r, uint32_t dim_max);

/* The same without the answers' payloads, which their heads name by hash. */
void block_put_heads(struct bytes_writer *w, const struct block *b);
struct block *block_get_heads(struct bytes_reader *r, uint32_t dim_max);

#endif
