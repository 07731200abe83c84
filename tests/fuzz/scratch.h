/*
 * scratch.h - a file for a target whose reader wants a path.
 *
 * In memory where the system has /dev/shm, else in $TMPDIR or /tmp. One folder
 * a process, removed at its end.
 */
#ifndef QML_TESTS_FUZZ_SCRATCH_H
#define QML_TESTS_FUZZ_SCRATCH_H

#include <stddef.h>

/* The folder, without a slash at its end. */
const char *scratch_dir(void);
/* The path of this name in it; static until the next call. */
const char *scratch_path(const char *name);
/* Writes the file anew, mode 0600, and returns its path. */
const char *scratch_put(const char *name, const void *data, size_t len);
/* malloc'd, zero behind the end; NULL: no such file. */
char *scratch_get(const char *name, size_t *len);

#endif
