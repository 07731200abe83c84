/*
 * process.h - start other programs of this build, wait for them, end them.
 *
 * Only children started here are ever signalled.
 */
#ifndef QML_DAEMON_CLI_PROCESS_H
#define QML_DAEMON_CLI_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#define PROCESS_PATH_LEN 1024

/* The program `name` beside the running one. -errno. */
int process_beside(const char *name, char *out, size_t len)
    __attribute__((warn_unused_result));

/* Runs argv to its end. *out is its stdout, malloc'd and zero-terminated;
 * its stderr is shown when it fails. The exit status (128 + signal), or
 * -errno. */
int process_capture(char *const argv[], char **out)
    __attribute__((warn_unused_result));

/* In the background, stdout and stderr appended to the file `log`; stdin is
 * /dev/null. The child gets SIGTERM when this process dies. */
int process_start(char *const argv[], const char *log, pid_t *pid)
    __attribute__((warn_unused_result));

/* True once it ended; *status is its exit status (128 + signal). */
int process_ended(pid_t pid, int *status);

/* SIGTERM, and SIGKILL when it is still there after timeout_ms. Returns its
 * exit status. */
int process_stop(pid_t pid, int timeout_ms);

#endif
