/*
 * mapping.h - from strings of the Jordan-Wigner mapping to other encodings of
 * fermions in qubits.
 *
 * 2 k spin orbitals in blocks: orbital p is p with spin up, p + k with spin
 * down. Jordan-Wigner: qubit i holds the occupation of spin orbital i. Parity:
 * qubit i holds the sum modulo 2 of occupations 0 .. i, so qubits k - 1 and
 * 2 k - 1 are the parities of the electrons with spin up and of all; both are
 * fixed in a sector and left out.
 */
#ifndef QML_SIM_OBSERVABLE_MAPPING_H
#define QML_SIM_OBSERVABLE_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

enum mapping_kind {
	MAPPING_JW,
	MAPPING_PARITY /* two qubits fewer */
};

/* How many electrons of each spin fix the sector. */
struct mapping {
	enum mapping_kind kind;
	uint32_t norbitals; /* k */
	uint32_t alpha, beta;
};

/* How many bits are set. */
static inline uint32_t
mapping_ones(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) +
	    (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

struct pauli_term;

uint32_t mapping_qubits(const struct mapping *m);

/* In place; the sign joins coef. False: the string changes a parity that the
 * sector fixes, so it has no image. */
bool mapping_string(const struct mapping *m, struct pauli_term *t);

/* Of a basis state of 2 k occupations. */
uint64_t mapping_state(const struct mapping *m, uint64_t occupied);

/* The occupations of a mapped basis state; *fits: whether they have as many
 * electrons of each spin as the sector. */
uint64_t mapping_occupied(const struct mapping *m, uint64_t state, bool *fits);

#endif
