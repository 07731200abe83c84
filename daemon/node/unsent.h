/*
 * unsent.h - how much of a connection the kernel may hold back.
 *
 * A byte that the kernel has can no longer be overtaken: left alone, it takes
 * up to 4 MiB, seconds on a slow line, and a vote waits behind all of it. NNG
 * 1.5.2 gives no way to its socket, so it is found by whom it is connected to.
 */
#ifndef QML_DAEMON_NODE_UNSENT_H
#define QML_DAEMON_NODE_UNSENT_H

/* Of every TCP connection of this process to address (host:port, as
 * stream_address() writes it) the kernel takes no more while this many bytes
 * are not sent yet. How many there were, or -errno. */
int unsent_limit(const char *address, int bytes)
    __attribute__((warn_unused_result));

#endif
