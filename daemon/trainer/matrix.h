/*
 * matrix.h - numbers in somebody else's bytes, read in place.
 *
 * What .npy and IDX files hold: rows of numbers of one type. The first axis
 * is the row, all others together are its columns. Pure; borrows the bytes.
 */
#ifndef QML_DAEMON_TRAINER_MATRIX_H
#define QML_DAEMON_TRAINER_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATRIX_AXES_MAX 4
#define MATRIX_COLUMNS_MAX 65536
#define MATRIX_ROWS_MAX ((size_t)1 << 31)

enum matrix_type {
	MATRIX_U8,
	MATRIX_I8,
	MATRIX_U16,
	MATRIX_I16,
	MATRIX_U32,
	MATRIX_I32,
	MATRIX_U64,
	MATRIX_I64,
	MATRIX_F32,
	MATRIX_F64,
};

struct matrix {
	const uint8_t *data;
	size_t rows;
	size_t cols;
	size_t axis[MATRIX_AXES_MAX]; /* of the file; axis[0] == rows */
	size_t naxes;
	enum matrix_type type;
	bool big_endian;
	bool by_column; /* Fortran order: the first axis runs fastest */
};

size_t matrix_item_bytes(enum matrix_type type);
/* Sets rows and cols from the axes and looks whether len bytes hold exactly
 * that. False: too large, no column, or another length. */
bool matrix_shape(struct matrix *m, size_t len);
/* 64-bit integers beyond 2^53 are rounded. May be NaN or infinite. */
double matrix_at(const struct matrix *m, size_t row, size_t col);

#endif
