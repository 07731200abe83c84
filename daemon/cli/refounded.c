#include "daemon/cli/refounded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/node.h"
#include "daemon/node/home.h"

#define CHECK_LEN 8

int
refounded_get(const uint8_t *data, size_t len, struct federation *f)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct refound one;
	int rc = 0;

	while (rc == 0 && bytes_reader_left(&r) > 0) {
		refound_get(&r, &one);
		if (r.bad || !refound_complete(&one))
			return -EBADMSG;
		rc = federation_refound(f, &one);
	}
	return rc == -EINVAL ? -EBADMSG : rc;
}

int
refounded_load(const char *folder, struct federation *f)
{
	char path[HOME_PATH_LEN];
	struct config_error e = {.file = path};
	void *data = NULL;
	size_t len = 0;
	int rc = home_path(folder, REFOUNDED_FILE, path, sizeof(path));

	if (rc < 0)
		return rc;
	if (access(path, F_OK) != 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	rc = config_read(path, REFOUNDED_BYTES_MAX, &data, &len, &e);
	if (rc == 0)
		rc = refounded_get(data, len, f);
	free(data);
	return rc;
}

int
refounded_save(const char *folder, const struct federation *f)
{
	char path[HOME_PATH_LEN], beside[HOME_PATH_LEN];
	struct bytes_writer w = BYTES_WRITER_INIT;
	int rc = home_path(folder, REFOUNDED_FILE, path, sizeof(path));

	if (rc == 0)
		rc = home_path(folder, REFOUNDED_FILE ".new", beside,
		    sizeof(beside));
	if (rc < 0)
		return rc;
	for (uint16_t i = 0; i < f->nrefounded; i++)
		refound_put(&w, &f->refounded[i]);
	rc = w.error;
	if (rc == 0) {
		(void)unlink(beside); /* of a run that died here */
		rc = home_write_new(beside, 0644, w.data, w.len);
	}
	if (rc == 0 && rename(beside, path) < 0)
		rc = -errno;
	if (rc == 0)
		rc = home_sync_folder(path);
	bytes_writer_close(&w);
	return rc;
}

static void
check_of(const char *text, size_t len, char out[static CHECK_LEN + 1])
{
	struct hash h = hash_bytes("qml.refoundline", text, len);
	char hex[HASH_HEX_LEN];

	snprintf(out, CHECK_LEN + 1, "%.8s", hash_hex(&h, hex));
}

char *
refounded_line(const struct refound *r)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	size_t at = sizeof(REFOUNDED_MAGIC);
	char *line, check[CHECK_LEN + 1];

	refound_put(&w, r);
	line = w.error == 0 ? malloc(at + 2 * w.len + CHECK_LEN + 2) : NULL;
	if (line != NULL) {
		memcpy(line, REFOUNDED_MAGIC " ", at);
		for (size_t i = 0; i < w.len; i++)
			snprintf(line + at + 2 * i, 3, "%02x", w.data[i]);
		at += 2 * w.len;
		check_of(line, at, check);
		snprintf(line + at, CHECK_LEN + 2, " %s", check);
	}
	bytes_writer_close(&w);
	return line;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
parse_hex(const char *hex, size_t len, struct refound *out)
{
	uint8_t *data = malloc(len / 2 + 1);
	struct bytes_reader r;
	int hi = 0, lo = 0;

	if (data == NULL)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < len && hi >= 0 && lo >= 0; i += 2) {
		hi = digit(hex[i]);
		lo = digit(hex[i + 1]);
		data[i / 2] = (uint8_t)((unsigned)hi << 4 | (unsigned)lo);
	}
	r = bytes_reader_of(data, len / 2);
	refound_get(&r, out);
	free(data);
	return len % 2 == 0 && hi >= 0 && lo >= 0 && bytes_reader_done(&r)
	    ? 0
	    : -EINVAL;
}

int
refounded_parse(const char *line, struct refound *out)
{
	const size_t magic = sizeof(REFOUNDED_MAGIC);
	const char *space;
	char want[CHECK_LEN + 1];

	line += strspn(line, " \t\r\n");
	if (strncmp(line, REFOUNDED_MAGIC " ", magic) != 0)
		return -EINVAL;
	space = strchr(line + magic, ' ');
	if (space == NULL)
		return -EINVAL;
	check_of(line, (size_t)(space - line), want);
	if (strncmp(space + 1, want, CHECK_LEN) != 0 ||
	    strspn(space + 1 + CHECK_LEN, " \t\r\n") !=
		strlen(space + 1 + CHECK_LEN))
		return -EINVAL;
	return parse_hex(line + magic, (size_t)(space - line) - magic, out);
}
