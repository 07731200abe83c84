/*
 * course.h - a model that one site learns, or several together, in process: the
 * trainer's local updates, their mean weighted by rows.
 */
#ifndef QML_TESTS_BENCH_COURSE_H
#define QML_TESTS_BENCH_COURSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/learn/task.h"

struct dataset;

#define COURSE_SITES_MAX 4

/* A model and how it is trained. */
struct model {
	enum task_encoding encoding;
	enum task_ansatz ansatz;
	enum task_readout readout;
	uint32_t qubits, layers, uploads;
	double input_scale, input_shift;
	double head_scale;
	double reach; /* tables_prepare */
	double lr, l2;
	uint32_t rounds, steps, batch;
	uint32_t starts; /* of which the least training loss; 0: 1 */
	bool fixed;      /* nothing to choose */
};

/* Sites that train together; the same global model at each. */
struct sites {
	const struct dataset *rows;
	size_t n;
};

struct result {
	double accuracy, loss;
	int rc;
};

/* On test, of what the sites learn together: one model, that of the start whose
 * loss on the sites' rows ended least. */
struct result course_learn(const struct model *m, const struct sites *s,
    const struct dataset *test, uint32_t nclasses, uint8_t seed);

#endif
