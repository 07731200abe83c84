/*
 * batch.h - one group of LANES small registers and what they start from.
 *
 * Rows are prepared once per data set: a row of amplitudes is normalised, a
 * row of angles becomes cosines and sines of half angles.
 */
#ifndef QML_SIM_STATE_BATCH_H
#define QML_SIM_STATE_BATCH_H

#include <stddef.h>
#include <stdint.h>

struct lanes;

struct batch {
	uint32_t nqubits;
	double *amp[2]; /* re, im: amp[c][x * LANES + lane] */
	double *work;   /* 2 nqubits rows: cosines and sines */
};

#define BATCH_INIT           \
	{                    \
		.work = NULL \
	}

/* 16 B x 2^n x LANES and little more. -ENOMEM. */
int batch_init(struct batch *b, uint32_t nqubits);

void batch_close(struct batch *b);

/* Scales x[count] to length 1; a row of zeros, or one too short to divide by,
 * becomes the state |0>. */
void batch_normalise(double *x, size_t count);

/* Lane i takes amplitudes rows[i][0 .. count-1], real, the others 0. A NULL
 * row gives a zero vector: a lane that is not used. */
void batch_load_amplitudes(struct batch *b, const double *const *rows,
    size_t count);

/* Lane i takes the product over q of cos|0> + sin|1>, cos = rows[i][2q] and
 * sin = rows[i][2q+1]. NULL as above. */
void batch_load_product(struct batch *b, const struct lanes *lanes,
    const double *const *rows);

#endif
