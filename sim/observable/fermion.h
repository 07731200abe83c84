/*
 * fermion.h - products of creation and annihilation operators as sums of Pauli
 * strings: a_p = Z_0 .. Z_(p-1) (X_p + i Y_p) / 2, then any mapping.
 *
 * All coefficients are real, so a sum of these products is real in the strings
 * X^x Z^z; that is what is kept until it is asked for.
 */
#ifndef QML_SIM_OBSERVABLE_FERMION_H
#define QML_SIM_OBSERVABLE_FERMION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/observable/mapping.h"

#define FERMION_MAX_OPS 4
#define FERMION_DROP 1e-12 /* smaller coefficients are rounding */

struct fcidump;
struct pauli_sum;
struct pauli_term;

struct fermion_op {
	uint32_t orbital; /* spin orbital, below 64 */
	bool creates;
};

struct fermion {
	struct pauli_term *terms; /* coef X^x Z^z; owned */
	size_t nterms, cap;
};

#define FERMION_INIT          \
	{                     \
		.terms = NULL \
	}

void fermion_close(struct fermion *f);

/* f += coef * ops[0] ops[1] .. ops[n-1], the last acts first. -ENOMEM;
 * -E2BIG: more strings than a Pauli sum may have. */
int fermion_add(struct fermion *f, const struct fermion_op *ops, size_t n,
    double coef);

/* Of a Hermitian sum: itself. Of an antihermitian one: -i times it, so that
 * the sum is i times what is returned. Strings in order of (x, z). -EDOM: it
 * is neither, or the mapping has no image of it; -ENOMEM. */
int fermion_hermitian(struct fermion *f, const struct mapping *m,
    struct pauli_sum *out);
int fermion_antihermitian(struct fermion *f, const struct mapping *m,
    struct pauli_sum *out);

/* H of a molecule. m->norbitals is the molecule's. */
int fermion_molecule(const struct fcidump *of, const struct mapping *m,
    struct pauli_sum *out);

#endif
