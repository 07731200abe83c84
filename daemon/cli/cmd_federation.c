#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/found.h"
#include "daemon/cli/founding.h"
#include "daemon/cli/member_line.h"
#include "daemon/cli/shards.h"
#include "daemon/cli/show.h"
#include "daemon/node/home.h"
#include "proto/id.h"

#define ROUNDS_DEFAULT 20
#define INPUT_BYTES_MAX 65536

static const char usage_new[] =
    "usage: qmlnode federation new NAME [--data FILE.csv]\n"
    "           [--range LO:HI | --ranges-from-data] [--task vqc|linear]\n"
    "           [--rounds N] [--local] [--out federation.yaml]\n"
    "Columns, labels and a job that suits them come from the CSV's shape.\n"
    "The ranges are public, so say them, or let the data say them aloud.\n"
    "--local: timing for one machine instead of the internet.\n";
static const char usage_add[] =
    "usage: qmlnode federation add FILE [MEMBER LINE]\n"
    "Adds the members whose lines (of qmlnode init) stand there or on stdin.\n";
static const char usage_show[] =
    "usage: qmlnode federation show FILE [--json]\n"
    "The federation's id, members, schema and job.\n";

static const char usage_shards[] =
    "usage: qmlnode federation shards ROWS.csv [--shards N] [--out DIR]\n"
    "Deals public rows into N sealed shards (default 50), one for each round\n"
    "whose updates are valued, and prints what federation.yaml says of them.\n"
    "DIR (default: shards) goes into the homes of those who will show them.\n";

struct founder {
	const char *data, *range, *task, *rounds, *out;
	bool ranges_from_data, local;
	struct found_options options;
};

static int
check_range(const char *range)
{
	struct decimal lo, hi;
	char text[64];
	size_t n = strcspn(range, ":");

	if (range[n] == ':' && n < sizeof(text)) {
		memcpy(text, range, n);
		text[n] = '\0';
		if (decimal_parse(text, &lo) == 0 &&
		    decimal_parse(range + n + 1, &hi) == 0 &&
		    decimal_compare(&lo, &hi) < 0)
			return CLI_OK;
	}
	return cli_error(CLI_USAGE,
	    "--range: want LO:HI, like 0:16, got \"%.60s\"", range);
}

static int
check_new(struct founder *f, const char *name)
{
	struct found_options *o = &f->options;
	char *end;
	long rounds =
	    f->rounds != NULL ? strtol(f->rounds, &end, 10) : ROUNDS_DEFAULT;

	if (!federation_name_ok(name) || strlen(name) >= FEDERATION_NAME_LEN)
		return cli_error(CLI_USAGE,
		    "want a name of at most %d letters, digits, '.', '-' or "
		    "'_', got \"%.60s\"",
		    FEDERATION_NAME_LEN - 1, name);
	if (f->rounds != NULL &&
	    (*end != '\0' || end == f->rounds || rounds < 1 ||
		rounds > 1000000))
		return cli_error(CLI_USAGE,
		    "--rounds: want 1 to 1000000, got \"%.20s\"", f->rounds);
	if (f->task != NULL && strcmp(f->task, "vqc") != 0 &&
	    strcmp(f->task, "linear") != 0)
		return cli_error(CLI_USAGE,
		    "--task: want vqc or linear, got \"%.20s\"", f->task);
	if (f->range != NULL && f->ranges_from_data)
		return cli_error(CLI_USAGE,
		    "want either --range or --ranges-from-data");
	if (f->data != NULL && f->range == NULL && !f->ranges_from_data)
		return cli_error(CLI_USAGE,
		    "every column needs a range that all members may know\n"
		    "  --range 0:16 says one for all of them; "
		    "--ranges-from-data takes those of\n  %s, which tells "
		    "every member its extremes",
		    f->data);
	if (f->range != NULL && check_range(f->range) != CLI_OK)
		return CLI_USAGE;
	*o = (struct found_options){.name = name,
	    .founded_ms = (uint64_t)time(NULL) * 1000,
	    .rounds = (uint32_t)rounds,
	    .linear = f->task != NULL && strcmp(f->task, "linear") == 0,
	    .local = f->local,
	    .range = f->range};
	keys_random(o->seed.b, sizeof(o->seed.b));
	return CLI_OK;
}

