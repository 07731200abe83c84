/*
 * index.h - index.db: the chain as SQL tables, for people and qmlctl.
 *
 * Derived from the segments and nothing else: missing, damaged, behind, of
 * another federation or schema, it is filled again from them. Anyone may open
 * it read-only with sqlite3 while the node runs; README.md lists the tables.
 * Whole blocks in each transaction. One writer thread. Hides SQLite. Each page
 * has a sum: one that is not as it was written is found when it is read, and by
 * index_scrub, whoever reads.
 */
#ifndef QML_CONSENSUS_CHAIN_INDEX_H
#define QML_CONSENSUS_CHAIN_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/segments.h"
#include "proto/block.h"
#include "proto/federation.h"
#include "proto/vote.h"

#define INDEX_NAME "index.db"
#define INDEX_SCHEMA 8

struct index; /* opaque */

/* path of the file, created or replaced as needed; *rebuilt tells that an
 * existing one was thrown away (NULL: not asked). Keeps *f, which must outlive
 * the index. -EIO, -ENOSPC, -ENOMEM. */
int index_open(struct index **out, const char *path, const struct federation *f,
    bool *rebuilt) __attribute__((warn_unused_result));
void index_close(struct index *x); /* NULL is fine */

/* How often a file with something in it was thrown away, also by index_open. */
unsigned index_refills(const struct index *x);

/* The state at the height of the last block applied, takes l: saves replaying
 * the chain for the tables of the books. Of another height it is freed. */
struct ledger;
void index_adopt(struct index *x, struct ledger *l);
/* The state at the height of index_head, the index's own until the next call;
 * NULL: it is behind, or this program's ledger refused a block. */
const struct ledger *index_ledger(const struct index *x);

/* Height of the last block applied; 0: only the genesis. */
uint64_t index_head(const struct index *x);

/* Block index_head() + 1 with all answers, and the certificate we saw. */
int index_apply(struct index *x, const struct block *b, const struct commit *c)
    __attribute__((warn_unused_result));

/* Apply what the log has and the index has not, at most max blocks; empties
 * the index first when it is ahead of the log or of another branch. *napplied
 * may be NULL. */
int index_catch_up(struct index *x, struct segments *s, uint64_t max,
    uint64_t *napplied) __attribute__((warn_unused_result));

/* Look at the file's next npages as they lie on the disk; *whole: that was the
 * last one, the next call begins again. -EBADMSG: one is not as it was
 * written; the index is empty now, to be filled again by index_catch_up. */
int index_scrub(struct index *x, unsigned npages, bool *whole)
    __attribute__((warn_unused_result));

#endif
