#include "daemon/trainer/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/trainer/idx.h"
#include "daemon/trainer/inflate.h"
#include "daemon/trainer/npy.h"
#include "daemon/trainer/npz.h"

#define PATH_LEN 4096

static int
fault(const char *path, int rc, const char *what, char *err)
{
	snprintf(err, SOURCE_ERR_LEN, "%.400s: %.500s", path, what);
	return rc;
}

static int
cannot_read(const char *path, int rc, char *err)
{
	snprintf(err, SOURCE_ERR_LEN,
	    "%.400s: the data file cannot be read: %s", path, strerror(-rc));
	return rc;
}

/* Fills data[len]; less only at the end of the file. */
static ssize_t
read_some(int fd, uint8_t *data, size_t len)
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
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* The rest of a file whose first bytes are read already. */
static int
read_rest(struct source *s, int i, const uint8_t *head, size_t nhead)
{
	struct stat st;
	uint8_t *data;
	ssize_t n;

	if (fstat(s->fd, &st) != 0)
		return -errno;
	if (st.st_size < 0 || (uint64_t)st.st_size > SOURCE_BYTES_MAX)
		return -EFBIG;
	data = malloc((size_t)st.st_size + nhead + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data, head, nhead);
	n = read_some(s->fd, data + nhead, (size_t)st.st_size);
	s->data[i] = data;
	if (n < 0)
		return (int)n;
	s->len[i] = nhead + (size_t)n;
	return 0;
}

static int
unpack(struct source *s, int i)
{
	uint8_t *data;
	size_t len;
	int rc;

	if (!inflate_is_gzip(s->data[i], s->len[i]))
		return 0;
	rc = inflate_gzip(s->data[i], s->len[i], SOURCE_BYTES_MAX, &data, &len);
	if (rc < 0)
		return rc;
	free(s->data[i]);
	s->data[i] = data;
	s->len[i] = len;
	return 0;
}

static bool
is_binary(const uint8_t *d, size_t n)
{
	return inflate_is_gzip(d, n) || npy_is(d, n) || npz_is(d, n) ||
	    idx_is(d, n);
}

static int
explain_load(const char *path, int rc, char *err)
{
	if (rc == -EBADMSG)
		return fault(path, -EINVAL,
		    "the gzip file is damaged or cut off; copy it again", err);
	if (rc == -EFBIG)
		return fault(path, -EINVAL,
		    "the file is larger than 2 GiB; give plain CSV, which is "
		    "streamed",
		    err);
	return cannot_read(path, rc, err);
}

/* Reads a binary file whole into data[i]; a text file stays open and data[i]
 * holds the bytes that were looked at. */
static int
load_file(struct source *s, int i, const char *path, char *err)
{
	uint8_t head[8];
	ssize_t n;
	int rc = 0;

	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return cannot_read(path, -errno, err);
	n = read_some(s->fd, head, sizeof(head));
	if (n < 0)
		return cannot_read(path, (int)n, err);
	if (is_binary(head, (size_t)n)) {
		rc = read_rest(s, i, head, (size_t)n);
		close(s->fd);
		s->fd = -1;
		if (rc == 0)
			rc = unpack(s, i);
		return rc < 0 ? explain_load(path, rc, err) : 0;
	}
	s->data[i] = malloc(sizeof(head));
	if (!s->data[i])
		return cannot_read(path, -ENOMEM, err);
	memcpy(s->data[i], head, (size_t)n);
	s->len[i] = (size_t)n;
	return 0;
}

/* .npy or IDX; NULL or the fault. */
static const char *
parse_array(const uint8_t *data, size_t len, struct matrix *m)
{
	return idx_is(data, len) ? idx_parse(data, len, m)
				 : npy_parse(data, len, m);
}

