/*
 * sim.h - qmlsim's commands. To add one: a file sim_NAME.c, a line here, a row
 * in sim_commands.c.
 */
#ifndef QML_DAEMON_CLI_SIM_H
#define QML_DAEMON_CLI_SIM_H

#include "daemon/cli/cli.h"

extern const struct cli_program sim_program;

int sim_bench(int argc, char **argv);

#endif
