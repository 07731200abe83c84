/*
 * idx.h - the IDX files of MNIST: a magic number, big-endian sizes, items.
 * Pure, bounded, fuzzed.
 */
#ifndef QML_DAEMON_TRAINER_IDX_H
#define QML_DAEMON_TRAINER_IDX_H

#include "daemon/trainer/matrix.h"

/* Whether the bytes begin as IDX does: 0, 0, a type, a number of axes. */
bool idx_is(const uint8_t *data, size_t len);
/* *m borrows data. NULL, or what is wrong with the file. */
const char *idx_parse(const uint8_t *data, size_t len, struct matrix *m);

#endif