static int
unpack_member(struct source *s, int i, const struct npz_member *m,
    const char *path, char *err)
{
	char text[160];
	const char *why;
	int rc = npz_unpack(m, SOURCE_BYTES_MAX, &s->data[i]);

	if (rc == -ENOMEM)
		return cannot_read(path, rc, err);
	if (rc < 0) {
		snprintf(text, sizeof(text), "array \"%s\": %s", m->name,
		    rc == -EFBIG ? "it is larger than 2 GiB"
				 : "it is damaged; copy the file again");
		return fault(path, -EINVAL, text, err);
	}
	s->len[i] = m->size;
	why = npy_parse(s->data[i], s->len[i],
	    i == 0 ? &s->features : &s->labels);
	if (!why)
		return 0;
	snprintf(text, sizeof(text), "array \"%s\": %s", m->name, why);
	return fault(path, -EINVAL, text, err);
}

static int
open_npz(struct source *s, const char *path, char *err)
{
	static const char *const features[] = {"X", "x", "features", "data",
	    "images", "x_train", NULL};
	static const char *const labels[] = {"y", "Y", "labels", "label",
	    "target", "y_train", NULL};
	uint8_t *archive = s->data[0];
	const struct npz_member *x, *y;
	const char *why;
	struct npz *z;
	int rc = 0;

	z = malloc(sizeof(*z));
	if (!z)
		return cannot_read(path, -ENOMEM, err);
	s->data[0] = NULL;
	why = npz_parse(archive, s->len[0], z);
	x = why ? NULL : npz_find(z, features);
	y = why ? NULL : npz_find(z, labels);
	if (!why && !x)
		why = "it has no array named X (or x, features, data, images); "
		      "numpy.savez(file, X=x, y=y)";
	if (why)
		rc = fault(path, -EINVAL, why, err);
	if (rc == 0)
		rc = unpack_member(s, 0, x, path, err);
	if (rc == 0 && y) {
		rc = unpack_member(s, 1, y, path, err);
		s->has_labels = true;
	}
	free(z);
	free(archive);
	return rc;
}

static int
open_labels(struct source *s, const char *path, char *err)
{
	const char *why = "the labels are text; want an array of one number a "
			  "row, as .npy or IDX";
	int rc = load_file(s, 1, path, err);

	if (rc < 0)
		return rc;
	if (s->fd < 0)
		why = parse_array(s->data[1], s->len[1], &s->labels);
	if (why)
		return fault(path, -EINVAL, why, err);
	s->has_labels = true;
	return 0;
}

/* The labels of an array without any: named, or found by the name. */
static int
find_labels(struct source *s, const struct source_spec *spec, bool idx,
    char *err)
{
	char path[PATH_LEN];
	const char *labels = spec->labels;

	if (!labels && idx &&
	    source_labels_path(spec->path, path, sizeof(path)) == 0 &&
	    access(path, F_OK) == 0)
		labels = path;
	return labels ? open_labels(s, labels, err) : 0;
}

static int
check_labels(const struct source *s, char *err)
{
	char text[160];

	if (!s->has_labels ||
	    (s->labels.cols == 1 && s->labels.rows == s->features.rows))
		return 0;
	snprintf(text, sizeof(text),
	    "there are %zu rows and labels of %zu rows, %zu columns; want one "
	    "label a row",
	    s->features.rows, s->labels.rows, s->labels.cols);
	return fault(s->name, -EINVAL, text, err);
}

static int
open_arrays(struct source *s, const struct source_spec *spec, char *err)
{
	bool idx = idx_is(s->data[0], s->len[0]);
	const char *why;
	int rc = 0;

	s->kind = SOURCE_ARRAYS;
	if (npz_is(s->data[0], s->len[0])) {
		rc = open_npz(s, spec->path, err);
	} else {
		why = parse_array(s->data[0], s->len[0], &s->features);
		if (why)
			rc = fault(spec->path, -EINVAL, why, err);
	}
	if (rc == 0 && !s->has_labels)
		rc = find_labels(s, spec, idx, err);
	return rc == 0 ? check_labels(s, err) : rc;
}

