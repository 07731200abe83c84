/*
 * follow.h - the state along a chain whose blocks are taken as verified: for
 * somebody who has to know who voted at some height.
 */
#ifndef QML_DAEMON_CLI_FOLLOW_H
#define QML_DAEMON_CLI_FOLLOW_H

#include "consensus/chain/verify.h"
#include "consensus/ledger/ledger.h"
#include "daemon/cli/audit_source.h"

struct follow {
	struct audit_source *source; /* borrowed; with the updates */
	struct federation f;
	struct ledger *l; /* NULL before the first call */
};

/* By block 0, which somebody has read already. */
int follow_begin(struct follow *o, const uint8_t *data, uint32_t len)
    __attribute__((warn_unused_result));
/* On to the state after this block. -EBADMSG: the blocks do not follow. */
int follow_to(struct follow *o, uint64_t height)
    __attribute__((warn_unused_result));
/* Who votes on the next block but one, unless the federation is re-founded in
 * between: whom the next block announces. */
void follow_announced(const struct ledger *l, struct verify_seats *out);
/* Who votes on the block after it. */
void follow_voters(const struct ledger *l, struct verify_seats *out);
void follow_close(struct follow *o); /* what it borrowed stays */

#endif
