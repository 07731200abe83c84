/*
 * whole_file.h - a file that somebody asked for: there whole, or as it was.
 *
 * Written beside its place, durable, then moved there.
 */
#ifndef QML_DAEMON_CLI_WHOLE_FILE_H
#define QML_DAEMON_CLI_WHOLE_FILE_H

#include <stdio.h>

#include "daemon/node/home.h"

struct whole_file {
	FILE *f; /* its error is looked at when it is closed */
	const char *place;
	char beside[HOME_PATH_LEN];
};

/* Keeps place. -errno. */
int whole_file_open(struct whole_file *w, const char *place)
    __attribute__((warn_unused_result));
/* rc: of the writing; below 0 what was at its place stays. -errno. */
int whole_file_close(struct whole_file *w, int rc)
    __attribute__((warn_unused_result));

#endif
