#include "daemon/trainer/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/describe.h"
#include "proto/hash.h"
#include "sim/learn/split.h"

#define PATH_LEN 4096
#define NODES_MAX FEDERATION_MAX_MEMBERS

/* One split: who owns which row, and the files being written. */
struct splitting {
	struct table table;
	int16_t *owner; /* [rows] */
	size_t nnodes;
	bool skewed;
	unsigned percent; /* held out */
	const char *dir;
	FILE *files[NODES_MAX + 1]; /* the last is the held-out one */
	size_t row;                 /* while copying */
	bool in_rows;               /* the header was copied */
};

static int
assign(struct splitting *p, const char *seed)
{
	struct hash h = hash_bytes("qml.splitseed", seed, strlen(seed));
	struct split s = {
	    .labels = p->table.rows.labels,
	    .n = p->table.rows.n,
	    .nclasses = p->table.nlabels,
	    .seed = h.b,
	};
	int rc;

	p->owner = calloc(s.n, sizeof(*p->owner));
	if (!p->owner)
		return -ENOMEM;
	rc = split_heldout(&s, p->percent, p->owner);
	if (rc == 0 && p->skewed)
		rc = split_label_skew(&s, p->nnodes, SPLIT_SKEW_PERCENT,
		    p->owner);
	else if (rc == 0)
		rc = split_iid(&s, p->nnodes, p->owner);
	return rc;
}

/* The rows of one owner as a table of their own; 0 rows are a refusal. */
static int
select_rows(const struct splitting *p, int who, struct dataset *out)
{
	uint32_t *rows = calloc(p->table.rows.n, sizeof(*rows));
	size_t n;
	int rc;

	if (!rows)
		return -ENOMEM;
	n = split_rows(p->owner, p->table.rows.n, who, rows);
	rc = n == 0 ? -EINVAL : dataset_select(out, &p->table.rows, rows, n);
	free(rows);
	return rc;
}

static void
name_file(const struct splitting *p, size_t i, char path[static PATH_LEN])
{
	if (i == p->nnodes)
		snprintf(path, PATH_LEN, "%s/heldout.csv", p->dir);
	else
		snprintf(path, PATH_LEN, "%s/node%zu.csv", p->dir, i);
}

