/*
 * qpca.h - the data's density matrix as a federated mean, its components by
 * the fixed-order eigensolver, and the projection of rows before another task.
 *
 * Model vector: the upper triangle of M = mean of x x^T by rows (0,0), (0,1),
 * .., (1,1), .., Q24; no period; M_0 is zero. An update is the local mean less
 * the model, each coordinate rounded once (ties to even). The mean of updates
 * weighted by rows is M of the pooled rows but for rounding: a coordinate of
 * the aggregate is off by half a unit of 2^-24 for the update and half for the
 * mean. rho = M / trace M. Not Byzantine-robust: one member moves a mean.
 *
 * Stage use (`qpca(k) -> vqc`): once the segment is frozen,
 *	qpca_projector_init(&p, spec, nfeatures, frozen);
 *	qpca_project(&p, &scaled_rows, &out);      out has k features in [0, 1]
 * and the next task sees nfeatures = spec->components. The same bits on every
 * CPU and compiler. No speed-up over classical PCA is claimed.
 */
#ifndef QML_SIM_LEARN_QPCA_H
#define QML_SIM_LEARN_QPCA_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/jacobi.h"

#define QPCA_MAX_FEATURES JACOBI_MAX
#define QPCA_MIN_ROWS 32 /* default */
#define QPCA_SEED_BYTES 32

/* How a row scaled to [0, 1] becomes x, |x| <= 1. */
enum qpca_rows {
	QPCA_BALL, /* (x - mean) / radius; longer than 1: shrunk to 1 */
	QPCA_UNIT  /* (x - mean) / its length, the amplitudes of a state:
		    * trace M = 1; a row of zeros stays zero */
};

/* Public; part of struct task_spec. Copied by task_init(). */
struct qpca_spec {
	uint32_t components; /* k, 1 .. nfeatures */
	uint32_t min_rows;   /* a site with fewer refuses; >= 1 */
	enum qpca_rows rows;
	const double *means; /* agreed, of the scaled features; NULL: zero */
	/* Of the ball; 0: that of the box [0, 1]^d seen from the means, so
	 * that no row is shrunk. */
	double radius;
	/* Standard deviation of the discrete Gaussian added to each coordinate,
	 * in units of 2^-24 (gaussian.h), at most QPCA_NOISE_MAX; 0: none. The
	 * seed it is drawn from (the job's train_hyper) must then be private.
	 * A row moves the local mean of n rows by at most 2^24 sqrt(2) / n in
	 * the Euclidean norm. */
	uint32_t noise;
	/* Components are clipped to +- spread x sqrt(their eigenvalue of M) and
	 * mapped to [0, 1]; 0: to +- 1, what no row leaves. Public either way:
	 * M is on the chain. */
	double spread;
};

#define QPCA_NOISE_MAX (UINT32_C(1) << 20)

/* 2 components, not centred, QPCA_MIN_ROWS, ball, no noise, spread 3. */
void qpca_spec_default(struct qpca_spec *s);

/* NULL if fine for so many features, else a sentence without a full stop. */
const char *qpca_spec_check(const struct qpca_spec *s, uint32_t nfeatures);

/* Coordinates of the model vector: d (d + 1) / 2. */
size_t qpca_size(uint32_t nfeatures);

struct dataset;

/* The local mean in Q24, with the spec's noise from seed[QPCA_SEED_BYTES]
 * (may be NULL without noise). -ENODATA: fewer than min_rows; -EDOM: a value
 * is not finite; -EINVAL, -ENOMEM. */
int qpca_moment(const struct qpca_spec *s, const struct dataset *rows,
    const uint8_t *seed, int64_t *moment);

struct qpca_projector {
	struct qpca_spec spec; /* means are a copy, owned */
	uint32_t nfeatures;
	double *means;   /* or NULL */
	double *values;  /* nfeatures eigenvalues of M, descending */
	double *vectors; /* rows: unit eigenvectors, largest part positive */
	double *reach;   /* components: half the width that becomes [0, 1] */
};

#define QPCA_PROJECTOR_INIT                                                   \
	{                                                                     \
		.values = NULL, .vectors = NULL, .reach = NULL, .means = NULL \
	}

/* From the frozen segment moment[qpca_size()]. Copies. -EINVAL, -EDOM, -ENOMEM.
 */
int qpca_projector_init(struct qpca_projector *p, const struct qpca_spec *s,
    uint32_t nfeatures, const int64_t *moment);

void qpca_projector_close(struct qpca_projector *p);

/* Makes *out (DATASET_INIT) of in's rows: components features in [0, 1] and
 * the labels. -EINVAL: in->d is not nfeatures; -ENOMEM. */
int qpca_project(const struct qpca_projector *p, const struct dataset *in,
    struct dataset *out);

/* The share of the rows' squared length that the components hold, 0 .. 1 (no
 * length at all: 0). */
int qpca_captured(const struct qpca_projector *p, const struct dataset *rows,
    double *share);

struct task_ops;

extern const struct task_ops qpca_ops;

#endif
