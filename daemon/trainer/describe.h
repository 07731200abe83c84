/*
 * describe.h - what a table looks like from outside: columns with their
 * extent, labels, counts, and a federation's worth of defaults for it.
 *
 * Used where the owner of the rows is the reader, and by `qmlnode demo`, whose
 * federation is made from it. Prints pieces of one JSON object.
 */
#ifndef QML_DAEMON_TRAINER_DESCRIBE_H
#define QML_DAEMON_TRAINER_DESCRIBE_H

#include <stdio.h>

#include "daemon/trainer/table.h"

#define DESCRIBE_NUMBER_LEN 32

/* A range to agree on: rounded outwards; where most columns look like one
 * quantity (pixels), one range for all of them. lo < hi always. */
struct describe_range {
	char lo[DESCRIBE_NUMBER_LEN]; /* decimal text */
	char hi[DESCRIBE_NUMBER_LEN];
};

/* ranges[t->ncolumns] */
void describe_ranges(const struct table *t, struct describe_range *ranges);

void describe_json_string(FILE *out, const char *s);
/* "rows":..,"label":..,"labels":[..],"columns":[..],"job":{..} without the
 * braces around. -ENOMEM. */
int describe_json(FILE *out, const struct table *t)
    __attribute__((warn_unused_result));
/* [12,0,7]: rows of each class. -ENOMEM. */
int describe_json_counts(FILE *out, const struct dataset *rows, size_t nclasses)
    __attribute__((warn_unused_result));
/* The same for people: "0: 12, 1: 0, 2: 7". */
int describe_counts(FILE *out, const struct table *t,
    const struct dataset *rows) __attribute__((warn_unused_result));

#endif
