/*
 * qasm_modify.h - ctrl, inv and pow, done to the ops from start to the end of
 * the program: what a gate left there. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_MODIFY_H
#define QML_SIM_CIRCUIT_QASM_MODIFY_H

#include "sim/circuit/qasm_value.h"

struct qasm_controls {
	const uint32_t *qubits;
	uint32_t n;
	bool when; /* all 1, or all 0 */
};

int qasm_control(struct qasm_place at, uint32_t start,
    const struct qasm_controls *c);
int qasm_invert(struct qasm_place at, uint32_t start);
int qasm_power(struct qasm_place at, uint32_t start, double power);

/* Appends a gate with constant or symbolic angles. */
int qasm_emit(struct qasm_place at, const struct program_op *op,
    const uint32_t *qubits, const struct qasm_value *angles);

#endif