static int
write_new(const struct founder *f, const struct federation *fed)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int rc;

	if (to == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	rc = federation_file_write(fed, to);
	if (fclose(to) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc == 0)
		rc = home_write_new(f->out, 0644, text, len);
	free(text);
	if (rc == -EEXIST)
		return cli_error(CLI_CONFLICT,
		    "%s is there already; nothing was changed\n  Another "
		    "file: --out FILE",
		    f->out);
	if (rc != 0)
		return cli_error(CLI_IO, "%s: %s", f->out, strerror(-rc));
	return CLI_OK;
}

static void
print_new(const struct founder *f, const struct federation *fed)
{
	fprintf(stderr,
	    "made %s: %u columns, %u labels, %u parameters, no members yet\n",
	    f->out, fed->ncolumns, fed->nlabels, fed->job.dim);
	if (f->data == NULL)
		fprintf(stderr,
		    "  The columns are an example: edit them, or "
		    "use --data FILE.csv\n");
	if (f->ranges_from_data)
		fprintf(stderr,
		    "  warning: the ranges are the rounded extremes of your "
		    "rows, and public.\n  Widen them by hand if that says too "
		    "much\n");
	fprintf(stderr,
	    "Next: qmlnode federation add %s, with each member's line on "
	    "stdin\n",
	    f->out);
}

static int
found(struct founder *f, const char *name)
{
	char err[FOUND_ERR_LEN] = "out of memory";
	struct federation fed = FEDERATION_INIT;
	struct jv *table = NULL;
	int rc = check_new(f, name);

	if (rc == CLI_OK && f->data != NULL)
		rc = found_inspect(f->data, &table);
	if (rc != CLI_OK)
		return rc;
	if (found_federation(&fed, table, &f->options, err, sizeof(err)) != 0)
		rc = cli_error(CLI_FAILED, "%s", err);
	jv_free(table);
	if (rc == CLI_OK)
		rc = write_new(f, &fed);
	if (rc == CLI_OK)
		print_new(f, &fed);
	federation_close(&fed);
	return rc;
}

static int
cmd_new(int argc, char **argv)
{
	struct founder f = {.out = FEDERATION_FILE};
	const struct cli_option options[] = {{"data", &f.data, NULL},
	    {"range", &f.range, NULL},
	    {"ranges-from-data", NULL, &f.ranges_from_data},
	    {"task", &f.task, NULL}, {"rounds", &f.rounds, NULL},
	    {"local", NULL, &f.local}, {"out", &f.out, NULL}};
	const struct cli_options o = {options, 7, usage_new, 1};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc != 2)
		return cli_error(CLI_USAGE, "want a name\n%s", usage_new);
	return found(&f, argv[1]);
}

