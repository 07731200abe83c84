/*
 * landmark.h - quantum kernels of scaled features, and what they make of a row
 * beside public landmarks: phi(x) = K(x, Z) K(Z, Z)^(-1/2) (Nystroem), so that
 * phi(x) phi(y) stands for K(x, y) and no two sites' rows ever meet.
 *
 * The root is of jacobi.h, kernels of qkernel.h or closed forms in mathfun.h:
 * the same bits on every CPU, compiler and number of threads.
 */
#ifndef QML_SIM_LEARN_LANDMARK_H
#define QML_SIM_LEARN_LANDMARK_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/jacobi.h"
#include "sim/learn/qkernel.h"

#define LANDMARK_MAX JACOBI_MAX
#define LANDMARK_MAX_FEATURES 4096 /* of product maps; others: qubits */

/* Feature maps; x a scaled feature, one qubit each. */
enum landmark_kind {
	LANDMARK_ZZ,  /* reps x (H, P(2 x_q), P(2 (pi - x_j)(pi - x_q))) */
	LANDMARK_Z,   /* reps x (H, P(2 x_q)): a product of single qubits */
	LANDMARK_IQP, /* reps x (H, RZ(x_q), RZZ(x_j x_q)) */
	LANDMARK_RY   /* RY(x_q): a product; reps times the angle */
};

struct landmark_map {
	enum landmark_kind kind;
	uint32_t nfeatures;
	uint32_t reps;
	double scale;         /* radians of a feature of 1 */
	const double *scales; /* [nfeatures] instead, or NULL; borrowed */
};

/* NULL if the map can be run, else why not. */
const char *landmark_map_check(const struct landmark_map *m);

/* "zz", "z", "iqp", "ry", or NULL past the end; and back, -1: none. */
const char *landmark_kind_name(int kind);
int landmark_kind_find(const char *name);

/* Rows of nfeatures before scaling. */
struct landmark_rows {
	const double *x;
	size_t n;
};

/* k[a->n * b->n], entries |<psi(a)|psi(b)>|^2; a == b: symmetric. Memory of
 * ZZ and IQP: 16 B x 2^nfeatures x (a->n + b->n). -EINVAL, -ENOMEM. */
int landmark_kernel(const struct landmark_map *m, const struct landmark_rows *a,
    const struct landmark_rows *b, double *k, struct pool *pool);

struct landmark {
	struct landmark_map map; /* scales are a copy, owned */
	size_t m;
	double *z;      /* m * nfeatures, owned */
	double *root;   /* K(Z, Z)^(-1/2), m * m, symmetric, owned */
	double *values; /* K(Z, Z)'s eigenvalues, descending, owned */
};

#define LANDMARK_INIT                                           \
	{                                                       \
		.z = NULL, .root = NULL, .values = NULL, .m = 0 \
	}

/* Copies z. Eigenvalues below ridge times the largest count as that: ridge
 * in (0, 1). -EINVAL, -EDOM: z is not finite; -ENOMEM. */
int landmark_init(struct landmark *l, const struct landmark_map *map,
    const struct landmark_rows *z, double ridge);

void landmark_close(struct landmark *l);

/* Kernel entries as a machine would estimate them: how often the circuit of x,
 * then that of z backwards, gives all zeros. K(Z, Z) is public and exact. */
struct landmark_shots {
	uint32_t shots;      /* an entry; above 0 */
	const uint8_t *seed; /* 32 bytes; a stream a row */
};

/* phi[rows->n * m] from sampled entries: the same bits everywhere. -ENOMEM. */
int landmark_features_sampled(const struct landmark *l,
    const struct landmark_rows *rows, const struct landmark_shots *how,
    double *phi, struct pool *pool);

/* phi[rows->n * m]. -ENOMEM. */
int landmark_features(const struct landmark *l,
    const struct landmark_rows *rows, double *phi, struct pool *pool);

/* z[m * nfeatures]: uniform in [0, 1) from a 32-byte seed, integers over 2^32,
 * the same everywhere. */
void landmark_draw(const uint8_t *seed, size_t m, size_t nfeatures, double *z);

#endif
