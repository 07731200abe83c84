/*
 * svm.h - support vector machines on a precomputed kernel, by libsvm: the local
 * baseline that a federated qsvm is measured against. For analysis only:
 * nothing here feeds an update.
 *
 * One machine a pair of classes a < b, in the order (0,1), (0,2), .., (1,2),
 * ..; a positive decision speaks for b.
 */
#ifndef QML_SIM_LEARN_SVM_H
#define QML_SIM_LEARN_SVM_H

#include <stddef.h>
#include <stdint.h>

#define SVM_MAX_ROWS 20000

/* Rows to learn from. */
struct svm_rows {
	const double *kernel; /* n * n, symmetric */
	const int32_t *labels;
	size_t n;
	size_t nclasses; /* >= 2 */
};

struct svm_pair {
	double *coef;       /* n: alpha_i, negative for class a; 0 elsewhere */
	double bias;        /* added to the decision */
	double objective;   /* sum alpha - 1/2 alpha y K y alpha, maximised */
	size_t nsupport;    /* rows with alpha > 0 */
	int32_t low, high;  /* classes a, b */
	size_t nlow, nhigh; /* their rows; a pair that lacks one says the
			     * other, and of none the lower */
};

struct svm {
	size_t n, npairs, nclasses;
	struct svm_pair *pairs;
};

#define SVM_INIT                           \
	{                                  \
		.npairs = 0, .pairs = NULL \
	}

/* Box constraint c > 0; stops at a violation of the conditions below eps > 0.
 * Memory: 16 B x (rows of two classes)^2. -EINVAL: sizes, labels, c, eps;
 * -EDOM: the kernel is not finite; -ENOMEM. */
int svm_fit(struct svm *s, const struct svm_rows *rows, double c, double eps);

void svm_close(struct svm *s);

/* k[n]: the kernel between a new row and those learnt from. */
double svm_decide(const struct svm *s, size_t pair, const double *k);

/* The class with the most pairs on its side; of equals the lowest. */
int32_t svm_guess(const struct svm *s, const double *k);

/* Rows that support any of the pairs. */
size_t svm_support(const struct svm *s);

#endif
