#include "daemon/node/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "daemon/node/plain.h"

#define OWN_CODES 1000 /* what libuv adds lies beyond */

static enum log_level threshold = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	threshold = level;
}

static void __attribute__((format(printf, 3, 0)))
write_line(enum log_level level, const char *event, const char *fmt, va_list ap)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	/* journald and a terminal both want whole lines. */
	char line[1024], stamp[32];
	struct timespec ts;
	struct tm tm;
	int n;

	if (level > threshold)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	if (n < 0)
		return;
	for (char *p = line; *p != '\0'; p++)
		for (size_t k = plain_acts(p); k > 0; k--)
			p[k - 1] = ' ';
	fprintf(stderr, "ts=%s.%03ldZ lvl=%s ev=%s %s\n", stamp,
	    ts.tv_nsec / 1000000, names[level], event, line);
}

#define LOG_AT(level)                                \
	do {                                         \
		va_list ap;                          \
		va_start(ap, fmt);                   \
		write_line((level), event, fmt, ap); \
		va_end(ap);                          \
	} while (0)

void
log_error(const char *event, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
}

void
log_warn(const char *event, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_WARN);
}

void
log_info(const char *event, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_INFO);
}

void
log_debug(const char *event, const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG);
}

const char *
log_why(int code)
{
	static _Thread_local char text[128];

	/* uv_strerror allocates for each code it does not know, -EBADMSG among
	 * them, and nobody frees that. */
	uv_strerror_r(code, text, sizeof(text));
	if (code > -OWN_CODES && strncmp(text, "Unknown", 7) == 0)
		(void)!strerror_r(-code, text, sizeof(text));
	return text;
}
