/*
 * qasm_logic.h - integers known while reading, and bits known while running.
 * Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_LOGIC_H
#define QML_SIM_CIRCUIT_QASM_LOGIC_H

#include "sim/circuit/qasm_value.h"

int qasm_binary_int(struct qasm_place at, uint32_t op,
    const struct qasm_value *a, const struct qasm_value *b,
    struct qasm_value *out);

/* One of a, b is BITS; the other may be INT. */
int qasm_binary_bits(struct qasm_place at, uint32_t op,
    const struct qasm_value *a, const struct qasm_value *b,
    struct qasm_value *out);

int qasm_not_bits(struct qasm_place at, const struct qasm_value *a,
    struct qasm_value *out);

/* BITS of that width: an integer's lowest bits; bits cut or extended. */
int qasm_widen(struct qasm_place at, struct qasm_value *v, uint32_t width);

#endif
