/*
 * baseline.h - what a classical model makes of the same rows: the honest
 * yardstick that the demo prints beside the federation's accuracy.
 */
#ifndef QML_SIM_LEARN_BASELINE_H
#define QML_SIM_LEARN_BASELINE_H

#include <stddef.h>
#include <stdint.h>

struct dataset;

struct baseline {
	uint64_t correct; /* of the test rows */
	uint64_t rows;
	double train_loss;
};

/* Always guesses the most frequent class of *train (ties: the lower). */
int baseline_majority(const struct dataset *train, const struct dataset *test,
    size_t nclasses, struct baseline *out);

/* Softmax regression on all of *train until it has converged; rows scaled to
 * [0, 1]. -EINVAL, -ENOMEM. */
int baseline_logistic(const struct dataset *train, const struct dataset *test,
    size_t nclasses, struct baseline *out);

#endif
