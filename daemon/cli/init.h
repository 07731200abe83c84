/*
 * init.h - a home as qmlnode init makes it, for who joins without one.
 */
#ifndef QML_DAEMON_CLI_INIT_H
#define QML_DAEMON_CLI_INIT_H

/* NULL: init's default. */
struct init_wish {
	const char *home; /* never NULL */
	const char *name, *listen, *advertise, *data;
};

/* An exit code; said why. */
int init_home(const struct init_wish *w);

#endif
