/*
 * spending.h - what was spent of the rows' privacy: NAME.spent beside NAME.
 *
 * One line for every reservation, appended and synced to the disk before the
 * noisy steps run: a crash in between costs budget, and nothing is ever
 * undercounted. All that was done with the file counts, for whatever job and
 * version of the rows. A line also keeps the seed of its noise, so the owner,
 * and nobody else, can do that training again; the file must stay private.
 */
#ifndef QML_DAEMON_TRAINER_SPENDING_H
#define QML_DAEMON_TRAINER_SPENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/privacy/budget.h"
#include "proto/hash.h"
#include "proto/job_privacy.h"

#define SPENDING_SEED_LEN 32
#define SPENDING_ERR_LEN 512

struct spending {
	int fd;               /* of the file, locked; -1: closed */
	bool limited;         /* the owner set a target */
	struct budget budget; /* spent, by any job; cap only where limited */
	struct rdp_step step; /* the last whose cost was worked out */
	struct rdp_table cost;
};

#define SPENDING_INIT    \
	{                \
		.fd = -1 \
	}

/* One reservation. */
struct spending_entry {
	uint64_t round;
	struct hash job;
	struct hash asset; /* root of the rows */
	struct privacy_claim claim;
	uint8_t seed[SPENDING_SEED_LEN];
};

/* Opens or makes the file, locks it and adds up what is in it. target NULL: no
 * limit was set. -EINVAL: a line is damaged; -EBUSY: another trainer has it;
 * -ENOMEM, -errno; each with a sentence in err. */
int spending_open(struct spending *a, const char *path,
    const struct rdp_target *target, char err[static SPENDING_ERR_LEN])
    __attribute__((warn_unused_result));
void spending_close(struct spending *a); /* accepts SPENDING_INIT */

/* Before anything is computed. -EDQUOT: it would pass the budget, and nothing
 * was written; -errno: it is not certain to be on the disk. In both cases the
 * steps must not run; err has a sentence. */
int spending_reserve(struct spending *a, const struct spending_entry *e,
    char err[static SPENDING_ERR_LEN]) __attribute__((warn_unused_result));

/* What is public of a seed. */
struct hash spending_commit(const uint8_t seed[static SPENDING_SEED_LEN]);
/* The seed behind a commitment, from a file or its copy. -ENOENT: no line has
 * it; -EINVAL, -ENOMEM, -errno. */
int spending_find(const char *path, const struct hash *commit,
    uint8_t seed[static SPENDING_SEED_LEN]) __attribute__((warn_unused_result));

#endif
