/*
 * The zip directory and both kinds of packed data: members lie inside the
 * archive, unpack to exactly their size or not at all, and what is an array
 * can be read.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/trainer/inflate.h"
#include "daemon/trainer/npy.h"
#include "daemon/trainer/npz.h"

#define UNPACKED_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile double sum;

static void
look_at(const struct npz_member *m, const uint8_t *data, size_t len)
{
	uint8_t *out = NULL;
	struct matrix x;

	assert(m->data >= data && m->packed <= len - (size_t)(m->data - data));
	if (npz_unpack(m, UNPACKED_MAX, &out) < 0) {
		assert(out == NULL);
		return;
	}
	if (npy_parse(out, m->size, &x) == NULL && x.rows > 0)
		sum = matrix_at(&x, x.rows - 1, x.cols - 1);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct npz z;
	uint8_t *out = NULL;
	size_t n = 0, i;

	if (inflate_gzip(data, len, UNPACKED_MAX, &out, &n) == 0)
		assert(n <= UNPACKED_MAX);
	free(out);
	if (npz_parse(data, len, &z) != NULL)
		return 0;
	assert(z.n <= NPZ_MEMBERS_MAX);
	for (i = 0; i < z.n; i++)
		look_at(&z.members[i], data, len);
	return 0;
}
