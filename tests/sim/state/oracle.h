/*
 * oracle.h - density matrices the slow way: a gate or channel as one dense
 * superoperator on all qubits, written from its definition. Shares nothing
 * with sim. Up to 3 qubits.
 */
#ifndef QML_TESTS_SIM_STATE_ORACLE_H
#define QML_TESTS_SIM_STATE_ORACLE_H

#include <complex.h>
#include <stdint.h>

#define ORACLE_DIM 8
#define ORACLE_SQUARE 64

struct oracle {
	uint32_t n;
	double complex rho[ORACLE_DIM][ORACLE_DIM]; /* row, column */
};

/* Kraus operators on k qubits, bit j of an index is qubits[j]: m[op][r][c]. */
struct oracle_kraus {
	uint32_t k, nops;
	uint32_t qubits[2];
	double complex m[16][4][4];
};

void oracle_init(struct oracle *o, uint32_t n);
void oracle_apply(struct oracle *o, const struct oracle_kraus *k);
/* rho -> (1 - p) rho + p Tr_Q(rho) x 1 / dim Q, by its definition. */
void oracle_mix(struct oracle *o, const uint32_t *qubits, uint32_t k, double p);
/* Tr(rho P) for a string of masks. */
double oracle_expect(const struct oracle *o, uint64_t x, uint64_t z);

#endif
