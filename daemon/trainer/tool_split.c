#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/describe.h"
#include "daemon/trainer/parts.h"
#include "proto/hash.h"
#include "sim/learn/partition.h"
#include "sim/learn/split.h"

#define MAP_BYTES_MAX ((size_t)64 << 20)

/* What the options say. */
struct plan {
	const char *mode, *seed, *map;
	unsigned heldout, validation; /* percent */
	double alpha;
	uint64_t c; /* classes or shards of a node */
	size_t nnodes;
	int16_t *owner; /* [rows] */
};

static int
deal_skew(const struct split *s, const struct plan *p)
{
	return split_label_skew(s, p->nnodes, SPLIT_SKEW_PERCENT, p->owner);
}

static int
deal_iid(const struct split *s, const struct plan *p)
{
	return split_iid(s, p->nnodes, p->owner);
}

static int
deal_dirichlet(const struct split *s, const struct plan *p)
{
	return partition_dirichlet(s, p->nnodes, p->alpha, p->owner);
}

static int
deal_quantity(const struct split *s, const struct plan *p)
{
	return partition_quantity(s, p->nnodes, p->alpha, p->owner);
}

static int
deal_shards(const struct split *s, const struct plan *p)
{
	return partition_shards(s, p->nnodes, (size_t)p->c, p->owner);
}

static int
deal_labels(const struct split *s, const struct plan *p)
{
	return partition_labels(s, p->nnodes, (size_t)p->c, p->owner);
}

/* The rows stay free: who holds them follows from the class. */
static int
deal_ring(const struct split *s, const struct plan *p)
{
	return p->c > s->nclasses ? -EINVAL : 0;
}

/* {..., "client_of_row": [0, 2, -1, ...]}: -1 is held out. */
static int
deal_map(const struct split *s, const struct plan *p)
{
	static const char key[] = "\"client_of_row\"";
	uint8_t *data = NULL;
	const char *at = NULL;
	size_t len = 0, i;
	long v = 0;
	char *end;

	if (!p->map || tool_load_file(p->map, MAP_BYTES_MAX, &data, &len) != 0)
		return -EINVAL;
	data[len] = '\0';
	at = strstr((const char *)data, key);
	at = at ? strchr(at, '[') : NULL;
	for (i = 0; at && i < s->n; i++) {
		v = strtol(at + 1, &end, 10);
		if (end == at + 1 || v < SPLIT_HELDOUT || v >= (long)p->nnodes)
			break;
		p->owner[i] = (int16_t)v;
		at = end + strspn(end, " \t\r\n");
		if (*at != (i + 1 < s->n ? ',' : ']'))
			break;
	}
	if (!at || i < s->n)
		fprintf(stderr,
		    "qmltrain: %s: want \"client_of_row\" with %zu integers "
		    "from -1 (held out) to %zu\n",
		    p->map, s->n, p->nnodes - 1);
	free(data);
	return at && i == s->n ? 0 : -EINVAL;
}

static const struct mode {
	const char *name;
	int (*deal)(const struct split *s, const struct plan *p);
} modes[] = {
    {"iid", deal_iid},
    {"label-skew", deal_skew},
    {"dirichlet", deal_dirichlet},
    {"quantity", deal_quantity},
    {"shards", deal_shards},
    {"labels", deal_labels},
    {"ring", deal_ring},
    {"map", deal_map},
};

#define NMODES (sizeof(modes) / sizeof(modes[0]))

static const struct mode *
find_mode(const char *name)
{
	size_t i;

	for (i = 0; i < NMODES; i++) {
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	}
	fprintf(stderr, "qmltrain: --mode: want");
	for (i = 0; i < NMODES; i++)
		fprintf(stderr, "%s %s",
		    i == 0               ? ""
			: i + 1 < NMODES ? ","
					 : " or",
		    modes[i].name);
	fprintf(stderr, ", got \"%s\"\n", name);
	return NULL;
}

static int
assign(struct plan *p, const struct table *t)
{
	const struct mode *m = find_mode(p->mode);
	struct hash h = hash_bytes("qml.splitseed", p->seed, strlen(p->seed));
	struct split s = {
	    .labels = t->rows.labels,
	    .n = t->rows.n,
	    .nclasses = t->nlabels,
	    .seed = h.b,
	};
	int rc;

	p->owner = calloc(s.n, sizeof(*p->owner));
	if (!p->owner)
		return -ENOMEM;
	rc = split_heldout(&s, p->heldout, p->owner);
	if (rc == 0)
		rc = split_validation(&s, p->validation, p->owner);
	return rc == 0 ? m->deal(&s, p) : rc;
}

