/*
 * halves.h - the first steps of a plan as a sum of few products of two halves
 * of the qubits, for large.h.
 *
 * A step is local where its qubits are the address bits: bit i the qubit of
 * its rotation i. Going from one step's addresses to the next's is what its
 * CNOTs do; of these only what crosses the cut between the lower and the upper
 * bits splits a product, once for each value that crosses (a ring of CNOTs
 * makes four of one). While there are few, the vectors of the halves cost
 * nothing, and the state is written by one multiply-add for each, however many
 * steps they hold.
 */
#ifndef QML_SIM_CIRCUIT_HALVES_H
#define QML_SIM_CIRCUIT_HALVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/plan.h"
#include "sim/state/amp.h"

struct amp_bind;

#define HALVES_MAX_RANK 16 /* more costs what a pass over the state does */
#define HALVES_CROSSING 4  /* log2 of that */
#define HALVES_BLOCKS 6    /* of a half's rotations */

/* Where a phase of a step is local: before or after its addresses change, in
 * which half, over whose bits. */
struct halves_phase {
	uint32_t after, half, mask;
};

/* Into the addresses of a step: x of half s was map[s][x] ^ shift of half s,
 * where shift is given by what[1 - s][x of the other half]. */
struct halves_step {
	uint32_t *map[2], *what[2];
	uint32_t shift[2][HALVES_MAX_RANK];
	size_t nshifts[2];
	struct halves_phase *phases;
};

/* x = sum of col[i] over the bits of an address; bit i = parity(row[i] & x).
 */
struct halves_frame {
	uint32_t row[CIRCUIT_MAX_QUBITS], col[CIRCUIT_MAX_QUBITS];
};

struct halves {
	const struct plan *plan;   /* kept */
	size_t nsteps;             /* what they hold */
	struct halves_frame frame; /* of the last of these */
	struct plan later;         /* the plan's rots, phases in that frame */
	uint32_t bits[2];          /* lower, upper */
	size_t rank;
	struct halves_step *steps; /* nsteps; of 0 nothing */
	struct amp_block *blocks;  /* [2][HALVES_BLOCKS] */
	size_t nblocks[2];
	double *lower; /* by line, term: AMP_LINE re, AMP_LINE im */
	double *upper; /* by address, term: re, im */
};

#define HALVES_INIT          \
	{                    \
		.plan = NULL \
	}

/* nsteps: what of the plan's start is a product anyway, 0 or 1. -ENOMEM. */
int halves_init(struct halves *h, const struct plan *p, size_t nsteps);
void halves_close(struct halves *h);

/* A mask over x as one over addresses of the frame. */
uint32_t halves_mask(const struct halves *h, uint32_t mask);

/* v: the product, large_product(); work: 16 bytes x 2^nqubits. */
void halves_make(struct halves *h, const struct amp_bind *b, const double *v,
    double *work);

/* Whether lines at x and y are sums of the same lower vectors. */
bool halves_share(const struct halves *h, uint32_t x, uint32_t y);

/* The lines at addresses x[0] and x[1], which share; to: re, im of each. */
void halves_lines(const struct halves *h, const struct amp *amp,
    const uint32_t x[2], double *const to[4]);

#endif
