/*
 * params.h - what the members may change by vote without changing who they
 * are: one leaf of the state root, named by every header.
 *
 * Starts as the federation has it. A change holds from the block after the one
 * that carries it out, at every node, after a restart and in an audit: who
 * needs one of these numbers asks the ledger, never federation.yaml.
 */
#ifndef QML_CONSENSUS_LEDGER_PARAMS_H
#define QML_CONSENSUS_LEDGER_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/federation.h"

/* Rules that this program knows. 2: the state's leaf of members also names the
 * federation, so that a proof of the state says which one a re-founded chain
 * was at that height. A federation begins with 1. */
#define LEDGER_VERSIONS 2

struct ledger;

struct ledger_params {
	struct timing timing;
	uint16_t answers_min;     /* to close by time; 0: n - (n - 1) / 3 */
	uint16_t version;         /* of the rules */
	uint16_t next_version;    /* from next_version_at on; 0: none is due */
	uint64_t next_version_at; /* height */
	uint64_t paused_until;    /* last height that closes no round; 0 */
	struct job_combine combine; /* of the running job */
	int64_t clip_q24, bound_q24;
};

/* In force for the block at height + 1; until the next ledger_apply. */
const struct ledger_params *ledger_params(const struct ledger *l);
/* Rules' version of the block at height + 1, and whether we know them. */
uint16_t ledger_version(const struct ledger *l);
bool ledger_version_known(const struct ledger *l);
/* As a program would that knows no later rules than these: for tests. */
void ledger_version_limit(struct ledger *l, uint16_t version);
/* No round may be closed at height + 1. */
bool ledger_paused(const struct ledger *l);

#endif
