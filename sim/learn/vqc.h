/*
 * vqc.h - the variational quantum classifier: encoding, ansatz, all <Z_i> and
 * <Z_i Z_j>, a linear head. See task.h for the order of parameters.
 */
#ifndef QML_SIM_LEARN_VQC_H
#define QML_SIM_LEARN_VQC_H

#include <stdbool.h>

struct circuit_values;
struct program;
struct task;
struct task_ops;
struct vqc_circuit;

extern const struct task_ops vqc_ops;

/* The task's, NULL if it is no vqc. */
const struct vqc_circuit *vqc_circuit_of(const struct task *t);

/* The circuit to be written out. Without features an angle encoding has inputs
 * x_i if symbols, else is left out; an amplitude encoding is always left out.
 * p: PROGRAM_INIT. -EINVAL: t has no circuit, or features are not finite;
 * -ENOMEM. */
int vqc_program(const struct task *t, const struct circuit_values *v,
    bool symbols, struct program *p);

#endif
