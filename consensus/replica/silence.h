/*
 * silence.h - when a node must not sign, though it follows.
 *
 * Two ways lead here. The chain was cut or lost behind what the vote log says:
 * then nothing is signed below the height of the newest vote, which is taken up
 * where it was left, nor in the round of the newest answer. Or the vote log
 * itself was lost: quarantine. Then what was signed is bounded by what others
 * can have seen. Our last vote was for height h + 1 at most, where a quorum had
 * precommitted h; whoever shares an honest validator with that quorum
 * (quorum_overlaps) hears from one whose head is h - 1 at least. So with X the
 * highest head among any such set, heights from X + 3 on are new; of all such
 * sets the one with the lowest heads is taken, and of each peer the first head
 * that it said, for ours was lost before. A round that a block
 * before them opened gets no answer and no attestation of ours, however long it
 * lasts and whoever restarts meanwhile.
 *
 * A liar can name any head. Where enough others speak, it is left out: of seven
 * members five of the other six are such a set, so X is never what one alone
 * says. A bound beyond what more than a third have is not taken before it is
 * passed or a better one is known. Of four, all three others are needed, and
 * "what more than a third says" would not do: h may be known to one honest node
 * only, beside a liar that helped to decide it. There a liar and a node that
 * lost its log are two faults of one that is allowed. Reference 2.11. Internal
 * to the room.
 */
#ifndef QML_CONSENSUS_REPLICA_SILENCE_H
#define QML_CONSENSUS_REPLICA_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/votelog.h"

struct evidence;
struct replica;

/* At start: the newest record of the vote log, after the chain. */
void silence_restore(struct replica *r, const struct votelog_record *last);
/* A peer said how far it is. */
void silence_heard(struct replica *r, uint16_t peer, uint64_t head);
/* Something with our signature came that is not in our vote log: somebody has
 * our key, most likely a copy of our home on another machine. Of the two the
 * one that hears of it first stops signing, until it is started again; what
 * both signed before is evidence against us, and a fork it cannot make. */
void silence_twin(struct replica *r, const char *what);
/* Evidence against us: of what was signed since we started we know that it was
 * not all ours. */
void silence_accused(struct replica *r, const struct evidence *e);

/* Nothing may be signed for the height that is due. */
bool silence_now(const struct replica *r);
/* Nor for the open round, which may have been opened long before. */
bool silence_in_round(const struct replica *r);
/* Height of the block that opened the open round, or of one before it. */
uint64_t silence_opened(const struct replica *r);
/* As in struct replica_progress. */
uint64_t silence_until(const struct replica *r);

#endif
