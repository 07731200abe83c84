/*
 * sim_number.h - options of qmlsim that are numbers.
 *
 * text NULL: the option was not given and *out stays. name is with its dashes.
 * CLI_OK, or CLI_USAGE after saying what is wanted.
 */
#ifndef QML_DAEMON_CLI_SIM_NUMBER_H
#define QML_DAEMON_CLI_SIM_NUMBER_H

#include <stdint.h>

int sim_number(const char *name, const char *text, double *out)
    __attribute__((warn_unused_result));

struct sim_range {
	uint32_t least, most;
};

/* A whole number, also as 1e3. */
int sim_count(const char *name, const char *text, struct sim_range range,
    uint32_t *out) __attribute__((warn_unused_result));

#endif
