/*
 * noisy_plan.h - a program and its noise, made ready for many runs: every
 * matrix, and for every op what acts before and after it.
 *
 * Idle noise: ops are scheduled in their order, each as early as its qubits
 * allow; a qubit that waited decays for that time first. A barrier makes its
 * qubits wait for each other. Gates that a jump leaves out keep their time.
 * A measurement that nothing later depends on is marked: engines leave the
 * state before it whole and read it at the end.
 */
#ifndef QML_SIM_STATE_NOISY_PLAN_H
#define QML_SIM_STATE_NOISY_PLAN_H

#include "sim/circuit/program.h"
#include "sim/state/kraus.h"
#include "sim/state/readout.h"
#include "sim/state/vector.h"

struct noise_model;

struct noisy_act {
	const struct kraus *channel; /* of the model, or of own */
	uint32_t qubits[KRAUS_MAX_QUBITS];
};

struct noisy_op {
	struct vector_gate gate; /* of PROGRAM_GATE */
	bool last;               /* a measurement that may be read at the end */
	uint32_t act0, nbefore, nafter; /* in plan->acts */
};

struct noisy_plan {
	const struct program *program;   /* kept */
	const struct noise_model *model; /* kept; may be NULL */
	struct noisy_op *ops;            /* owned, as many as the program's */
	double *numbers;                 /* owned, matrices */
	struct noisy_act *acts;          /* owned */
	uint32_t nacts, capacts;
	struct kraus *own; /* owned, idle decay */
	uint32_t nown;
	bool measures; /* some op is a measurement */
};

/* The classical side of one course through the program. */
struct noisy_bits {
	uint64_t bits;
	uint64_t pending; /* bit i is to be read from qubit of[i] at the end */
	uint8_t of[64];
};

#define NOISY_PLAN_INIT     \
	{                   \
		.ops = NULL \
	}

/* At the program's present inputs. -ENOMEM; -EINVAL: a channel does not fit
 * the gate of its rule; -ENOTSUP: more than 64 classical bits. */
int noisy_plan_init(struct noisy_plan *n, const struct program *p,
    const struct noise_model *m);
void noisy_plan_close(struct noisy_plan *n);

/* The op after op i; assigns, jumps and notes a last measurement. What op i
 * does to qubits is the engine's business, before this. */
uint32_t noisy_plan_next(const struct noisy_plan *n, uint32_t i,
    struct noisy_bits *b);

/* What is to be read at the end: qubit[k] goes to bit[k], [64] each; how many.
 * All qubits when the program measures none. */
uint32_t noisy_plan_readings(const struct noisy_plan *n,
    const struct noisy_bits *b, uint8_t *qubit, uint8_t *bit);
uint32_t noisy_plan_nbits(const struct noisy_plan *n); /* of an outcome */

/* Zeros without a model. */
struct readout noisy_plan_readout(const struct noisy_plan *n, uint32_t q);

#endif
