/*
 * quorum.h - the two thresholds of the protocol, without division.
 *
 * With total power N and faulty power below N / 3: two quorums share an
 * honest validator, and `honest` power contains at least one.
 */
#ifndef QML_CONSENSUS_BFT_QUORUM_H
#define QML_CONSENSUS_BFT_QUORUM_H

#include <stdbool.h>
#include <stdint.h>

/* Powers are sums of at most 2^31, so neither product can wrap. */
static inline bool
quorum_reached(uint64_t power, uint64_t total)
{
	return 3 * power > 2 * total;
}

/* More than a third: not all of it can be faulty. */
static inline bool
quorum_honest(uint64_t power, uint64_t total)
{
	return 3 * power > total;
}

/*
 * Do these, ourselves not among them, share an honest validator with every
 * quorum there ever was, ours included? A quorum has more than two thirds and
 * at most F is faulty: power + quorum - total > F.
 */
static inline bool
quorum_overlaps(uint64_t power, uint64_t total)
{
	return power + (2 * total / 3 + 1) > total + (total - 1) / 3;
}

#endif
