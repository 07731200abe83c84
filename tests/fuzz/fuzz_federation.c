/* federation_get: what it accepts is canonical, valid and copies cleanly, and
 * every segment of its job lies where model and updates have room for it. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/federation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_job(const struct job *j)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned n = job_segments(j, s);
	int64_t *model = malloc(j->dim * sizeof(*model));

	for (unsigned i = 0; i < n; i++) {
		assert(s[i].first + s[i].dim <= j->dim);
		assert(s[i].at + s[i].update <= j->update);
		assert(s[i].variates ||
		    s[i].nangles + s[i].task->nscales <= s[i].dim);
		assert(s[i].task->kind == JOB_VQE || s[i].update == s[i].dim);
	}
	assert(model != NULL);
	job_start_model(j, model);
	free(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct federation f, g;
	char err[256];

	federation_get(&r, &f);
	if (bytes_reader_done(&r)) {
		assert(federation_check(&f, err, sizeof(err)) == 0);
		check_job(&f.job);
		assert(federation_copy(&g, &f) == 0);
		federation_put(&w, &g);
		assert(w.error == 0 && w.len == len);
		assert(memcmp(w.data, data, len) == 0);
		bytes_writer_close(&w);
		federation_close(&g);
	}
	federation_close(&f);
	return 0;
}
