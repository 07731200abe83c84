/*
 * tool_check.c - what the federation would see of a member's rows, for the
 * member's own eyes: which rows are used, and what of them leaves the machine.
 */
#include "daemon/trainer/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/node.h"
#include "daemon/trainer/args.h"
#include "daemon/trainer/asset.h"
#include "daemon/trainer/describe.h"

#define PATH_LEN 4096
#define COLUMNS_SHOWN 40 /* of a wide table only the sum is of use */

/* Where things are; of a home, what its files say. */
struct place {
	const char *home, *federation, *data, *labels, *salt;
	char federation_path[PATH_LEN], data_path[PATH_LEN];
	char labels_path[PATH_LEN], salt_path[PATH_LEN];
	struct config_node config;
	bool salted;
	uint8_t salt_bytes[ASSET_SALT_LEN];
};

static void
in_home(const struct place *p, const char *name, char out[static PATH_LEN])
{
	if (name[0] == '/')
		snprintf(out, PATH_LEN, "%s", name);
	else
		snprintf(out, PATH_LEN, "%s/%s", p->home, name);
}

/* What qmlnode.yaml says of the data, unless an option did. */
static int
read_home(struct place *p)
{
	struct config_error e = {.file = ""};
	char file[PATH_LEN];
	int rc;

	in_home(p, CONFIG_NODE_FILE, file);
	rc = config_node_load(&p->config, file, &e);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: %s\n",
		    rc == -ENOMEM ? strerror(-rc) : e.text);
		return rc == -ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
	}
	in_home(p, "federation.yaml", p->federation_path);
	in_home(p, "data.salt", p->salt_path);
	if (!p->federation)
		p->federation = p->federation_path;
	if (!p->salt && access(p->salt_path, F_OK) == 0)
		p->salt = p->salt_path;
	if (p->data)
		return TOOL_DONE;
	if (p->config.data_file[0] != '\0') {
		in_home(p, p->config.data_file, p->data_path);
		p->data = p->data_path;
	}
	if (p->config.data_labels[0] != '\0') {
		in_home(p, p->config.data_labels, p->labels_path);
		p->labels = p->labels_path;
	}
	if (p->data || p->config.data_command.n > 0)
		return TOOL_DONE;
	fprintf(stderr,
	    "qmltrain: %s: data: there is no file and no command; this node "
	    "votes and trains nothing\n",
	    file);
	return TOOL_FAILED;
}

static int
read_salt(struct place *p)
{
	int fd;
	ssize_t n;

	if (!p->salt)
		return TOOL_DONE;
	fd = open(p->salt, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, p->salt_bytes, sizeof(p->salt_bytes));
	if (fd >= 0)
		close(fd);
	p->salted = n == (ssize_t)sizeof(p->salt_bytes);
	if (p->salted)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s: want a file of %zu bytes\n", p->salt,
	    sizeof(p->salt_bytes));
	return TOOL_FAILED;
}

static int
print_json(const struct session *s, const struct table *t, bool salted)
{
	char hex[HASH_HEX_LEN];
	size_t i;
	int rc;

	printf("{\"schema\":\"qml.data_check/1\",\"ok\":true,"
	       "\"federation\":");
	describe_json_string(stdout, s->federation.name);
	printf(",\"rows\":%zu,\"columns\":%zu,\"dim\":%zu,\"classes\":",
	    s->rows.n, t->ncolumns, s->main.task.nparams);
	rc = describe_json_counts(stdout, &s->rows, t->nlabels);
	printf(",\"filled\":%llu,\"asset\":", (unsigned long long)t->nfilled);
	if (salted)
		printf("\"%s\"", hash_hex(&s->data_asset, hex));
	else
		printf("null");
	printf(",\"ranges\":[");
	for (i = 0; i < t->ncolumns; i++) {
		printf("%s{\"name\":", i ? "," : "");
		describe_json_string(stdout, t->columns[i].name);
		printf(",\"min\":%.17g,\"max\":%.17g}", t->columns[i].min,
		    t->columns[i].max);
	}
	printf("]}\n");
	return rc;
}

