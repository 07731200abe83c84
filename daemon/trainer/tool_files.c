#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/federation_file.h"
#include "proto/answer.h"
#include "proto/hex.h"
#include "proto/q24.h"

/* Each parameter is there twice, its job as hex digits. */
#define MODEL_FILE_MAX \
	((size_t)ANSWER_DIM_MAX * 64 + 2 * FEDERATION_BYTES_MAX + 65536)

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

/* Behind the colon of "key"; NULL: it is not there. */
static const char *
find_value(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	if (p == NULL)
		return NULL;
	p += strlen(key);
	return p + strspn(p, " \t\r\n:");
}

/* The integers of "params_q24": [..]; false when there are not dim of them. */
static bool
parse_params(const char *text, uint32_t dim, int64_t *model)
{
	const char *p = find_value(text, "\"params_q24\"");
	char *end;
	uint32_t i;

	if (!p || *p++ != '[')
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

/* "job_bytes" of a model's JSON, canonical bytes as hex digits. -ENOENT: an
 * older file has none; -EINVAL. The caller closes *job. */
static int
parse_job(const char *text, struct job *job)
{
	const char *p = find_value(text, "\"job_bytes\"");
	size_t n = p && *p == '"' ? strcspn(p + 1, "\"") : 0;
	struct bytes_reader r;
	uint8_t *b;
	int rc;

	*job = (struct job){0};
	if (!p)
		return -ENOENT;
	if (n == 0 || n % 2 != 0 || n > 2 * FEDERATION_BYTES_MAX ||
	    p[n + 1] != '"')
		return -EINVAL;
	b = malloc(n / 2);
	if (!b)
		return -ENOMEM;
	rc = hex_get(p + 1, b, n / 2);
	r = bytes_reader_of(b, rc == 0 ? n / 2 : 0);
	job_get(&r, job);
	free(b);
	return bytes_reader_done(&r) ? 0 : -EINVAL;
}

/* Its job on the federation's schema. How updates are combined is not our
 * business: the members may be others than in this file by now. */
static int
take_job(const char *path, const char *text, struct federation *f)
{
	struct federation view = *f; /* borrowed: never closed */
	char err[256] = "\"job_bytes\" are no job";
	struct job job;
	int rc = parse_job(text, &job);

	if (rc == 0) {
		view.job = job;
		view.job.combine.faults = JOB_FAULTS_AUTO;
		rc = federation_check(&view, err, sizeof(err));
	}
	if (rc == 0) {
		job_close(&f->job);
		f->job = job;
		return TOOL_DONE;
	}
	job_close(&job);
	if (rc == -ENOENT)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s: its job does not fit: %s\n", path,
	    rc == -ENOMEM ? "not enough memory" : err);
	return TOOL_FAILED;
}

/* No integer of a model begins with these bytes. */
static bool
is_json(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '{';
}

/* text ends with a zero behind its len bytes. */
static int
read_model(const char *path, const char *text, size_t len, struct federation *f,
    int64_t **model)
{
	const bool json = is_json(text);
	int rc = json ? take_job(path, text, f) : TOOL_DONE;
	bool good;

	if (rc != TOOL_DONE)
		return rc;
	*model = calloc(f->job.dim, sizeof(**model));
	if (!*model) {
		fprintf(stderr, "qmltrain: %s: not enough memory\n", path);
		return TOOL_FAILED;
	}
	good = json ? parse_params(text, f->job.dim, *model)
		    : len == (size_t)f->job.dim * 8;
	if (good && !json)
		q24_load(*model, (const uint8_t *)text, f->job.dim);
	if (good)
		return TOOL_DONE;
	fprintf(stderr,
	    "qmltrain: %s: is not a model of %u parameters; want "
	    "the file of `qmlctl model export --format json`\n",
	    path, (unsigned)f->job.dim);
	free(*model);
	*model = NULL;
	return TOOL_FAILED;
}

int
tool_load_model(const char *path, struct federation *f, int64_t **model)
{
	uint8_t *data;
	size_t len;
	int rc = tool_load_file(path, MODEL_FILE_MAX, &data, &len);

	if (rc != TOOL_DONE)
		return rc;
	data[len] = '\0'; /* tool_load_file left room for it */
	rc = read_model(path, (const char *)data, len, f, model);
	free(data);
	return rc;
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
