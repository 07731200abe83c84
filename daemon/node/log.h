/*
 * log.h - one line per event on stderr: ts=... lvl=... ev=node.block key=value
 *
 * A fixed event id first, then key=value pairs, values quoted when they hold
 * a space. error: the operator must act. warn: degraded. info: life cycle.
 * debug: per message. Keys, rows and parameters are never logged. Loop thread
 * only, except log_set_level before the loop starts.
 */
#ifndef QML_DAEMON_NODE_LOG_H
#define QML_DAEMON_NODE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

void log_set_level(enum log_level level);

void log_error(const char *event, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_warn(const char *event, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(const char *event, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_debug(const char *event, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A negative errno or a code of libuv's in words; they stay until the next call
 * on this thread. Any thread. */
const char *log_why(int code);

#endif
