/*
 * proposer.h - whose turn it is to propose.
 *
 * A function of (validator set, height, round) and nothing else: no hidden
 * priorities that two nodes could disagree about. In every N = sum of power
 * consecutive turns validator i has exactly power[i], spread evenly.
 */
#ifndef QML_CONSENSUS_BFT_PROPOSER_H
#define QML_CONSENSUS_BFT_PROPOSER_H

#include <stdint.h>

#define PROPOSER_POWER_MAX (1u << 20)

/*
 * Index of the proposer; (height + round) % n when all powers are equal.
 * n >= 1, each power 1..PROPOSER_POWER_MAX. At most 44 n steps.
 */
uint16_t bft_proposer(const uint32_t *power, uint16_t n, uint64_t height,
    uint32_t round);

#endif
