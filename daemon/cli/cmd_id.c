#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/founding.h"
#include "daemon/cli/member_line.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/home.h"
#include "proto/id.h"

static const char usage[] =
    "usage: qmlnode id [--home DIR] [--member] [--json]\n"
    "The id of this node and of its federation. --member: the line for the\n"
    "founder once more.\n";

struct who {
	const char *home;
	char default_home[HOME_PATH_LEN];
	bool member, json;
	struct keys keys;
	struct config_node config;
	struct federation federation;
	bool joined;
};

static int
load(struct who *w)
{
	char path[HOME_PATH_LEN];
	int rc = founding_config(w->home, &w->config);

	if (rc == CLI_OK)
		rc = founding_keys(w->home, &w->keys);
	if (rc != CLI_OK)
		return rc;
	if (home_path(w->home, HOME_FEDERATION, path, sizeof(path)) != 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	w->joined = access(path, F_OK) == 0;
	if (!w->joined)
		return CLI_OK;
	rc = founding_federation(path, false, &w->federation);
	if (rc == CLI_OK && refounded_load(w->home, &w->federation) < 0)
		rc = cli_error(CLI_DAMAGED,
		    "%s/" REFOUNDED_FILE ": it cannot be read\n  Copy it from "
		    "another member",
		    w->home);
	return rc;
}

static int
print_member(const struct who *w)
{
	char line[MEMBER_LINE_LEN], address[FEDERATION_ADDRESS_LEN];

	founding_address(&w->config, address);
	member_line_make(&w->keys, w->config.name, address, line);
	printf("%s\n", line);
	return CLI_OK;
}

static int
print_ids(const struct who *w)
{
	char node[ID_TEXT_LEN], federation[ID_TEXT_LEN] = "";
	struct hash id;

	id_text(ID_NODE, &w->keys.id, node);
	if (w->joined) {
		if (federation_id_now(&w->federation, &id) != 0)
			return cli_error(CLI_FAILED, "out of memory");
		id_text(ID_FEDERATION, &id, federation);
	}
	if (w->json) {
		printf("{\"schema\":\"qml.id/1\",\"name\":\"%s\","
		       "\"node\":\"%s\",\"federation\":",
		    w->config.name, node);
		if (w->joined)
			printf("\"%s\"}\n", federation);
		else
			printf("null}\n");
		return CLI_OK;
	}
	printf("node        %s  %s\n", node, w->config.name);
	if (w->joined)
		printf("federation  %s  %s\n", federation, w->federation.name);
	else
		printf("federation  none yet: qmlnode join federation.yaml\n");
	return CLI_OK;
}

int
cmd_id(int argc, char **argv)
{
	struct who w = {.keys = KEYS_INIT};
	const struct cli_option options[] = {{"home", &w.home, NULL},
	    {"member", NULL, &w.member}, {"json", NULL, &w.json}};
	const struct cli_options o = {options, 3, usage, 0};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (w.home == NULL)
		w.home = home_default(w.default_home, sizeof(w.default_home));
	rc = load(&w);
	if (rc == CLI_OK)
		rc = w.member ? print_member(&w) : print_ids(&w);
	keys_close(&w.keys);
	config_node_close(&w.config);
	federation_close(&w.federation);
	return rc;
}
