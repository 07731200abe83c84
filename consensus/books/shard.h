/*
 * shard.h - public rows that tell what updates are worth, shown when used.
 *
 * At the founding only a Merkle root over the shards is known; each lies sealed
 * with one or more sponsors. After a round has closed, and not before, its
 * shard is shown in a transaction with its path to the root: then everybody
 * has it, and nobody could train on it. The first SHARD_SALT_LEN bytes are
 * random, or rows of a known table could be guessed; CSV follows. A shard's
 * file at a sponsor is the body of that transaction. Pure.
 */
#ifndef QML_CONSENSUS_BOOKS_SHARD_H
#define QML_CONSENSUS_BOOKS_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"

#define SHARD_SALT_LEN 32
#define SHARD_BYTES_MAX (90u << 10) /* with the salt */
#define SHARD_DEPTH_MAX 20
#define SHARD_COUNT_MAX (1u << SHARD_DEPTH_MAX)

struct body_shard {
	uint32_t index; /* from 0 */
	uint8_t npath;
	struct hash path[SHARD_DEPTH_MAX];
	uint32_t len;
	const uint8_t *data; /* salt and rows; borrowed from the body */
};

void body_shard_put(struct bytes_writer *w, const struct body_shard *b);
void body_shard_get(struct bytes_reader *r, struct body_shard *out);

/* What the tree is over. */
struct hash shard_leaf(const uint8_t *data, size_t len);
/* Is it the one at its place under this root of n? */
bool shard_verify(const struct body_shard *b, uint32_t n,
    const struct hash *root);

#endif
