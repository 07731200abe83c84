#include "tests/sim/state/oracle.h"

#include <string.h>

void
oracle_init(struct oracle *o, uint32_t n)
{
	memset(o, 0, sizeof(*o));
	o->n = n;
	o->rho[0][0] = 1.0;
}

/* Entry (r, c) of the operator on all qubits. */
static double complex
entry(const struct oracle_kraus *k, uint32_t op, uint32_t r, uint32_t c)
{
	uint32_t i, sub_r = 0, sub_c = 0, mask = 0;

	for (i = 0; i < k->k; i++) {
		mask |= 1u << k->qubits[i];
		sub_r |= (r >> k->qubits[i] & 1) << i;
		sub_c |= (c >> k->qubits[i] & 1) << i;
	}
	if ((r & ~mask) != (c & ~mask))
		return 0.0;
	return k->m[op][sub_r][sub_c];
}

void
oracle_apply(struct oracle *o, const struct oracle_kraus *k)
{
	static double complex super[ORACLE_SQUARE][ORACLE_SQUARE];
	uint32_t d = 1u << o->n, i, j, op;
	double complex out[ORACLE_SQUARE] = {0};

	for (i = 0; i < d * d; i++) {
		for (j = 0; j < d * d; j++) {
			super[i][j] = 0.0;
			for (op = 0; op < k->nops; op++)
				super[i][j] += entry(k, op, i / d, j / d) *
				    conj(entry(k, op, i % d, j % d));
		}
	}
	for (i = 0; i < d * d; i++) {
		for (j = 0; j < d * d; j++)
			out[i] += super[i][j] * o->rho[j / d][j % d];
	}
	for (i = 0; i < d * d; i++)
		o->rho[i / d][i % d] = out[i];
}

/* Entry (r, c) of rho summed over the values of the qubits of mask. */
static double complex
traced(const struct oracle *o, uint32_t mask, uint32_t r, uint32_t c)
{
	double complex sum = 0.0;
	uint32_t s;

	for (s = 0; s < 1u << o->n; s++) {
		if ((s & ~mask) == 0)
			sum += o->rho[(r & ~mask) | s][(c & ~mask) | s];
	}
	return sum;
}

void
oracle_mix(struct oracle *o, const uint32_t *qubits, uint32_t k, double p)
{
	double complex out[ORACLE_DIM][ORACLE_DIM];
	uint32_t d = 1u << o->n, mask = 0, r, c;

	for (r = 0; r < k; r++)
		mask |= 1u << qubits[r];
	for (r = 0; r < d; r++) {
		for (c = 0; c < d; c++) {
			double complex mixed = (r & mask) == (c & mask)
			    ? traced(o, mask, r, c) / (double)(1u << k)
			    : 0.0;

			out[r][c] = (1.0 - p) * o->rho[r][c] + p * mixed;
		}
	}
	memcpy(o->rho, out, sizeof(out));
}

double
oracle_expect(const struct oracle *o, uint64_t x, uint64_t z)
{
	static const double complex pauli[4][2][2] = {{{1, 0}, {0, 1}},
	    {{0, 1}, {1, 0}}, {{1, 0}, {0, -1}}, {{0, -I}, {I, 0}}};
	uint32_t d = 1u << o->n, r, c, q;
	double complex sum = 0.0;

	for (r = 0; r < d; r++) {
		for (c = 0; c < d; c++) {
			double complex e = o->rho[c][r];

			for (q = 0; q < o->n; q++)
				e *= pauli[(x >> q & 1) | (z >> q & 1) << 1]
					  [r >> q & 1][c >> q & 1];
			sum += e;
		}
	}
	return creal(sum);
}
