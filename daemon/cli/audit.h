/*
 * audit.h - is this chain what its members signed? From the files alone.
 *
 * Reads a home, its chain folder or its first segment file; opens nothing for
 * writing and cuts nothing. Every record, link, certificate and signature is
 * verified, and every round is computed again with the ledger's own code. The
 * one thing it cannot see is a chain that stops early at the end of a block.
 */
#ifndef QML_DAEMON_CLI_AUDIT_H
#define QML_DAEMON_CLI_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/verify.h"
#include "daemon/cli/audit_source.h"
#include "daemon/cli/findings.h"
#include "daemon/cli/tlog.h"
#include "proto/federation.h"
#include "proto/hash.h"

/* The last one of the chain. */
struct audit_refounded {
	unsigned n; /* of them */
	uint64_t height;
	struct hash id;
	char without[AUDIT_WHY_LEN]; /* names */
};

struct audit {
	char chain[AUDIT_PATH_LEN]; /* folder or file that was read */
	unsigned nfiles;
	uint64_t bytes; /* of the records */
	bool founded;   /* block 0 is sound: name and federation are set */
	char name[FEDERATION_NAME_LEN];
	struct hash federation;
	uint64_t nrecords; /* match their hashes; block 0 is one of them */
	uint64_t nblocks;  /* passed everything; without block 0 */
	uint64_t ncommit_signatures;
	uint64_t nanswers; /* with a good signature */
	uint64_t npayloads;
	uint64_t nattests;
	uint64_t naggregates; /* rounds closed by an aggregate */
	uint64_t nskips;
	uint64_t nheartbeats;
	uint64_t nnoisy;        /* updates that claim noise */
	uint64_t txs[TX_KINDS]; /* by kind */
	struct hash model;      /* after the last block that passed */
	struct audit_fault fault;
	struct findings findings;
	bool light; /* updates were not there: links and signatures only */
	struct audit_refounded refounded;
	struct checks checks; /* concluded, whatever audit_run returns */
};

/* Who looks on: called behind every block that passed, block 0 with b and c
 * NULL; l is the state after it, or after block 0 where updates are missing.
 * voters, or NULL: who votes from this height on, as far as l has names.
 * end: once, after the checks were concluded; not called when there is no
 * sound block 0. */
struct audit_watch {
	void (*block)(void *arg, const struct ledger *l, const struct block *b,
	    const struct commit *c);
	void (*end)(void *arg, const struct ledger *l);
	void *arg;
	void (*voters)(void *arg, const struct ledger *l, uint64_t from,
	    const struct verify_seats *s);
};

/* federation: the id it must have, or NULL. 0: proved. -EBADMSG: not, see
 * fault. -ENOENT: no chain at path. Else the files cannot be read. */
int audit_run(struct audit *a, const char *path, const struct hash *federation)
    __attribute__((warn_unused_result));

struct audit_order {
	const char *path;
	const struct hash *federation; /* or NULL */
	/* A checkpoint or a proof that the auditor kept, its text; or NULL. */
	const char *checkpoint;
	struct tlog *log; /* filled on the way; the caller closes it */
	bool light;       /* links and signatures only */
};

/* watch may be NULL. */
int audit_watch(struct audit *a, const struct audit_order *o,
    const struct audit_watch *watch) __attribute__((warn_unused_result));

#endif
