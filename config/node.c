#include "config/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"
#include "proto/federation.h"
#include "proto/trainwire.h"

static const char *const log_words[] = {"error", "warn", "info", "debug", NULL};

#define AT(member)                                      \
	.offset = offsetof(struct config_node, member), \
	.size = sizeof(((struct config_node *)0)->member)

/* One row, one key: the example file, `check --effective` and the messages
 * come from here. */
static const struct schema_row rows[] = {
    {.key = "version",
	.type = SCHEMA_INT,
	AT(version),
	.lo = 1,
	.hi = 1,
	.help = "format of this file"},
    {.key = "name",
	.type = SCHEMA_TEXT,
	AT(name),
	.lo = 1,
	.help = "what the others call this node in the federation"},
    {.key = "listen",
	.type = SCHEMA_TEXT,
	AT(listen),
	.def = "",
	.help = "host:port to accept links on; empty: dial out only"},
    {.key = "advertise",
	.type = SCHEMA_TEXT,
	AT(advertise),
	.def = "",
	.help = "host:port the others dial; empty: the same as listen"},
    {.key = "psk_file",
	.type = SCHEMA_TEXT,
	AT(psk_file),
	.def = "",
	.help = "file of 32 random bytes, mode 0600, the same at all members; "
		"only if federation.yaml says shared_key"},
    {.key = "data.file",
	.type = SCHEMA_TEXT,
	AT(data_file),
	.def = "",
	.help = "the rows of this site: CSV, .npy, .npz or IDX (.gz); empty: "
		"vote, train nothing"},
    {.key = "data.labels",
	.type = SCHEMA_TEXT,
	AT(data_labels),
	.def = "",
	.help = "file of the labels where data.file has none; empty: found "
		"by name"},
    {.key = "data.command",
	.type = SCHEMA_TEXTS,
	AT(data_command),
	.lo = 0,
	.hi = 32,
	.def = "",
	.help = "instead of data.file: program and arguments that print the "
		"rows as CSV"},
    {.key = "data.one_class",
	.type = SCHEMA_BOOL,
	AT(data_one_class),
	.def = "false",
	.help = "train although all rows are of one class; false: vote only"},
    {.key = "trainer.command",
	.type = SCHEMA_TEXTS,
	AT(trainer_command),
	.lo = 0,
	.hi = 32,
	.def = "",
	.help = "program and arguments, e.g. [ssh, gpu1, qmltrain]; empty: "
		"the qmltrain beside qmlnode"},
    {.key = "trainer.threads",
	.type = SCHEMA_INT,
	AT(trainer_threads),
	.lo = 1,
	.hi = 64,
	.def = "1",
	.help = "threads of one local training; the result does not depend "
		"on it"},
    {.key = "trainer.confine",
	.type = SCHEMA_BOOL,
	AT(trainer_confine),
	.def = "true",
	.help = "take network and files from the trainer once it runs; "
		"false behind a launcher"},
    {.key = "control.socket",
	.type = SCHEMA_TEXT,
	AT(control_socket),
	.lo = 1,
	.def = "qmlnode.sock",
	.help = "Unix socket of qmlctl; relative to the home directory"},
    {.key = "storage.scrub",
	.type = SCHEMA_DURATION,
	AT(storage_scrub),
	.lo = 0,
	.hi = 28u * 24 * 3600000,
	.def = "168h",
	.help = "look through all that is stored this often; 0s: never"},
    {.key = "log.level",
	.type = SCHEMA_WORD,
	AT(log_level),
	.words = log_words,
	.def = "info",
	.help = "how much goes to stderr; info: the life cycle"},
};

const struct schema config_node_schema = {rows, sizeof(rows) / sizeof(rows[0])};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= CONFIG_NODE_KEYS_MAX,
    "origins are too few");

/* Where a key stands, for checks that the table cannot express. */
static struct config_place
place_of(const struct config_node *c, size_t offset)
{
	size_t i;

	for (i = 0; i < config_node_schema.n; i++)
		if (rows[i].offset == offset)
			return c->origins[i].at;
	return (struct config_place){0, 0};
}

/* What the message to the trainer has room for. */
static int
check_command(const struct config_node *c, struct config_error *e)
{
	struct config_place at =
	    place_of(c, offsetof(struct config_node, data_command));
	size_t i, len, sum = 0;

	for (i = 0; i < c->data_command.n; i++) {
		len = strlen(c->data_command.text[i]);
		if (len == 0)
			return config_fail(e, at,
			    "data.command: want no empty argument");
		sum += len + 1;
	}
	if (sum > TRAINWIRE_COMMAND_MAX)
		return config_fail(e, at,
		    "data.command: want at most %d bytes, got %zu\n  put it "
		    "into a script and name that",
		    TRAINWIRE_COMMAND_MAX, sum);
	return 0;
}

