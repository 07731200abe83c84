/*
 * qasm_text.h - growing text, and what the dialects' writers share. Internal.
 */
#ifndef QML_SIM_CIRCUIT_QASM_TEXT_H
#define QML_SIM_CIRCUIT_QASM_TEXT_H

#include "sim/circuit/program_build.h"
#include "sim/circuit/qasm_write.h"

struct qasm_text {
	const struct program *p;
	const struct qasm_style *style;
	char *err; /* 128 bytes */
	char *text;
	size_t len, cap;
	int rc; /* the first failure; then everything is without effect */
};

void qasm_put(struct qasm_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void qasm_put_fail(struct qasm_text *t, int rc, const char *why);
void qasm_put_angle(struct qasm_text *t, const struct program_angle *a);

/* One gate, controls and all (qasm_write_gate.c). */
void qasm_put_gate(struct qasm_text *t, const struct program_op *op);

void qasm_put_json(struct qasm_text *t); /* qasm_write_json.c */

#endif