static int
open_text(struct source *s, const struct source_spec *spec, char *err)
{
	s->name = "the validation rows";
	s->data[0] = malloc(spec->text_len + 1);
	if (!s->data[0])
		return cannot_read(s->name, -ENOMEM, err);
	memcpy(s->data[0], spec->text, spec->text_len);
	s->len[0] = spec->text_len;
	return 0;
}

int
source_open(struct source *s, const struct source_spec *spec,
    char err[static SOURCE_ERR_LEN])
{
	const uint8_t *d;
	int rc;

	*s = (struct source)SOURCE_INIT;
	if (spec->text)
		return open_text(s, spec, err);
	s->name = spec->command ? spec->command[0] : spec->path;
	if (spec->command) {
		rc =
		    feeder_start(&s->feeder, spec->command, FEEDER_TIME_MAX_MS);
		if (rc < 0)
			snprintf(err, SOURCE_ERR_LEN,
			    "%.400s: the data command cannot be started: %s",
			    s->name, strerror(-rc));
		return rc;
	}
	rc = load_file(s, 0, spec->path, err);
	d = s->data[0];
	if (rc == 0 && s->fd < 0 &&
	    (npy_is(d, s->len[0]) || npz_is(d, s->len[0]) ||
		idx_is(d, s->len[0])))
		rc = open_arrays(s, spec, err);
	else if (rc == 0 && spec->labels)
		rc = fault(spec->path, -EINVAL,
		    "a CSV has its labels in a column; take data.labels out",
		    err);
	if (rc < 0)
		source_close(s);
	return rc;
}

ssize_t
source_read(struct source *s, void *data, size_t len)
{
	size_t left = s->len[0] - s->at;
	ssize_t n;

	if (s->feeder.pid > 0)
		return feeder_read(&s->feeder, data, len);
	if (left > 0) {
		n = (ssize_t)(left < len ? left : len);
		memcpy(data, s->data[0] + s->at, (size_t)n);
		s->at += (size_t)n;
		return n;
	}
	if (s->fd < 0)
		return 0;
	while ((n = read(s->fd, data, len)) < 0 && errno == EINTR)
		continue;
	return n < 0 ? -errno : n;
}

void
source_explain(const struct source *s, int rc, char err[static SOURCE_ERR_LEN])
{
	if (s->feeder.pid <= 0)
		(void)cannot_read(s->name, rc, err);
	else if (rc == -ETIMEDOUT)
		(void)fault(s->name, rc,
		    "the data command did not end within 10 minutes", err);
	else
		(void)fault(s->name, rc, strerror(-rc), err);
}

int
source_finish(struct source *s, char err[static SOURCE_ERR_LEN])
{
	int status;

	if (s->feeder.pid <= 0)
		return 0;
	status = feeder_finish(&s->feeder);
	if (status == 0)
		return 0;
	if (status < 0) {
		source_explain(s, status, err);
		return status;
	}
	snprintf(err, SOURCE_ERR_LEN,
	    "%.400s: the data command ended with status %d%s%s", s->name,
	    status, s->feeder.ntail ? ": " : "", s->feeder.tail);
	return -EINVAL;
}

void
source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	feeder_close(&s->feeder);
	free(s->data[0]);
	free(s->data[1]);
	*s = (struct source)SOURCE_INIT;
}

/* The last occurrence of a word in text becomes another of its length. */
static bool
swap_word(char *text, const char *from, const char *to)
{
	char *found = NULL, *p = text;

	while ((p = strstr(p, from)) != NULL)
		found = p++;
	if (!found)
		return false;
	memcpy(found, to, strlen(to));
	return true;
}

int
source_labels_path(const char *images, char *out, size_t size)
{
	size_t len = strlen(images);

	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(out, images, len + 1);
	if (!swap_word(out, "images", "labels"))
		return -EINVAL;
	(void)swap_word(out, "idx3", "idx1");
	return 0;
}
