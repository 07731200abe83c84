/*
 * qmlnode - the daemon, and everything that needs no running daemon.
 */
#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/nocore.h"
#include "proto/sign.h"

int
main(int argc, char **argv)
{
	int code;

	if (nocore_set() < 0)
		return cli_error(CLI_FAILED,
		    "core dumps cannot be switched off");
	if (sign_setup() != 0)
		return cli_error(CLI_FAILED, "libsodium cannot start");
	code = cli_dispatch(&cli_qmlnode, argc, argv);
	/* Who reads a verdict must not be told yes by half of one. */
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == CLI_OK)
		code = cli_error(CLI_FAILED, "stdout cannot be written");
	return code;
}
