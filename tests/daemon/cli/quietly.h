/*
 * quietly.h - a command run as its program runs it, what it says thrown away.
 */
#ifndef QML_TESTS_DAEMON_CLI_QUIETLY_H
#define QML_TESTS_DAEMON_CLI_QUIETLY_H

/* words: as argv, up to a NULL. What the command returned. */
int quietly(int (*command)(int, char **), const char *const *words);

#endif
