/* A member's line from a stranger: what is accepted is written the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/member_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char err[256] = "", *line = malloc(len + 1);
	struct member m;
	struct hash id;

	if (line == NULL)
		return 0;
	memcpy(line, data, len);
	line[len] = '\0';
	if (member_line_parse(line, &m, err, sizeof(err)) == 0) {
		assert(federation_name_ok(m.name));
		assert(
		    m.address[0] == '\0' || federation_address_ok(m.address));
		id = member_id(&m.sign, m.network);
		assert(hash_equal(&id, &m.id));
	} else {
		assert(err[0] != '\0');
	}
	free(line);
	return 0;
}
