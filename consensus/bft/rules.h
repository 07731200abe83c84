/*
 * rules.h - the lines of Algorithm 1 on the state of struct bft.
 *
 * Inner header of the room: bft.c and its parts only.
 */
#ifndef QML_CONSENSUS_BFT_RULES_H
#define QML_CONSENSUS_BFT_RULES_H

#include "consensus/bft/bft.h"

/* Append an action of this height; the caller fills in the rest. */
struct bft_action *out_add(struct bft_out *out, enum bft_action_type type,
    const struct bft *b);

/* Enter a round: lines 11 to 21. */
void rules_start(struct bft *b, int32_t round, struct bft_out *out);
/* Start a timer of the current round. */
void rules_arm(struct bft *b, enum bft_timer timer);
/* Timers that ran out: lines 57 to 67. */
void rules_timers(struct bft *b, struct bft_out *out);
/* Apply every rule whose condition holds until none does, then ask for the
 * blocks that majorities name. */
void rules_run(struct bft *b, struct bft_out *out);

/* Propose block in the current round: record it, withhold the send. */
void rules_propose(struct bft *b, struct bft_out *out, const struct hash *block,
    int32_t valid_round);
/* Withhold a send until its record is durable. */
void rules_withhold(struct bft *b, const struct bft_pending *p);

/* The RESTORE event. BFT_CONFLICT or BFT_BAD_TYPE: the log makes no
 * sense; the core halts. */
enum bft_verdict restore_records(struct bft *b,
    const struct bft_record *records, size_t nrecords);

#endif
