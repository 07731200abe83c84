/*
 * merkle.h - RFC 6962 Merkle trees over BLAKE2b.
 *
 * leaf = H("qml.leaf", x), node = H("qml.node", l || r), split at the largest
 * power of two below n; the empty tree is H("qml.empty", ""). Leaves given
 * here are the 32-byte ids; they are hashed as leaves inside. Pure.
 */
#ifndef QML_PROTO_MERKLE_H
#define QML_PROTO_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"

#define MERKLE_MAX_DEPTH 64

/* The frontier of an append-only tree: 64 hashes whatever its size. */
struct merkle {
	uint64_t size;
	struct hash full[MERKLE_MAX_DEPTH]; /* roots of full subtrees */
};

#define MERKLE_INIT ((struct merkle){0})

void merkle_append(struct merkle *m, const struct hash *leaf);
struct hash merkle_root(const struct merkle *m);
/* Root over an array in one call; n may be 0. */
struct hash merkle_root_of(const struct hash *leaves, size_t n);

/* Inclusion path of leaf i among n (RFC 6962 2.1.1): path[MERKLE_MAX_DEPTH],
 * returns its length. */
size_t merkle_path(const struct hash *leaves, size_t n, size_t i,
    struct hash *path);

struct merkle_place {
	uint64_t i;
	uint64_t n;
};

bool merkle_verify(const struct hash *leaf, struct merkle_place at,
    const struct hash *path, size_t npath, const struct hash *root);

/* RFC 6962 2.1.2: that the first m of n leaves are a beginning of all:
 * path[MERKLE_MAX_DEPTH], returns its length. 0 < m <= n. */
size_t merkle_growth(const struct hash *leaves, size_t m, size_t n,
    struct hash *path);

struct merkle_sizes {
	uint64_t m, n;
	struct hash roots[2]; /* of m and of n leaves */
};

bool merkle_grown(const struct merkle_sizes *s, const struct hash *path,
    size_t npath);

#endif
