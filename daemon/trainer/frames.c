#include "daemon/trainer/frames.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* 1: all of it; 0: the input ended before the first byte. */
static int
read_all(int fd, uint8_t *data, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(fd, data + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return got == 0 ? 0 : -EPROTO;
		got += (size_t)n;
	}
	return 1;
}

static int
write_all(int fd, const uint8_t *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int
frames_send(int fd, const struct trainwire_msg *m)
{
	uint8_t head[4], *data = NULL;
	size_t len = 0;
	int rc, i;

	rc = trainwire_encode(m, &data, &len);
	if (rc < 0)
		return rc;
	for (i = 0; i < 4; i++)
		head[i] = (uint8_t)(len >> (24 - 8 * i));
	rc = write_all(fd, head, sizeof(head));
	if (rc == 0)
		rc = write_all(fd, data, len);
	free(data);
	return rc;
}

int
frames_recv(int fd, struct trainwire_msg *m)
{
	uint8_t head[4], *data;
	size_t len;
	int rc;

	rc = read_all(fd, head, sizeof(head));
	if (rc <= 0)
		return rc;
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	if (len == 0 || len > TRAINWIRE_MAX)
		return -EPROTO;
	data = malloc(len);
	if (!data)
		return -ENOMEM;
	rc = read_all(fd, data, len);
	if (rc == 0)
		rc = -EPROTO;
	if (rc > 0 && trainwire_decode(data, len, m) != WIRE_OK)
		rc = -EPROTO;
	free(data);
	return rc;
}
