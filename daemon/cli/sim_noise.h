/*
 * sim_noise.h - qmlsim run --noise FILE: read the file, run the program.
 *
 * Only what main does not: the caller parses options, reads the program and
 * its observables, and prints.
 */
#ifndef QML_DAEMON_CLI_SIM_NOISE_H
#define QML_DAEMON_CLI_SIM_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/observable/pauli.h"
#include "sim/state/noise_model.h"
#include "sim/state/shots.h"

#define SIM_NOISE_ERROR_LEN 1024
#define SIM_NOISE_BYTES_MAX (16u << 20)

struct pool;
struct program;

/* Either kind of file, told apart by its first character: { is Qiskit's
 * BackendProperties in JSON, anything else the YAML of qmlsim-noise(5).
 * nqubits: qubits beyond it are no error in JSON, but are in YAML; 0: any up
 * to PROGRAM_MAX_QUBITS. err: one sentence, with line and column. m:
 * NOISE_MODEL_INIT. -errno of the file; -EINVAL; -ENOMEM. */
int sim_noise_read(struct noise_model *m, const char *path, uint32_t nqubits,
    char err[static SIM_NOISE_ERROR_LEN]);

/* The same of bytes in memory; name is shown in err. */
int sim_noise_parse(struct noise_model *m, const char *data, size_t len,
    const char *name, char err[static SIM_NOISE_ERROR_LEN]);

struct sim_noise_wish {
	const struct pauli_sum *observables;
	size_t nobservables;
	uint64_t shots; /* 0: none */
	uint64_t seed;
	/* 0: exactly, on density matrices, when bytes_max allows; else
	 * so many runs of state vectors (shots, if more). */
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

/* -EFBIG: memory, err says how much; -E2BIG: too many measurements in the
 * middle, or an observable on more than 16 qubits; -ENOTSUP: over 64 bits;
 * -EINVAL: a channel does not fit its gate; -ENOMEM. err is filled always. */
int sim_noise_run(struct sim_noise_result *r, const struct program *p,
    const struct noise_model *m, const struct sim_noise_wish *wish,
    char err[static SIM_NOISE_ERROR_LEN]);
void sim_noise_result_close(struct sim_noise_result *r);

/* Counts measured on hardware: {"0101": 12, ...}, alone or under "counts"; all
 * strings of one length. */
int sim_counts_parse(struct counts *c, const char *data, size_t len,
    char err[static SIM_NOISE_ERROR_LEN]);

#endif
