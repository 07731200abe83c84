/*
 * program_run.h - execute a program on a state vector: once for what is
 * unitary, branch by branch for what measures on the way.
 */
#ifndef QML_SIM_CIRCUIT_PROGRAM_RUN_H
#define QML_SIM_CIRCUIT_PROGRAM_RUN_H

#include "sim/circuit/program.h"
#include "sim/state/vector.h"

#define PROGRAM_BIT_WORDS (PROGRAM_MAX_BITS / 64)
#define PROGRAM_BRANCH_MIN 1e-14 /* less likely outcomes do not happen */

/* A PROGRAM_GATE op. */
void program_apply(const struct program *p, const struct program_op *op,
    struct vector *v);

/* Every gate on |0...0>; measurements and barriers are passed over. -EINVAL
 * unless program_is_unitary(). v has p->nqubits qubits. */
int program_run(const struct program *p, struct vector *v);

/* One end of a program: v is not normalised, <v|v> is the probability. */
struct program_branch {
	double probability;
	const struct vector *v;
	const uint64_t *bits; /* PROGRAM_BIT_WORDS words */
};

struct program_visitor {
	/* Not 0: stop, and return that. */
	int (*visit)(void *arg, const struct program_branch *b);
	void *arg;
	uint64_t branches_max; /* -EFBIG beyond */
	const struct vector_room
	    *room; /* for copies: at most about 48; or NULL */
};

/* All outcomes of all measurements and resets. v is overwritten. -ENOMEM. */
int program_branches(const struct program *p, struct vector *v,
    const struct program_visitor *visitor);

struct program_count {
	uint64_t bits[PROGRAM_BIT_WORDS];
	uint64_t count;
};

struct program_counts {
	struct program_count *items; /* by bits, ascending; owned */
	size_t nitems;
	bool qubits; /* nothing is measured: bits are all qubits */
};

#define PROGRAM_COUNTS_INIT   \
	{                     \
		.items = NULL \
	}

/* The same seed draws the same. v is overwritten. -EFBIG: over 10^8 shots. */
int program_shots(const struct program *p, struct vector *v, uint64_t shots,
    uint64_t seed, struct program_counts *out);
void program_counts_close(struct program_counts *c);

#endif
