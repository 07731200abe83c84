/*
 * story_rows.h - the rows that the story is told about.
 *
 * Text in, text out: a CSV whose last column is the label. No row is kept.
 */
#ifndef QML_DAEMON_CLI_STORY_ROWS_H
#define QML_DAEMON_CLI_STORY_ROWS_H

#include <stddef.h>

/* How often a file of guesses is right. */
struct story_score {
	size_t rows, right;
	size_t commonest; /* right, had the commonest label been said always */
};

/* Handwritten digits: is the digit odd? Labels become 0 and 1. -errno;
 * -EINVAL: a label is no digit. */
int story_rows_parity(const char *csv, const char *out)
    __attribute__((warn_unused_result));
/* DIR/heldout.csv, row by row in turns, to public.csv, which everybody may
 * see, and judge.csv, which nobody trains or is valued on. -errno. */
int story_rows_divide(const char *dir) __attribute__((warn_unused_result));
/* DIR/node<I>.csv: 0 for 1 and 1 for 0. -errno. */
int story_rows_poison(const char *dir, unsigned i)
    __attribute__((warn_unused_result));
/* The labels of csv beside the guesses that `qmltrain predict` wrote for it,
 * row by row. -errno; -EINVAL: they are not of the same rows. */
int story_rows_score(const char *csv, const char *guesses,
    struct story_score *out) __attribute__((warn_unused_result));

#endif
