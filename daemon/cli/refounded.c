#include "daemon/cli/refounded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/node.h"
#include "daemon/cli/pasted.h"
#include "daemon/node/home.h"
#include "proto/hex.h"

#define CHECK_CONTEXT "qml.refoundline"

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
		rc = federation_refound_all(f, data, len);
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

char *
refounded_line(const struct refound *r)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	size_t at = sizeof(REFOUNDED_MAGIC);
	char *line, check[PASTED_CHECK_LEN + 1];

	refound_put(&w, r);
	line =
	    w.error == 0 ? malloc(at + 2 * w.len + PASTED_CHECK_LEN + 2) : NULL;
	if (line != NULL) {
		memcpy(line, REFOUNDED_MAGIC " ", at);
		hex_put(w.data, w.len, line + at);
		at += 2 * w.len;
		pasted_check(line, at, CHECK_CONTEXT, check);
		snprintf(line + at, PASTED_CHECK_LEN + 2, " %s", check);
	}
	bytes_writer_close(&w);
	return line;
}

/* In place: digits take more room than bytes. */
static int
read_digits(char *hex, size_t len, struct refound *out)
{
	struct bytes_reader r;

	if (len % 2 != 0 || hex_get(hex, (uint8_t *)hex, len / 2) < 0)
		return -EINVAL;
	r = bytes_reader_of((uint8_t *)hex, len / 2);
	refound_get(&r, out);
	return bytes_reader_done(&r) ? 0 : -EINVAL;
}

int
refounded_parse(const char *text, struct refound *out)
{
	const size_t magic = sizeof(REFOUNDED_MAGIC), room = strlen(text) + 3;
	const struct pasted_kind kind = {REFOUNDED_MAGIC, CHECK_CONTEXT};
	char *line = malloc(room);
	int rc = -EINVAL;
	size_t end = 0;

	if (line == NULL)
		return -ENOMEM;
	if (pasted_take(text, &kind, line, room, &end) && end > magic &&
	    line[magic - 1] == ' ')
		rc = read_digits(line + magic, end - magic, out);
	free(line);
	return rc;
}
