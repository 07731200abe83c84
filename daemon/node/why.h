/*
 * why.h - what must happen before the next block comes, and since when.
 *
 * The causes are asked in the order in which one would mend them. `since` is
 * when this cause began to stand in the way, as seen here; it is looked at
 * several times a second. One that lasts is told in the log. Loop thread only.
 */
#ifndef QML_DAEMON_NODE_WHY_H
#define QML_DAEMON_NODE_WHY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/federation.h"

#define WHY_LEN 512
#define WHY_LOOK_MS 200
/* A cause that lasts for so long is told, and again after so long. */
#define WHY_TELL_MS 10000
#define WHY_AGAIN_MS 60000

enum why_reason {
	WHY_HALTED,
	WHY_DISK_FULL,
	WHY_STOPPING,
	WHY_KEY_TWICE,
	WHY_QUARANTINE, /* the vote log was lost */
	WHY_SILENT,     /* blocks were lost: signs from a height on */
	WHY_SYNCING,
	WHY_NO_SEAT, /* left, or not voted in yet */
	WHY_NO_QUORUM,
	WHY_CLOCK,    /* ours is not that of the others */
	WHY_PROPOSER, /* has said nothing */
	WHY_PARTS,    /* of the proposed block */
	WHY_PREVOTES,
	WHY_PRECOMMITS,
	WHY_AGREEING,
	WHY_FINISHED, /* no job */
	WHY_PAUSED,
	WHY_TRAINER, /* our own */
	WHY_ANSWERS,
	WHY_ATTESTS,
	WHY_DUE,
	WHY_NREASONS
};

struct node;

struct why {
	enum why_reason reason;
	bool of[FEDERATION_MAX_MEMBERS]; /* on whom it depends */
	bool late; /* past what the members agreed on as normal */
	uint64_t height, round;
	int32_t attempt; /* view of that height; -1: waiting for work */
	uint64_t since_ms, since_wall_ms; /* 0: not looked at yet */
	uint64_t trouble_ms; /* since when one cause after another is not what
			      * the members gave themselves time for; 0: none */
	uint64_t told_ms;
	uint64_t looked_ms;
	char text[WHY_LEN]; /* one sentence */
};

/* Brings n->why up to date; at most every WHY_LOOK_MS, unless now. */
void why_look(struct node *n, bool now);
/* Those who are linked have not agreed on a block for WHY_TELL_MS. */
bool why_stuck(const struct node *n);
const char *why_word(enum why_reason reason);
const char *why_step(const struct node *n);

#endif
