/*
 * oom.h - the k-th request for memory fails, in programs test_*_oom.c.
 *
 * The Makefile links oom.c into these and wraps malloc, calloc and realloc;
 * aligned_alloc is the file's own. One thread.
 */
#ifndef QML_TESTS_OOM_H
#define QML_TESTS_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the k-th request fails, once. */
void oom_arm(size_t k);
/* From now on none does. True: the k-th was made, so one has failed. */
bool oom_disarm(void);
/* Requests in between are neither counted nor refused. */
void oom_pause(bool pause);

#endif
