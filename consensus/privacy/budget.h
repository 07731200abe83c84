/*
 * budget.h - the privacy account of one data asset.
 *
 * Whoever trains on the asset, in whatever job, pays from the same account. A
 * step is admitted while one order still has room for it; then every order is
 * charged. What was charged never comes back. The ledger and, on its own, the
 * trainer keep one: reference trust.md 2.4. Pure.
 */
#ifndef QML_CONSENSUS_PRIVACY_BUDGET_H
#define QML_CONSENSUS_PRIVACY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/privacy/rdp.h"

struct budget {
	struct rdp_target target;
	struct rdp_table cap;
	struct rdp_table spent;
	uint64_t steps; /* charged so far */
};

/* Nothing spent. The target is valid. */
void budget_open(struct budget *b, const struct rdp_target *t);

/* How many more steps of this cost are admitted, at most `want`. */
uint64_t budget_room(const struct budget *b, const struct rdp_table *cost,
    uint64_t want);

/* Charges n steps, all or nothing: false, and nothing changed, when no order
 * has room for all of them. */
bool budget_charge(struct budget *b, const struct rdp_table *cost, uint64_t n)
    __attribute__((warn_unused_result));

/* A new version over rows that may overlap takes over what was spent. */
void budget_inherit(struct budget *b, const struct budget *parent);

#endif
