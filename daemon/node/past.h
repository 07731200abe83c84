/*
 * past.h - blocks and closed rounds, read back from the chain for people.
 *
 * The thread that owns the store asks; nothing here writes. What a person
 * wants to see is read from the segments, the authority, and not from a copy
 * in memory that a restart would lose.
 */
#ifndef QML_DAEMON_NODE_PAST_H
#define QML_DAEMON_NODE_PAST_H

#include <stdint.h>

#include "consensus/ledger/summary.h"
#include "consensus/replica/store.h"
#include "proto/wire.h"

#define PAST_HEAD UINT64_MAX
/* What a node reads at its start, so that `rounds` is not empty. */
#define PAST_RECENT_BYTES (32u << 20)

enum past_what {
	PAST_BLOCK, /* at height number, or PAST_HEAD */
	PAST_ROUND, /* the block that closed round number */
};

struct past_question {
	enum past_what what;
	uint64_t number;
};

struct past_answer {
	struct past_question question;
	int err;            /* -ENOENT: not there (yet); -EBADMSG: damaged */
	uint64_t head;      /* height of the last block in the chain */
	uint64_t opened_ms; /* PAST_ROUND: when the round was opened */
	struct hash model;  /* PAST_ROUND: its model; zero: the job's first */
	struct wire_decided decided; /* block is NULL for block 0 */
};

/* Always fills *out. Reads about log2(height) records for a round. */
void past_ask(struct store *s, const struct federation *f,
    const struct past_question *q, struct past_answer *out);
void past_answer_close(struct past_answer *a);

/* Calls each(arg, summary) for the last closed rounds, newest first, at most
 * max of them and from about PAST_RECENT_BYTES of records. Stops silently at
 * what cannot be read. */
struct past_visit {
	unsigned max;
	void (*each)(void *arg, const struct ledger_round_summary *s);
	void *arg;
};
void past_recent(struct store *s, const struct federation *f,
    const struct past_visit *v);

#endif
