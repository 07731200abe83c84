/*
 * error.h - one sentence about a configuration file, and how to mend it.
 *
 * Always `file:line:col: key: want ..., got ...`; a second line, when there is
 * one, says what to do.
 */
#ifndef QML_CONFIG_ERROR_H
#define QML_CONFIG_ERROR_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

#define CONFIG_ERROR_LEN 1024

/* A file that was read. */
struct config_text {
	const void *data;
	size_t len;
};

struct config_place {
	unsigned line, col; /* from 1; 0: the file as a whole */
};

struct config_error {
	const char *file; /* borrowed; shown as given */
	struct config_place at;
	char text[CONFIG_ERROR_LEN];
};

/* Writes `file:line:col: ` and the sentence. */
void config_say(struct config_error *e, struct config_place at,
    const char *format, va_list ap) __attribute__((format(printf, 3, 0)));

/* The same, and returns -EINVAL. Inline, so that analyzers see that it never
 * returns 0. */
static inline int __attribute__((format(printf, 3, 4)))
config_fail(struct config_error *e, struct config_place at, const char *format,
    ...)
{
	va_list ap;

	va_start(ap, format);
	config_say(e, at, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Puts the line that is meant, with a mark under its column, below the first
 * line of the message. data is the whole file. */
void config_quote(struct config_error *e, const char *data, size_t len);

#endif
