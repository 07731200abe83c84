/*
 * answer.h - a member's answer to a round: an UPDATE or a NO_UPDATE.
 *
 * Both are one signed object, so a set of answers has one kind of id. The
 * payload of an UPDATE is int64[dim], Q24, the difference of parameters; its
 * hash is part of the signed head. A NO_UPDATE has no payload and a reason.
 * Objects are counted: the pool, blocks in flight and messages share one copy.
 * One thread.
 */
#ifndef QML_PROTO_ANSWER_H
#define QML_PROTO_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/job_privacy.h"
#include "proto/sign.h"

#define ANSWER_VERSION 1
#define ANSWER_DIM_MAX (1u << 20) /* payload 8 MiB */

enum answer_kind {
	ANSWER_UPDATE = 1,
	ANSWER_NO_UPDATE = 2,
};

enum answer_reason { /* of a NO_UPDATE; 0 for an UPDATE */
	ANSWER_REASON_NONE = 0,
	ANSWER_REASON_NO_DATA = 1,  /* data missing or refused */
	ANSWER_REASON_TRAINER = 2,  /* trainer crashed or reported an error */
	ANSWER_REASON_DECLINED = 3, /* the operator said no (pause, hours) */
	ANSWER_REASON_NUMERIC = 4,  /* NaN or overflow */
};

enum answer_flag {
	ANSWER_REPLAYABLE = 1, /* bit-exact re-execution is promised */
	ANSWER_STATE_LOST = 2, /* trainer state restarted at zero */
	ANSWER_CONFINED = 4,   /* the trainer ran without sockets and files */
};

struct answer {
	/* signed head, in this order */
	uint16_t version;
	uint8_t kind;   /* enum answer_kind */
	uint8_t reason; /* enum answer_reason */
	uint16_t flags; /* enum answer_flag, or'ed */
	uint16_t member;
	struct hash job;
	uint64_t round;
	struct hash base_model;
	struct hash data_asset;       /* salted Merkle root over the rows */
	struct hash trainer_state;    /* before training; zero: none */
	struct hash seed_commit;      /* of private coins and noise; zero: none,
				  * the seed derives from job, member, round */
	struct privacy_claim privacy; /* the job's; zero: no noise */
	uint64_t clip_q24;            /* declared L2 bound of the update */
	/* With noise claimed, losses and counts below are 0 and rows is a
	 * public number: they would go out without noise. */
	uint32_t rows;           /* rows trained on */
	int64_t loss_before_q24; /* mean loss on the local rows, Q24 */
	int64_t loss_after_q24;
	uint32_t correct; /* of `rows`, after training; of many an estimate */
	uint32_t steps;   /* local steps taken */
	/* Of the control arm on the same rows; 0 without one. */
	int64_t control_loss_q24;
	uint32_t control_correct;
	/* The base model on the rows kept back; 0 when it was not asked for. */
	uint32_t valid_rows;
	int64_t valid_loss_q24;
	uint32_t valid_correct;
	int64_t valid_control_loss_q24;
	uint32_t valid_control_correct;
	uint32_t dim;        /* of the update; 0 for NO_UPDATE */
	struct hash payload; /* H("qml.payload", bytes); zero if dim 0 */
	struct signature sig;
	/* not signed directly */
	int64_t *delta; /* [dim], owned; NULL when only the head is known */
	struct hash id; /* H("qml.answer", signed head) */
	unsigned nrefs;
};

/* A zeroed answer with one reference, and room for dim deltas. NULL: memory. */
struct answer *answer_new(uint32_t dim);
/* Another object with the same fields; a has its payload. NULL: memory. */
struct answer *answer_copy(const struct answer *a);
struct answer *answer_ref(struct answer *a);
void answer_unref(struct answer *a); /* NULL is fine */

/* Fills payload hash and id from the fields, and signs. */
void answer_sign(struct answer *a, const struct sign_key *k,
    const struct hash *federation);
/* Signature only; the payload hash was checked by the decoder. */
bool answer_verify(const struct answer *a, const struct sign_public *pk,
    const struct hash *federation);

/* Head, signature and payload. */
void answer_put(struct bytes_writer *w, const struct answer *a);
/* Head and signature alone, as evidence has them; out has no delta. */
void answer_head_put(struct bytes_writer *w, const struct answer *a);
void answer_head_get(struct bytes_reader *r, struct answer *out);
/* NULL and r bad: malformed, dim > dim_max, payload hash wrong, or no memory.
 * Bounds before it allocates. */
struct answer *answer_get(struct bytes_reader *r, uint32_t dim_max);

#endif
