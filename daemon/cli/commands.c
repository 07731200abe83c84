/*
 * commands.c - qmlnode's commands, in the order in which one meets them.
 *
 * To add one: a file cmd_NAME.c, a line in cli.h, a row here.
 */
#include "daemon/cli/cli.h"

static const struct cli_command commands[] = {
    {"init", cmd_init, "make a key, a vote log and a commented config"},
    {"id", cmd_id, "the id of this node, and of its federation"},
    {"federation", cmd_federation, "found one: new, add, show"},
    {"join", cmd_join, "take a federation.yaml into this home"},
    {"refound", cmd_refound, "go on where a quorum is lost for good"},
    {"check", cmd_check, "exactly what run checks, and nothing started"},
    {"run", cmd_run, "the daemon, in the foreground"},
    {"demo", cmd_demo, "a whole federation on this machine, live"},
    {"audit", cmd_audit, "prove a chain from its files alone"},
    {"assert-never-voted", cmd_assert, "your word for a lost vote log"},
    {"credential", cmd_credential, "verify FILE: is it genuine and in force"},
    {"version", cmd_version, "version and build"},
};

const struct cli_program cli_qmlnode = {
    .name = "qmlnode",
    .what = "federated quantum machine learning without a server to trust",
    .commands = commands,
    .ncommands = sizeof(commands) / sizeof(commands[0]),
};
