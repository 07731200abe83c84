/*
 * qsvm.h - the federated quantum-kernel machine: linear weights over public
 * landmarks in the quantum kernel's feature space (landmark.h), one output
 * a class, trained by gradient steps (hinge or squared loss) and aggregated
 * like any other update.
 *
 * Kernel entries between sites' rows are never computed: a site needs its own
 * rows and the public landmarks. Model vector: nclasses x (m + 1) weights, each
 * class's bias last, no period. The local baseline is svm.h; with the hinge
 * loss its C on n rows is l2 = head_scale^2 / (C n) here.
 *
 * With shots each entry between a row and a landmark is estimated from so many
 * runs, drawn once a call from the call's seed; a noise model is -ENOTSUP. The
 * root enlarges their errors by up to 1 / sqrt(ridge): with shots take a ridge
 * of about 1 / sqrt(shots).
 */
#ifndef QML_SIM_LEARN_QSVM_H
#define QML_SIM_LEARN_QSVM_H

#include <stdint.h>

#include "sim/learn/landmark.h"

#define QSVM_SEED_BYTES 32

/* Public; part of struct task_spec. Copied by task_init(). */
struct qsvm_spec {
	enum landmark_kind map;
	uint32_t reps; /* 1 .. QKERNEL_MAX_REPS */
	/* Features come in [0, 1]; radians of 1, and of each feature if not
	 * NULL (kernel alignment chooses them: qsvm_align.h). */
	double scale;
	const double *scales; /* [nfeatures] */
	uint32_t nlandmarks;  /* m, 1 .. LANDMARK_MAX */
	/* In [0, 1], [nlandmarks * nfeatures]; NULL: landmark_draw(seed). */
	const double *landmarks;
	uint8_t seed[QSVM_SEED_BYTES];
	double ridge; /* landmark_init(); 0 means QSVM_RIDGE */
};

#define QSVM_RIDGE 0x1p-20

/*
 * zz, 2 repetitions, scale 1/2, 64 landmarks. Landmarks stand for the kernel
 * only where there are enough: a map of n features has up to 4^n dimensions
 * (ry: 3^n), fewer that matter when the scale is small. Iris, 5 splits: zz of
 * scale 1 loses 12 points to the local machine with 64 landmarks and 4 with
 * 128, of scale 1/2 one point with 64.
 */
void qsvm_spec_default(struct qsvm_spec *s);

/* NULL if fine for so many features, else a sentence without a full stop. */
const char *qsvm_spec_check(const struct qsvm_spec *s, uint32_t nfeatures);

struct task_ops;

extern const struct task_ops qsvm_ops;

#endif
