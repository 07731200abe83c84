/*
 * sim.h - qmlsim's commands. To add one: a file sim_NAME.c, a line here, a row
 * in sim_commands.c.
 */
#ifndef QML_DAEMON_CLI_SIM_H
#define QML_DAEMON_CLI_SIM_H

#include "daemon/cli/cli.h"

extern const struct cli_program sim_program;

int sim_run(int argc, char **argv);
int sim_grad(int argc, char **argv);
int sim_kernel(int argc, char **argv);
int sim_convert(int argc, char **argv);
int sim_counts(int argc, char **argv);
int sim_draw(int argc, char **argv);
int sim_bench(int argc, char **argv);
int sim_vqe(int argc, char **argv);
int sim_qsvm(int argc, char **argv);
int sim_qpca(int argc, char **argv);
int sim_invert(int argc, char **argv);

#endif
