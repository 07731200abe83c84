/*
 * sim_job.h - what qmlsim run, grad, convert and draw share: options, the
 * program, the machine.
 */
#ifndef QML_DAEMON_CLI_SIM_JOB_H
#define QML_DAEMON_CLI_SIM_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/program.h"
#include "sim/circuit/qasm.h"
#include "sim/observable/pauli.h"
#include "sim/state/vector.h"

#define SIM_JOB_OBSERVABLES 256
#define SIM_JOB_SETS 4096
#define SIM_JOB_PROBS 16 /* how many by default */

struct sim_job {
	const char *usage;
	const char *path;
	const char *method; /* grad; convert: --format */
	const char *noise;  /* NULL: none */
	const char *zne;    /* scales, "1,3,5"; NULL: none */
	const char *fit;    /* of zne; NULL: richardson */
	const char *other;  /* --fidelity; NULL: none */
	const char *observables[SIM_JOB_OBSERVABLES];
	size_t nobservables;
	struct qasm_set sets[SIM_JOB_SETS]; /* names are owned */
	size_t nsets;
	struct qasm_set at[SIM_JOB_SETS]; /* of the other program; likewise */
	size_t nat;
	uint64_t shots, seed, probs, threads, draws;
	double step;
	bool probs_given, json, mitigate, from_shots, variance;
	struct program program;
	struct pauli_sum sums[SIM_JOB_OBSERVABLES];
	struct vector_room room;
	struct pool *pool; /* NULL for small states */
};

/* Fills a zeroed job from argv. CLI_OK, -1 after --help, or what to return. */
int sim_job_parse(struct sim_job *j, int argc, char **argv);

/* Reads the file, its observables, and what the machine has. want_values:
 * every input must be set. Says what is wrong. */
int sim_job_load(struct sim_job *j, bool want_values);

/* Reads the program of --fidelity; its inputs that --at leaves out have the
 * values of the first program's of that name. p: PROGRAM_INIT. */
int sim_job_load_other(const struct sim_job *j, struct program *p);

/* rc of sim: a sentence, and the exit code. */
int sim_job_failed(const struct sim_job *j, int rc);

void sim_job_close(struct sim_job *j);

#endif
