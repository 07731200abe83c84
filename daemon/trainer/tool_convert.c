/*
 * tool_convert.c - pictures as a site has them to rows as a federation agreed
 * on: some classes, another size, one .npy with the label in the last column.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/image.h"
#include "daemon/trainer/npy.h"
#include "daemon/trainer/source.h"
#include "daemon/trainer/tool.h"

#define CLASSES_MAX 256

struct converting {
	struct source source;
	struct image_size from, to;
	bool wanted[CLASSES_MAX];
	bool all; /* classes */
	size_t rows_max;
	double *in, *out; /* a picture before and after */
	FILE *file;
	size_t nrows;
};

static int
parse_size(const char *text, struct image_size *size)
{
	unsigned long r, c;
	char *end;

	if (!text)
		return 0;
	r = strtoul(text, &end, 10);
	if (*end == 'x' && end != text) {
		c = strtoul(end + 1, &end, 10);
		*size = (struct image_size){r, c};
		if (*end == '\0' && r >= 1 && r <= IMAGE_SIDE_MAX && c >= 1 &&
		    c <= IMAGE_SIDE_MAX)
			return 0;
	}
	fprintf(stderr,
	    "qmltrain: --resize: want ROWSxCOLUMNS like 16x16, each 1 to %d, "
	    "got \"%s\"\n",
	    IMAGE_SIDE_MAX, text);
	return -EINVAL;
}

/* "0-7" or "0,1,5": integers below CLASSES_MAX. */
static int
parse_classes(const char *text, struct converting *c)
{
	const char *p = text;
	unsigned long lo, hi;
	char *end;

	c->all = !text;
	while (p) {
		hi = lo = strtoul(p, &end, 10);
		if (end != p && *end == '-')
			hi = strtoul(end + 1, &end, 10);
		if (end == p || lo > hi || hi >= CLASSES_MAX ||
		    (*end != ',' && *end != '\0'))
			break;
		for (; lo <= hi; lo++)
			c->wanted[lo] = true;
		p = *end == ',' ? end + 1 : NULL;
	}
	if (!p)
		return 0;
	fprintf(stderr,
	    "qmltrain: --classes: want classes like 0-7 or 0,1,5, got "
	    "\"%s\"\n",
	    text);
	return -EINVAL;
}

static int
check_source(struct converting *c)
{
	const struct matrix *m = &c->source.features;

	if (c->source.kind != SOURCE_ARRAYS || !c->source.has_labels ||
	    m->naxes != 3) {
		fprintf(stderr,
		    "qmltrain: %s: want pictures: an array of rows, height, "
		    "width with its labels (IDX, .npy or .npz)\n",
		    c->source.name);
		return -EINVAL;
	}
	c->from = (struct image_size){m->axis[1], m->axis[2]};
	if (c->to.rows == 0)
		c->to = c->from;
	if (c->to.rows * c->to.cols >= MATRIX_COLUMNS_MAX) {
		fprintf(stderr,
		    "qmltrain: --resize: want fewer than %d "
		    "pixels\n",
		    MATRIX_COLUMNS_MAX);
		return -EINVAL;
	}
	c->in = calloc(m->cols, sizeof(*c->in));
	c->out = calloc(c->to.rows * c->to.cols, sizeof(*c->out));
	return c->in && c->out ? 0 : -ENOMEM;
}

static bool
is_wanted(const struct converting *c, size_t row)
{
	double v = matrix_at(&c->source.labels, row, 0);

	return c->all ||
	    (v >= 0 && v < CLASSES_MAX && v == floor(v) && c->wanted[(int)v]);
}

static void
put_single(FILE *f, double v)
{
	float s = (float)v;
	uint8_t out[4];
	uint32_t bits;
	int i;

	memcpy(&bits, &s, sizeof(bits));
	for (i = 0; i < 4; i++)
		out[i] = (uint8_t)(bits >> (8 * i));
	fwrite(out, 1, sizeof(out), f);
}

static void
put_picture(struct converting *c, size_t row)
{
	const struct matrix *m = &c->source.features;
	size_t i;

	for (i = 0; i < m->cols; i++)
		c->in[i] = matrix_at(m, row, i);
	image_resize(c->in, &c->from, &c->to, c->out);
	for (i = 0; i < c->to.rows * c->to.cols; i++)
		put_single(c->file, c->out[i]);
	put_single(c->file, matrix_at(&c->source.labels, row, 0));
}

static int
open_out(struct converting *c, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = errno;

	c->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (c->file)
		return 0;
	fprintf(stderr, "qmltrain: %s: %s%s\n", path, strerror(rc),
	    rc == EEXIST ? "; choose another --out" : "");
	if (fd >= 0)
		close(fd);
	return -EIO;
}

static int
convert(struct converting *c, const char *path)
{
	uint8_t head[NPY_HEAD_LEN];
	size_t row, n = 0;
	int rc = open_out(c, path);

	if (rc < 0)
		return rc;
	for (row = 0; row < c->source.features.rows; row++)
		c->nrows += is_wanted(c, row);
	if (c->nrows > c->rows_max)
		c->nrows = c->rows_max;
	npy_head(c->nrows, c->to.rows * c->to.cols + 1, true, head);
	fwrite(head, 1, sizeof(head), c->file);
	for (row = 0; n < c->nrows; row++) {
		if (!is_wanted(c, row))
			continue;
		put_picture(c, row);
		n++;
	}
	if ((ferror(c->file) | fclose(c->file)) == 0)
		return 0;
	fprintf(stderr, "qmltrain: %s: could not be written\n", path);
	return -EIO;
}

int
tool_convert(int argc, char **argv)
{
	struct source_spec spec = {.path = NULL};
	const char *classes = NULL, *resize = NULL, *rows = NULL, *out = NULL;
	const struct args_option options[] = {
	    {"data", &spec.path, NULL, true},
	    {"labels", &spec.labels, NULL, false},
	    {"resize", &resize, NULL, false},
	    {"classes", &classes, NULL, false},
	    {"rows", &rows, NULL, false},
	    {"out", &out, NULL, true},
	};
	const uint64_t range[2] = {1, MATRIX_ROWS_MAX};
	struct converting c = {.source = SOURCE_INIT};
	uint64_t most = MATRIX_ROWS_MAX;
	char err[SOURCE_ERR_LEN];
	int rc;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    parse_size(resize, &c.to) < 0 || parse_classes(classes, &c) < 0 ||
	    args_number("rows", rows, range, &most) < 0)
		return TOOL_USAGE;
	c.rows_max = (size_t)most;
	rc = source_open(&c.source, &spec, err);
	if (rc < 0)
		fprintf(stderr, "qmltrain: %s\n", err);
	if (rc == 0)
		rc = check_source(&c);
	if (rc == 0)
		rc = convert(&c, out);
	if (rc == 0)
		printf("%s: %zu rows of %zu pixels and the label\n", out,
		    c.nrows, c.to.rows * c.to.cols);
	source_close(&c.source);
	free(c.in);
	free(c.out);
	return rc == -ENOENT ? TOOL_NOT_FOUND
	    : rc < 0         ? TOOL_FAILED
			     : TOOL_DONE;
}
