/*
 * village.h - a federation of four whose keys the target has.
 */
#ifndef QML_TESTS_FUZZ_VILLAGE_H
#define QML_TESTS_FUZZ_VILLAGE_H

#include "proto/federation.h"
#include "proto/sign.h"

#define VILLAGE_N 4
#define VILLAGE_DIM 6
#define VILLAGE_FOUNDED_MS UINT64_C(1700000000000)

struct village {
	struct federation f;
	struct hash id;
	struct sign_key *keys[VILLAGE_N]; /* by seat */
};

/* The same one always, made once. */
const struct village *village_get(void);

#endif
