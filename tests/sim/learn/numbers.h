/*
 * numbers.h - records of tests/data: a name, how many numbers, the numbers.
 */
#ifndef QML_TESTS_SIM_LEARN_NUMBERS_H
#define QML_TESTS_SIM_LEARN_NUMBERS_H

#include <stddef.h>

struct dataset;

/* The numbers of a record, to be freed; the test fails if there is none, or
 * not want of them (0: any number). */
double *numbers_read(const char *path, const char *name, size_t want);

/* The first number of a record. */
double numbers_one(const char *path, const char *name);

/* tests/data/datasets/NAME.csv: numbers and, last, a label. */
void numbers_csv(struct dataset *ds, const char *name);

/* Population mean and standard deviation of each column. */
void numbers_moments(const struct dataset *ds, double *mean, double *dev);

#endif
