/*
 * confine.h - a trainer that has read its rows gives up everything else.
 *
 * After confine_self() this process and its threads can compute, use memory,
 * start threads and use the descriptors 0, 1 and 2. Opening any file, any
 * socket, any other program, signalling or tracing others is refused by the
 * kernel with EPERM: seccomp for the system calls, Landlock (where the kernel
 * has it) once more for files and TCP. It cannot be undone. Its own memory is
 * no longer dumped or traceable.
 */
#ifndef QML_DAEMON_TRAINER_CONFINE_H
#define QML_DAEMON_TRAINER_CONFINE_H

#include <stdbool.h>

struct confine_report {
	bool seccomp;     /* the filter is in force for all threads */
	int landlock_abi; /* 0: the kernel has none */
	int error;        /* why seccomp is not: -errno, or 0 */
};

/* Call it while there is only one thread. Only report->seccomp says that the
 * process is confined. Closes every descriptor above 2
 * but keep, which may be read, written and synced and becomes 3; -1: none. */
void confine_self(int keep, struct confine_report *report);

/* Tries what must be refused before and after confine_self(), one line each
 * to stdout. Exit status: 0 all refused that worked or could be tried before,
 * and threads still work; 1 otherwise. */
int confine_test(void);

#endif
