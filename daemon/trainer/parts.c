#include "daemon/trainer/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/trainer/npy.h"
#include "daemon/trainer/source.h"
#include "sim/learn/partition.h"
#include "sim/learn/split.h"

bool
parts_holds(const struct parts *p, size_t part, size_t row)
{
	int who = p->owner[row];

	if (part == p->nnodes)
		return who == SPLIT_VALIDATION;
	if (part == p->nnodes + 1)
		return who == SPLIT_HELDOUT;
	if (p->ring && who == SPLIT_FREE)
		return partition_ring(part, (size_t)p->table->rows.labels[row],
		    p->table->nlabels, p->ring);
	return who == (int)part;
}

size_t
parts_count(const struct parts *p, size_t part)
{
	size_t i, n = 0;

	for (i = 0; i < p->table->rows.n; i++)
		n += parts_holds(p, part, i);
	return n;
}

void
parts_name(const struct parts *p, size_t part, char path[static PARTS_PATH_LEN])
{
	const char *suffix = p->arrays ? "npy" : "csv";

	if (part == p->nnodes)
		snprintf(path, PARTS_PATH_LEN, "%s/validation.%s", p->dir,
		    suffix);
	else if (part > p->nnodes)
		snprintf(path, PARTS_PATH_LEN, "%s/heldout.%s", p->dir, suffix);
	else
		snprintf(path, PARTS_PATH_LEN, "%s/node%zu.%s", p->dir, part,
		    suffix);
}

static int
open_part(struct parts *p, size_t part)
{
	char path[PARTS_PATH_LEN];
	int fd, rc;

	parts_name(p, part, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	p->files[part] = fd < 0 ? NULL : fdopen(fd, "w");
	if (p->files[part])
		return 0;
	rc = errno;
	fprintf(stderr, "qmltrain: %s: %s%s\n", path, strerror(rc),
	    rc == EEXIST ? "; choose another --out" : "");
	if (fd >= 0)
		close(fd);
	return -EIO;
}

/* New files only: a split never overwrites rows. */
static int
open_parts(struct parts *p)
{
	size_t i;

	if (mkdir(p->dir, 0700) != 0 && errno != EEXIST) {
		fprintf(stderr, "qmltrain: %s: %s\n", p->dir, strerror(errno));
		return -EIO;
	}
	for (i = 0; i < p->nnodes + 2; i++) {
		if (parts_count(p, i) > 0 && open_part(p, i) < 0)
			return -EIO;
	}
	return 0;
}

static int
close_parts(struct parts *p)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < p->nnodes + 2; i++) {
		if (p->files[i] &&
		    (ferror(p->files[i]) | fclose(p->files[i])) != 0)
			rc = -EIO;
		p->files[i] = NULL;
	}
	if (rc < 0)
		fprintf(stderr,
		    "qmltrain: %s: the files could not be written\n", p->dir);
	return rc;
}

static void
put_field(FILE *f, const char *s)
{
	size_t n = strlen(s);
	bool plain = n > 0 && s[strcspn(s, ",\"\n")] == '\0' &&
	    !strchr(" \t", s[0]) && !strchr(" \t", s[n - 1]);

	if (plain) {
		fputs(s, f);
		return;
	}
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', f);
		fputc(*s, f);
	}
	fputc('"', f);
}

static void
put_record(FILE *f, const struct csv_record *r)
{
	size_t i;

	for (i = 0; i < r->nfields; i++) {
		if (i)
			fputc(',', f);
		put_field(f, r->fields[i]);
	}
	fputc('\n', f);
}

static int
copy_record(void *arg, const struct csv_record *r)
{
	struct parts *p = arg;
	size_t i;

	if (p->in_rows && p->row == p->table->rows.n)
		return 1; /* the file grew between the two readings */
	for (i = 0; i < p->nnodes + 2; i++) {
		if (p->files[i] && (!p->in_rows || parts_holds(p, i, p->row)))
			put_record(p->files[i], r);
	}
	p->row += p->in_rows;
	p->in_rows = true;
	return 0;
}

static int
copy_text(struct parts *p, struct source *s, char err[static TABLE_ERR_LEN])
{
	struct csv c = CSV_INIT;
	int rc = csv_init(&c, copy_record, p);

	if (rc == 0)
		rc = table_feed(&c, s, err);
	csv_close(&c);
	if (rc == -ECANCELED || (rc == 0 && p->row != p->table->rows.n)) {
		snprintf(err, TABLE_ERR_LEN,
		    "%.400s: changed while it was read", s->name);
		rc = -EIO;
	}
	return rc;
}

static void
put_number(FILE *f, double v, bool single)
{
	uint8_t out[8];
	uint64_t bits = 0;
	size_t i, n = single ? 4 : 8;
	uint32_t half;
	float s = (float)v;

	memcpy(&half, &s, sizeof(half));
	memcpy(&bits, &v, sizeof(bits));
	if (single)
		bits = half;
	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(bits >> (8 * i));
	fwrite(out, 1, n, f);
}

static void
put_row(const struct parts *p, FILE *f, size_t row, bool single)
{
	const struct table *t = p->table;
	size_t i;

	for (i = 0; i < t->ncolumns; i++)
		put_number(f, t->rows.features[row * t->ncolumns + i], single);
	put_number(f, strtod(t->labels[t->rows.labels[row]], NULL), single);
}

/* Do floats hold these numbers exactly? */
static bool
fits_single(const struct table *t)
{
	size_t i;

	for (i = 0; i < t->rows.n * t->ncolumns; i++) {
		double v = t->rows.features[i];

		if (v > 3e38 || v < -3e38 || (double)(float)v != v)
			return false;
	}
	return true;
}

static void
copy_arrays(struct parts *p)
{
	bool single = fits_single(p->table);
	uint8_t head[NPY_HEAD_LEN];
	size_t i, row;

	for (i = 0; i < p->nnodes + 2; i++) {
		if (!p->files[i])
			continue;
		npy_head(parts_count(p, i), p->table->ncolumns + 1, single,
		    head);
		fwrite(head, 1, sizeof(head), p->files[i]);
		for (row = 0; row < p->table->rows.n; row++) {
			if (parts_holds(p, i, row))
				put_row(p, p->files[i], row, single);
		}
	}
}

int
parts_write(struct parts *p)
{
	struct source_spec spec = {.path = p->source->path,
	    .labels = p->source->labels,
	    .command = p->source->command};
	char err[TABLE_ERR_LEN] = "";
	struct source s;
	int rc = source_open(&s, &spec, err);

	p->arrays = rc == 0 && s.kind == SOURCE_ARRAYS;
	if (rc == 0)
		rc = open_parts(p);
	if (rc == 0 && p->arrays)
		copy_arrays(p);
	else if (rc == 0)
		rc = copy_text(p, &s, err);
	source_close(&s);
	if (err[0] != '\0')
		fprintf(stderr, "qmltrain: %s\n", err);
	if (close_parts(p) < 0)
		rc = -EIO;
	return rc;
}
