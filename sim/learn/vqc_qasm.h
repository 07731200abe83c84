/*
 * vqc_qasm.h - a user's circuit in OpenQASM 3 as a model's.
 *
 * Inputs named x0, x1, ... or x_0, x_1, ... are features, all others are
 * trained. Every gate's angle is an affine form of them. Measurements are left
 * out; a circuit with feedback is refused. An angle that appears by halves, or
 * in a controlled rotation, has period 4 pi: then the model's parameter is half
 * of it, so that all have period 2 pi.
 */
#ifndef QML_SIM_LEARN_VQC_QASM_H
#define QML_SIM_LEARN_VQC_QASM_H

struct task_spec;
struct vqc_circuit;

/* Into v->circuit, which is empty. -EINVAL: refused, or its qubits or features
 * are not the spec's; -ENOMEM. */
int vqc_qasm_build(struct vqc_circuit *v, const struct task_spec *s);

#endif
