/*
 * npy.h - one array as NumPy saves it (format 1.0, 2.0, 3.0). Numbers only:
 * objects, text and records are refused. Pure, bounded, fuzzed.
 */
#ifndef QML_DAEMON_TRAINER_NPY_H
#define QML_DAEMON_TRAINER_NPY_H

#include "daemon/trainer/matrix.h"

#define NPY_HEADER_MAX 65536

bool npy_is(const uint8_t *data, size_t len);
/* *m borrows data. NULL, or what is wrong with the file. */
const char *npy_parse(const uint8_t *data, size_t len, struct matrix *m);

/* The bytes that begin a .npy of little-endian doubles, or (single) floats,
 * rows first. */
#define NPY_HEAD_LEN 128
void npy_head(size_t rows, size_t cols, bool single,
    uint8_t out[static NPY_HEAD_LEN]);

#endif
