/*
 * grown.h - a chain whose members voted others in, in a disk's chain/.
 */
#ifndef QML_TESTS_CONSENSUS_CHAIN_GROWN_H
#define QML_TESTS_CONSENSUS_CHAIN_GROWN_H

#include "simdisk.h"
#include "tests/consensus/ledger/fixture.h"

/* So many founders, then so many who came by the founders' votes. poll_end
 * closes the town. */
void grown_make(struct simdisk *d, struct town *t, uint16_t founders,
    uint16_t more);

#endif
