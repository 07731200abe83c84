/*
 * amp.h - gate loops over eight amplitudes of one state, one table per ISA.
 *
 * A state is amp[0], amp[1]: real and imaginary parts, 2^n each, 64-byte
 * aligned; lane i of a row is address 8 r + i. Rotations are those of lanes.h:
 * RY between x (parity(row & x) = 0) and x ^ col, in tangent form, any row and
 * col with parity(row & col) = 1. Where col leaves the row, lane i of the
 * eight loaded rows holds x ^ i for eight addresses x that differ by the
 * columns, so every turn is lane by lane, the sign of each lane in the tangent.
 * Plain C, AVX2 and AVX-512 give the same bits.
 */
#ifndef QML_SIM_STATE_AMP_H
#define QML_SIM_STATE_AMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/state/lanes.h"

#define AMP_LANES 8
#define AMP_LANE_QUBITS 3
#define AMP_BLOCK_ROTS 3 /* of what ry_undo takes */
#define AMP_RY_ROTS 4    /* of what ry takes */
#define AMP_LINE_QUBITS 5
#define AMP_LINE 32

/* One to four commuting RYs. */
struct amp_block {
	uint32_t nrots;
	bool inner;    /* all columns stay within a row */
	bool straight; /* nothing permutes lanes */
	uint32_t nbasis;
	uint32_t col[AMP_RY_ROTS];
	uint32_t off[1 << AMP_RY_ROTS];   /* XORs of columns */
	uint32_t basis[LANES_MAX_QUBITS]; /* spans where all rows are even */
	uint32_t rot[AMP_RY_ROTS];        /* which of the plan's */
	_Alignas(64) double sign[AMP_RY_ROTS][AMP_LANES]; /* by lane */
};

/* A diagonal as a product of tables: row i of a state is multiplied by row
 * row[g][i] ^ high[g] of each table g. */
#define AMP_TURNS_MAX 8
struct amp_turn {
	size_t n; /* tables */
	const double *tab[AMP_TURNS_MAX][2];
	const uint8_t *row[AMP_TURNS_MAX];
	uint8_t high[AMP_TURNS_MAX];
};

struct amp {
	const char *name;

	/* t[r]: the tangent of rotation r; one component. */
	void (*ry)(double *a, const struct amp_block *b, const double *t);

	/* sum[r * 8 + lane] += l1 p0 - l0 p1 over all pairs of rotation r,
	 * then undoes the rotations in p and l. One component. */
	void (*ry_undo)(double *const a[2], const struct amp_block *b,
	    const double *t, double *sum);

	/* a[x] *= tab[0][x] + i tab[1][x]; n a multiple of 8. */
	void (*diag)(double *const a[2], double *const tab[2], size_t n);

	/* nrows rows; one table after another. */
	void (
	    *turn)(double *const a[2], const struct amp_turn *t, size_t nrows);

	/* w[x] = Im(conj(l) p), then both times the conjugate of tab. a: p and
	 * l, real and imaginary. */
	void (*diag_undo)(double *const a[4], double *const tab[2], double *w,
	    size_t n);

	/* In place: a[m] = sum over x of (-1)^popcount(m & x) a[x]. n >= 3. */
	void (*wht)(double *a, uint32_t nqubits);

	/* tab = scale * (cos, sin) of phase. */
	void (*cis)(const double *phase, double scale, double *const tab[2],
	    size_t n);

	/* out = (f0 + i f1) * in. */
	void (*times)(double *const in[2], const double *f,
	    double *const out[2], size_t n);

	/* Two lines k: the sum over n terms of lower[a] (AMP_LINE re, AMP_LINE
	 * im) times upper[k][a] (re, im). out: re, im of each. */
	void (*outer)(const double *lower, const double *const upper[2],
	    size_t n, double *const out[4]);

	/* Lines of AMP_LINE amplitudes, one component, from state + (base ^
	 * off[i]) to a buffer, one after another, and back; scatter_past: past
	 * the caches. */
	void (*gather)(double *buffer, const double *state, const uint32_t *off,
	    uint32_t base, size_t nlines);
	void (*scatter)(double *state, const double *buffer,
	    const uint32_t *off, uint32_t base, size_t nlines);
	void (*scatter_past)(double *state, const double *buffer,
	    const uint32_t *off, uint32_t base, size_t nlines);

	/* Sum of |a[x]|^2 (-1)^parity(mask & x). */
	double (*parity)(double *const a[2], uint32_t mask, size_t n);
};

/* NULL if this CPU or this build has it not. */
const struct amp *amp_pick(enum lanes_isa isa);

/* Rotations (row[r], col[r]), r < nrots <= AMP_RY_ROTS, of an n-qubit state
 * as one block: all columns within a row, or their parts beyond it linearly
 * independent. rot is left alone. */
void amp_block_set(struct amp_block *b, uint32_t nqubits, const uint32_t *row,
    const uint32_t *col);

#endif
