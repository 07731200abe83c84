/*
 * asset.h - the data asset: a salted Merkle root over the rows.
 *
 * What a member commits to without showing it. salt_i = H("qml.rowsalt",
 * salt || i as u64), leaf_i = H("qml.row", salt_i || each feature as the u64
 * of its IEEE double || class as u16), all big-endian, the rows as in the
 * file and not scaled; the root is proto/merkle.h's over the leaves. Without
 * the salt nobody can guess a row from its leaf; with one row's salt_i that
 * row can be shown and no other. Pure.
 */
#ifndef QML_DAEMON_TRAINER_ASSET_H
#define QML_DAEMON_TRAINER_ASSET_H

#include <stdint.h>

#include "proto/hash.h"
#include "sim/learn/dataset.h"

#define ASSET_SALT_LEN 32

struct hash asset_root(const struct dataset *rows,
    const uint8_t salt[static ASSET_SALT_LEN]);

#endif
