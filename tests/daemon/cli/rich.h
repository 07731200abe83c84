/*
 * rich.h - a valid chain with something of everything on it, in a home.
 *
 * Four members, a private job, data assets with budgets, a transfer, a
 * credential, a proposal that passes, worth stated by every validator, a
 * version that was minted and given away. The same bytes on every run.
 */
#ifndef QML_TESTS_DAEMON_CLI_RICH_H
#define QML_TESTS_DAEMON_CLI_RICH_H

#include "consensus/books/body.h"
#include "consensus/chain/disk_posix.h"
#include "consensus/votes/payload.h"
#include "daemon/cli/audit.h"
#include "tests/consensus/chain/smallchain.h"

#define RICH_MEMBERS 4
#define RICH_ROUNDS 4
#define RICH_ROOT_LEN 64

struct rich {
	char root[RICH_ROOT_LEN];
	char file[RICH_ROOT_LEN + 32];
	struct disk_posix disk;
	struct smallchain chain;
	struct hash rows[RICH_MEMBERS];  /* roots of their data */
	struct hash asset[RICH_MEMBERS]; /* ids */
	struct hash credential;
};

enum rich_stage {
	RICH_OPEN, /* two rounds are closed, the third is open */
	RICH_DONE, /* the job is over, its model has changed hands */
};

void rich_open(struct rich *r, const char *name);
void rich_close(struct rich *r);
void rich_grow(struct rich *r, enum rich_stage stage);

/* Signed, with the sender's next nonce plus `ahead`; the writer is closed. */
struct tx *rich_tx(struct rich *r, uint16_t from, uint8_t kind,
    struct bytes_writer *w, unsigned ahead);
struct tx *rich_transfer(struct rich *r, uint16_t from, uint64_t amount,
    const char *memo);
struct tx *rich_worth(struct rich *r, uint16_t from, uint64_t round);
/* The running job once more, on member 0's data: its buyer needs the credential
 * that member 2 has. */
struct tx *rich_order(struct rich *r, uint16_t from, const struct hash *policy);
struct tx *rich_vote(struct rich *r, uint16_t from, uint64_t proposal);
/* Behind RICH_OPEN: the next proposal, by member 0, and everybody's yes. */
void rich_pass(struct rich *r, uint8_t kind, const struct payload *wish);

/* A valid next block with these, not applied; updates: everybody answers. Takes
 * the references. */
struct block *rich_next(struct rich *r, struct tx **txs, size_t n,
    bool updates);
/* Applies, certifies and appends; drops the block. */
void rich_commit(struct rich *r, struct block *b);
/* Seals what somebody changed, lets everybody sign it, and appends. */
void rich_seal(struct rich *r, struct block *b);
/* Exactly this check of an audit failed, CHECK_NONE: none, and each has its
 * sentence. */
void rich_failed(const struct audit *a, enum check_id want, const char *name);
/* Appends it with the certificate that is there. */
void rich_append(struct rich *r, const struct block *b);

#endif
