/*
 * fakesign.h - which signatures the simulated federation uses.
 *
 * tests/cluster supplies the functions of proto/sign.h itself, so that the
 * linker never takes sign.o. Most seeds run on a keyed hash that anybody who
 * reads this file can forge: it only has to tell right from wrong bytes, and
 * costs about 1 us instead of 100. The rest run on Ed25519 as the daemon does,
 * and on its hash too (fakehash.c).
 */
#ifndef QML_TESTS_CLUSTER_FAKESIGN_H
#define QML_TESTS_CLUSTER_FAKESIGN_H

#include <stdbool.h>
#include <stdint.h>

/* Before the first key of a world is made. */
void fakesign_use_ed25519(bool yes);
bool fakesign_is_real(void);

/* What was asked for so far, whatever it took here. */
extern struct fakesign_work {
	uint64_t signs, verifies, bytes; /* bytes: hashed, whole blocks */
} fakesign_work;

#endif
