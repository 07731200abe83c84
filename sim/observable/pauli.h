/*
 * pauli.h - sums of Pauli strings: read, measure on a state vector, group.
 *
 * "0.5*X0 Z2 - Z0 Z1 + 0.3*Y2 + 1.5": terms with + or -, a number before *,
 * letters with the qubit's number, I for the identity. A string with masks x
 * and z is the product of X (x only), Z (z only), Y (both); real coefficients.
 */
#ifndef QML_SIM_OBSERVABLE_PAULI_H
#define QML_SIM_OBSERVABLE_PAULI_H

#include <stddef.h>
#include <stdint.h>

#define PAULI_MAX_TERMS 100000

struct vector;

struct pauli_term {
	uint64_t x, z;
	double coef;
};

struct pauli_sum {
	struct pauli_term *terms; /* owned; equal strings are one term */
	size_t nterms;
};

#define PAULI_SUM_INIT        \
	{                     \
		.terms = NULL \
	}

/* Strings that agree on every qubit both act on: measured together, after
 * turning the qubits of x (H) and of x and z (S dagger, H) to the z basis. */
struct pauli_group {
	uint64_t x, z;        /* union of its terms */
	size_t first, nterms; /* in pauli_groups.order */
};

struct pauli_groups {
	struct pauli_group *groups; /* owned */
	size_t ngroups;
	size_t *order; /* indices of the sum's terms, by group; owned */
};

#define PAULI_GROUPS_INIT      \
	{                      \
		.groups = NULL \
	}

/* Qubits below nqubits only. -EINVAL, with a sentence with the column in err;
 * -ENOMEM. */
int pauli_parse(struct pauli_sum *s, const char *text, uint32_t nqubits,
    char err[static 128]);
void pauli_close(struct pauli_sum *s);

/* "+0.5*X0 Z2": at most len bytes with the 0; how long it would be. */
size_t pauli_print(const struct pauli_term *t, char *out, size_t len);

/* Of one string, without its coefficient. */
double pauli_string_expect(const struct pauli_term *t, const struct vector *v);

double pauli_expect(const struct pauli_sum *s, const struct vector *v);

/* <S^2> - <S>^2 into *var. Needs a vector like v for the product S|v>, which
 * it overwrites. */
double pauli_variance(const struct pauli_sum *s, const struct vector *v,
    struct vector *work);

/* out = S |v>; not in place. */
void pauli_apply(const struct pauli_sum *s, const struct vector *v,
    struct vector *out);

/* Greedy, by falling |coef|: each term into the first group it agrees with.
 * The identity joins any. -ENOMEM. */
int pauli_groups_init(struct pauli_groups *g, const struct pauli_sum *s);
void pauli_groups_close(struct pauli_groups *g);

/* Shares total shots by each group's sum of |coef|, at least one each, largest
 * remainders first; shots[ngroups]. -EINVAL: fewer shots than groups. */
int pauli_groups_shots(const struct pauli_groups *g, const struct pauli_sum *s,
    uint64_t total, uint64_t *shots);

#endif
