/*
 * shots.h - outcomes with their probabilities, and counts of them: sampled
 * here or measured on hardware.
 */
#ifndef QML_SIM_STATE_SHOTS_H
#define QML_SIM_STATE_SHOTS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/rng.h"
#include "sim/state/readout.h"

struct pauli_sum;
struct pauli_term;

/* Sorted by bits, none twice. */
struct outcome {
	uint64_t bits;
	double p;
};

struct outcomes {
	uint32_t nbits;
	struct outcome *items; /* owned */
	size_t n, cap;
};

struct count {
	uint64_t bits, n;
};

struct counts {
	uint32_t nbits;
	struct count *items; /* owned; sorted by bits, none twice */
	size_t n, cap;
	uint64_t total;
};

#define OUTCOMES_INIT         \
	{                     \
		.items = NULL \
	}
#define COUNTS_INIT           \
	{                     \
		.items = NULL \
	}

/* Adds p to the outcome; sorted by outcomes_sort(). -ENOMEM. */
int outcomes_add(struct outcomes *o, uint64_t bits, double p);
void outcomes_sort(struct outcomes *o); /* and joins equal ones */
void outcomes_close(struct outcomes *o);

/* -ENOMEM; -EOVERFLOW: more than 2^63 in all. */
int counts_add(struct counts *c, uint64_t bits, uint64_t n);
void counts_sort(struct counts *c);
void counts_close(struct counts *c);

/* "0101", the last character is bit 0; blanks and "_" between registers are
 * passed over. -EINVAL: nothing, another character, or over 64 bits. */
int counts_parse_bits(const char *text, uint64_t *bits, uint32_t *nbits);
/* out: nbits + 1 bytes. */
void counts_print_bits(uint64_t bits, uint32_t nbits, char *out);

/* shots draws by the cumulative sums, in one order: draw i is number i of the
 * stream. The same seed, stream and outcomes give the same counts anywhere.
 * -ENOMEM; -EINVAL: no outcome. */
int shots_sample(const struct outcomes *o, uint64_t shots, struct rng *r,
    struct counts *out);

/* A uniform double in 0 .. 1 (excluded), of 53 bits. */
double shots_uniform(struct rng *r);

struct estimate {
	double mean;
	double error; /* standard error of the mean */
};

/* Product of the Z of the bits in mask. readout: NULL, or [nbits], whose
 * errors are undone bit by bit (any number of bits). -EDOM; -EINVAL: no
 * counts. */
int counts_expect_z(const struct counts *c, uint64_t mask,
    const struct readout *readout, struct estimate *out);

/* Counts measured after turning the qubits of x and z as in pauli_group to the
 * z basis; bit q of a count is qubit q. */
struct measured {
	uint64_t x, z; /* letters of the basis: X, Z, Y = both */
	const struct counts *counts;
};

/* Each string from the first basis that has its letters; the error knows that
 * strings of one basis were read together. -ENOENT: a string that no basis
 * has; else as above. */
int counts_expect(const struct pauli_sum *s, const struct measured *m,
    size_t nmeasured, const struct readout *readout, struct estimate *out);

#endif
