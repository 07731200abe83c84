/*
 * sim_labelled.h - rows with a label for qmlsim: the last column of a table,
 * whole numbers of any value, which become classes 0, 1, .. in rising order.
 */
#ifndef QML_DAEMON_CLI_SIM_LABELLED_H
#define QML_DAEMON_CLI_SIM_LABELLED_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/dataset.h"

#define SIM_LABELLED_CLASSES_MAX 64

struct sim_labelled {
	struct dataset rows;
	size_t nclasses;
	long names[SIM_LABELLED_CLASSES_MAX]; /* what the file calls them */
};

#define SIM_LABELLED_INIT                           \
	{                                           \
		.rows = DATASET_INIT, .nclasses = 0 \
	}

/* Of a further file (test rows) the classes are those of like, if not NULL.
 * Returns an exit code after saying what is wrong. l: SIM_LABELLED_INIT. */
int sim_labelled_read(struct sim_labelled *l, const char *path,
    const struct sim_labelled *like);
void sim_labelled_close(struct sim_labelled *l);

/* Each column to [0, 1] by the smallest and largest value in *train; *test
 * (or NULL) likewise, cut off at the ends. */
void sim_labelled_minmax(struct dataset *train, struct dataset *test);

#endif
