/*
 * circuit_program.h - a circuit of the batch engine as a program, to be
 * written out; the way back is program_to_circuit().
 */
#ifndef QML_SIM_CIRCUIT_CIRCUIT_PROGRAM_H
#define QML_SIM_CIRCUIT_CIRCUIT_PROGRAM_H

#include <stdint.h>

struct circuit;
struct program;

/* Values to put in; NULL: inputs theta_0 .., x_0 .. instead. */
struct circuit_values {
	const double *theta;    /* [nparams] */
	const double *features; /* [nfeatures] */
};

/*
 * Amplitudes that a sample starts from become gates if features are given;
 * without, the program starts from |0...0>, what follows them alone. -ENOTSUP:
 * an angle multiplies two inputs; -EINVAL, -ENOMEM. p: PROGRAM_INIT, closed on
 * failure.
 */
int circuit_program(const struct circuit *c, const struct circuit_values *v,
    struct program *p);

/* Appends RYs and CNOTs that make the real amplitudes from |0...0>, where they
 * are normalised; all 0 stays |0...0>. count 1 .. 2^nqubits, the rest is 0.
 * 2^nqubits gates of each kind at most. -EINVAL: not finite; -ENOMEM. */
int circuit_program_amplitudes(struct program *p, const double *amp,
    uint32_t count);

#endif
