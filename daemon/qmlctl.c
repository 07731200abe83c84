/*
 * qmlctl - the operator's view into a running qmlnode.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cli/ctl.h"

int
main(int argc, char **argv)
{
	char **words = ctl_arrange(&argc, argv);
	int code;

	if (words == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	/* Only for the question whether the terminal speaks UTF-8. */
	(void)setlocale(LC_CTYPE, "");
	code = cli_dispatch(&ctl_program, argc, words);
	free(words);
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == CLI_OK)
		code = cli_error(CLI_FAILED, "stdout cannot be written");
	return code;
}
