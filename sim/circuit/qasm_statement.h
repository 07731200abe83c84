/*
 * qasm_statement.h - statements; declarations in qasm_declare.c. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_STATEMENT_H
#define QML_SIM_CIRCUIT_QASM_STATEMENT_H

#include "sim/circuit/qasm_value.h"

int qasm_statement(struct qasm *r);

/* Past the next statement, or a block in braces, without reading it. */
int qasm_skip(struct qasm *r);

/* A block in braces, or one statement, in a scope of its own; what is left of
 * it after break, continue or end is passed over. */
int qasm_body(struct qasm *r);

/* If a declaration begins here, reads it: 1; 0: it does not. */
int qasm_declaration(struct qasm *r);

/* Whether the token begins the name of a classical type. */
bool qasm_is_type(const struct qasm *r);

/* name = or name[..] = of classical bits or of a value. */
int qasm_assignment(struct qasm *r);

/* measure q, without what follows; into bits, or nowhere (bits.n 0). */
struct qasm_list;
int qasm_measure(struct qasm *r, const struct qasm_list *bits);

#endif
