/*
 * ctl_door.h - the control socket's place, and who stands before it.
 */
#ifndef QML_DAEMON_NODE_CTL_DOOR_H
#define QML_DAEMON_NODE_CTL_DOOR_H

#include <stdbool.h>

/* Removes a socket that nobody answers at. 0 also when nothing is there.
 * -EADDRINUSE: somebody answers; -ENOTSOCK: it is something else. path fits
 * into a sockaddr_un. */
int ctl_door_clear(const char *path) __attribute__((warn_unused_result));

/* Whether the process at the other end of fd is root, our user, or in the
 * group of the socket at path. */
bool ctl_door_may_write(int fd, const char *path);

#endif
