/*
 * salvage.h - give up the damaged end of a chain that others have too.
 *
 * The segments are hash-chained, so what lies behind a damaged record cannot
 * be appended to. It is cut off, its bytes are kept beside it, and block sync
 * brings the blocks again. Nothing signed depends on them: the vote log says
 * how far this node had come. The disk's thread.
 */
#ifndef QML_CONSENSUS_CHAIN_SALVAGE_H
#define QML_CONSENSUS_CHAIN_SALVAGE_H

#include "consensus/chain/disk.h"
#include "consensus/chain/segments.h"

/*
 * Cuts the record that *r of a failed SEGMENTS_REPAIR names and all after it;
 * then the chain before it opens again, or there is none (-ENOENT of
 * segments_open). The bytes stay as DIR/NNNNNN.damaged-K, from the record's
 * place on; those files are ours no longer. A crash on the way leaves damage
 * at the same place or none: call it again. -ENOSPC: nothing was cut.
 */
int salvage_chain(struct disk *d, const char *dir,
    const struct segments_report *r) __attribute__((warn_unused_result));

#endif
