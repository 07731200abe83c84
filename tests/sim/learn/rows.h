/*
 * rows.h - small data sets made from integers only, the same everywhere, and
 * the public hash (FNV-1a, 64 bits) of an int64 vector, big-endian.
 */
#ifndef QML_TESTS_SIM_LEARN_ROWS_H
#define QML_TESTS_SIM_LEARN_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct dataset;
struct task;

/* n rows of d features in [0, 1], classes told apart by their shape. */
void rows_make(struct dataset *ds, size_t n, size_t d, size_t nclasses);

/* A task of that shape with the suggested circuit, but nlayers layers. */
void rows_task(struct task *t, const char *name, const struct dataset *ds,
    size_t nclasses, uint32_t nlayers);

uint64_t rows_hash(const int64_t *x, size_t n);

#endif
