#include "consensus/ledger/summary.h"

#include "proto/q24.h"

void
summary_of_block(struct ledger_round_summary *out, const struct block *b,
    uint64_t opened_ms, const struct hash *base)
{
	q24_wide before = 0, after = 0, control = 0;
	q24_wide valid = 0, valid_control = 0;

	*out = (struct ledger_round_summary){
	    .round = b->header.fl_round,
	    .height = b->header.height,
	    .kind = b->header.kind,
	    .time_ms = b->header.time_ms,
	    .duration_ms = b->header.time_ms - opened_ms,
	    .nparts = b->header.nanswers,
	};
	for (uint16_t i = 0; i < out->nparts; i++) {
		const struct answer *a = b->answers[i];

		out->part[i] = (struct ledger_part){
		    .member = a->member,
		    .kind = a->kind,
		    .reason = a->reason,
		    .flags = a->flags,
		    .late = a->kind == ANSWER_UPDATE && base &&
			!hash_equal(&a->base_model, base),
		    .rows = a->rows,
		    .correct = a->correct,
		    .loss_before_q24 = a->loss_before_q24,
		    .loss_after_q24 = a->loss_after_q24,
		};
		if (a->kind != ANSWER_UPDATE)
			continue;
		out->nupdates++;
		out->rows += a->rows;
		out->correct += a->correct;
		before += (q24_wide)a->loss_before_q24 * a->rows;
		after += (q24_wide)a->loss_after_q24 * a->rows;
		out->control_correct += a->control_correct;
		control += (q24_wide)a->control_loss_q24 * a->rows;
		out->valid_rows += a->valid_rows;
		out->valid_correct += a->valid_correct;
		out->valid_control_correct += a->valid_control_correct;
		valid += (q24_wide)a->valid_loss_q24 * a->valid_rows;
		valid_control +=
		    (q24_wide)a->valid_control_loss_q24 * a->valid_rows;
	}
	if (out->valid_rows > 0) {
		out->valid_loss_q24 =
		    q24_div128(valid, (int64_t)out->valid_rows);
		out->valid_control_loss_q24 =
		    q24_div128(valid_control, (int64_t)out->valid_rows);
	}
	if (out->rows == 0)
		return;
	out->control_loss_q24 = q24_div128(control, (int64_t)out->rows);
	out->loss_before_q24 = q24_div128(before, (int64_t)out->rows);
	out->loss_after_q24 = q24_div128(after, (int64_t)out->rows);
}
