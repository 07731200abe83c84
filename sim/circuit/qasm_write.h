/*
 * qasm_write.h - a program as OpenQASM 3, OpenQASM 2 or JSON.
 *
 * One register q of all qubits, q[0] the least significant bit of a basis
 * state's index; classical registers keep their names where a reader allows
 * them. Global phases are left out. Plain gates of stdgates.inc or qelib1.inc;
 * controls that are to be 0 stand between two x. OpenQASM 3 uses ctrl @ where
 * the library has no gate; OpenQASM 2 gets the same from smaller gates.
 */
#ifndef QML_SIM_CIRCUIT_QASM_WRITE_H
#define QML_SIM_CIRCUIT_QASM_WRITE_H

#include <stdbool.h>

#include "sim/circuit/program.h"

enum qasm_dialect { QASM_DIALECT_2, QASM_DIALECT_3, QASM_DIALECT_JSON };

struct qasm_style {
	enum qasm_dialect dialect;
	/* Inputs by name; else their values, with 17 digits. OpenQASM 2 knows
	 * values only. */
	bool symbolic;
};

/* *text is the caller's to free. -ENOTSUP, with a sentence in err: a matrix
 * (in OpenQASM), conditions or more than 4 controls on an x (in OpenQASM 2),
 * a linearised angle as a symbol, an input without value as a number.
 * -ENOMEM. */
int qasm_write(const struct program *p, const struct qasm_style *style,
    char **text, char err[static 128]);

#endif
