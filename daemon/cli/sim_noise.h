/*
 * sim_noise.h - qmlsim run --noise FILE: read the file, run the program.
 *
 * The caller has parsed the options and read the program and its observables.
 */
#ifndef QML_DAEMON_CLI_SIM_NOISE_H
#define QML_DAEMON_CLI_SIM_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/observable/pauli.h"
#include "sim/state/noise_model.h"
#include "sim/state/shots.h"

#define SIM_NOISE_ERROR_LEN 2048
#define SIM_NOISE_BYTES_MAX (16u << 20)

struct pool;
struct program;
struct sim_job;

/* All of it: j->noise is the file, or NULL. Returns the exit code. */
int sim_noise_job(const struct sim_job *j);

/* Either kind of file, told apart by its first character: { is Qiskit's
 * BackendProperties in JSON, anything else the YAML of qmlsim-noise(5). err:
 * one sentence, with line and column. m: NOISE_MODEL_INIT. -errno of the file;
 * -EINVAL; -ENOMEM. */
int sim_noise_read(struct noise_model *m, const char *path,
    char err[static SIM_NOISE_ERROR_LEN]);

/* The same of bytes in memory; name is shown in err. */
int sim_noise_parse(struct noise_model *m, const char *data, size_t len,
    const char *name, char err[static SIM_NOISE_ERROR_LEN]);

struct sim_noise_wish {
	const struct pauli_sum *observables;
	size_t nobservables;
	uint64_t shots; /* 0: none */
	uint64_t seed;
	/* 0: exactly, on density matrices, if there is room; else, or if
	 * there is not, so many runs of state vectors (shots, if any). */
	uint64_t runs;
	uint64_t bytes_max; /* of memory; 0: no limit of ours */
	struct pool *pool;  /* or NULL */
};

struct sim_noise_result {
	/* [nobservables], owned; what reading with the model's errors shows;
	 * the error is 0 when it is exact. */
	struct estimate *expval;
	/* [2^nqubits], owned: before the measurements at the end, without
	 * errors of reading. NULL when trajectories were run. */
	double *probs;
	/* Exact probabilities of what is read; empty with trajectories. */
	struct outcomes outcomes;
	struct counts counts; /* when shots > 0 */
	uint64_t runs;        /* 0: exact */
};

#define SIM_NOISE_RESULT_INIT  \
	{                      \
		.expval = NULL \
	}

/* -EFBIG: memory; -E2BIG: an observable on more than 16 qubits; -ENOTSUP: over
 * 64 bits; -EINVAL: a channel does not fit its gate; -ENOMEM. err says it. */
int sim_noise_run(struct sim_noise_result *r, const struct program *p,
    const struct noise_model *m, const struct sim_noise_wish *wish,
    char err[static SIM_NOISE_ERROR_LEN]);
void sim_noise_result_close(struct sim_noise_result *r);

/* Counts measured on hardware: {"0101": 12, ...}, alone or under "counts"; all
 * strings of one length. */
int sim_counts_parse(struct counts *c, const char *data, size_t len,
    char err[static SIM_NOISE_ERROR_LEN]);

/* The same of a file; err names it. */
int sim_counts_read(struct counts *c, const char *path,
    char err[static SIM_NOISE_ERROR_LEN]);

#endif
