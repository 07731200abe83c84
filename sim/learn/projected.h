/*
 * projected.h - projected quantum kernels: Gaussian ones of the states' single
 * qubits, K = exp(-gamma sum_q |rho_q(x) - rho_q(y)|^2), Frobenius norm.
 *
 * With the Bloch vector r of a qubit that is half the square of the distance
 * of the vectors. Memory and time for m x n entries grow with nqubits, not
 * 2^nqubits.
 */
#ifndef QML_SIM_LEARN_PROJECTED_H
#define QML_SIM_LEARN_PROJECTED_H

#include <stddef.h>
#include <stdint.h>

struct pool;
struct qkernel_states;

/* out[n][nqubits][3]: <X>, <Y>, <Z> of each row's qubits. */
void projected_bloch(const struct qkernel_states *s, double *out,
    struct pool *pool);

/* Rows of Bloch vectors, as above. */
struct projected_rows {
	const double *bloch;
	size_t n;
};

/* k[i * b->n + j]; the same array in both: symmetric, ones in the diagonal. */
void projected_gram(const struct projected_rows *a,
    const struct projected_rows *b, uint32_t nqubits, double gamma, double *k);

#endif
