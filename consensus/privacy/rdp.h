/*
 * rdp.h - what noisy training costs, in integers: Renyi differential privacy.
 *
 * The unit is one record, added or removed. A step samples every row by its
 * own coin (probability q) and adds a Gaussian of standard deviation
 * sigma * clip; its cost at integer order alpha is (Mironov, Talwar, Zhang,
 * arXiv:1908.10530)
 *
 *   1/(alpha-1) ln sum_k C(alpha,k) (1-q)^(alpha-k) q^k e^((k^2-k)/(2 sigma^2))
 *
 * and costs add. Costs round up and budgets down, both to 1e-9, so that an
 * admitted sequence never exceeds its epsilon. Conversion to (epsilon, delta):
 * Canonne, Kamath, Steinke, arXiv:2004.00010, proposition 12. Integer orders
 * only: published series for fractional ones disagree. Pure.
 */
#ifndef QML_CONSENSUS_PRIVACY_RDP_H
#define QML_CONSENSUS_PRIVACY_RDP_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/privacy/real.h"

#define RDP_ORDERS 13 /* 2 3 4 5 6 7 8 10 12 16 24 32 64 */
#define RDP_NANO INT64_C(1000000000)
#define RDP_SIGMA_MIN 300 /* milli: below, order 64 leaves every budget */
#define RDP_SIGMA_MAX 1000000
#define RDP_DELTA_EXP_MAX 18

/* One kind of step, as a job states it. */
struct rdp_step {
	uint32_t q_ppb;       /* sampling rate, 1e-9; 1..1000000000 */
	uint32_t sigma_milli; /* noise multiplier, 1e-3 */
};

/* What a record's owner agreed to: epsilon at delta = 10^-delta_exp. */
struct rdp_target {
	uint32_t eps_milli; /* 1..1000000 */
	uint8_t delta_exp;  /* 1..RDP_DELTA_EXP_MAX */
};

/* Nano-nats by order. */
struct rdp_table {
	int64_t nano[RDP_ORDERS];
};

uint32_t rdp_order(unsigned i); /* i < RDP_ORDERS */

bool rdp_step_valid(const struct rdp_step *s);
bool rdp_target_valid(const struct rdp_target *t);

/* Cost of one step, rounded up. The step is valid. Under 1 ms for all orders
 * on one core: computed once a job, kept by the caller. */
void rdp_step_cost(const struct rdp_step *s, struct rdp_table *out);
/* What may be spent, rounded down; negative: this order cannot be used. */
void rdp_budget(const struct rdp_target *t, struct rdp_table *out);
/* Epsilon, in units of 1e-9 rounded up, of what was spent, at
 * 10^-delta_exp; *order is the one that gives it. Never negative. */
int64_t rdp_epsilon_nano(const struct rdp_table *spent, uint8_t delta_exp,
    uint32_t *order);

/* What of an epsilon is the delta's alone, a tenth of a millisecond for each:
 * kept by who shows many accounts. All zeros: nothing yet. */
struct rdp_kept {
	bool known[RDP_DELTA_EXP_MAX + 1];
	struct real shift[RDP_DELTA_EXP_MAX + 1][RDP_ORDERS];
};

/* The same number. 1..RDP_DELTA_EXP_MAX. */
int64_t rdp_epsilon_kept(struct rdp_kept *k, const struct rdp_table *spent,
    uint8_t delta_exp, uint32_t *order);

#endif
