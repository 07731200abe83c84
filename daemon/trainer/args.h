/*
 * args.h - long options of qmltrain's commands: --name VALUE, --name=VALUE,
 * --flag. Every command states its table; nothing is accepted beside it.
 */
#ifndef QML_DAEMON_TRAINER_ARGS_H
#define QML_DAEMON_TRAINER_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args_option {
	const char *name;   /* without the dashes */
	const char **value; /* takes one; set to it. NULL: a flag */
	bool *flag;
	bool required;
};

/* argv[0] is the command. Values are borrowed from argv. -EINVAL: said on
 * stderr, with what is accepted. */
int args_parse(int argc, char **argv, const struct args_option *options,
    size_t noptions) __attribute__((warn_unused_result));

/* A decimal integer lo..hi; text NULL leaves *out alone. -EINVAL: said on
 * stderr with the option's name. */
int args_number(const char *name, const char *text, const uint64_t range[2],
    uint64_t *out) __attribute__((warn_unused_result));

#endif
