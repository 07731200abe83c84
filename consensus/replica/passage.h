/*
 * passage.h - the votes that led to a round, kept over a restart and shown.
 *
 * Who signed in a round cannot sign in an earlier one any more, and what made
 * it leave that may be votes that nobody gives again: of a liar, or of a node
 * that lost its vote log. After a power cut of everybody those who stayed in
 * the earlier round would wait for a vote that nobody may give. So before the
 * first record of a round after 0 the votes that led there are in the pool
 * (bft_passage), and go to everybody who is behind.
 *
 * Why that is enough, whatever restarts, if the power of those that vote is a
 * quorum Q: let r be the highest round in which one of Q signed. It has the
 * votes that led to r, and shows them. They are of rounds from r - 1 on and by
 * more than N / 3, so they bring the rest of Q to r - 1 at least (L55); who is
 * in r - 1 has a quorum of precommits there, or more than N / 3 in r, and goes
 * on to r (L47, L55). So all of Q come to r without one new vote of an earlier
 * round, and in r none of them is bound to be silent: who signed there says it
 * again, the others vote when their time is up. From there on it is the
 * paper's argument. An earlier round's votes are of no use then, so one set is
 * kept. L28's prevotes are kept apart: polka.h. Round 0 anybody may enter.
 */
#ifndef QML_CONSENSUS_REPLICA_PASSAGE_H
#define QML_CONSENSUS_REPLICA_PASSAGE_H

#include "consensus/replica/state.h"

/* Queues the write before that of a record, unless it was queued before. */
void passage_keep(struct replica *r);
/* To a peer of this height in an earlier round. */
void passage_show(struct replica *r, uint16_t peer, int32_t round);

#endif
