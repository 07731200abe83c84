/*
 * vqc.h - the variational quantum classifier: encoding, ansatz, all <Z_i> and
 * <Z_i Z_j>, a linear head. See task.h for the order of parameters.
 */
#ifndef QML_SIM_LEARN_VQC_H
#define QML_SIM_LEARN_VQC_H

struct task_ops;

extern const struct task_ops vqc_ops;

#endif
