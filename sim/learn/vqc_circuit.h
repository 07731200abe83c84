/*
 * vqc_circuit.h - the circuit that a task's description stands for, and what
 * is read of it.
 */
#ifndef QML_SIM_LEARN_VQC_CIRCUIT_H
#define QML_SIM_LEARN_VQC_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/template.h"

struct task_spec;

struct vqc_circuit {
	struct circuit circuit;
	uint32_t nangles, nscales;
	struct template_left left; /* qubits that may be read */
	uint32_t *mask;            /* nobs products of Z; owned */
	size_t nobs;
};

#define VQC_CIRCUIT_INIT                 \
	{                                \
		.circuit = CIRCUIT_INIT, \
	}

/* NULL if the circuit can be built, else why not; but for spec.qasm, which is
 * read when it is built. */
const char *vqc_circuit_check(const struct task_spec *s);

/* Of a spec that is fine. -EINVAL: the text of the circuit is refused; -ENOMEM.
 */
int vqc_circuit_init(struct vqc_circuit *v, const struct task_spec *s);
/* The layers alone, without any encoding; not of TASK_QASM. */
int vqc_circuit_init_bare(struct vqc_circuit *v, const struct task_spec *s);
void vqc_circuit_close(struct vqc_circuit *v);

/* What a circuit in OpenQASM needs, so that a job can state it. */
struct vqc_shape {
	uint32_t nqubits, nangles, nfeatures;
};

/* -EINVAL: refused, with where and why in err; -ENOMEM. */
int vqc_qasm_shape(const char *text, size_t len, struct vqc_shape *out,
    char err[static 256]);

#endif
