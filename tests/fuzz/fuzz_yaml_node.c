/* qmlnode.yaml: never crashes, never leaks, every refusal says why. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config_error e = {.file = "f"};
	struct config_node c;
	int rc = config_node_parse(&c, data, len, &e);

	if (rc == 0) {
		assert(c.name[0] != '\0' && c.version == 1);
		assert(c.trainer_threads >= 1 && c.trainer_threads <= 64);
	} else {
		assert(strncmp(e.text, "f:", 2) == 0);
		assert(c.trainer_command.text == NULL);
	}
	config_node_close(&c);
	return 0;
}
