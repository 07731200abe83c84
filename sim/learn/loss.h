/*
 * loss.h - losses of eight rows at a time and their slopes by the logits.
 */
#ifndef QML_SIM_LEARN_LOSS_H
#define QML_SIM_LEARN_LOSS_H

#include <stdint.h>

#include "sim/state/lanes.h"

struct task;

/* What is wanted of each lane's row. */
struct loss_rows {
	int32_t label[LANES];
	double target[LANES];
	double weight[LANES]; /* of the row; 0: lane not used */
};

/* z[noutputs][LANES]: logits become weight x d loss / d logit. */
void loss_slope(const struct task *t, const struct lanes *lanes,
    const struct loss_rows *rows, double *z);

/* out[LANES] = weight x loss; z is spoilt. */
void loss_value(const struct task *t, const struct lanes *lanes,
    const struct loss_rows *rows, double *z, double *out);

#endif
