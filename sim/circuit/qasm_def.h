/*
 * qasm_def.h - subroutines of OpenQASM 3 that return nothing: a call reads the
 * body again with its arguments, like a gate's, but the body may measure,
 * reset and decide. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_DEF_H
#define QML_SIM_CIRCUIT_QASM_DEF_H

#include "sim/circuit/qasm_reader.h"

/* def name(qubit[2] q, float a) { .. } */
int qasm_def(struct qasm *r);

/* name(q, 0.3); of a symbol that is QASM_SYMBOL_DEF. */
int qasm_def_call(struct qasm *r);

#endif
