/*
 * fuzz_qasm.c - the OpenQASM reader: no crash, no more memory than allowed;
 * what it accepts can be written and read again. A long run is libFuzzer's to
 * find: how fast the machine is, is no test.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/qasm.h"
#include "sim/circuit/qasm_write.h"

#define STEPS_MAX 100000
#define BYTES_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_program(const struct program *p)
{
	uint32_t i, k;

	assert(p->bytes <= BYTES_MAX);
	for (i = 0; i < p->nops; i++) {
		const struct program_op *op = &p->ops[i];
		double m[2u << 2 * PROGRAM_MAX_TARGETS];

		assert(op->wire0 + op->ncontrols + op->ntargets <= p->nwires);
		for (k = 0; k < op->ncontrols + op->ntargets; k++)
			assert(p->wires[op->wire0 + k] < p->nqubits);
		if (op->kind == PROGRAM_GATE)
			program_matrix(p, op, m);
		if (op->kind == PROGRAM_JUMP || op->kind == PROGRAM_JUMP_UNLESS)
			assert(op->jump > i && op->jump <= p->nops);
	}
}

static void
write_and_read(const struct program *p, enum qasm_dialect dialect)
{
	struct qasm_style style = {.dialect = dialect};
	struct qasm_options o = {.steps_max = 100 * STEPS_MAX,
	    .bytes_max = 16 * BYTES_MAX};
	struct program again = PROGRAM_INIT;
	struct qasm_error e;
	char err[128], *text;

	if (qasm_write(p, &style, &text, err) < 0) {
		assert(err[0] != '\0');
		return;
	}
	if (dialect != QASM_DIALECT_JSON) {
		assert(qasm_read(&again, text, strlen(text), &o, &e) == 0);
		assert(again.nqubits == p->nqubits && again.nbits == p->nbits);
	}
	program_close(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct qasm_options o = {.steps_max = STEPS_MAX,
	    .bytes_max = BYTES_MAX};
	struct program p = PROGRAM_INIT;
	struct qasm_error e;
	int rc = qasm_read(&p, (const char *)data, len, &o, &e);

	if (rc < 0) {
		assert(rc == -EINVAL || rc == -ENOMEM);
		assert(e.text[0] != '\0' && e.line > 0 && e.column > 0);
		assert(p.ops == NULL);
		return 0;
	}
	check_program(&p);
	if (p.nops < 5000 && p.nqubits > 0) {
		write_and_read(&p, QASM_DIALECT_3);
		write_and_read(&p, QASM_DIALECT_2);
		write_and_read(&p, QASM_DIALECT_JSON);
	}
	program_close(&p);
	return 0;
}
