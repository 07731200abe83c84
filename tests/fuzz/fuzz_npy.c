/*
 * The npy reader: whatever the bytes, an accepted file is exactly as long as
 * its header says and every item of it can be read.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/trainer/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* So that the compiler may not leave the reads out. */
static volatile double sum;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct matrix m;
	size_t r, c;

	if (npy_parse(data, len, &m) != NULL)
		return 0;
	assert(m.data >= data && m.data <= data + len);
	assert(m.rows * m.cols * matrix_item_bytes(m.type) ==
	    len - (size_t)(m.data - data));
	for (r = 0; r < m.rows; r++)
		for (c = 0; c < m.cols; c++)
			sum = matrix_at(&m, r, c);
	return 0;
}
