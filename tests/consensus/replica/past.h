/*
 * past.h - what the other three of four decided while we were away.
 */
#ifndef QML_TESTS_CONSENSUS_REPLICA_PAST_H
#define QML_TESTS_CONSENSUS_REPLICA_PAST_H

#include "tests/consensus/replica/site.h"

#define CHAIN_LEN 3
#define CHAIN_LARGE 15 /* transactions of 60 KB in a large second block */

struct chain {
	struct hash fed;
	struct block *b[CHAIN_LEN]; /* heights 1.. */
	struct commit c[CHAIN_LEN];
};

void chain_make(const struct site *s, struct chain *x);
void chain_make_large(const struct site *s, struct chain *x);
void chain_close(struct chain *x);

/* We start, and the other three are there. */
void chain_meet(struct site *s);
/* Says that it has so many blocks. */
void chain_claim(struct site *s, uint16_t from, uint64_t head);
void chain_give(struct site *s, uint16_t from, const struct chain *x,
    unsigned k);
/* Whom we asked for blocks in the last step; 0: nobody. */
uint16_t chain_asked(const struct site *s);
/* All three are CHAIN_LEN blocks ahead of us: whom we asked. */
uint16_t chain_behind(struct site *s, struct chain *x,
    void (*how)(const struct site *s, struct chain *x));

#endif
