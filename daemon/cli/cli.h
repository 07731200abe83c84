/*
 * cli.h - command tables and what all commands share.
 *
 * Data goes to stdout, narration to stderr. A command gets argv from its own
 * name on and returns an exit code of DESIGN section 10.
 */
#ifndef QML_DAEMON_CLI_CLI_H
#define QML_DAEMON_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NO_DAEMON = 3,
	CLI_NOT_PERMITTED = 4,
	CLI_NOT_FOUND = 5,
	CLI_TIMEOUT = 6,
	CLI_UNHEALTHY = 7,
	CLI_NOT_VERIFIED = 8,
	CLI_CONFLICT = 9,
	CLI_DAMAGED = 65,
	CLI_IO = 74,
	CLI_TEMPORARY = 75,
	CLI_KEY_PERMISSIONS = 77,
	CLI_CONFIG = 78,
};

struct cli_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* one line; NULL: not listed */
};

struct cli_program {
	const char *name; /* "qmlnode" */
	const char *what; /* one line */
	const struct cli_command *commands;
	size_t ncommands;
};

/* qmlnode's table (commands.c). */
extern const struct cli_program cli_qmlnode;

/* Finds and runs argv[1]; help, --help and --version; an unknown word gives
 * the nearest one and CLI_USAGE. */
int cli_dispatch(const struct cli_program *p, int argc, char **argv);

/* Options of a command: --name VALUE, --name=VALUE, --flag. */
struct cli_option {
	const char *name;   /* without the dashes */
	const char **value; /* takes one; NULL: a flag */
	bool *flag;
};

struct cli_options {
	const struct cli_option *options;
	size_t n;
	const char *usage;     /* printed after a mistake, and by --help */
	size_t positional_max; /* further words go to argv[1..], in order */
};

/* Reorders argv: on CLI_OK argv[1..*argc - 1] are the positional words. -1:
 * --help was printed, return CLI_OK. CLI_USAGE: said what is wrong. */
int cli_parse(const struct cli_options *o, int *argc, char **argv);

/* "error: ..." on stderr, with a line break at the end. Returns code. */
int cli_error(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int cmd_init(int argc, char **argv);
int cmd_id(int argc, char **argv);
int cmd_federation(int argc, char **argv); /* new, add, show */
int cmd_join(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_refound(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_assert(int argc, char **argv);     /* assert-never-voted */
int cmd_credential(int argc, char **argv); /* verify */

#endif
