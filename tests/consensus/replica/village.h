/*
 * village.h - a small federation whose keys tests and fuzz targets have.
 *
 * A linear job of six numbers, the mean, nothing that a test does not need.
 */
#ifndef QML_TESTS_CONSENSUS_REPLICA_VILLAGE_H
#define QML_TESTS_CONSENSUS_REPLICA_VILLAGE_H

#include "proto/federation.h"
#include "proto/sign.h"

#define VILLAGE_N 4 /* of the fuzz targets */
#define VILLAGE_MAX 7
#define VILLAGE_DIM 6
#define VILLAGE_FOUNDED_MS UINT64_C(1700000000000)

/* n <= VILLAGE_MAX members; the same one always, its bytes are in the corpus.
 * keys by seat; both are the caller's to free. After sign_setup. */
void village_found(struct federation *f, uint16_t n,
    struct sign_key *keys[static VILLAGE_MAX]);

#endif
