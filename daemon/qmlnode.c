/*
 * qmlnode - the daemon, and everything that needs no running daemon.
 */
#include "daemon/cli/cli.h"
#include "daemon/cli/nocore.h"
#include "proto/sign.h"

int
main(int argc, char **argv)
{
	if (nocore_set() < 0)
		return cli_error(CLI_FAILED,
		    "core dumps cannot be switched off");
	if (sign_setup() != 0)
		return cli_error(CLI_FAILED, "libsodium cannot start");
	return cli_dispatch(&cli_qmlnode, argc, argv);
}
