/*
 * ctl_data.c - what needs rows is done by qmltrain: this program finds the
 * words for it and becomes it, so that no row is ever read here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_books.h"
#include "daemon/cli/ctl_data.h"
#include "daemon/cli/process.h"

static const char usage[] =
    "usage: qmlctl data check [FILE] [--labels FILE] [OPTIONS]\n"
    "Do the rows of qmlnode.yaml, or those of FILE, fit the federation; what\n"
    "would the others see of them? The qmltrain beside this program reads\n"
    "them; no daemon is needed.\n"
    "Also data register|list|show|withdraw|erase: each says more.\n";

int
ctl_become_trainer(char *const *argv)
{
	char trainer[PROCESS_PATH_LEN];

	if (process_beside("qmltrain", trainer, sizeof(trainer)) < 0)
		return cli_error(CLI_FAILED, "a path is too long");
	if (fflush(stdout) == 0)
		execv(trainer, argv);
	return cli_error(CLI_FAILED, "%s: %s", trainer, strerror(errno));
}

/* The rows' terms are the ledger's; the rows themselves the trainer's. */
static bool
is_for_ledger(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (ctl_books_has("data", argv[i]))
			return true;
	return false;
}

static int
check_rows(int argc, char **argv)
{
	char *words[16] = {(char *)"qmltrain", (char *)"check",
	    (char *)"--home"};
	const char *labels = NULL;
	const struct cli_option own[] = {{"labels", &labels, NULL}};
	const struct ctl_args a = {own, 1, usage, 2};
	struct ctl c;
	size_t n = 4;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc < 2 || strcmp(argv[1], "check") != 0)
		return cli_error(CLI_USAGE,
		    "data: want check: qmlctl data check [FILE]");
	if (c.home == NULL)
		c.home = home_default(c.home_buf, sizeof(c.home_buf));
	words[3] = (char *)(uintptr_t)c.home;
	if (argc > 2) {
		words[n++] = (char *)"--data";
		words[n++] = argv[2];
	}
	if (labels != NULL) {
		words[n++] = (char *)"--labels";
		words[n++] = (char *)(uintptr_t)labels;
	}
	if (c.json)
		words[n++] = (char *)"--json";
	words[n] = NULL;
	ctl_close(&c);
	return ctl_become_trainer(words);
}

int
ctl_cmd_data(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "show") == 0)
			return ctl_data_show(argc, argv);
		if (strcmp(argv[i], "erase") == 0)
			return ctl_data_erase(argc, argv);
	}
	return is_for_ledger(argc, argv) ? ctl_books_command("data", argc, argv)
					 : check_rows(argc, argv);
}
