/*
 * ctl_commands.c - qmlctl's commands, in the order in which one asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ctl.h"
#include "gen/version.h"

static const struct cli_command commands[] = {
    {"status", ctl_cmd_status, "where the node stands, and what it waits for"},
    {"health", ctl_cmd_health, "checks with reasons; exit 0 or 7"},
    {"peers", ctl_cmd_peers, "links to the other members"},
    {"invite", ctl_cmd_invite,
	"propose a member; prints the line to join with"},
    {"leave", ctl_cmd_leave, "put to the vote that this node leaves"},
    {"members", ctl_cmd_members, "who belongs to the federation"},
    {"rounds", ctl_cmd_rounds, "the last closed rounds [-n N]"},
    {"round", ctl_cmd_round, "one round in full: round N"},
    {"block", ctl_cmd_block, "one block: block N, block head"},
    {"chain", ctl_cmd_chain, "chain export FILE: all of it, for an audit"},
    {"model", ctl_cmd_model,
	"model show|export|predict; versions: list|show|card|history|transfer|"
	"approve|lease"},
    {"data", ctl_cmd_data, "data check|register|list|show|withdraw|erase"},
    {"ledger", ctl_cmd_ledger,
	"ledger balance|list|history|export|transfer: tokens"},
    {"worth", ctl_cmd_worth, "what updates were worth, and who earned [-n N]"},
    {"privacy", ctl_cmd_privacy, "what of each data asset is spent and left"},
    {"job", ctl_cmd_job, "job order|accept|cancel|list"},
    {"proposal", ctl_cmd_proposal, "proposal new|list|show|vote"},
    {"credential", ctl_cmd_credential,
	"credential issue|present|verify|revoke|list"},
    {"plot", ctl_cmd_plot, "plot loss|confusion|rules -o FILE.svg: a picture"},
    {"events", ctl_cmd_events, "a line for each thing that happens"},
    {"rpc", ctl_cmd_rpc, "any method: rpc METHOD [JSON]; rpc lists them"},
    {"stop", ctl_cmd_stop, "let the daemon drain and end"},
    {"version", ctl_cmd_version, "version and build of qmlctl"},
};

const struct cli_program ctl_program = {
    .name = "qmlctl",
    .what = "look into a running qmlnode; alone it is `qmlctl status`",
    .commands = commands,
    .ncommands = sizeof(commands) / sizeof(commands[0]),
};

static bool
takes_value(const char *word)
{
	return strcmp(word, "--socket") == 0 || strcmp(word, "--home") == 0 ||
	    strcmp(word, "--timeout") == 0;
}

static bool
is_about_qmlctl(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	    strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

char **
ctl_arrange(int *argc, char **argv)
{
	static char status[] = "status";
	char **out = calloc((size_t)*argc + 2, sizeof(*out));
	int at = 1, n = 2;

	if (out == NULL)
		return NULL;
	while (at < *argc && argv[at][0] == '-' && !is_about_qmlctl(argv[at]))
		at += takes_value(argv[at]) && at + 1 < *argc ? 2 : 1;
	out[0] = argv[0];
	out[1] = at < *argc ? argv[at] : status;
	for (int i = 1; i < *argc; i++)
		if (i != at)
			out[n++] = argv[i];
	*argc = n;
	return out;
}

int
ctl_cmd_version(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0, "usage: qmlctl version [--json]\n",
	    0};
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (c.json)
		printf("{\"schema\":\"qml.version/1\",\"version\":\"%s\","
		       "\"build\":\"%s\"}\n",
		    QML_VERSION, QML_BUILD_ID);
	else
		printf("qmlctl %s\nbuild  %s\n", QML_VERSION, QML_BUILD_ID);
	return CLI_OK;
}
