/*
 * summary.h - one closed round for people: who took part, how it went.
 *
 * Derived from the answers in a block; not part of the state root. The figures
 * are what members claim about their own rows.
 */
#ifndef QML_CONSENSUS_LEDGER_SUMMARY_H
#define QML_CONSENSUS_LEDGER_SUMMARY_H

#include <stdint.h>

#include "proto/answer.h"
#include "proto/attest.h"
#include "proto/block.h"

struct ledger_part {
	uint16_t member;
	uint8_t kind;   /* enum answer_kind */
	uint8_t reason; /* enum answer_reason */
	uint16_t flags;
	bool late; /* an update from an older model than the round's */
	uint32_t rows;
	uint32_t correct;
	int64_t loss_before_q24;
	int64_t loss_after_q24;
};

struct ledger_round_summary {
	uint64_t round;
	uint64_t height; /* of the block that closed it */
	uint8_t kind;    /* BLOCK_AGGREGATE or BLOCK_SKIP */
	uint64_t time_ms;
	uint64_t duration_ms; /* since the round was opened */
	uint8_t task;         /* of the job, enum job_kind; 0: not known */
	uint8_t control;      /* likewise; 0: none */
	uint16_t nupdates;
	uint16_t nparts; /* updates and refusals */
	uint64_t rows;   /* of all updates together */
	uint64_t correct;
	int64_t loss_before_q24; /* mean over rows; 0 without updates */
	int64_t loss_after_q24;
	uint64_t control_correct; /* the control arm, on the same rows */
	int64_t control_loss_q24;
	uint64_t valid_rows; /* kept back by the members: the base model's */
	uint64_t valid_correct;
	int64_t valid_loss_q24; /* mean over them */
	uint64_t valid_control_correct;
	int64_t valid_control_loss_q24;
	struct ledger_part part[ATTEST_MAX_ANSWERS]; /* by member */
};

/* Of a block of kind 1 or 2 with all answers; opened_ms and base: the round's
 * time and model (NULL: not known, nobody is late). */
void summary_of_block(struct ledger_round_summary *out, const struct block *b,
    uint64_t opened_ms, const struct hash *base);

#endif
