/* sim_commands.c - the table of qmlsim's commands. */
#include "daemon/cli/sim.h"

static const struct cli_command commands[] = {
    {"run", sim_run, "probabilities, expectations, counts of a circuit"},
    {"grad", sim_grad, "the gradient of an observable"},
    {"kernel", sim_kernel, "kernel matrices of rows under a feature map"},
    {"convert", sim_convert, "a circuit as OpenQASM 3, 2 or JSON"},
    {"draw", sim_draw, "a circuit as text"},
    {"counts", sim_counts, "what counts of a machine say"},
    {"vqe", sim_vqe, "the lowest energy of a Hamiltonian"},
    {"qsvm", sim_qsvm, "a support vector machine on a quantum kernel"},
    {"qpca", sim_qpca, "principal components as a quantum machine finds them"},
    {"invert", sim_invert, "rows found again in gradients, and noise"},
    {"bench", sim_bench, "time gradients, forward runs and kernels"},
};

const struct cli_program sim_program = {
    .name = "qmlsim",
    .what = "quantum circuits, gradients and kernels on this machine",
    .commands = commands,
    .ncommands = sizeof(commands) / sizeof(commands[0]),
};
