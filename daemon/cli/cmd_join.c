#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/yaml.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/founding.h"
#include "daemon/cli/guest.h"
#include "daemon/cli/init.h"
#include "daemon/cli/join_line.h"
#include "daemon/cli/pasted.h"
#include "daemon/node/home.h"
#include "proto/id.h"

static const char usage[] =
    "usage: qmlnode join FEDERATION.yaml [--home DIR]\n"
    "       qmlnode join 'LINE' [--home DIR] [--no-wait]\n"
    "                    [--name NAME] [--listen HOST:PORT]\n"
    "                    [--advertise HOST:PORT] [--data FILE.csv]\n"
    "Checks that this node is a member and keeps a copy of the file. With the "
    "line\nof qmlctl invite: fetches what a running federation was founded "
    "with, then\nsays how the members' vote stands until this node is one of "
    "them. Where\nthere is no home yet, one is made, with what the options "
    "say, as by init.\n";

struct join {
	const char *home, *file;
	char default_home[HOME_PATH_LEN];
	char copy[HOME_PATH_LEN];
	struct config_node config;
	struct keys keys;
	struct federation federation;
	struct hash id;
};

/* One home, one federation, for ever. */
static int
check_home(const struct join *j, bool *there)
{
	char ours[ID_TEXT_LEN], other[ID_TEXT_LEN];
	struct federation f;
	struct hash id;
	int rc;

	*there = access(j->copy, F_OK) == 0;
	if (!*there)
		return CLI_OK;
	rc = founding_federation(j->copy, false, &f);
	if (rc != CLI_OK)
		return rc;
	rc = federation_id(&f, &id);
	federation_close(&f);
	if (rc != 0)
		return cli_error(CLI_FAILED, "out of memory");
	if (hash_equal(&id, &j->id))
		return CLI_OK;
	return cli_error(CLI_CONFLICT,
	    "%s belongs to federation\n  %s, but %s is\n  %s\n"
	    "  Nothing was changed. A node is in one federation: make another "
	    "with\n  qmlnode init --home OTHER",
	    j->home, id_text(ID_FEDERATION, &id, ours), j->file,
	    id_text(ID_FEDERATION, &j->id, other));
}

static int
check_member(const struct join *j)
{
	int self = federation_find(&j->federation, &j->keys.id);
	char id[ID_TEXT_LEN];

	if (self < 0)
		return cli_error(CLI_NOT_FOUND,
		    "%s: this node is not a member\n  %s\n  Send the founder "
		    "the line of: qmlnode id --member --home %s",
		    j->file, id_text(ID_NODE, &j->keys.id, id), j->home);
	if (strcmp(j->federation.members[self].name, j->config.name) != 0)
		fprintf(stderr,
		    "note: the federation calls this node \"%s\", "
		    "qmlnode.yaml \"%s\"\n",
		    j->federation.members[self].name, j->config.name);
	if (j->federation.members[self].address[0] != '\0' &&
	    j->config.listen[0] == '\0')
		fprintf(stderr,
		    "note: the others will dial %s, but qmlnode.yaml does not "
		    "say listen\n",
		    j->federation.members[self].address);
	return CLI_OK;
}

static int
copy_file(const struct join *j)
{
	struct config_error e = {.file = j->file};
	void *data = NULL;
	size_t len = 0;
	int rc = config_read(j->file, YAML_BYTES_MAX, &data, &len, &e);

	if (rc == -ENOMEM)
		return cli_error(CLI_FAILED, "out of memory");
	if (rc != 0)
		return cli_error(CLI_IO, "%s", e.text);
	rc = home_write_new(j->copy, 0644, data, len);
	free(data);
	if (rc != 0)
		return cli_error(CLI_IO, "%s: %s", j->copy, strerror(-rc));
	return CLI_OK;
}

