#include "sim/observable/zstring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/plan.h"
#include "sim/state/lanes.h"

int
zstring_init(struct zstring *z, const struct plan *p, const uint32_t *logical,
    size_t count)
{
	size_t k;
	uint32_t q;

	*z = (struct zstring)ZSTRING_INIT;
	z->nqubits = p->nqubits;
	z->mask = calloc(count + 1, sizeof(*z->mask));
	z->sign = calloc(count + 1, sizeof(*z->sign));
	if (z->mask == NULL || z->sign == NULL) {
		zstring_close(z);
		return -ENOMEM;
	}
	z->count = count;
	for (k = 0; k < count; k++) {
		bool minus = false;

		for (q = 0; q < p->nqubits; q++) {
			if ((logical[k] >> q & 1) == 0)
				continue;
			z->mask[k] ^= p->row[q];
			minus = minus != p->flip[q];
		}
		z->sign[k] = minus ? -1.0 : 1.0;
	}
	return 0;
}

int
zstring_init_singles(struct zstring *z, const struct plan *p)
{
	uint32_t logical[CIRCUIT_MAX_QUBITS], i;

	for (i = 0; i < p->nqubits; i++)
		logical[i] = UINT32_C(1) << i;
	return zstring_init(z, p, logical, p->nqubits);
}

int
zstring_init_pairs(struct zstring *z, const struct plan *p)
{
	uint32_t logical[CIRCUIT_MAX_QUBITS * (CIRCUIT_MAX_QUBITS + 1) / 2];
	size_t n = 0;
	uint32_t i, j;

	for (i = 0; i < p->nqubits; i++)
		logical[n++] = UINT32_C(1) << i;
	for (i = 0; i < p->nqubits; i++) {
		for (j = i + 1; j < p->nqubits; j++)
			logical[n++] = UINT32_C(1) << i | UINT32_C(1) << j;
	}
	return zstring_init(z, p, logical, n);
}

void
zstring_close(struct zstring *z)
{
	free(z->mask);
	free(z->sign);
	*z = (struct zstring)ZSTRING_INIT;
}

static double
sign_of(const struct zstring *z, const struct bind *b, size_t k)
{
	if ((__builtin_popcount(z->mask[k] & b->moved) & 1) != 0)
		return -z->sign[k];
	return z->sign[k];
}

void
zstring_expect(const struct zstring *z, const struct bind *b,
    const struct lanes *lanes, double *probs, double *out)
{
	size_t k, i;

	lanes->wht(probs, z->nqubits);
	for (k = 0; k < z->count; k++) {
		const double *from = &probs[(size_t)z->mask[k] * LANES];
		double sign = sign_of(z, b, k);

		for (i = 0; i < LANES; i++)
			out[k * LANES + i] = sign * from[i];
	}
}

void
zstring_weigh(const struct zstring *z, const struct bind *b,
    const struct lanes *lanes, const double *weight, double *diag)
{
	size_t k, i;

	memset(diag, 0, ((size_t)LANES << z->nqubits) * sizeof(*diag));
	for (k = 0; k < z->count; k++) {
		double *to = &diag[(size_t)z->mask[k] * LANES];
		double sign = sign_of(z, b, k);

		for (i = 0; i < LANES; i++)
			to[i] += sign * weight[k * LANES + i];
	}
	lanes->wht(diag, z->nqubits);
}
