/* sim_commands.c - the table of qmlsim's commands. */
#include "daemon/cli/sim.h"

static const struct cli_command commands[] = {
    {"bench", sim_bench, "time gradients, forward runs and kernels"},
};

const struct cli_program sim_program = {
    .name = "qmlsim",
    .what = "quantum circuits, gradients and kernels on this machine",
    .commands = commands,
    .ncommands = sizeof(commands) / sizeof(commands[0]),
};
