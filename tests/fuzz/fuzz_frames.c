/* What a trainer reads from its daemon's pipe, and the other way round: whole
 * frames, until one is wrong or the input ends inside it. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "daemon/trainer/frames.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 5000;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct trainwire_msg m;
	size_t read = 0;
	int fd, rc;

	fd = open(scratch_put("pipe", data, len), O_RDONLY | O_CLOEXEC);
	assert(fd >= 0);
	while ((rc = frames_recv(fd, &m)) > 0) {
		size_t n = (size_t)data[read] << 24 |
		    (size_t)data[read + 1] << 16 | (size_t)data[read + 2] << 8 |
		    data[read + 3];

		trainwire_msg_close(&m);
		read += 4 + n;
		assert(read <= len);
	}
	assert(rc == -EPROTO || (rc == 0 && read == len));
	close(fd);
	return 0;
}
