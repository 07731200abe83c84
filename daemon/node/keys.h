/*
 * keys.h - node.key: the two secrets that are a node.
 *
 * An Ed25519 seed that signs votes and answers, and an X25519 secret that
 * opens links; the node id is the hash of both public keys. A text file of
 * mode 0600, made by `init` together with the vote log and never again:
 * restoring an old copy beside a newer chain would sign twice.
 */
#ifndef QML_DAEMON_NODE_KEYS_H
#define QML_DAEMON_NODE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"
#include "proto/sign.h"

#define KEYS_ERR_LEN 512

struct keys {
	struct sign_key *sign;
	uint8_t *network; /* X25519 secret [32], in guarded memory */
	struct sign_public sign_public;
	uint8_t network_public[32];
	struct hash id;
};

#define KEYS_INIT ((struct keys){0})

/* Fresh keys into a new file, durable on return. -EEXIST. */
int keys_create(const char *path) __attribute__((warn_unused_result));
/* Two-line err with the mend. -ENOENT; -EPERM: others may read it (exit 77);
 * -EINVAL: not a key file; -ENOMEM; -errno. */
int keys_load(struct keys *k, const char *path, char *err, size_t errlen)
    __attribute__((warn_unused_result));
/* Random bytes from the system, for salts and seeds. */
void keys_random(void *out, size_t len);
void keys_close(struct keys *k); /* accepts KEYS_INIT; wipes */

#endif
