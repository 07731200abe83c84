/*
 * check_store.h - what lies on disk, looked at as `run` would, and unchanged.
 */
#ifndef QML_DAEMON_CLI_CHECK_STORE_H
#define QML_DAEMON_CLI_CHECK_STORE_H

#include <stddef.h>

#include "daemon/cli/prepare.h"

#define CHECK_STORE_TEXT_LEN 192

struct statvfs;

/* All return an exit code: CLI_OK with what was found in text, or they have
 * said on stderr what is wrong. Keys and federation must be prepared. */
int check_store_votes(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN]);
/* Checksums, order, and that the chain is this federation's; not the votes
 * in it, that is audit's. Reads the whole chain. */
int check_store_chain(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN]);
/* Do we have the rules of the block behind the last one? *until: the last
 * block before others that were voted for and are not known here; 0: there
 * are none. The state is made as run makes it. */
int check_store_rules(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN], uint64_t *until);
/* Is there room to write what the node signs nothing without? Quotas are not
 * seen. */
int check_store_room(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN]);
/* Of a disk that is like this, for so many bytes. -ENOSPC: what is short is
 * in text. */
int check_store_fits(const struct statvfs *v, uint64_t want,
    char text[static CHECK_STORE_TEXT_LEN]);
/* The sums of its pages; a damaged index is no error, for run makes another. */
int check_store_index(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN]);

#endif
