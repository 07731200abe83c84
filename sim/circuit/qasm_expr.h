/*
 * qasm_expr.h - expressions, indices and operands from the tokens. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_EXPR_H
#define QML_SIM_CIRCUIT_QASM_EXPR_H

#include "sim/circuit/qasm_value.h"

/* Which elements of a register: in the arena. */
struct qasm_list {
	uint32_t *items;
	uint32_t n;
	bool single; /* one element named as such: broadcasts */
};

int qasm_expr(struct qasm *r, struct qasm_value *out);

/* An expression that is a known integer. */
int qasm_expr_int(struct qasm *r, int64_t *out);

/* a : b or a : step : b, after the bracket; ends are inclusive. */
struct qasm_range {
	int64_t first, step, last;
	bool one; /* only an expression: first */
};
/* size: of the register, for what is left out; -1: nothing may be. */
int qasm_range(struct qasm *r, int64_t size, struct qasm_range *out);

/* [...] after a register, if there is one. all: its elements. */
int qasm_subscript(struct qasm *r, const struct qasm_list *all,
    struct qasm_list *out);

/* A register, alias, gate parameter or part of one; ++ joins several. */
int qasm_qubits(struct qasm *r, struct qasm_list *out);
int qasm_bits(struct qasm *r, struct qasm_list *out);

/* [expr] after a type, if there is one; else *out = otherwise. */
int qasm_width(struct qasm *r, int64_t otherwise, int64_t *out);

#endif
