/* job_get: what it reads is written the same; what job_check passes keeps its
 * sizes, its segments and its start model together. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/job.h"
#include "proto/q24.h"

#define DIM_MAX 4096 /* larger models only cost time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
same_bytes(const struct job *j, const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	job_put(&w, j);
	assert(w.error == 0 && w.len == len);
	assert(memcmp(w.data, data, len) == 0);
	bytes_writer_close(&w);
}

static void
segments_cover(const struct job *j)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned n = job_segments(j, s), active = 0;
	uint32_t first = 0, at = 0;

	for (unsigned i = 0; i < n; i++) {
		assert(s[i].first == first && s[i].at == at);
		assert(s[i].variates ||
		    s[i].nangles + s[i].task->nscales <= s[i].dim);
		assert(s[i].task->kind == JOB_VQE || s[i].update == s[i].dim);
		first += s[i].dim;
		at += s[i].update;
		active += job_active(j, &s[i], 0);
	}
	assert(first == j->dim && at == j->update);
	assert(active > 0);
}

static void
starts(const struct job *j)
{
	char err[256] = "";
	int64_t *model;

	if (j->dim > DIM_MAX || job_check_start(j, err, sizeof(err)) != 0)
		return;
	model = malloc(j->dim * sizeof(*model));
	assert(model != NULL);
	job_start_model(j, model);
	free(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct job j, copy;
	char err[256] = "";

	job_get(&r, &j);
	if (bytes_reader_done(&r)) {
		same_bytes(&j, data, len);
		assert(job_copy(&copy, &j) == 0);
		same_bytes(&copy, data, len);
		job_close(&copy);
		if (job_check(&j, 4, err, sizeof(err)) == 0) {
			segments_cover(&j);
			starts(&j);
		} else {
			assert(err[0] != '\0');
		}
	}
	job_close(&j);
	return 0;
}
