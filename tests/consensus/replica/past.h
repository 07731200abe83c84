/*
 * past.h - what the other three of four decided while we were away.
 */
#ifndef QML_TESTS_CONSENSUS_REPLICA_PAST_H
#define QML_TESTS_CONSENSUS_REPLICA_PAST_H

#include "tests/consensus/replica/site.h"

#define CHAIN_LEN 3

struct chain {
	struct hash fed;
	struct block *b[CHAIN_LEN]; /* heights 1.. */
	struct commit c[CHAIN_LEN];
};

void chain_make(const struct site *s, struct chain *x);
void chain_close(struct chain *x);

#endif
