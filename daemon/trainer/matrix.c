#include "daemon/trainer/matrix.h"

#include <assert.h>
#include <string.h>

size_t
matrix_item_bytes(enum matrix_type type)
{
	switch (type) {
	case MATRIX_U8:
	case MATRIX_I8:
		return 1;
	case MATRIX_U16:
	case MATRIX_I16:
		return 2;
	case MATRIX_U32:
	case MATRIX_I32:
	case MATRIX_F32:
		return 4;
	case MATRIX_U64:
	case MATRIX_I64:
	case MATRIX_F64:
		return 8;
	}
	return 0;
}

bool
matrix_shape(struct matrix *m, size_t len)
{
	size_t i;

	if (m->naxes < 1 || m->naxes > MATRIX_AXES_MAX)
		return false;
	m->rows = m->axis[0];
	m->cols = 1;
	for (i = 1; i < m->naxes; i++) {
		if (m->axis[i] == 0 ||
		    m->axis[i] > MATRIX_COLUMNS_MAX / m->cols)
			return false;
		m->cols *= m->axis[i];
	}
	if (m->rows > MATRIX_ROWS_MAX)
		return false;
	/* At most 2^31 * 2^16 * 8: no overflow. */
	return (uint64_t)m->rows * m->cols * matrix_item_bytes(m->type) == len;
}

/* Where the item stands, in items. Only with two axes can a column-major
 * file be told from its shape alone, so each axis is taken apart. */
static size_t
place(const struct matrix *m, size_t row, size_t col)
{
	size_t at[MATRIX_AXES_MAX], i, p = 0;

	if (!m->by_column)
		return row * m->cols + col;
	for (i = m->naxes - 1; i > 0; i--) {
		at[i] = col % m->axis[i];
		col /= m->axis[i];
	}
	at[0] = row;
	for (i = m->naxes; i-- > 0;)
		p = p * m->axis[i] + at[i];
	return p;
}

static double
as_float(uint64_t bits)
{
	uint32_t b = (uint32_t)bits;
	float f;

	memcpy(&f, &b, sizeof(f));
	return (double)f;
}

static double
as_double(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

double
matrix_at(const struct matrix *m, size_t row, size_t col)
{
	size_t n = matrix_item_bytes(m->type), i;
	const uint8_t *p = m->data + place(m, row, col) * n;
	uint64_t v = 0;

	assert(row < m->rows && col < m->cols);
	for (i = 0; i < n; i++)
		v = v << 8 | p[m->big_endian ? i : n - 1 - i];
	switch (m->type) {
	case MATRIX_U8:
	case MATRIX_U16:
	case MATRIX_U32:
	case MATRIX_U64:
		return (double)v;
	case MATRIX_I8:
		return (double)(int8_t)v;
	case MATRIX_I16:
		return (double)(int16_t)v;
	case MATRIX_I32:
		return (double)(int32_t)v;
	case MATRIX_I64:
		return (double)(int64_t)v;
	case MATRIX_F32:
		return as_float(v);
	case MATRIX_F64:
		return as_double(v);
	}
	return 0;
}
