/*
 * shards.h - public validation rows, dealt into sealed shards at the founding.
 *
 * Row i of a CSV goes to shard i mod n, so that a file sorted by class gives
 * shards of all classes. Each file is the body of the transaction that will
 * show it (consensus/books/shard.h): its place in the name, 0007.shard, a
 * random salt inside. Whoever is to show them has the folder as HOME/shards;
 * nobody else may see them before.
 */
#ifndef QML_DAEMON_CLI_SHARDS_H
#define QML_DAEMON_CLI_SHARDS_H

#include <stdint.h>

#include "proto/hash.h"

#define SHARDS_MAX 4096
#define SHARDS_ERR_LEN 512

/* Creates dir and its files; *root is what the federation commits to. -EEXIST:
 * dir is there; -EINVAL, -ENOMEM, -errno, all said in err. */
int shards_make(const char *csv, uint32_t n, const char *dir, struct hash *root,
    char err[static SHARDS_ERR_LEN]) __attribute__((warn_unused_result));

#endif
