/*
 * fuzz_vqc_circuit.c - a user's circuit and list of Pauli strings, as a job may
 * carry them: what is accepted compiles to the shape it was said to have.
 *
 * Input: the list, a line feed, the circuit.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/task.h"
#include "sim/learn/vqc_circuit.h"

#define QUBITS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
compile(struct task_spec *spec, const struct vqc_shape *shape)
{
	struct task t;
	int rc;

	spec->nqubits = shape->nqubits;
	spec->nfeatures = shape->nfeatures + 1;
	rc = task_init(&t, spec);
	assert(rc == 0 || rc == -EINVAL || rc == -ENOMEM);
	if (rc < 0) {
		assert(t.ops == NULL);
		spec->readout = TASK_Z;
		assert(rc == -ENOMEM || task_init(&t, spec) == 0);
	}
	if (t.ops != NULL)
		assert(t.nangles == shape->nangles && t.nobs > 0);
	task_close(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct task_spec spec = {.name = "vqc",
	    .nclasses = 2,
	    .encoding = TASK_ENC_NONE,
	    .ansatz = TASK_QASM,
	    .readout = TASK_PAULIS,
	    .head_scale = 1.0};
	const uint8_t *cut = len > 0 ? memchr(data, '\n', len) : NULL;
	size_t n = cut != NULL ? (size_t)(cut - data) : 0;
	char *paulis = calloc(n + 1, 1), err[256];
	struct vqc_shape shape;
	int rc;

	if (paulis == NULL)
		return 0;
	if (cut != NULL)
		memcpy(paulis, data, n);
	spec.paulis = paulis;
	spec.qasm = cut != NULL ? (const char *)cut + 1 : "";
	spec.qasm_len = cut != NULL ? len - n - 1 : 0;
	rc = vqc_qasm_shape(spec.qasm, spec.qasm_len, &shape, err);
	assert(rc == 0 || rc == -EINVAL || rc == -ENOMEM);
	assert(rc != -EINVAL || err[0] != '\0');
	if (rc == 0 && shape.nqubits <= QUBITS_MAX && n <= TASK_MAX_PAULIS &&
	    shape.nfeatures < TASK_MAX_FEATURES)
		compile(&spec, &shape);
	free(paulis);
	return 0;
}
