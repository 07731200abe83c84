/*
 * count.h - how often each fault, lie and check happened.
 *
 * What never happens proves nothing: a long run fails when one stayed 0.
 */
#ifndef QML_TESTS_CLUSTER_COUNT_H
#define QML_TESTS_CLUSTER_COUNT_H

#include <stdint.h>

/* name, what is counted */
#define COUNT_LIST(X)                                                         \
	X(LOST, "messages lost")                                              \
	X(TWICE, "messages delivered twice")                                  \
	X(SLOW, "messages seconds late")                                      \
	X(SPLIT_HALVES, "partitions into random halves")                      \
	X(SPLIT_ONE, "partitions of one node from all")                       \
	X(SPLIT_BRIDGE, "partitions with one node in both halves")            \
	X(SPLIT_ONEWAY, "links that lose one direction")                      \
	X(DEAF, "nodes that hear of a round no more than its end")            \
	X(MUTED, "links closed on a liar")                                    \
	X(KILL, "processes killed")                                           \
	X(POWER, "power cuts of one node")                                    \
	X(LEFT_BEHIND, "power cuts when one left a round, a vote log lost")   \
	X(POWER_ALL, "power cuts of the whole federation")                    \
	X(SECTORS, "unsynced sectors lost")                                   \
	X(CRASH_BEFORE_RECORD,                                                \
	    "crashes before the write of a vote-log record")                  \
	X(CRASH_BEFORE_ANSWER, "crashes before the write of an answer")       \
	X(CRASH_BEFORE_BODY, "crashes before the write of a proposed block")  \
	X(CRASH_BEFORE_POLKA, "crashes before writing a lock's prevotes")     \
	X(CRASH_BEFORE_PASSAGE, "crashes before writing a round's votes")     \
	X(CRASH_BEFORE_BLOCK, "crashes before the write of a decided block")  \
	X(CRASH_BEFORE_PROOF, "crashes before the write of evidence")         \
	X(CRASH_IN_RECORD, "crashes while writing a vote-log record")         \
	X(CRASH_IN_ANSWER, "crashes in the middle of the write of an answer") \
	X(CRASH_IN_BODY, "crashes while writing a proposed block")            \
	X(CRASH_IN_POLKA, "crashes while writing a lock's prevotes")          \
	X(CRASH_IN_PASSAGE, "crashes while writing a round's votes")          \
	X(CRASH_IN_BLOCK, "crashes while writing a decided block")            \
	X(CRASH_IN_PROOF, "crashes in the middle of the write of evidence")   \
	X(CRASH_AFTER_RECORD,                                                 \
	    "crashes between durable and told, of a vote-log record")         \
	X(CRASH_AFTER_ANSWER, "crashes after the write of an answer")         \
	X(CRASH_AFTER_BODY,                                                   \
	    "crashes between durable and told, of a proposed block")          \
	X(CRASH_AFTER_POLKA,                                                  \
	    "crashes between durable and told, of the prevotes of a lock")    \
	X(CRASH_AFTER_PASSAGE,                                                \
	    "crashes between durable and told, of votes of a round")          \
	X(CRASH_AFTER_BLOCK,                                                  \
	    "crashes between durable and told, of a decided block")           \
	X(CRASH_AFTER_PROOF, "crashes between durable and told, of evidence") \
	X(CRASH_SEND_PROPOSAL, "crashes before a proposal is sent")           \
	X(CRASH_SEND_VOTE, "crashes before a vote is sent")                   \
	X(CRASH_SEND_OFFER, "crashes before an answer is sent")               \
	X(CRASH_SEND_ATTEST, "crashes before an attestation is sent")         \
	X(CRASH_SEND_OTHER, "crashes before anything else is sent")           \
	X(CRASH_AT_START, "crashes during recovery")                          \
	X(BENCHED, "blocks with somebody on the bench")                       \
	X(SYNC_EIO, "failed syncs")                                           \
	X(FULL_MENDED, "full disks with room again")                          \
	X(ENOSPC, "full disks")                                               \
	X(SLOW_DISK, "slow writes")                                           \
	X(POOL_LOST, "starts with the pool's answers gone")                   \
	X(LOG_LOST, "starts in quarantine: vote log lost")                    \
	X(LOG_ROTTEN, "starts in quarantine: vote log damaged")               \
	X(LOG_MENDED, "starts with one copy of the vote log damaged")         \
	X(CHAIN_ROTTEN, "starts with a bit flipped in the chain")             \
	X(CLOCK_SKEW, "clocks that are wrong")                                \
	X(CLOCK_JUMP, "clocks that jump by up to an hour")                    \
	X(TWIN, "federations with one key on two machines")                   \
	X(LIAR, "federations with a liar")                                    \
	X(ED25519, "federations with real signatures")                        \
	X(TWO_VOTES, "two votes of one round to different halves")            \
	X(TWO_BLOCKS, "two valid blocks of one round")                        \
	X(STALE_LOCK, "old blocks proposed to who is locked on a newer one")  \
	X(FORGED, "forged signatures")                                        \
	X(IN_NAME, "proposals in the name of another")                        \
	X(WRONG_AGGREGATE, "aggregates off by one unit")                      \
	X(WRONG_MODEL, "models off by one unit, state root fitting")          \
	X(BAD_COMMIT, "proposals with a bad last commit")                     \
	X(FALSE_EVIDENCE, "proposals that accuse somebody honest")            \
	X(BAD_TIME, "proposals from the future")                              \
	X(LEFT_OUT, "proposals that leave an answer out")                     \
	X(REPLAY, "old messages of anybody again")                            \
	X(UNKNOWN_MEMBER, "objects of a key that is no member")               \
	X(WITHHELD, "answers not given on request")                           \
	X(TWO_ANSWERS, "two or three answers of one round")                   \
	X(LATE_ANSWER, "answers at the last moment to a third")               \
	X(STALE_MODEL, "answers to an old model")                             \
	X(CLIP_ONE, "answers one unit above the clip")                        \
	X(FALSE_ATTEST, "attestations of what nobody has")                    \
	X(TWO_ATTESTS, "two attestations of one number")                      \
	X(STATUS_LIE, "absurd status")                                        \
	X(GARBAGE, "flipped bytes")                                           \
	X(HALF, "half messages")                                              \
	X(FLOOD, "votes for future rounds and heights")                       \
	X(FUZZED_VOTE, "votes with one field changed and signed again")       \
	X(SYNC_LIE, "blocks that were never decided")                         \
	X(SYNC_NO_QUORUM, "blocks without a quorum")                          \
	X(SYNC_OTHER, "blocks of another height than asked for")              \
	X(AMNESIA, "liars that lost their memory")                            \
	X(PUNISHED, "lies that closed a link")                                \
	X(CHECK_SIGNED, "checks that no key signs twice (I3)")                \
	X(CHECK_LOCK, "checks of the lock rule (I4)")                         \
	X(CHECK_DURABLE, "checks that it was durable first (I5)")             \
	X(CHECK_STATE, "checks of equal models (I6)")                         \
	X(CHECK_KEPT, "checks that nothing was lost (I7)")                    \
	X(CHECK_INCLUDED, "checks of the included set (I12)")                 \
	X(CHECK_AUDIT, "blocks verified again from the disk (I13)")           \
	X(CHECK_ORACLE, "blocks worked out a second time (I2)")               \
	X(CHECK_REPLAY, "disks replayed and compared with memory (I16)")      \
	X(CHECK_HISTORY, "checkpoints that continue one another (I14)")       \
	X(CHECK_QUIET, "records while in step, never while behind (I15)")     \
	X(CHECK_BENCH, "checks of who sits out")                              \
	X(MEMBER_ADDED, "members added")                                      \
	X(MEMBER_REMOVED, "members removed")                                  \
	X(MEMBER_WEIGHED, "members with another weight")                      \
	X(MEMBER_ROTATED, "seats that got other keys")                        \
	X(MEMBER_REFUSED, "changes of members that came to nothing")          \
	X(OLD_KEY, "signatures of liars by keys that have no seat any more")  \
	X(LATER_SIGNED, "signatures of who came later")                       \
	X(CHECK_SEATS, "checks of who has which seat, at every node")         \
	X(CHECK_CERT, "certificates held against their height's members")     \
	X(JOB_ORDERED, "jobs that an order started")                          \
	X(TX_SENT, "transactions sent")                                       \
	X(PAID, "blocks after a round was paid for, at every node")           \
	X(SHOWN, "blocks with a round of named answers open to them")         \
	X(TX_APPLIED, "transactions applied, at every node")                  \
	X(EVIDENCE_VOTES, "two votes on record")                              \
	X(EVIDENCE_PROPOSALS, "two proposals on record")                      \
	X(EVIDENCE_ANSWERS, "two answers on record")                          \
	X(EVIDENCE_ATTESTS, "two attestations on record")                     \
	X(CHECK_PROOF_KEPT, "starts with evidence that had to be there (I9)") \
	X(CHECK_PROOF, "evidence that waits in good weather (I9)")            \
	X(CHECK_BOOKS, "checks of the books (I17)")                           \
	X(IN_TIME, "answers to the newest model in blocks")                   \
	X(LATE, "updates from an older model in blocks")

enum count {
#define COUNT_ENUM(name, text) COUNT_##name,
	COUNT_LIST(COUNT_ENUM)
#undef COUNT_ENUM
	    COUNTS
};

const char *count_text(enum count c);

#endif
