/*
 * qmlsim - the simulator on the command line.
 */
#include <stdio.h>

#include "daemon/cli/sim.h"

int
main(int argc, char **argv)
{
	int code = cli_dispatch(&sim_program, argc, argv);

	if (fflush(stdout) != 0 && code == CLI_OK)
		code = cli_error(CLI_FAILED, "stdout cannot be written");
	return code;
}
