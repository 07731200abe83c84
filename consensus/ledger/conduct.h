/*
 * conduct.h - who was found to have signed two different things.
 *
 * What is on record is for the members to judge: nothing is taken from anybody
 * here. An offence is one per author, kind and place (height, or training
 * round). The last 64 places of each author and kind are remembered one by
 * one; what is older than those, or lies ahead, is not taken any more. So the
 * record has a fixed size, and nobody can hide behind a place he made up.
 */
#ifndef QML_CONSENSUS_LEDGER_CONDUCT_H
#define QML_CONSENSUS_LEDGER_CONDUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/evidence.h"
#include "proto/federation.h"

#define CONDUCT_WINDOW 64

struct conduct_record {
	uint64_t newest; /* place; meaningful with times > 0 */
	uint64_t seen;   /* bit i: newest - i */
	uint32_t times;
};

/* All zero at the start; [kind - 1]. */
struct conduct {
	struct conduct_record of[FEDERATION_MAX_MEMBERS][EVIDENCE_KINDS - 1];
};

/* The latest places that can have been signed for. */
struct conduct_now {
	uint64_t height, round;
	uint16_t nmembers;
};

/* Not on record, neither too old nor ahead of its time. */
bool conduct_is_new(const struct conduct *c, const struct conduct_now *now,
    const struct evidence *e);
/* It is new. */
void conduct_add(struct conduct *c, const struct evidence *e);
/* How often this member was found out, of all kinds. */
uint32_t conduct_times(const struct conduct *c, uint16_t member);
struct hash conduct_hash(const struct conduct *c, uint16_t nmembers);

struct ledger;

const struct conduct *ledger_conduct(const struct ledger *l);
/* Could the next block hold it? Its signatures are not looked at. */
bool ledger_evidence_new(const struct ledger *l, const struct evidence *e);
/* Signed by who sits there, with the keys of now or those before. */
bool ledger_evidence_proves(const struct ledger *l, const struct evidence *e);

#endif
