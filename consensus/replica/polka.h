/*
 * polka.h - the prevotes that made a block valid, kept over a restart.
 *
 * L28 asks for a quorum of prevotes before anybody leaves one lock for another
 * or takes up a block that others are locked on. The votes of the others live
 * in memory only, and one of them may be a liar's who never repeats it: when
 * all that saw the quorum restart, nobody could prove it, and those locked on
 * the block and those not would wait for each other for ever. So the quorum is
 * in the pool before the record of the vote that rests on it.
 */
#ifndef QML_CONSENSUS_REPLICA_POLKA_H
#define QML_CONSENSUS_REPLICA_POLKA_H

#include "consensus/replica/state.h"

/* Queues the write unless it was queued before. */
void polka_keep(struct replica *r, const struct bft_mark *valid);
/* After the core was restored, or came to the height that it had signed for
 * before the chain lost blocks: it hears the votes again. Those of heights that
 * are yet to come stay. */
void polka_replay(struct replica *r);
void polka_clear(struct replica *r);

#endif
