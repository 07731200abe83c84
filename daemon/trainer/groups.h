/*
 * groups.h - confusion counts by group, for fairness.
 *
 * A text file names each row's group, a line a row; a first line more is a
 * header. Groups below GROUPS_ROWS_MIN rows are counted but not told: a number
 * about a few people is about each of them. Whoever passes on the counts of all
 * others together with those of the whole gives them away all the same; a
 * model's card does not.
 */
#ifndef QML_DAEMON_TRAINER_GROUPS_H
#define QML_DAEMON_TRAINER_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#define GROUPS_MAX 32
#define GROUPS_NAME_LEN 64
#define GROUPS_ROWS_MIN 30

struct groups {
	size_t n;
	char name[GROUPS_MAX][GROUPS_NAME_LEN];
	uint8_t *of_row; /* [rows], owned */
};

#define GROUPS_INIT ((struct groups){.of_row = NULL})

/* For that many rows. -EINVAL or another negative errno; said on stderr. */
int groups_read(struct groups *g, const char *path, size_t rows)
    __attribute__((warn_unused_result));
void groups_close(struct groups *g);

/* "groups":[...] on stdout: names, rows and confusion[is][said] of nclasses,
 * or only that it is suppressed. -ENOMEM. */
struct groups_counts {
	const int32_t *is, *said; /* [rows] */
	size_t rows, nclasses;
};
int groups_print_json(const struct groups *g, const struct groups_counts *c)
    __attribute__((warn_unused_result));

#endif
