/*
 * lanes.h - gate loops over eight samples at a time, one table per ISA.
 *
 * A group holds LANES samples of one n-qubit register: re[x * LANES + lane],
 * im[x * LANES + lane], x a basis state. Every loop treats lanes alike and
 * independently, so plain C, AVX2 and AVX-512 give the same bits; sums over x
 * run in one stated order. All arrays are 64-byte aligned.
 *
 * Rotations come in tangent form: RY(a) = cos(a/2) (1 - i tan(a/2) Y). The
 * caller keeps the cosines and multiplies them into a diagonal.
 */
#ifndef QML_SIM_STATE_LANES_H
#define QML_SIM_STATE_LANES_H

#include <stddef.h>
#include <stdint.h>

#define LANES 8
#define LANES_ALIGN 64
#define LANES_MAX_QUBITS 30

enum lanes_isa {
	LANES_AUTO,  /* the widest this CPU has */
	LANES_PLAIN, /* C and fma(), which is slow without the instruction:
		      * the reference */
	LANES_AVX2,
	LANES_AVX512,
	LANES_NEON, /* every aarch64 */
	LANES_NISAS
};

/*
 * One to three commuting RYs, walked together. The basis spans the addresses
 * at which all their qubits are 0; off[b] is what to XOR to set the qubits
 * named by the bits of b. Addresses are visited in Gray order.
 */
struct lanes_block {
	uint32_t nrots;
	uint32_t nbasis;
	uint32_t off[8];
	uint32_t basis[LANES_MAX_QUBITS];
};

/* A dense layer y = W x: w[row * (ncols + 1) + col], last column the bias. */
struct lanes_dense {
	const double *w;
	size_t nrows;
	size_t ncols;
};

struct lanes {
	const char *name;

	/* y0 = x0 - t x1, y1 = x1 + t x0 for each rotation; one component. */
	void (*ry)(double *a, const struct lanes_block *b, const double *t);

	/* sum[r * LANES + lane] += l1 p0 - l0 p1 over all pairs of rotation r,
	 * then undoes the rotations in p and l. One component. */
	void (*ry_undo)(double *p, double *l, const struct lanes_block *b,
	    const double *t, double *sum);

	/* a[x] *= tab[2x] + i tab[2x+1]; a[0] the real part, a[1] the other. */
	void (*diag)(double *const a[2], const double *tab, size_t n);

	/* w[x] += Im(conj(l) p), then both times the conjugate of tab. */
	void (*diag_undo)(double *const p[2], double *const l[2],
	    const double *tab, double *w, size_t n);

	/* The first line of diag_undo alone. */
	void (*diag_sum)(double *const p[2], double *const l[2], double *w,
	    size_t n);

	/* In place: a[m] = sum over x of (-1)^popcount(m & x) a[x]. */
	void (*wht)(double *a, uint32_t nqubits);

	void (*norms)(double *const a[2], double *out, size_t n);

	/* l = d p, d real. */
	void (*scale)(double *const p[2], double *const l[2], const double *d,
	    size_t n);

	/* p[x] for a product of RYs: cs[2q] the cosines, cs[2q+1] the sines
	 * (each LANES wide) of qubit q's half angle. */
	void (*product)(double *p, const double *cs, uint32_t nqubits);

	void (*dense)(const struct lanes_dense *m, const double *x, double *y);

	/* dx = W^T dy; and g += dy x^T, g shaped as w, LANES wide. */
	void (*dense_undo)(const struct lanes_dense *m, const double *dy,
	    double *dx);
	void (*dense_grad)(const struct lanes_dense *m, const double *x,
	    const double *dy, double *g);

	/* z[c] becomes exp(z[c] - max); max and the sum of exps are left. */
	void (*softmax)(double *z, size_t n, double *max, double *sum);

	/* cs[2i] = cos x[i], cs[2i+1] = sin x[i]. */
	void (*sincos)(const double *x, double *cs, size_t n);

	/*
	 * Angles that differ from lane to lane: rows of cosines and sines.
	 * cs rows 2i, 2i+1 from row i of x.
	 */
	void (*sincos_rows)(const double *x, double *cs, size_t n);

	/* A table over y of exp(i +-h), see spread.h: one bit more; and once
	 * more by exp(i +-h), minus where parity(mask & y) is odd. */
	void (*spread_double)(double *t, const double *cs, uint32_t filled);
	void (*spread_times)(double *t, const double *cs, uint32_t filled,
	    uint32_t mask);
	void (*diag_each)(double *const a[2], const double *t,
	    const uint32_t *turn, size_t n);
	void (*diag_each_undo)(double *const p[2], double *const l[2],
	    const double *t, const uint32_t *turn, size_t n);

	/* Like ry and ry_undo, pl the same component of p and l. */
	void (
	    *ry_each)(double *a, const struct lanes_block *b, const double *cs);
	void (*ry_each_undo)(double *const pl[2], const struct lanes_block *b,
	    const double *cs, double *sum);
};

/* NULL if this CPU or this build has it not. All of them give the same bits, so
 * the choice is only about speed. */
const struct lanes *lanes_pick(enum lanes_isa isa);

/* 64-byte aligned, zeroed; NULL when there is no memory or n overflows. */
double *lanes_alloc(size_t n);

/* Sums the lanes of a row in one fixed tree. */
double lanes_total(const double *row);

#endif
