/*
 * address.h - questions about host:port, as written in a federation file.
 */
#ifndef QML_DAEMON_NODE_ADDRESS_H
#define QML_DAEMON_NODE_ADDRESS_H

#include <stdbool.h>

/* 127.x.y.z, [::1] or localhost, with a port. */
bool address_is_loopback(const char *address);
bool address_same_host(const char *a, const char *b);

#endif
