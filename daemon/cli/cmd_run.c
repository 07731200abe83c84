#include <stdlib.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/prepare.h"

static int
run(struct prepare *p)
{
	int code = prepare_lock(p);

	if (code == CLI_OK)
		code = prepare_config(p);
	if (code == CLI_OK)
		code = prepare_federation(p);
	if (code == CLI_OK)
		code = prepare_keys(p);
	if (code == CLI_OK)
		code = prepare_options(p);
	return code == CLI_OK ? node_run(&p->node) : code;
}

int
cmd_run(int argc, char **argv)
{
	struct prepare *p = calloc(1, sizeof(*p));
	char home[HOME_PATH_LEN];
	const char *rules = NULL;
	bool plain = false;
	int code;

	if (p == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	const struct cli_option options[] = {
	    {"home", &p->home, NULL},
	    {"insecure-plain-links-for-tests", NULL, &plain},
	    {"old-rules-for-tests", &rules, NULL},
	};
	const struct cli_options o = {options, 3,
	    "usage: qmlnode run [--home DIR]\n", 0};

	p->lock = -1;
	code = cli_parse(&o, &argc, argv);
	if (code == CLI_OK) {
		if (p->home == NULL)
			p->home = home_default(home, sizeof(home));
		p->node.plain_links = plain;
		if (rules != NULL)
			p->node.rules = (uint16_t)strtoul(rules, NULL, 10);
		code = run(p);
	}
	prepare_close(p);
	free(p);
	return code < 0 ? CLI_OK : code;
}
