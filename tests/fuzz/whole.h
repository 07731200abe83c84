/*
 * whole.h - a pasted line (daemon/cli/pasted.h) with the check it should have.
 *
 * Of arbitrary text nothing passes a check of four bytes, and a reader behind
 * it would never see what a stranger can hand over.
 */
#ifndef QML_TESTS_FUZZ_WHOLE_H
#define QML_TESTS_FUZZ_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

/* From magic on, one blank where there is space, and the check of it in place
 * of the last word. False: no magic, no second word, or too long. */
bool whole_line(const char *text, const char *magic, const char *context,
    char *out, size_t len);

#endif