static int
check(const struct config_node *c, struct config_error *e)
{
	if (!federation_name_ok(c->name))
		return config_fail(e,
		    place_of(c, offsetof(struct config_node, name)),
		    "name: want at most 32 letters, digits, '.', '-' or '_', "
		    "got '%s'",
		    c->name);
	if (c->listen[0] != '\0' && !federation_address_ok(c->listen))
		return config_fail(e,
		    place_of(c, offsetof(struct config_node, listen)),
		    "listen: want host:port, got '%s'\n  like 0.0.0.0:7701 "
		    "or [::]:7701",
		    c->listen);
	if (c->advertise[0] != '\0' && !federation_address_ok(c->advertise))
		return config_fail(e,
		    place_of(c, offsetof(struct config_node, advertise)),
		    "advertise: want host:port, got '%s'\n  like "
		    "alpha.example.org:7701",
		    c->advertise);
	if (c->data_file[0] != '\0' && c->data_command.n > 0)
		return config_fail(e,
		    place_of(c, offsetof(struct config_node, data_command)),
		    "data.command: want either data.file or data.command, not "
		    "both");
	if (c->data_labels[0] != '\0' && c->data_file[0] == '\0')
		return config_fail(e,
		    place_of(c, offsetof(struct config_node, data_labels)),
		    "data.labels: want data.file too");
	return check_command(c, e);
}

int
config_node_parse(struct config_node *c, const void *data, size_t len,
    struct config_error *e)
{
	struct yaml_doc doc;
	struct schema_input in = {.prefix = "", .origins = c->origins};
	int rc;

	*c = CONFIG_NODE_INIT;
	rc = yaml_parse(&doc, data, len, e);
	if (rc != 0)
		return rc;
	in.map = doc.root;
	rc = schema_fill(&config_node_schema, &in, c, e);
	yaml_close(&doc);
	if (rc != 0)
		return rc;
	rc = check(c, e);
	if (rc != 0)
		config_node_close(c);
	return rc;
}

int
config_node_load(struct config_node *c, const char *path,
    struct config_error *e)
{
	void *data = NULL;
	size_t len = 0;
	int rc;

	*c = CONFIG_NODE_INIT;
	rc = config_read(path, YAML_BYTES_MAX, &data, &len, e);
	if (rc != 0)
		return rc;
	rc = config_node_parse(c, data, len, e);
	if (rc == -EINVAL)
		config_quote(e, data, len);
	free(data);
	return rc;
}

void
config_node_close(struct config_node *c)
{
	schema_close(&config_node_schema, c);
	*c = CONFIG_NODE_INIT;
}

void
config_node_print(const struct config_node *c, const char *file, FILE *to)
{
	schema_print_effective(&config_node_schema, c, c->origins, file, to);
}

void
config_node_example(const struct config_node *values, FILE *to)
{
	fputs("# qmlnode.yaml - settings of this node alone. What all members "
	      "share is in\n# federation.yaml. After a change: qmlnode check\n"
	      "# A key that is commented out shows its default.\n\n",
	    to);
	schema_print_file(&config_node_schema, values, to, false);
}

int
config_node_default(struct config_node *c, const char *name)
{
	char text[128];
	struct config_error e = {.file = "defaults"};
	int n =
	    snprintf(text, sizeof(text), "version: 1\nname: \"%s\"\n", name);

	*c = CONFIG_NODE_INIT;
	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	return config_node_parse(c, text, (size_t)n, &e);
}

int
config_read(const char *path, size_t max, void **data, size_t *len,
    struct config_error *e)
{
	FILE *f = fopen(path, "rb");
	int rc = -errno;
	size_t n = 0;
	char *buf;

	e->file = path;
	if (f == NULL) {
		(void)config_fail(e, (struct config_place){0, 0}, "%s",
		    strerror(-rc));
		return rc;
	}
	buf = malloc(max + 1);
	if (buf != NULL)
		n = fread(buf, 1, max + 1, f);
	rc = buf == NULL ? -ENOMEM : ferror(f) ? -EIO : 0;
	if (rc == -EIO)
		(void)config_fail(e, (struct config_place){0, 0},
		    "cannot be read");
	if (rc == 0 && n > max)
		rc = config_fail(e, (struct config_place){0, 0},
		    "want at most %zu bytes", max);
	fclose(f);
	if (rc != 0) {
		free(buf);
		return rc;
	}
	*data = buf;
	*len = n;
	return 0;
}
