/*
 * zstring.h - expectations of products of Z, any number in one pass.
 *
 * All of them are diagonal, so one Walsh-Hadamard transform of |psi|^2 holds
 * every parity; its transpose turns weights on observables into the diagonal
 * sum_k w_k O_k that the adjoint starts from. Qubits are logical: the masks
 * are pulled back through the plan's final index map.
 */
#ifndef QML_SIM_OBSERVABLE_ZSTRING_H
#define QML_SIM_OBSERVABLE_ZSTRING_H

#include <stddef.h>
#include <stdint.h>

struct bind;
struct lanes;
struct plan;

struct zstring {
	uint32_t nqubits;
	size_t count;
	uint32_t *mask; /* over stored addresses */
	double *sign;   /* +-1, from X gates */
};

#define ZSTRING_INIT       \
	{                  \
		.count = 0 \
	}

/* logical[k]: bit q set if Z acts on qubit q; 0 is the identity. -ENOMEM. */
int zstring_init(struct zstring *z, const struct plan *p,
    const uint32_t *logical, size_t count);

/* All <Z_i>, i ascending. */
int zstring_init_singles(struct zstring *z, const struct plan *p);

/* All <Z_i>, i ascending, then all <Z_i Z_j>, i < j, i outer. */
int zstring_init_pairs(struct zstring *z, const struct plan *p);

void zstring_close(struct zstring *z);

/* out[k * LANES + lane] from probs[x * LANES + lane], which is overwritten. */
void zstring_expect(const struct zstring *z, const struct bind *b,
    const struct lanes *lanes, double *probs, double *out);

/* diag[x * LANES + lane] = sum_k weight[k * LANES + lane] O_k(x). */
void zstring_weigh(const struct zstring *z, const struct bind *b,
    const struct lanes *lanes, const double *weight, double *diag);

#endif
