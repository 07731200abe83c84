/*
 * proposer.h - whose turn it is to propose.
 *
 * A function of (turns, height, round) and nothing else: no hidden priorities
 * that two nodes could disagree about. A validator's turns are its power, or
 * none while the ledger has it on the bench. In every N = sum of power
 * consecutive turns validator i has exactly power[i], spread evenly.
 */
#ifndef QML_CONSENSUS_BFT_PROPOSER_H
#define QML_CONSENSUS_BFT_PROPOSER_H

#include <stdint.h>

#define PROPOSER_POWER_MAX (1u << 20)

/*
 * Index of the proposer: of those who have a turn, number (height + round) % m
 * when their m powers are equal. n >= 1, each turn 0 (none, sits out) or
 * 1..PROPOSER_POWER_MAX, one at least not 0. At most 44 n steps.
 */
uint16_t bft_proposer(const uint32_t *turns, uint16_t n, uint64_t height,
    uint32_t round);

#endif
