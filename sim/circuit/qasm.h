/*
 * qasm.h - OpenQASM 2 and 3 into a struct program.
 *
 * Everything a machine without a clock can honour is read; what is not is
 * refused with its place and name. Classical values known before the program
 * runs (constants, loop variables, integers) are computed while reading;
 * classical bits become conditions. Bounded: len, steps_max and bytes_max hold
 * for any input.
 */
#ifndef QML_SIM_CIRCUIT_QASM_H
#define QML_SIM_CIRCUIT_QASM_H

#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/program.h"

#define QASM_TEXT_BYTES_MAX (64u << 20)
#define QASM_DEPTH_MAX 100 /* nesting of anything */

struct qasm_set {
	const char *name; /* of an input */
	double value;
};

struct qasm_options {
	const struct qasm_set *sets; /* values of inputs */
	size_t nsets;
	uint64_t steps_max; /* 0: 100 million; one is about 50 ns */
	size_t bytes_max;   /* 0: 1 GiB; the program included */
};

struct qasm_error {
	uint32_t line, column; /* from 1; column counts bytes */
	char text[200];        /* one sentence, no full stop */
};

/*
 * p: PROGRAM_INIT, closed on failure. options may be NULL. -EINVAL: refused,
 * *error says where and why; -ENOMEM: no memory, or a limit was reached
 * (*error likewise); -ENOENT: a set names no input.
 *
 * Inputs of type float or angle that are not set stay symbols, and may occur
 * as affine forms only; int, uint and bool inputs must be set.
 */
int qasm_read(struct program *p, const char *text, size_t len,
    const struct qasm_options *options, struct qasm_error *error);

#endif
