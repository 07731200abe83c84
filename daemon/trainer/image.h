/*
 * image.h - pictures made smaller or larger, one way on every machine.
 *
 * Bilinear with half-pixel centres and without antialiasing, as
 * tf.image.resize does it: the sample of output pixel i lies at (i + 1/2) *
 * from / to - 1/2, clamped to the picture. Each value is one sum of four
 * products in a fixed order. Pure.
 */
#ifndef QML_DAEMON_TRAINER_IMAGE_H
#define QML_DAEMON_TRAINER_IMAGE_H

#include <stddef.h>

#define IMAGE_SIDE_MAX 1024

struct image_size {
	size_t rows;
	size_t cols;
};

/* in[from.rows][from.cols] to out[to.rows][to.cols]; sides 1 ..
 * IMAGE_SIDE_MAX. */
void image_resize(const double *in, const struct image_size *from,
    const struct image_size *to, double *out);

#endif
