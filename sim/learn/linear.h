/*
 * linear.h - softmax regression on the scaled features: the control arm.
 */
#ifndef QML_SIM_LEARN_LINEAR_H
#define QML_SIM_LEARN_LINEAR_H

struct task_ops;

extern const struct task_ops linear_ops;

#endif
