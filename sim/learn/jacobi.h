/*
 * jacobi.h - eigenvalues and eigenvectors of symmetric matrices by Jacobi's
 * rotations in one fixed order: rows from the top, columns from the left.
 *
 * +, -, *, / and sqrt only, every sum in one order, so the same bits on every
 * CPU and compiler. For what feeds an update; LAPACK (linalg.h) is the check.
 */
#ifndef QML_SIM_LEARN_JACOBI_H
#define QML_SIM_LEARN_JACOBI_H

#include <stddef.h>

#define JACOBI_MAX 256

/*
 * a[n * n], of which the upper triangle is read. values[n] descend; row i of
 * vectors[n * n] is the unit eigenvector of values[i], its largest component
 * positive (of equals the first). vectors may be NULL. n = 256: a third of a
 * second. -EINVAL: n is 0 or above JACOBI_MAX; -EDOM: a number is not finite,
 * or it did not converge; -ENOMEM.
 */
int jacobi_eigen(const double *a, size_t n, double *values, double *vectors);

/* Sorts values down, vectors (rows of n, or NULL) with them, equals in their
 * order, and turns each vector's largest component positive. */
int jacobi_order(size_t n, double *values, double *vectors);

#endif
