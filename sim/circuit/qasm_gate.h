/*
 * qasm_gate.h - gates by name: the libraries', and calls with modifiers and
 * broadcasting. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_GATE_H
#define QML_SIM_CIRCUIT_QASM_GATE_H

#include "sim/circuit/qasm_value.h"

#define QASM_ANGLES_MAX 4u

/* A gate of qelib1.inc or stdgates.inc. */
struct qasm_library {
	const char *name;
	uint32_t nparams, nqubits;
	uint32_t in; /* 1: qelib1.inc as first published, 2: as it is now,
		      * 4: stdgates.inc, 8: always in 2, 16: always in 3 */
	enum program_gate gate;
	uint32_t ncontrols;
	int (*emit)(struct qasm_place at, const uint32_t *qubits,
	    const struct qasm_value *params); /* NULL: gate and ncontrols */
};

/* NULL: not there, or not included. */
const struct qasm_library *qasm_library_find(const struct qasm *r,
    uint32_t token);
/* Does the name belong to an included library, so that a program may not
 * declare it? */
bool qasm_library_owns(const struct qasm *r, uint32_t token);

int qasm_library_emit(struct qasm_place at, const struct qasm_library *g,
    const uint32_t *qubits, const struct qasm_value *params);

/* A statement that begins with a gate's name or a modifier. */
int qasm_gate_call(struct qasm *r);

/* Runs the statements of a gate's body (qasm_statement.c). */
int qasm_gate_body(struct qasm *r, uint32_t body);

#endif
