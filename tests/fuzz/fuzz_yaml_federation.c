/* federation.yaml: what is accepted can be written and is the same then. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
write_and_read(const struct federation *f)
{
	struct config_error e = {.file = "written"};
	struct federation back;
	struct hash a, b;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int rc;

	assert(to != NULL);
	rc = federation_file_write(f, to);
	assert(rc == 0);
	fclose(to);
	rc = federation_file_parse(&back, text, len, &e);
	assert(rc == 0);
	rc = federation_id(f, &a);
	assert(rc == 0);
	rc = federation_id(&back, &b);
	assert(rc == 0 && hash_equal(&a, &b));
	federation_close(&back);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config_error e = {.file = "f"};
	struct federation f;

	if (federation_file_parse(&f, data, len, &e) == 0)
		write_and_read(&f);
	else
		assert(strncmp(e.text, "f:", 2) == 0);
	federation_close(&f);
	return 0;
}