/* Everybody needs a row, or the node could not take part. */
static int
check_shares(const struct parts *p)
{
	size_t i;

	for (i = 0; i < p->nnodes; i++) {
		if (parts_count(p, i) > 0)
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
select_rows(const struct parts *p, size_t part, struct dataset *out)
{
	uint32_t *rows = calloc(p->table->rows.n + 1, sizeof(*rows));
	size_t i, n = 0;
	int rc;

	if (!rows)
		return -ENOMEM;
	for (i = 0; i < p->table->rows.n; i++) {
		if (parts_holds(p, part, i))
			rows[n++] = (uint32_t)i;
	}
	rc = dataset_select(out, &p->table->rows, rows, n);
	free(rows);
	return rc;
}

static int
print_part(const struct parts *p, size_t part, bool json)
{
	struct dataset rows = DATASET_INIT;
	char path[PARTS_PATH_LEN];
	int rc;

	parts_name(p, part, path);
	rc = select_rows(p, part, &rows);
	if (rc < 0)
		return rc;
	if (json) {
		printf("{\"file\":");
		describe_json_string(stdout, path);
		printf(",\"rows\":%zu,\"classes\":", rows.n);
		rc = describe_json_counts(stdout, &rows, p->table->nlabels);
		printf("}");
	} else {
		printf("%-28s %5zu rows   ", path, rows.n);
		rc = describe_counts(stdout, p->table, &rows);
		printf("\n");
	}
	dataset_close(&rows);
	return rc;
}

static int
print_json(const struct parts *p)
{
	static const char *const names[] = {"validation", "heldout"};
	size_t i;
	int rc;

	printf("{");
	rc = describe_json(stdout, p->table);
	printf(",\"nodes\":[");
	for (i = 0; i < p->nnodes && rc == 0; i++) {
		if (i)
			printf(",");
		rc = print_part(p, i, true);
	}
	printf("]");
	for (i = 0; i < 2 && rc == 0; i++) {
		printf(",\"%s\":", names[i]);
		if (parts_count(p, p->nnodes + i) > 0)
			rc = print_part(p, p->nnodes + i, true);
		else
			printf("null");
	}
	printf("}\n");
	return rc;
}

static int
print_text(const struct parts *p)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < p->nnodes + 2 && rc == 0; i++) {
		if (parts_count(p, i) > 0)
			rc = print_part(p, i, false);
	}
	return rc;
}

static int
make_parts(struct plan *plan, const struct table *t,
    const struct table_source *source, const char *dir, bool json)
{
	struct parts p = {.table = t,
	    .source = source,
	    .nnodes = plan->nnodes,
	    .dir = dir};
	int rc = assign(plan, t);

	p.owner = plan->owner;
	p.ring = strcmp(plan->mode, "ring") == 0 ? (size_t)plan->c : 0;
	if (rc == -ERANGE)
		fprintf(stderr,
		    "qmltrain: a node would get no row; take fewer nodes or "
		    "more rows, or a larger --alpha\n");
	else if (rc < 0)
		fprintf(stderr, "qmltrain: the rows cannot be split: %s\n",
		    rc == -EINVAL ? "--alpha, --classes or --map does not suit "
				    "them"
				  : strerror(-rc));
	if (rc == 0)
		rc = check_shares(&p);
	if (rc == 0)
		rc = parts_write(&p);
	if (rc == 0)
		rc = json ? print_json(&p) : print_text(&p);
	free(plan->owner);
	return rc < 0 ? TOOL_FAILED : TOOL_DONE;
}

/* "0.2" is 20 percent; split.h counts in whole ones. */
static int
parse_percent(const char *name, const char *text, unsigned *percent)
{
	double v = 0, scaled;

	if (csv_parse_number(text, &v) == CSV_NUMBER_OK && v >= 0 && v <= 0.9) {
		scaled = 100 * v;
		*percent = (unsigned)(scaled + 0.5);
		if (scaled - *percent < 1e-9 && *percent - scaled < 1e-9)
			return 0;
	}
	fprintf(stderr,
	    "qmltrain: --%s: want a fraction from 0 to 0.9 "
	    "in steps of 0.01, got \"%s\"\n",
	    name, text);
	return -EINVAL;
}

static int
parse_alpha(const char *text, double *alpha)
{
	if (csv_parse_number(text, alpha) == CSV_NUMBER_OK && *alpha >= 0.01 &&
	    *alpha <= 1000)
		return 0;
	fprintf(stderr,
	    "qmltrain: --alpha: want a number from 0.01 to 1000, got \"%s\"\n",
	    text);
	return -EINVAL;
}

int
tool_split(int argc, char **argv)
{
	struct plan p = {.mode = "label-skew", .seed = "1"};
	struct table_source source = {.show_values = true};
	const char *nodes = "4", *heldout = "0.2", *validation = "0";
	const char *alpha = "0.5", *classes = "2", *dir = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"data", &source.path, NULL, true},
	    {"labels", &source.labels, NULL, false},
	    {"nodes", &nodes, NULL, false},
	    {"mode", &p.mode, NULL, false},
	    {"alpha", &alpha, NULL, false},
	    {"classes", &classes, NULL, false},
	    {"map", &p.map, NULL, false},
	    {"seed", &p.seed, NULL, false},
	    {"heldout", &heldout, NULL, false},
	    {"validation", &validation, NULL, false},
	    {"out", &dir, NULL, true},
	    {"json", NULL, &json, false},
	};
	const uint64_t range[2] = {1, PARTS_NODES_MAX};
	const uint64_t class_range[2] = {1, FEDERATION_MAX_LABELS};
	char err[TABLE_ERR_LEN];
	struct table t;
	uint64_t n = 0;
	int rc;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    args_number("nodes", nodes, range, &n) < 0 ||
	    args_number("classes", classes, class_range, &p.c) < 0 ||
	    parse_percent("heldout", heldout, &p.heldout) < 0 ||
	    parse_percent("validation", validation, &p.validation) < 0 ||
	    parse_alpha(alpha, &p.alpha) < 0 || !find_mode(p.mode))
		return TOOL_USAGE;
	p.nnodes = (size_t)n;
	rc = table_load(&t, &source, err);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: %s\n", err);
		return rc == -ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
	}
	rc = make_parts(&p, &t, &source, dir, json);
	table_close(&t);
	return rc;
}
