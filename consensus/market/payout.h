/*
 * payout.h - an amount split by weights, to the last unit.
 *
 * Largest remainder (Hamilton): everybody gets the integer part of its share,
 * what is left goes by one to the largest remainders; ties to the lower index.
 * Who has a weight of 0 or less gets nothing. The parts add up to the amount
 * exactly, unless all weights are <= 0: then nobody gets anything and the
 * caller keeps it. Pure.
 */
#ifndef QML_CONSENSUS_MARKET_PAYOUT_H
#define QML_CONSENSUS_MARKET_PAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define PAYOUT_MAX 256

/* parts[n]; returns what was given out: the amount or 0. n <= PAYOUT_MAX. */
uint64_t payout_split(uint64_t amount, const int64_t *weights, size_t n,
    uint64_t *parts);

/* What a closed round mints: first >> (round / half_life), 0 after 64 halvings;
 * never more than `left` under the cap. half_life > 0. */
uint64_t payout_minted(uint64_t first, uint64_t half_life, uint64_t round,
    uint64_t left);

#endif
