/*
 * pool.h - objects a node has vouched for but that no block holds yet.
 *
 * pool/a-<hex id>: an answer (answer_put). pool/b-<hex id>: the body of an
 * undecided block (block_put). pool/p-<hex id>: the prevotes of a quorum for
 * one (vote_put, one after another). pool/r-<hex id>: the votes that led to the
 * round in which the node signs, likewise. pool/e-<hex id>: evidence that waits
 * for a block (evidence_put). They are durable before the node attests, votes
 * for or rests on them. A file is an 80-byte head (kind, id, length, checksum)
 * and the bytes; what fails its checksum counts as absent and is written
 * again. One thread, the disk's.
 */
#ifndef QML_CONSENSUS_CHAIN_POOL_H
#define QML_CONSENSUS_CHAIN_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "consensus/chain/disk.h"
#include "proto/hash.h"

#define POOL_DIR "pool"
#define POOL_BYTES_MAX (64u << 20) /* of one object */

enum pool_kind {
	POOL_ANSWER = 'a',
	POOL_BLOCK = 'b',
	POOL_POLKA = 'p',
	POOL_PASSAGE = 'r',
	POOL_PROOF = 'e',
};

struct pool_item {
	enum pool_kind kind;
	struct hash id;
	const void *data; /* borrowed */
	uint32_t len;
};

struct pool {
	struct disk *disk;
	char dir[DISK_NAME_MAX];
};

/* Makes dir. */
int pool_open(struct pool *p, struct disk *d, const char *dir)
    __attribute__((warn_unused_result));

/* All durable on 0: each file is synced, then the directory once. Items that
 * are there already cost a read. On failure some may be there. */
int pool_put(struct pool *p, const struct pool_item *items, size_t nitems)
    __attribute__((warn_unused_result));
/* *data is malloc'd, the caller frees it. -ENOENT: absent or damaged. */
int pool_get(struct pool *p, enum pool_kind kind, const struct hash *id,
    uint8_t **data, uint32_t *len) __attribute__((warn_unused_result));
/* 0 also when it was not there; a crash may bring it back. */
int pool_drop(struct pool *p, enum pool_kind kind, const struct hash *id)
    __attribute__((warn_unused_result));

/* By name only: get may still find the bytes damaged. Non-zero from fn stops
 * and is returned. Do not drop from inside fn. */
typedef int pool_list_fn(void *arg, enum pool_kind kind, const struct hash *id);
int pool_list(struct pool *p, pool_list_fn *fn, void *arg)
    __attribute__((warn_unused_result));

#endif
