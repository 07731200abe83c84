/*
 * seen.h - signatures that verified, so that nobody verifies them twice.
 *
 * A bounded set of keys over (kind, digest, public key, signature): only
 * successes are kept, the oldest of a bucket goes first. What is in it changes
 * how long a verdict takes, never the verdict. One thread.
 */
#ifndef QML_CONSENSUS_LEDGER_SEEN_H
#define QML_CONSENSUS_LEDGER_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/hash.h"
#include "proto/sign.h"

#define SEEN_WAYS 4
#define SEEN_BUCKETS 1024 /* power of two; 128 KiB in all */

enum seen_kind { SEEN_ANSWER, SEEN_ATTEST, SEEN_VOTE, SEEN_PROPOSAL, SEEN_TX };

struct seen {
	struct hash keys[SEEN_BUCKETS]
			[SEEN_WAYS]; /* newest first; zero: none */
};

struct hash seen_key(enum seen_kind kind, const struct hash *digest,
    const struct sign_public *pk, const struct signature *sig);
bool seen_has(const struct seen *s, const struct hash *key);
void seen_add(struct seen *s, const struct hash *key);

#endif
