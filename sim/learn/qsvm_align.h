/*
 * qsvm_align.h - a feature map that is trained: the scale of each feature,
 * moved up the gradient of kernel-target alignment.
 *
 * A = <K, T> / (|K| |T|), T_ij = 1 where labels are equal, else -1 / (classes -
 * 1). Gradients are central differences of the kernel's own code, off by about
 * 1e-8. A site needs its own rows alone: in a federation the sites' gradients
 * (a number a feature) are averaged, and kernel entries stay where they are.
 * What comes out is a public setting of a qsvm task, not part of an update.
 */
#ifndef QML_SIM_LEARN_QSVM_ALIGN_H
#define QML_SIM_LEARN_QSVM_ALIGN_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/landmark.h"

/* Borrowed. */
struct qsvm_align_rows {
	struct landmark_rows rows;
	const int32_t *labels; /* 0 .. nclasses-1 */
	size_t nclasses;       /* >= 2 */
};

/* Of a symmetric k[n * n]; 0 if k or the target vanishes. */
double qsvm_alignment(const double *k, const int32_t *labels, size_t n,
    size_t nclasses);

/* map->scales[nfeatures] in. grad[nfeatures]. 2 nfeatures + 1 kernels.
 * -EINVAL, -ENOMEM. */
int qsvm_align_gradient(const struct landmark_map *map,
    const struct qsvm_align_rows *rows, double *value, double *grad);

struct qsvm_aligned {
	double before, after;
	uint32_t steps; /* taken: it stops where no step helps */
};

/* At most steps of gradient ascent, each with a step found by halving.
 * scales[map->nfeatures] in and out; map->scales is not looked at. */
int qsvm_align(const struct landmark_map *map,
    const struct qsvm_align_rows *rows, uint32_t steps, double *scales,
    struct qsvm_aligned *out);

#endif
