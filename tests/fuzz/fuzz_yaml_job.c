/* A job's file for a federation that exists: a job that passes its check, or a
 * sentence that names the file. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/federation_file.h"
#include "tests/fuzz/village.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 8000;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct federation *f = &village_get()->f;
	const struct config_text text = {data, len};
	struct config_error e = {.file = "f"};
	struct job j;
	int rc;

	rc = federation_file_parse_job(&j, f, &text, &e);
	if (rc == 0) {
		assert(j.dim > 0 && j.update > 0 && j.rounds > 0);
		job_close(&j);
	} else {
		assert(strncmp(e.text, "f:", 2) == 0);
		assert(j.dim == 0 && j.start_params == NULL);
	}
	return 0;
}
