/*
 * sim_value.h - what a job's machine shows of an observable: exactly or from
 * shots, with noise or without, errors of reading undone or not.
 */
#ifndef QML_DAEMON_CLI_SIM_VALUE_H
#define QML_DAEMON_CLI_SIM_VALUE_H

#include <stdint.h>

#include "daemon/cli/sim_noise.h"
#include "sim/state/shots.h"

struct sim_value {
	const struct sim_job *job;
	const struct pauli_sum *sum;
	struct noise_model *model;     /* NULL: no noise. Owned */
	uint64_t shots;                /* for each value; 0: exactly */
	uint64_t calls;                /* so far: each draws anew */
	char err[SIM_NOISE_ERROR_LEN]; /* of the last failure */
};

/* Reads the job's noise file. An exit code after saying what is wrong. */
int sim_value_open(struct sim_value *v, const struct sim_job *j);
void sim_value_close(struct sim_value *v);

/* With shots the groups of strings that can be read together share them by
 * their weight. p: unitary if shots. -errno with v->err filled. */
int sim_value_get(struct sim_value *v, const struct program *p,
    struct estimate *out);

/* qmlsim run with --from-shots, --mitigate or --zne: prints the values. */
int sim_value_job(struct sim_job *j);

#endif
