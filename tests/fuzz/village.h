/*
 * village.h - a federation of four whose keys the target has.
 */
#ifndef QML_TESTS_FUZZ_VILLAGE_H
#define QML_TESTS_FUZZ_VILLAGE_H

#include "tests/consensus/replica/village.h"

struct village {
	struct federation f;
	struct hash id;
	struct sign_key *keys[VILLAGE_MAX]; /* by seat */
};

/* The same one always, made once. */
const struct village *village_get(void);

#endif
