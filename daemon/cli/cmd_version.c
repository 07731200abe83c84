#include <stdio.h>

#include "daemon/cli/cli.h"
#include "gen/version.h"

int
cmd_version(int argc, char **argv)
{
	bool json = false;
	const struct cli_option options[] = {{"json", NULL, &json}};
	const struct cli_options o = {options, 1,
	    "usage: qmlnode version [--json]\n", 0};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (json)
		printf("{\"schema\":\"qml.version/1\",\"version\":\"%s\","
		       "\"build\":\"%s\"}\n",
		    QML_VERSION, QML_BUILD_ID);
	else
		printf("qmlnode %s\nbuild   %s\n", QML_VERSION, QML_BUILD_ID);
	return CLI_OK;
}
