/*
 * blockfile.h - a node's chain, read from its files for a tool.
 *
 * What goes wrong is said on stderr, as "qmltrain: replay: ...".
 */
#ifndef QML_DAEMON_TRAINER_BLOCKFILE_H
#define QML_DAEMON_TRAINER_BLOCKFILE_H

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/segments.h"
#include "consensus/ledger/ledger.h"
#include "proto/block.h"

#define BLOCKFILE_PATH_LEN 4096

struct blockfile {
	struct disk_posix disk;
	struct segments segments;
	char beside[BLOCKFILE_PATH_LEN]; /* folder that the chain's is in */
};

#define BLOCKFILE_INIT ((struct blockfile){.disk = DISK_POSIX_INIT})

/* Of a home, or without one a chain's folder itself. A TOOL_ code. */
int blockfile_open(struct blockfile *c, const char *home, const char *chain)
    __attribute__((warn_unused_result));
/* The state at block 0, which knows of the re-foundings to come. A TOOL_
 * code. */
int blockfile_ledger(struct blockfile *c, struct ledger **out)
    __attribute__((warn_unused_result));
/* With the updates; NULL: there is none, or it is malformed. */
struct block *blockfile_block(struct blockfile *c, uint64_t height);
/* Founder or not: the seat that has this name first, along the chain. A TOOL_
 * code. */
int blockfile_seat(struct blockfile *c, const char *name, uint16_t *seat)
    __attribute__((warn_unused_result));
void blockfile_close(struct blockfile *c); /* accepts BLOCKFILE_INIT */

#endif
