/*
 * guard.h - the owner's word beside the rows: terms and account of NAME.
 *
 * Kept by the trainer on its own, whatever the daemon or the federation ask:
 * NAME.terms (config/terms.h) says which jobs may see the rows and how much
 * privacy all of them together may spend, NAME.spent (spending.h) what they
 * did. Opened before the trainer confines itself. One thread.
 */
#ifndef QML_DAEMON_TRAINER_GUARD_H
#define QML_DAEMON_TRAINER_GUARD_H

#include "config/terms.h"
#include "daemon/trainer/spending.h"
#include "proto/federation.h"

struct guard {
	struct terms terms; /* TERMS_INIT: the owner left none */
	struct spending spending;
	struct hash job;
	struct privacy_claim claim; /* of a round */
};

#define GUARD_INIT \
	((struct guard){.terms = {.rows = 0}, .spending = SPENDING_INIT})

/* name: of the file with the rows, or what stands for it; "": none. -EINVAL:
 * the terms do not allow the job, or cannot be read; -errno; with a sentence in
 * err, and *g closed. A job without noise needs no account. */
int guard_open(struct guard *g, const char *name, const struct job *job,
    char err[static SPENDING_ERR_LEN]) __attribute__((warn_unused_result));
void guard_close(struct guard *g); /* accepts GUARD_INIT */

/* Before a training of this round: true noise needs true randomness, so a seed
 * is drawn from the system into seed and what it will spend is written down.
 * As spending_reserve. Nothing to do (0) without noise. */
int guard_reserve(struct guard *g, uint64_t round, const struct hash *asset,
    uint8_t seed[static SPENDING_SEED_LEN], char err[static SPENDING_ERR_LEN])
    __attribute__((warn_unused_result));

#endif
