/*
 * noise_model.h - which channels follow which gates, and how qubits are read.
 *
 * A gate is called as in OpenQASM, one "c" for each control: "cx", "ccx",
 * "crz"; "measure" (before it) and "reset" (after it) may have noise too. Of
 * the rules that match a gate the most specific one is used, the later of
 * equals: its qubits count more than its name, its name more than its arity.
 */
#ifndef QML_SIM_STATE_NOISE_MODEL_H
#define QML_SIM_STATE_NOISE_MODEL_H

#include "sim/circuit/program.h"
#include "sim/state/kraus.h"
#include "sim/state/readout.h"

#define NOISE_NAME_BYTES 24
#define NOISE_RULE_QUBITS 3
#define NOISE_MAX_RULES 16384
#define NOISE_MAX_CHANNELS 4096 /* 16 KiB each, of two qubits */
#define NOISE_EACH UINT32_MAX

/* A channel of a rule. */
struct noise_step {
	uint32_t channel; /* in m->channels */
	/* NOISE_EACH: on the gate's qubits (controls first) if it has as many
	 * as the channel, else, of one qubit, on each of them. Otherwise on
	 * that one of the gate's qubits. */
	uint32_t on;
};

struct noise_rule {
	char gate[NOISE_NAME_BYTES]; /* "": any */
	uint32_t arity;              /* controls and targets; 0: any */
	uint32_t nqubits;            /* 0: any */
	uint32_t qubits[NOISE_RULE_QUBITS];
	uint32_t step0, nsteps; /* in m->steps */
	double time;            /* how long it takes, seconds */
};

/* A qubit that waits decays with these; t1 = 0: it does not. Seconds. */
struct noise_idle {
	double t1, t2, excited;
};

struct noise_model {
	struct kraus *channels;   /* owned */
	struct noise_step *steps; /* owned */
	struct noise_rule *rules; /* owned */
	uint32_t nchannels, nsteps, nrules;
	uint32_t capchannels, capsteps, caprules;
	struct readout readout[PROGRAM_MAX_QUBITS];
	struct noise_idle idle[PROGRAM_MAX_QUBITS];
};

#define NOISE_MODEL_INIT         \
	{                        \
		.channels = NULL \
	}

void noise_model_close(struct noise_model *m);

/* Takes c, also on failure. Its index, or -ENOMEM, -E2BIG. */
int noise_model_add_channel(struct noise_model *m, struct kraus *c);
/* To the last rule. -ENOMEM, -EINVAL: no rule or no such channel. */
int noise_model_add_step(struct noise_model *m, struct noise_step s);
/* step0, nsteps are set here. -ENOMEM; -E2BIG; -EINVAL. */
int noise_model_add_rule(struct noise_model *m, const struct noise_rule *r);

/* Of a gate, measurement or reset; out of NOISE_NAME_BYTES. */
void noise_model_name(const struct program_op *op, char *out);

/* NULL: none. */
const struct noise_rule *noise_model_find(const struct noise_model *m,
    const struct program *p, const struct program_op *op);

bool noise_model_has_readout(const struct noise_model *m);
bool noise_model_has_idle(const struct noise_model *m);

/* Calibration data of one gate: thermal relaxation of each of its qubits for
 * its time, then depolarizing such that the average gate infidelity is error
 * (none if relaxation alone reaches it). T2 is cut to 2 T1. n 1 or 2. */
struct noise_calibration {
	uint32_t n;
	double t1[2], t2[2]; /* seconds; INFINITY: no decay */
	double time;         /* seconds */
	double error;        /* average gate infidelity */
};
/* To the last rule. */
int noise_model_add_calibration(struct noise_model *m,
    const struct noise_calibration *c);

#endif