/* How much of the agreed ranges the rows use. */
static void
print_ranges(const struct session *s, const struct table *t)
{
	size_t i, n = t->ncolumns < COLUMNS_SHOWN ? t->ncolumns : COLUMNS_SHOWN;

	printf("ranges      what the rows use of what is agreed (shown here "
	       "only)\n");
	for (i = 0; i < n; i++)
		printf("  %-28s %g .. %g   of %g .. %g\n", t->columns[i].name,
		    t->columns[i].min, t->columns[i].max,
		    decimal_double(&s->federation.columns[i].lo),
		    decimal_double(&s->federation.columns[i].hi));
	if (n < t->ncolumns)
		printf("  and %zu columns more; --json lists them\n",
		    t->ncolumns - n);
}

static void
print_one_class(const struct dataset *rows, size_t nlabels)
{
	size_t i;

	if (nlabels < 2 || !rows->labels)
		return;
	for (i = 1; i < rows->n; i++)
		if (rows->labels[i] != rows->labels[0])
			return;
	puts("warning     all rows are of one class: the node votes and does "
	     "not train,\n            unless qmlnode.yaml says "
	     "data.one_class: true");
}

static int
print_text(const struct session *s, const struct table *t, bool salted)
{
	char hex[HASH_HEX_LEN];
	int rc;

	printf("rows        %zu, each of %zu columns, all inside the agreed "
	       "ranges\n",
	    s->rows.n, t->ncolumns);
	printf("classes     ");
	rc = describe_counts(stdout, t, &s->rows);
	printf("   (shown here only, never sent)\n");
	print_one_class(&s->rows, t->nlabels);
	printf("missing     %llu values filled in by the agreed rule\n",
	    (unsigned long long)t->nfilled);
	print_ranges(s, t);
	printf("parameters  %zu\n", s->main.task.nparams);
	if (salted)
		printf("data asset  %s\n", hash_hex(&s->data_asset, hex));
	printf(
	    "leaves      once the data asset, a salted hash of the rows; in "
	    "each round one\n            update of %zu numbers, how many "
	    "rows there are, how many of those\n            scored are "
	    "right, and the mean loss. No row, cell, range or class count.\n",
	    s->main.task.nparams);
	printf("The data fit the federation %s.\n", s->federation.name);
	return rc;
}

static int
check(const struct place *p, bool json)
{
	struct session_source source = {
	    .data = p->data,
	    .labels = p->labels,
	    .command = p->data ? NULL : p->config.data_command.text,
	    .salt = p->salted ? p->salt_bytes : NULL,
	    .show_values = true,
	};
	struct federation f;
	struct session s;
	struct table t;
	int rc = tool_load_federation(p->federation, &f);

	if (rc != TOOL_DONE)
		return rc;
	rc = tool_open_session(&s, &f, &source, &t);
	federation_close(&f);
	if (rc != TOOL_DONE)
		return rc;
	if ((json ? print_json(&s, &t, p->salted)
		  : print_text(&s, &t, p->salted)) < 0)
		rc = TOOL_FAILED;
	table_close(&t);
	session_close(&s);
	return rc;
}

int
tool_check(int argc, char **argv)
{
	struct place p = {.config = CONFIG_NODE_INIT};
	bool json = false;
	const struct args_option options[] = {
	    {"home", &p.home, NULL, false},
	    {"federation", &p.federation, NULL, false},
	    {"data", &p.data, NULL, false},
	    {"labels", &p.labels, NULL, false},
	    {"salt", &p.salt, NULL, false},
	    {"json", NULL, &json, false},
	};
	int rc;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0)
		return TOOL_USAGE;
	if (!p.home && (!p.federation || !p.data)) {
		fprintf(stderr,
		    "qmltrain: check: want --home DIR, or --federation F and "
		    "--data FILE\n");
		return TOOL_USAGE;
	}
	rc = p.home ? read_home(&p) : TOOL_DONE;
	if (rc == TOOL_DONE)
		rc = read_salt(&p);
	if (rc == TOOL_DONE)
		rc = check(&p, json);
	config_node_close(&p.config);
	return rc;
}
