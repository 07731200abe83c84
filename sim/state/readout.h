/*
 * readout.h - measurement that errs: each qubit is read wrongly with its own
 * probabilities, independent of the others; and the way back.
 */
#ifndef QML_SIM_STATE_READOUT_H
#define QML_SIM_STATE_READOUT_H

#include <stdint.h>

struct pauli_sum;

struct readout {
	double p1_given_0; /* read 1 although it was 0 */
	double p0_given_1;
};

/* p[2^n], r[n]: probabilities of what is read, in place. */
void readout_confuse(const struct readout *r, uint32_t n, double *p);

/* The inverse of each 2 x 2 matrix, in place: exact for exact input, but with
 * few shots some "probabilities" come out negative. n 2^n steps. -EDOM: a
 * matrix has no inverse. */
int readout_invert(const struct readout *r, uint32_t n, double *p);

/* The probabilities, none negative and summing to 1, whose confusion is
 * nearest to p in the sum of squares; in place. -EDOM; -ENOMEM. */
int readout_least_squares(const struct readout *r, uint32_t n, double *p);

/* What one bit is worth when Z is measured: f[0] and f[1] such that the mean
 * of f over true bits is the <Z> that is read. */
void readout_seen(const struct readout *r, double f[static 2]);
/* What one read bit is worth so that the mean is the true <Z>. -EDOM. */
int readout_true(const struct readout *r, double f[static 2]);

/* The observable whose expectation is what reading s qubit by qubit shows:
 * each letter P of qubit q becomes a P + b. -E2BIG: a string on more than 16
 * qubits; -ENOMEM. r[q] for every qubit of s. */
int readout_observable(const struct readout *r, const struct pauli_sum *s,
    struct pauli_sum *out);

#endif
