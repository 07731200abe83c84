/*
 * qasm_value.h - arithmetic on the reader's values. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_VALUE_H
#define QML_SIM_CIRCUIT_QASM_VALUE_H

#include "sim/circuit/qasm_reader.h"

/* A value on its place in the text: for sentences. */
struct qasm_place {
	struct qasm *r;
	uint32_t token;
};

struct qasm_value qasm_int(int64_t v);
struct qasm_value qasm_bool(bool v);
struct qasm_value qasm_float(double v);

/* The input's value and derivative. */
int qasm_from_input(struct qasm_place at, uint32_t input,
    struct qasm_value *out);

/* op: the code of a mark, e.g. QASM_MARK2('<', '='). */
int qasm_binary(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out);
int qasm_unary(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    struct qasm_value *out);

/* A function of n arguments by name: -ENOENT if there is none. */
int qasm_function(struct qasm_place at, const struct qasm_value *args,
    uint32_t n, struct qasm_value *out);

/* In place; what cannot be known is refused. */
int qasm_to_float(struct qasm_place at, struct qasm_value *v);
int qasm_to_int(struct qasm_place at, struct qasm_value *v);
/* INT with is_bool, or BITS of width 1 with is_bool. */
int qasm_to_bool(struct qasm_place at, struct qasm_value *v);

/* At the inputs' values; refused while one is not set. */
int qasm_known(struct qasm_place at, const struct qasm_value *v, double *out);

/* A condition of bits: one of WIDTH 1. constant conditions fold. */
int qasm_cond(struct qasm_place at, struct program_cond c, uint32_t *out);

#endif