/* One more member at the end; the order is made when it is written. */
static int
append_member(struct federation *f, const struct member *m)
{
	struct member *grown;

	if (f->nmembers >= FEDERATION_MAX_MEMBERS)
		return -ENOSPC;
	grown = realloc(f->members, (f->nmembers + 1u) * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	f->members = grown;
	f->members[f->nmembers++] = *m;
	federation_sort(f);
	return 0;
}

static int
add_line(struct federation *f, const char *line)
{
	char err[512], id[ID_TEXT_LEN];
	struct member m;
	int rc;

	if (member_line_parse(line, &m, err, sizeof(err)) != 0)
		return cli_error(CLI_NOT_VERIFIED, "%s", err);
	if (federation_find(f, &m.id) >= 0)
		return cli_error(CLI_CONFLICT,
		    "%s (%s) is a member already; nothing was changed", m.name,
		    id_text(ID_NODE, &m.id, id));
	rc = append_member(f, &m);
	if (rc != 0)
		return cli_error(CLI_FAILED, "%s",
		    rc == -ENOSPC ? "the federation is full" : "out of memory");
	if (federation_check(f, err, sizeof(err)) != 0)
		return cli_error(CLI_CONFLICT, "%s; nothing was changed", err);
	fprintf(stderr, "added %s  %s  %s\n", m.name,
	    id_text(ID_NODE, &m.id, id),
	    m.address[0] != '\0' ? m.address : "dials out only");
	return CLI_OK;
}

/* Lines of stdin; empty ones and comments do not count. */
static int
add_stdin(struct federation *f)
{
	char line[MEMBER_LINE_LEN * 2];
	int rc = CLI_OK;
	unsigned n = 0;

	if (isatty(STDIN_FILENO))
		fprintf(stderr, "Paste the members' lines, end with Ctrl-D:\n");
	while (rc == CLI_OK && fgets(line, sizeof(line), stdin) != NULL) {
		if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#')
			continue;
		rc = add_line(f, line);
		n++;
	}
	if (rc == CLI_OK && n == 0)
		return cli_error(CLI_USAGE, "no line came\n%s", usage_add);
	return rc;
}

static int
cmd_add(int argc, char **argv)
{
	const struct cli_options o = {NULL, 0, usage_add, 8};
	char line[MEMBER_LINE_LEN * 2] = "";
	struct federation f;
	size_t len = 0;
	int i, rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc < 2)
		return cli_error(CLI_USAGE, "want a file\n%s", usage_add);
	rc = founding_federation(argv[1], true, &f);
	if (rc != CLI_OK)
		return rc;
	for (i = 2; i < argc && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s",
		    i > 2 ? " " : "", argv[i]);
	rc = argc > 2 ? add_line(&f, line) : add_stdin(&f);
	if (rc == CLI_OK)
		rc = founding_replace(argv[1], &f);
	if (rc == CLI_OK)
		fprintf(stderr,
		    "%s has %u member%s\nNext, when all are in: qmlnode "
		    "federation show %s, and send everybody the file\n",
		    argv[1], f.nmembers, f.nmembers == 1 ? "" : "s", argv[1]);
	federation_close(&f);
	return rc;
}

static int
cmd_show(int argc, char **argv)
{
	bool json = false;
	const struct cli_option options[] = {{"json", NULL, &json}};
	const struct cli_options o = {options, 1, usage_show, 1};
	struct federation f;
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc != 2)
		return cli_error(CLI_USAGE, "want a file\n%s", usage_show);
	rc = founding_federation(argv[1], true, &f);
	if (rc == CLI_OK)
		rc = json ? show_federation_json(&f) : show_federation(&f);
	federation_close(&f);
	return rc;
}

static int
cmd_shards(int argc, char **argv)
{
	const char *count = "50", *out = "shards";
	const struct cli_option options[] = {{"shards", &count, NULL},
	    {"out", &out, NULL}};
	const struct cli_options o = {options, 2, usage_shards, 1};
	char err[SHARDS_ERR_LEN], hex[HASH_HEX_LEN], *end;
	struct hash root;
	long n;
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc != 2)
		return cli_error(CLI_USAGE, "want a CSV\n%s", usage_shards);
	n = strtol(count, &end, 10);
	if (*end != '\0' || end == count || n < 1 || n > SHARDS_MAX)
		return cli_error(CLI_USAGE,
		    "--shards: want 1 to %d, got \"%.20s\"", SHARDS_MAX, count);
	rc = shards_make(argv[1], (uint32_t)n, out, &root, err);
	if (rc < 0)
		return cli_error(rc == -EEXIST ? CLI_CONFLICT : CLI_FAILED,
		    "%s", err);
	printf("economy:\n  validation_shards: %ld\n"
	       "  validation_root: \"%s\"\n",
	    n, hash_hex(&root, hex));
	fprintf(stderr,
	    "made %ld files in %s; until their round nobody else may see them\n"
	    "Next: put these lines into federation.yaml before anybody joins, "
	    "and the folder\n  into the home of each sponsor, as shards/\n",
	    n, out);
	return CLI_OK;
}

static const struct cli_command commands[] = {
    {"new", cmd_new, "a federation.yaml from the shape of a CSV"},
    {"add", cmd_add, "take members' lines into it"},
    {"show", cmd_show, "its id, members, schema and job"},
    {"shards", cmd_shards, "seal public rows that tell what updates are worth"},
};

int
cmd_federation(int argc, char **argv)
{
	const struct cli_program p = {"qmlnode federation",
	    "found a federation: collect members, agree on schema and job",
	    commands, sizeof(commands) / sizeof(commands[0])};

	return cli_dispatch(&p, argc, argv);
}
