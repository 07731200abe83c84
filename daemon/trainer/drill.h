/*
 * drill.h - an omniscient attacker: it has every honest member's rows.
 *
 * Training is deterministic, so an attacker who has the others' rows knows
 * their updates of a round before they arrive: the strongest case there is,
 * stronger than any real one. For ipm and alie the strength is searched for
 * (as ByzFL's optimal attacks do): what moves this federation's own rule
 * furthest from the honest mean. For trials only; nothing in qmlnode links it.
 */
#ifndef QML_DAEMON_TRAINER_DRILL_H
#define QML_DAEMON_TRAINER_DRILL_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ledger/merge.h"
#include "daemon/trainer/attack.h"
#include "daemon/trainer/session.h"

#define DRILL_TAU_SEARCH 0.0

struct drill {
	uint8_t attack; /* enum attack_id */
	double tau;     /* of ipm and alie; DRILL_TAU_SEARCH */
	uint16_t threads;
	uint16_t nhonest, nliars;
	/* Index of each in the federation, the honest first. */
	uint16_t members[FEDERATION_MAX_MEMBERS];
	struct session *sessions;                /* [nhonest] */
	int64_t *deltas[FEDERATION_MAX_MEMBERS]; /* [nhonest][update] */
	uint32_t steps[FEDERATION_MAX_MEMBERS];  /* of these trainings */
	uint32_t update;                         /* int64s of an update */
	struct federation federation;
	struct merge merge; /* what the ledger does with updates */
	int64_t clip, bound;
};

#define DRILL_INIT ((struct drill){.federation = FEDERATION_INIT})

/* Opens the rows of every honest member: a line of the file is a member's name,
 * a blank and a path. Whoever is not named lies. Copies *f. -EINVAL, -ENOMEM,
 * -errno of the file, with a sentence in err; *d is then closed. */
int drill_open(struct drill *d, const struct federation *f,
    const char *members_file, uint16_t threads, char err[static TABLE_ERR_LEN])
    __attribute__((warn_unused_result));
void drill_close(struct drill *d); /* accepts DRILL_INIT */

/* Another rule than the job's, by name, as combine_parse. -EINVAL, -ENOMEM. */
int drill_rule(struct drill *d, const char *name)
    __attribute__((warn_unused_result));

/* Nobody has trained yet: momentum and moments begin again. */
void drill_forget(struct drill *d);
/* Trains every honest member on this round's model, as it will itself;
 * -EDOM when one failed. m->member and m->kept are ignored. */
int drill_honest(struct drill *d, const struct trainwire_model *m)
    __attribute__((warn_unused_result));
/* What each liar sends then; own is the update it would honestly have sent,
 * for label-flip and lie-about-count. -ENOMEM. */
int drill_craft(const struct drill *d, const struct trainwire_model *m,
    const int64_t *own, int64_t *out) __attribute__((warn_unused_result));

/* One round of the federation, from the honest updates of drill_honest and
 * lies[nliars], each [update]: what the ledger will make of them. delta is of
 * the model's dim; moments[merge.nmoments] move on. False: they cannot be
 * combined. */
struct drill_round {
	const struct trainwire_model *model;
	const int64_t *const *lies;
	int64_t *moments;
};
bool drill_combine(const struct drill *d, const struct drill_round *r,
    int64_t *delta);

/* Labels turned round: class c becomes nclasses - 1 - c. */
void drill_flip_labels(struct session *s);

#endif
