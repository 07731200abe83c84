/*
 * oracle.h - what a decided block must look like, worked out a second time.
 *
 * The ledger of consensus/ is checked here by other means: plain counting, one
 * division, every signature. Nothing of it is shared but the encodings.
 */
#ifndef QML_TESTS_CLUSTER_ORACLE_H
#define QML_TESTS_CLUSTER_ORACLE_H

#include "proto/block.h"

struct world;

/* Once per height, in order, when the first node applies it (I2, I12). */
void oracle_block(struct world *w, const struct block *b);

#endif
