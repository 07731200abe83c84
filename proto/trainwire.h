/*
 * trainwire.h - messages between qmlnode and its trainer child, over pipes.
 *
 * u32 big-endian length, then protobuf (qml.proto, message Train). Both ends
 * are ours and of one build, checked in the first message; decoding is bounded
 * all the same, since a trainer may sit behind ssh. Rows never cross.
 */
#ifndef QML_PROTO_TRAINWIRE_H
#define QML_PROTO_TRAINWIRE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"
#include "proto/wire.h"

#define TRAINWIRE_MAX (16u << 20)
#define TRAINWIRE_TEXT_MAX 1024
#define TRAINWIRE_COMMAND_MAX 4096
#define TRAINWIRE_WORDS_MAX 32
#define TRAINWIRE_CLASSES_MAX 256
#define TRAINWIRE_PLAYERS_MAX 100
#define TRAINWIRE_SHARD_MAX (90u << 10)
#define TRAINWIRE_GAME_MAX 8192 /* utilities */

enum trainwire_type {
	TRAINWIRE_SETUP = 1, /* to the trainer: build, federation, data, salt */
	TRAINWIRE_READY,     /* data fits: dim, rows, data asset */
	TRAINWIRE_REFUSED,   /* one sentence with file, row and column */
	TRAINWIRE_TRAIN,     /* round, member, model */
	TRAINWIRE_TRAINED,   /* delta and metrics */
	TRAINWIRE_FAILED,    /* of one TRAIN or SCORE: reason, sentence */
	TRAINWIRE_SCORE,     /* model: evaluate on the local rows */
	TRAINWIRE_SCORED,
	TRAINWIRE_WORTH, /* of the coalitions of a closed round */
	TRAINWIRE_WORTHED,
};

struct trainwire_setup {
	char build[65];      /* must equal the trainer's own */
	uint8_t *federation; /* canonical bytes, owned */
	size_t federation_len;
	char data[TRAINWIRE_TEXT_MAX];   /* path of the rows, or "" */
	char labels[TRAINWIRE_TEXT_MAX]; /* of a file of labels, or "" */
	/* Words of a command whose output is the CSV, each with its zero byte;
	 * 0 bytes: there is none. */
	char command[TRAINWIRE_COMMAND_MAX];
	size_t command_len;
	uint8_t salt[32]; /* of the data asset's Merkle leaves */
	uint16_t threads;
	uint8_t confine;   /* 0: started through a launcher */
	uint8_t one_class; /* 0: refuse rows that are all of one class */
};

struct trainwire_ready {
	uint32_t dim;
	uint32_t rows;
	struct hash data_asset;
	uint8_t confined;
};

struct trainwire_model { /* TRAIN and SCORE */
	uint64_t round;
	uint64_t aggregated; /* rounds aggregated before */
	uint64_t kept; /* 1 + round of our last update on the chain; 0: none.
			* A round here is the first with the model. */
	uint16_t member, place, asked, faults; /* 0 asked: all founders are */
	uint32_t dim;
	int64_t *model; /* [dim] Q24, owned */
};

struct trainwire_trained {
	uint64_t round;
	uint32_t dim;
	int64_t *delta; /* [dim] Q24, owned */
	uint32_t rows, correct;
	int64_t loss_before_q24, loss_after_q24;
	struct hash trainer_state, seed_commit;
	uint16_t flags; /* enum answer_flag */
	/* As in struct answer. */
	uint32_t steps;
	int64_t control_loss_q24;
	uint32_t control_correct;
	uint32_t valid_rows, valid_correct, valid_control_correct;
	int64_t valid_loss_q24, valid_control_loss_q24;
};

struct trainwire_failed {
	uint64_t round;
	uint8_t reason; /* enum answer_reason */
	char text[TRAINWIRE_TEXT_MAX];
};

struct trainwire_scored {
	uint64_t round;
	uint32_t rows;
	uint32_t correct;
	int64_t loss_q24;
	uint16_t nclasses;
	uint32_t *confusion; /* [truth][said], nclasses^2, owned; or NULL */
};

struct trainwire_worth { /* what it points to is owned; vectors are Q24 */
	uint64_t round, aggregated;
	uint16_t players; /* 1..TRAINWIRE_PLAYERS_MAX */
	struct hash seed; /* of the orders of joining, above 8 players */
	uint32_t dim, update;
	int64_t *model;   /* [dim], before the round */
	int64_t *updates; /* [players * update] */
	uint8_t *shard;   /* CSV */
	size_t shard_len;
};

struct trainwire_worthed {
	uint64_t round;
	uint16_t n;       /* 0: none, and the text says why */
	int64_t *utility; /* [n], owned */
	char text[TRAINWIRE_TEXT_MAX];
};

struct trainwire_msg {
	enum trainwire_type type;
	union {
		struct trainwire_setup setup;
		struct trainwire_ready ready;
		struct trainwire_model model;
		struct trainwire_trained trained;
		struct trainwire_failed failed; /* REFUSED too */
		struct trainwire_scored scored;
		struct trainwire_worth worth;
		struct trainwire_worthed worthed;
	} u;
};

/* Without the length prefix. -ENOMEM, -EMSGSIZE. */
int trainwire_encode(const struct trainwire_msg *m, uint8_t **data, size_t *len)
    __attribute__((warn_unused_result));
enum wire_verdict trainwire_decode(const uint8_t *data, size_t len,
    struct trainwire_msg *out) __attribute__((warn_unused_result));
void trainwire_msg_close(struct trainwire_msg *m);

/* Puts a NULL-terminated list of words (NULL: none) into s->command.
 * -EMSGSIZE: too many or too long. */
int trainwire_put_command(struct trainwire_setup *s, char *const *words)
    __attribute__((warn_unused_result));
/* The words again, NULL-terminated and pointing into s; returns how many. */
size_t trainwire_words(struct trainwire_setup *s,
    char *words[static TRAINWIRE_WORDS_MAX + 1]);

#endif
