#include "daemon/trainer/image.h"

#include <assert.h>
#include <math.h>

/* Two neighbours and how much of the second. */
struct tap {
	size_t lo;
	size_t hi;
	double part;
};

static struct tap
tap_of(size_t i, size_t from, size_t to)
{
	double at = ((double)i + 0.5) * ((double)from / (double)to) - 0.5;
	double low = floor(at);
	struct tap t;

	t.part = at - low;
	t.lo = low < 0 ? 0 : (size_t)low;
	t.hi = low + 1 < (double)from ? (size_t)(low + 1) : from - 1;
	return t;
}

void
image_resize(const double *in, const struct image_size *from,
    const struct image_size *to, double *out)
{
	size_t r, c;

	assert(
	    from->rows > 0 && from->cols > 0 && to->rows > 0 && to->cols > 0);
	for (r = 0; r < to->rows; r++) {
		struct tap y = tap_of(r, from->rows, to->rows);
		const double *a = in + y.lo * from->cols;
		const double *b = in + y.hi * from->cols;

		for (c = 0; c < to->cols; c++) {
			struct tap x = tap_of(c, from->cols, to->cols);
			double top = fma(a[x.hi] - a[x.lo], x.part, a[x.lo]);
			double low = fma(b[x.hi] - b[x.lo], x.part, b[x.lo]);

			out[r * to->cols + c] = fma(low - top, y.part, top);
		}
	}
}
