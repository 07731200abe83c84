/*
 * chairs.h - who sits where, by means that know nothing of consensus/: a table
 * of chairs, and what a wish makes of it.
 *
 * Keys, names and addresses are small numbers.
 */
#ifndef QML_TESTS_CONSENSUS_LEDGER_CHAIRS_H
#define QML_TESTS_CONSENSUS_LEDGER_CHAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ledger/seats.h"
#include "tests/consensus/ledger/poll.h"

#define CHAIRS TOWN_MAX /* the town has no room for more */
#define CHAIRS_KEYS 16  /* of both kinds; the founders' come first */
#define CHAIRS_NOBODY 255

struct chair {
	enum seat_state state;
	uint8_t sign, network, name, address; /* CHAIRS_NOBODY: no address */
	uint8_t first[2];                     /* keys it was given with */
	uint32_t power;
	bool turned; /* got other keys in this block */
};

struct chairs {
	unsigned n;
	struct chair at[CHAIRS];
	bool spent[2][CHAIRS_KEYS]; /* sign, network: were a member's */
};

struct chairs_wish {
	enum payload_member_op op;
	uint8_t seat; /* whose first keys it names */
	uint8_t sign, network, name, address;
	uint32_t power;
};

/* Has a member but this one (CHAIRS: none) the name or the address? */
bool chairs_taken(const struct chairs *t, const struct chairs_wish *x,
    unsigned but);
/* Whose network key it is; t->n: nobody's. */
unsigned chairs_candidate(const struct chairs *t, uint8_t network);
void chairs_place(struct chairs *t, const struct chairs_wish *x,
    enum seat_state state);
/* After what was done in the block, *moved and *t, if it can be done. */
bool chairs_do(struct chairs *t, const struct chairs *before,
    const struct chairs_wish *x, uint64_t *moved);
/* Other keys, as a wish. */
struct chairs_wish chairs_rotation(uint8_t seat, uint8_t sign, uint8_t network);
/* Did more than a third of the power that votes say yes? */
bool chairs_backed(const struct motion *m, const struct chairs *voting);

#endif
