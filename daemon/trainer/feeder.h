/*
 * feeder.h - a program of the site's own that prints the rows.
 *
 * Started before the trainer confines itself, without a shell, in a process
 * group of its own; its stdin is empty. Time is bounded; the exit status
 * counts, and the end of what it says on stderr is kept for the sentence that
 * reports it. One thread.
 */
#ifndef QML_DAEMON_TRAINER_FEEDER_H
#define QML_DAEMON_TRAINER_FEEDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FEEDER_TAIL_LEN 256
#define FEEDER_TIME_MAX_MS 600000

struct feeder {
	pid_t pid; /* 0: none runs */
	int out;
	int err;
	uint64_t until_ms; /* monotonic */
	char tail[FEEDER_TAIL_LEN];
	size_t ntail;
};

#define FEEDER_INIT                            \
	{                                      \
		.pid = 0, .out = -1, .err = -1 \
	}

/* words is NULL-terminated. -errno: it cannot be started. */
int feeder_start(struct feeder *c, char *const *words, uint64_t time_ms)
    __attribute__((warn_unused_result));
/* More of its output; 0 at the end. -ETIMEDOUT; -errno. */
ssize_t feeder_read(struct feeder *c, void *data, size_t len)
    __attribute__((warn_unused_result));
/* After the end of its output: waits within the time. 0; a positive exit
 * status, 128 + signal; -ETIMEDOUT. tail then says what it said. */
int feeder_finish(struct feeder *c) __attribute__((warn_unused_result));
/* Ends it if it still runs. Accepts FEEDER_INIT. */
void feeder_close(struct feeder *c);

#endif
