/*
 * linalg.h - LAPACK, the check of our own eigensolver (jacobi.h). Its bits
 * depend on the CPU and on threads, so nothing here may feed an update; only
 * commands that print for a person, and tests, call it.
 */
#ifndef QML_SIM_LEARN_LINALG_H
#define QML_SIM_LEARN_LINALG_H

#include <stddef.h>

/* The same contract as jacobi_eigen(), n up to 4096. -EINVAL, -EDOM, -ENOMEM.
 */
int linalg_eigen(const double *a, size_t n, double *values, double *vectors);

/* Hermitian a[n * n] of re, im pairs, of which the upper triangle is read;
 * values[n] ascend. -EINVAL, -EDOM, -ENOMEM. */
int linalg_eigen_hermitian(const double *a, size_t n, double *values);

#endif
