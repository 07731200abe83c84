/*
 * fairness.h - how differently a model treats groups, as exact fractions.
 *
 * Demographic parity: the largest less the smallest share of a group that the
 * model puts into a class. Equalised odds: the larger of the same gaps of the
 * true positive and of the false positive rate. Groups that are too small to
 * say anything, or to be said anything about, take no part. Pure.
 */
#ifndef QML_DAEMON_CLI_FAIRNESS_H
#define QML_DAEMON_CLI_FAIRNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAIRNESS_ROWS_MIN 30 /* of a group; reference trust.md 6.3 */

/* In lowest terms; 0 is 0/1. */
struct fraction {
	uint64_t num, den;
};

/* Of one class against all others; each count below 2^32. */
struct fairness_group {
	uint64_t tp, fp, tn, fn;
};

/* a / b in lowest terms; b > 0. */
struct fraction fraction_of(uint64_t a, uint64_t b);
int fraction_compare(struct fraction a, struct fraction b); /* < 0, 0, > 0 */

/* False: fewer than two groups have rows enough. */
bool fairness_parity(const struct fairness_group *g, size_t n,
    struct fraction *gap);
/* Groups without a row of the class have no true positive rate, those without
 * another no false positive rate. False: neither rate is known of two. */
bool fairness_odds(const struct fairness_group *g, size_t n,
    struct fraction *gap);

#endif
