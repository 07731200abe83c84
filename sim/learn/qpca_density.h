/*
 * qpca_density.h - the density matrix of rows in hand, in doubles, for
 * analysis: what `qmlsim qpca` looks at. The federation's is qpca.h.
 */
#ifndef QML_SIM_LEARN_QPCA_DENSITY_H
#define QML_SIM_LEARN_QPCA_DENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dataset;

enum qpca_density_kind {
	QPCA_COVARIANCE, /* of the centred rows, divided by its trace */
	QPCA_AMPLITUDES  /* mean of |x><x|, rows normalised, not centred */
};

struct qpca_density {
	size_t n; /* 2^nqubits >= features; the rest is zero */
	uint32_t nqubits;
	double *rho; /* n * n, symmetric, trace 1, owned */
};

#define QPCA_DENSITY_INIT   \
	{                   \
		.rho = NULL \
	}

/* standardise: columns divided by their standard deviation (population) first,
 * constant ones left; covariance only. -EINVAL: over JACOBI_MAX features, no
 * rows; -EDOM: no variance, or not finite; -ENOMEM. */
int qpca_density_init(struct qpca_density *r, const struct dataset *ds,
    enum qpca_density_kind kind, bool standardise);

void qpca_density_close(struct qpca_density *r);

/* Of a spectrum: Tr rho^2; -sum p log2 p. */
double qpca_density_purity(const double *values, size_t n);
double qpca_density_entropy(const double *values, size_t n);

#endif