/* New files only: a split never overwrites rows. */
static int
open_files(struct splitting *p)
{
	char path[PATH_LEN];
	size_t i;
	int fd;

	if (mkdir(p->dir, 0700) != 0 && errno != EEXIST) {
		fprintf(stderr, "qmltrain: %s: %s\n", p->dir, strerror(errno));
		return -EIO;
	}
	for (i = 0; i < p->nnodes + (p->percent > 0); i++) {
		name_file(p, i, path);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		p->files[i] = fd < 0 ? NULL : fdopen(fd, "w");
		if (p->files[i])
			continue;
		fprintf(stderr, "qmltrain: %s: %s%s\n", path, strerror(errno),
		    errno == EEXIST ? "; choose another --out" : "");
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	return 0;
}

static int
close_files(struct splitting *p)
{
	size_t i;
	int rc = 0;

	for (i = 0; i <= p->nnodes; i++) {
		if (p->files[i] &&
		    (ferror(p->files[i]) | fclose(p->files[i])) != 0)
			rc = -EIO;
		p->files[i] = NULL;
	}
	if (rc < 0)
		fprintf(stderr,
		    "qmltrain: %s: the files could not be "
		    "written\n",
		    p->dir);
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
	struct splitting *p = arg;
	size_t i;
	int who;

	if (!p->in_rows) {
		for (i = 0; i <= p->nnodes; i++) {
			if (p->files[i])
				put_record(p->files[i], r);
		}
		p->in_rows = true;
		return 0;
	}
	if (p->row == p->table.rows.n)
		return 1; /* the file grew between the two readings */
	who = p->owner[p->row++];
	put_record(p->files[who == SPLIT_HELDOUT ? p->nnodes : (size_t)who], r);
	return 0;
}

static int
copy_rows(struct splitting *p, const char *path)
{
	char err[TABLE_ERR_LEN] = "";
	struct csv c = CSV_INIT;
	int rc;

	rc = csv_init(&c, copy_record, p);
	if (rc == 0)
		rc = table_scan(&c, path, err);
	csv_close(&c);
	if (rc == -ECANCELED || (rc == 0 && p->row != p->table.rows.n)) {
		fprintf(stderr, "qmltrain: %s: changed while it was read\n",
		    path);
		return -EIO;
	}
	if (rc < 0)
		fprintf(stderr, "qmltrain: %s\n", err);
	return rc;
}

static int
print_part(const struct splitting *p, size_t i, bool json)
{
	struct dataset part = DATASET_INIT;
	char path[PATH_LEN];
	int rc;

	name_file(p, i, path);
	rc = select_rows(p, i == p->nnodes ? SPLIT_HELDOUT : (int)i, &part);
	if (rc < 0)
		return rc;
	if (json) {
		printf("{\"file\":");
		describe_json_string(stdout, path);
		printf(",\"rows\":%zu,\"classes\":", part.n);
		rc = describe_json_counts(stdout, &part, p->table.nlabels);
		printf("}");
	} else {
		printf("%-28s %5zu rows   ", path, part.n);
		rc = describe_counts(stdout, &p->table, &part);
		printf("\n");
	}
	dataset_close(&part);
	return rc;
}

static int
print_split(const struct splitting *p, bool json)
{
	size_t i;
	int rc = 0;

	if (json) {
		printf("{");
		rc = describe_json(stdout, &p->table);
		printf(",\"nodes\":[");
	}
	for (i = 0; i < p->nnodes && rc == 0; i++) {
		if (json && i)
			printf(",");
		rc = print_part(p, i, json);
	}
	if (json)
		printf("],\"heldout\":");
	if (rc == 0 && p->percent > 0)
		rc = print_part(p, p->nnodes, json);
	else if (json)
		printf("null");
	if (json)
		printf("}\n");
	return rc;
}

/* Everybody needs a row, or the node could not take part. */
static int
check_shares(const struct splitting *p)
{
	size_t i, j;

	for (i = 0; i < p->nnodes; i++) {
		for (j = 0; j < p->table.rows.n; j++) {
			if (p->owner[j] == (int)i)
				break;
		}
		if (j < p->table.rows.n)
			continue;
		fprintf(stderr,
		    "qmltrain: node %zu of %zu would get no row; "
		    "take fewer nodes or more rows\n",
		    i, p->nnodes);
		return -EINVAL;
	}
	return 0;
}

static int
run_split(struct splitting *p, const char *data, const char *seed, bool json)
{
	struct table_source source = {.path = data, .show_values = true};
	char err[TABLE_ERR_LEN];
	int rc;

	rc = table_load(&p->table, &source, err);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: %s\n", err);
		return rc == -ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
	}
	rc = assign(p, seed);
	if (rc < 0)
		fprintf(stderr, "qmltrain: the rows cannot be split: %s\n",
		    strerror(-rc));
	if (rc == 0)
		rc = check_shares(p);
	if (rc == 0)
		rc = open_files(p);
	if (rc == 0)
		rc = copy_rows(p, data);
	if (close_files(p) < 0)
		rc = -EIO;
	if (rc == 0)
		rc = print_split(p, json);
	table_close(&p->table);
	free(p->owner);
	return rc < 0 ? TOOL_FAILED : TOOL_DONE;
}

/* "0.2" is 20 percent; split.h counts in whole ones. */
static int
parse_percent(const char *text, unsigned *percent)
{
	double v = 0, scaled;

	if (csv_parse_number(text, &v) == CSV_NUMBER_OK && v >= 0 && v <= 0.9) {
		scaled = 100 * v;
		*percent = (unsigned)(scaled + 0.5);
		if (scaled - *percent < 1e-9 && *percent - scaled < 1e-9)
			return 0;
	}
	fprintf(stderr,
	    "qmltrain: --heldout: want a fraction from 0 to 0.9 "
	    "in steps of 0.01, got \"%s\"\n",
	    text);
	return -EINVAL;
}

int
tool_split(int argc, char **argv)
{
	const char *data = NULL, *nodes = "4", *mode = "label-skew";
	const char *seed = "1", *heldout = "0.2", *dir = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"data", &data, NULL, true},
	    {"nodes", &nodes, NULL, false},
	    {"mode", &mode, NULL, false},
	    {"seed", &seed, NULL, false},
	    {"heldout", &heldout, NULL, false},
	    {"out", &dir, NULL, true},
	    {"json", NULL, &json, false},
	};
	const uint64_t range[2] = {1, NODES_MAX};
	struct splitting p = {.table = TABLE_INIT};
	uint64_t n = 0;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    args_number("nodes", nodes, range, &n) < 0 ||
	    parse_percent(heldout, &p.percent) < 0)
		return TOOL_USAGE;
	p.skewed = strcmp(mode, "label-skew") == 0;
	if (!p.skewed && strcmp(mode, "iid") != 0) {
		fprintf(stderr,
		    "qmltrain: --mode: want iid or label-skew, got "
		    "\"%s\"\n",
		    mode);
		return TOOL_USAGE;
	}
	p.nnodes = (size_t)n;
	p.dir = dir;
	return run_split(&p, data, seed, json);
}
