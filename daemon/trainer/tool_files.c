#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/federation_file.h"
#include "proto/q24.h"

int
tool_load_file(const char *path, size_t max, uint8_t **data, size_t *len)
{
	uint8_t *buf = malloc(max + 1);
	FILE *f = buf ? fopen(path, "rb") : NULL;
	int error = buf ? errno : ENOMEM, rc = TOOL_DONE;
	size_t n = 0;

	if (!f) {
		fprintf(stderr, "qmltrain: %s: %s\n", path, strerror(error));
		free(buf);
		return error == ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
	}
	n = fread(buf, 1, max + 1, f);
	if (ferror(f)) {
		fprintf(stderr, "qmltrain: %s: cannot be read\n", path);
		rc = TOOL_FAILED;
	} else if (n > max) {
		fprintf(stderr, "qmltrain: %s: is longer than %zu bytes\n",
		    path, max);
		rc = TOOL_FAILED;
	}
	fclose(f);
	if (rc != TOOL_DONE) {
		free(buf);
		return rc;
	}
	*data = buf;
	*len = n;
	return TOOL_DONE;
}

/* The file that people edit; its sentences name line and column. */
static int
parse_yaml(const char *path, const uint8_t *data, size_t len,
    struct federation *f)
{
	struct config_error e = {.file = path};
	int rc = federation_file_parse(f, data, len, &e);

	if (rc == 0)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s\n",
	    rc == -EINVAL ? e.text : strerror(-rc));
	return TOOL_FAILED;
}

int
tool_load_federation(const char *path, struct federation *f)
{
	struct bytes_reader r;
	uint8_t *data;
	size_t len;
	int rc;

	*f = FEDERATION_INIT;
	rc = tool_load_file(path, FEDERATION_BYTES_MAX, &data, &len);
	if (rc != TOOL_DONE)
		return rc;
	r = bytes_reader_of(data, len);
	federation_get(&r, f);
	if (!bytes_reader_done(&r)) {
		federation_close(f);
		rc = parse_yaml(path, data, len, f);
	}
	free(data);
	return rc;
}

/* The integers of "params_q24": [..]; false when there are not dim of them. */
static bool
parse_params(const char *text, uint32_t dim, int64_t *model)
{
	static const char key[] = "\"params_q24\"";
	const char *p = strstr(text, key);
	char *end;
	uint32_t i;

	if (!p)
		return false;
	p += sizeof(key) - 1;
	p += strspn(p, " \t\r\n:");
	if (*p++ != '[')
		return false;
	for (i = 0; i < dim; i++) {
		p += strspn(p, " \t\r\n,");
		errno = 0;
		model[i] = strtoll(p, &end, 10);
		if (end == p || errno == ERANGE ||
		    (*end && !strchr(" \t\r\n,]", *end)))
			return false;
		p = end;
	}
	p += strspn(p, " \t\r\n");
	return *p == ']';
}

int
tool_load_model(const char *path, uint32_t dim, int64_t **model)
{
	uint8_t *data;
	size_t len;
	bool good = true;
	int rc;

	rc = tool_load_file(path, (size_t)dim * 64 + 65536, &data, &len);
	if (rc != TOOL_DONE)
		return rc;
	*model = calloc(dim, sizeof(**model));
	if (!*model) {
		fprintf(stderr, "qmltrain: %s: not enough memory\n", path);
		free(data);
		return TOOL_FAILED;
	}
	if (len == (size_t)dim * 8) {
		q24_load(*model, data, dim);
	} else {
		data[len] = '\0'; /* tool_load_file left room for it */
		good = parse_params((const char *)data, dim, *model);
	}
	free(data);
	if (good)
		return TOOL_DONE;
	fprintf(stderr,
	    "qmltrain: %s: is not a model of %u parameters; want "
	    "the file of `qmlctl model export --format json`\n",
	    path, (unsigned)dim);
	free(*model);
	*model = NULL;
	return TOOL_FAILED;
}

int
tool_open_session(struct session *s, const struct federation *f,
    const struct session_source *source, struct table *t)
{
	char err[TABLE_ERR_LEN];
	int rc = session_open(s, f, source, t, err);

	if (rc == 0)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s\n", err);
	return rc == -ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
}

int
tool_seed_from(const char *hex, struct hash *from)
{
	if (hex == NULL) {
		if (getrandom(from->b, HASH_LEN, 0) == HASH_LEN)
			return TOOL_DONE;
		fprintf(stderr, "qmltrain: the system has no randomness\n");
		return TOOL_FAILED;
	}
	if (hash_from_hex(hex, from) == 0)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: --noise-seed: want 64 hex digits\n");
	return TOOL_USAGE;
}
