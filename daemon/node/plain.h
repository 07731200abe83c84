/*
 * plain.h - texts of others are shown as they are, but for what acts on the
 * place where they are shown. Pure.
 */
#ifndef QML_DAEMON_NODE_PLAIN_H
#define QML_DAEMON_NODE_PLAIN_H

#include <stddef.h>

/* Bytes of the character at s if it would steer a terminal, break a line or
 * turn the text around it: a control (C0, DEL, C1), U+2028 to U+202E, U+2066 to
 * U+2069. 0: any other, and the end. s is UTF-8, or at least ends in a zero. */
size_t plain_acts(const char *s);

#endif
