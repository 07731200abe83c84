/*
 * large.h - run a plan forward on one state of any size by cache-sized tiles.
 *
 * A tile is a coset of a subspace of addresses that holds whole cache lines
 * and the columns of as many rotations as fit; it is gathered into a buffer in
 * its own coordinates, where those rotations are RYs like any other, and so are
 * those of later steps that depend on nothing else (tile.h). Diagonals are
 * products of small tables (stage.h). The first steps are written as a sum of
 * products where they are one (halves.h); the last pass is only read.
 */
#ifndef QML_SIM_CIRCUIT_LARGE_H
#define QML_SIM_CIRCUIT_LARGE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/amp_plan.h"

struct pool;
struct zstring;

#define LARGE_MIN_QUBITS 13
#define LARGE_TILE_QUBITS 15
/* 256 bytes stay together. */
#define LARGE_LINE_QUBITS AMP_LINE_QUBITS
#define LARGE_INNER_QUBITS 12 /* of a tile, one component in L1 */

/* What there is beside the state: halves of n qubits; of each thread. */
#define LARGE_START_BYTES(n) (UINT64_C(512) << ((n) + 1) / 2)
#define LARGE_WORKER_BYTES ((UINT64_C(16) << LARGE_TILE_QUBITS) + (1 << 18))

struct large_options {
	const struct lanes *lanes;               /* kept */
	struct pool *pool;                       /* kept */
	void (*advise)(void *mem, size_t bytes); /* may be NULL */
};

struct large;

/* 16 B x 2^n, LARGE_START_BYTES(n), LARGE_WORKER_BYTES for each thread.
 * -ENOTSUP: under LARGE_MIN_QUBITS, or angles that depend on features;
 * -ENOMEM. */
int large_new(struct large **l, const struct amp_plan *of,
    const struct large_options *o);
void large_free(struct large *l);

/* row: as adjoint_prepare() makes it; out[z->count] = expectations. The state
 * is not kept. -ENOMEM. */
int large_expect(struct large *l, const struct amp_bind *b, const double *row,
    const struct zstring *z, double *out);

/* out = product over qubits q < n of v[4 q ..] (re, im of |0>, of |1>). */
void large_product(const double *v, uint32_t n, double *const out[2]);

#endif
