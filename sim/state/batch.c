#include "sim/state/batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/state/lanes.h"

/* Below this the squares of a row's entries lose digits. */
#define BATCH_LENGTH_MIN 0x1p-500

int
batch_init(struct batch *b, uint32_t nqubits)
{
	size_t n = (size_t)LANES << nqubits;

	*b = (struct batch)BATCH_INIT;
	b->nqubits = nqubits;
	b->amp[0] = lanes_alloc(n);
	b->amp[1] = lanes_alloc(n);
	b->work = lanes_alloc((size_t)2 * LANES * nqubits);
	if (b->amp[0] == NULL || b->amp[1] == NULL || b->work == NULL) {
		batch_close(b);
		return -ENOMEM;
	}
	return 0;
}

void
batch_close(struct batch *b)
{
	free(b->amp[0]);
	free(b->amp[1]);
	free(b->work);
	*b = (struct batch)BATCH_INIT;
}

void
batch_normalise(double *x, size_t count)
{
	double sum = 0.0, length;
	size_t i;

	for (i = 0; i < count; i++)
		sum += x[i] * x[i];
	length = sqrt(sum);
	if (length < BATCH_LENGTH_MIN) {
		memset(x, 0, count * sizeof(*x));
		x[0] = 1.0;
		return;
	}
	for (i = 0; i < count; i++)
		x[i] /= length;
}

static void
load_lane(double *to, const double *row, size_t count)
{
	size_t x;

	if (row == NULL)
		return;
	for (x = 0; x < count; x++)
		to[x * LANES] = row[x];
}

void
batch_load_amplitudes(struct batch *b, const double *const *rows, size_t count)
{
	size_t n = ((size_t)LANES << b->nqubits) * sizeof(*b->amp[0]), i;

	memset(b->amp[0], 0, n);
	memset(b->amp[1], 0, n);
	for (i = 0; i < LANES; i++)
		load_lane(b->amp[0] + i, rows[i], count);
}

void
batch_load_product(struct batch *b, const struct lanes *lanes,
    const double *const *rows)
{
	size_t n = (size_t)LANES << b->nqubits, i;

	memset(b->work, 0, (size_t)2 * LANES * b->nqubits * sizeof(*b->work));
	for (i = 0; i < LANES; i++)
		load_lane(b->work + i, rows[i], (size_t)2 * b->nqubits);
	memset(b->amp[1], 0, n * sizeof(*b->amp[1]));
	lanes->product(b->amp[0], b->work, b->nqubits);
}