static int
join(struct join *j)
{
	char id[ID_TEXT_LEN];
	bool there = false;
	int rc = founding_config(j->home, &j->config);

	if (rc == CLI_OK)
		rc = founding_keys(j->home, &j->keys);
	if (rc == CLI_OK)
		rc = founding_federation(j->file, false, &j->federation);
	if (rc == CLI_OK && federation_id(&j->federation, &j->id) != 0)
		rc = cli_error(CLI_FAILED, "out of memory");
	if (rc == CLI_OK &&
	    home_path(j->home, HOME_FEDERATION, j->copy, sizeof(j->copy)) != 0)
		rc = cli_error(CLI_CONFIG, "the home path is too long");
	if (rc == CLI_OK)
		rc = check_home(j, &there);
	if (rc == CLI_OK)
		rc = check_member(j);
	if (rc == CLI_OK && !there)
		rc = copy_file(j);
	if (rc != CLI_OK)
		return rc;
	printf("%s %s\n  %s, %u members\n",
	    there ? "already in federation" : "joined federation",
	    j->federation.name, id_text(ID_FEDERATION, &j->id, id),
	    j->federation.nmembers);
	fflush(stdout);
	fprintf(stderr,
	    "Compare that id with the other members'. Next:\n"
	    "  qmlnode check --home %s\n  qmlnode run --home %s\n",
	    j->home, j->home);
	return CLI_OK;
}

/* By an invitation that brings a ticket, where nobody was before. */
static int
make_home(const struct init_wish *asked, const char *text)
{
	struct init_wish w = *asked;
	struct join_line line;
	char err[200];

	if (home_has(w.home, HOME_KEY)) {
		if (w.name || w.listen || w.advertise || w.data)
			return cli_error(CLI_USAGE,
			    "%s is there: say that in its qmlnode.yaml",
			    w.home);
		return CLI_OK;
	}
	if (join_line_parse(text, &line, err, sizeof(err)) < 0)
		return cli_error(CLI_USAGE, "%s", err);
	if (w.name != NULL && !join_line_for(&line, w.name))
		return cli_error(CLI_FAILED,
		    "the invitation is for %s, not for %s: nothing was made",
		    line.who, w.name);
	if (!line.has_ticket)
		return CLI_OK; /* it is for keys that are somewhere */
	if (w.name == NULL && line.who[0] != '\0')
		w.name = line.who;
	return init_home(&w);
}

static int
join_by_line(const struct init_wish *w, const struct guest_options *g)
{
	int rc = make_home(w, g->line);

	return rc == CLI_OK ? guest_join(g) : rc;
}

static int
join_by_file(struct join *j, int argc, char **argv)
{
	const char *whose = pasted_whose(argv[1]);
	int rc;

	j->file = argv[1];
	if (whose != NULL)
		return cli_error(CLI_USAGE, "%s", whose);
	if (argc > 2)
		return cli_error(CLI_USAGE,
		    "\"%.60s\" is one word too many\n%s", argv[2], usage);
	if (access(j->file, R_OK) != 0)
		return cli_error(CLI_NOT_FOUND,
		    "%s: %s\n  Want the founder's federation.yaml or, in "
		    "quotes, the line of qmlctl invite",
		    j->file, strerror(errno));
	rc = join(j);
	keys_close(&j->keys);
	config_node_close(&j->config);
	federation_close(&j->federation);
	return rc;
}

int
cmd_join(int argc, char **argv)
{
	struct join j = {.keys = KEYS_INIT};
	struct guest_options g = {0};
	struct init_wish w = {.home = NULL};
	const struct cli_option options[] = {{"home", &j.home, NULL},
	    {"name", &w.name, NULL}, {"listen", &w.listen, NULL},
	    {"advertise", &w.advertise, NULL}, {"data", &w.data, NULL},
	    {"no-wait", NULL, &g.no_wait}};
	const struct cli_options o = {options, 6, usage, PASTED_WORDS_MAX};
	int rc = cli_parse(&o, &argc, argv);
	char *text;

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc < 2)
		return cli_error(CLI_USAGE, "want a file or a line\n%s", usage);
	if (j.home == NULL)
		j.home = home_default(j.default_home, sizeof(j.default_home));
	text = pasted_words(argc, argv);
	if (text == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	g.home = w.home = j.home;
	g.line = text;
	rc = join_line_like(text) ? join_by_line(&w, &g)
				  : join_by_file(&j, argc, argv);
	free(text);
	return rc;
}
