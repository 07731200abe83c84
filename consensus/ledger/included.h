/*
 * included.h - which answers count: computed from attestations, not chosen.
 *
 * An answer is in the set exactly if validators of more than a third of the
 * power attest it among the given attestations. With a quorum of attestations
 * that keeps a proposer from leaving out what all honest validators held, and
 * from adding what only faulty ones vouch for. A member with two such answers
 * equivocated and contributes nothing. Pure; any thread.
 */
#ifndef QML_CONSENSUS_LEDGER_INCLUDED_H
#define QML_CONSENSUS_LEDGER_INCLUDED_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/attest.h"
#include "proto/hash.h"

#define INCLUDED_MAX ATTEST_MAX_ANSWERS

struct included {
	bool quorum;    /* the attestations have quorum power */
	uint64_t power; /* their power */
	uint16_t nattests;
	uint16_t n;
	uint16_t member[INCLUDED_MAX]; /* ascending */
	struct hash id[INCLUDED_MAX];
	uint16_t nequivocal;
	uint16_t equivocal[INCLUDED_MAX]; /* ascending members */
};

/* attests[n] by validator, NULL: none; power[n], n <= INCLUDED_MAX. */
void included_compute(struct included *out, const struct attest *const *attests,
    const uint32_t *power, uint16_t n);

#endif
