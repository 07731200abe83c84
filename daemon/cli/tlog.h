/*
 * tlog.h - the chain as a transparency log that tools of others can read.
 *
 * Leaves are the canonical headers of blocks 1, 2, ...; leaf 0 is the founding
 * document. The tree is RFC 6962 over SHA-256, derived from the chain beside
 * its own history tree, which is BLAKE2b. Texts: C2SP signed-note,
 * tlog-checkpoint and tlog-proof@v1, Ed25519 (type 1).
 *
 * What a proof shows: the owner of the key vouches for a chain in which this
 * header has this place. What the header commits to (transactions, answers,
 * state) follows from its bytes. That the members decided it, the certificates
 * in the chain show, not this proof; and Ed25519 is not post-quantum.
 */
#ifndef QML_DAEMON_CLI_TLOG_H
#define QML_DAEMON_CLI_TLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/block.h"
#include "proto/federation.h"
#include "proto/sha256.h"
#include "proto/sign.h"

#define TLOG_DEPTH_MAX 64
#define TLOG_ORIGIN_LEN 96
#define TLOG_TEXT_MAX 8192 /* of a checkpoint with its signatures */

struct tlog_hash {
	uint8_t b[SHA256_LEN];
};

struct tlog {
	struct tlog_hash *leaves; /* [n], hashed as leaves, owned */
	size_t n, cap;
	char origin[TLOG_ORIGIN_LEN];
};

#define TLOG_INIT ((struct tlog){0})

void tlog_close(struct tlog *l); /* accepts TLOG_INIT */
/* Names the log and appends leaf 0. -ENOMEM. */
int tlog_found(struct tlog *l, const struct federation *f,
    const struct hash *id) __attribute__((warn_unused_result));
int tlog_append(struct tlog *l, const void *entry, size_t len)
    __attribute__((warn_unused_result));
int tlog_append_header(struct tlog *l, const struct header *h)
    __attribute__((warn_unused_result));

/* Of the first n leaves; n <= l->n. */
struct tlog_hash tlog_root(const struct tlog *l, size_t n);
/* Inclusion of leaf i among n: from its sibling to the root's child. Returns
 * the number of hashes. i < n <= l->n. */
size_t tlog_path(const struct tlog *l, size_t i, size_t n,
    struct tlog_hash out[static TLOG_DEPTH_MAX]);
/* RFC 6962 2.1.2: the first m leaves are a beginning of the first n.
 * 0 < m <= n <= l->n. */
size_t tlog_consistency(const struct tlog *l, size_t m, size_t n,
    struct tlog_hash out[static TLOG_DEPTH_MAX]);

/* A checkpoint over all leaves, signed under the log's own name. */
void tlog_put_checkpoint(FILE *f, const struct tlog *l,
    const struct sign_key *key);
/* The proof of leaf i with that checkpoint: a .tlog-proof file. */
void tlog_put_proof(FILE *f, const struct tlog *l, size_t i,
    const struct sign_key *key);
/* ORIGIN+keyid+key, what verifiers are configured with. */
void tlog_put_verifier(FILE *f, const char *origin,
    const struct sign_public *pk);

struct tlog_checkpoint {
	char origin[TLOG_ORIGIN_LEN];
	uint64_t size;
	struct tlog_hash root;
	size_t body; /* bytes that are signed */
};

/* A checkpoint's text, or a proof's that holds one: *at is where it begins.
 * -EINVAL. */
int tlog_checkpoint_get(const char *text, struct tlog_checkpoint *out,
    const char **at) __attribute__((warn_unused_result));
/* Has this key signed it, under the log's name? */
bool tlog_checkpoint_signed(const char *at, const struct tlog_checkpoint *c,
    const struct sign_public *pk);

#endif
