/*
 * qasm_flow.h - statements of OpenQASM 3 that decide what is read next: while,
 * switch, break, continue, end; and box, delay, annotations, which change
 * nothing here. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_FLOW_H
#define QML_SIM_CIRCUIT_QASM_FLOW_H

#include "sim/circuit/qasm_value.h"

/* If such a statement begins here, reads it: 1; 0: it does not. */
int qasm_flow(struct qasm *r);

/* A loop's body once: break and continue in it are this loop's. QASM_BREAK is
 * left in r->leave for the caller. */
int qasm_loop_body(struct qasm *r);

#endif
