/*
 * guest.h - `qmlnode join LINE`: into a federation that is running.
 */
#ifndef QML_DAEMON_CLI_GUEST_H
#define QML_DAEMON_CLI_GUEST_H

#include <stdbool.h>

struct guest_options {
	const char *home;
	const char *line;
	bool no_wait; /* the founding is enough */
	bool json;
};

/* Fetches the founding, then tells how the vote stands until it is over. An
 * exit code; said why. */
int guest_join(const struct guest_options *o);

#endif
