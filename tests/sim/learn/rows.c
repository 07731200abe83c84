#include "tests/sim/learn/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"
#include "sim/learn/task.h"

void
rows_make(struct dataset *ds, size_t n, size_t d, size_t nclasses)
{
	uint32_t noise = 12345;
	size_t r, c;

	assert_int_equal(dataset_init(ds, n, d), 0);
	for (r = 0; r < n; r++) {
		size_t label = r % nclasses;

		ds->labels[r] = (int32_t)label;
		for (c = 0; c < d; c++) {
			noise = noise * 1664525 + 1013904223;
			ds->features[r * d + c] =
			    (double)(noise >> 24) / 512.0 +
			    (c % nclasses == label ? 0.5 : 0.0);
		}
	}
}

void
rows_task(struct task *t, const char *name, const struct dataset *ds,
    size_t nclasses, uint32_t nlayers)
{
	struct task_spec spec = {.name = name};

	spec.nfeatures = (uint32_t)ds->d;
	spec.nclasses = (uint32_t)nclasses;
	task_spec_suggest(&spec);
	spec.nlayers = nlayers;
	assert_null(task_check(&spec));
	assert_int_equal(task_init(t, &spec), 0);
}

uint64_t
rows_hash(const int64_t *x, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;
	int k;

	for (i = 0; i < n; i++) {
		for (k = 56; k >= 0; k -= 8) {
			h ^= (uint64_t)x[i] >> k & 0xff;
			h *= UINT64_C(0x100000001b3);
		}
	}
	return h;
}
