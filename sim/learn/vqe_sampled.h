/*
 * vqe_sampled.h - energies of a Hamiltonian's parts as a machine would measure
 * them: with gates that err, qubits that are read wrongly, finitely many shots;
 * and gradients from such values alone.
 *
 * The seed and the number of the call make every draw: the same on every
 * machine.
 */
#ifndef QML_SIM_LEARN_VQE_SAMPLED_H
#define QML_SIM_LEARN_VQE_SAMPLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VQE_SAMPLED_MAX_QUBITS 10 /* with noise: density matrices */

struct noise_model;
struct pauli_sum;
struct program;
struct vqe_circuit;

struct vqe_sampled {
	const struct noise_model *noise; /* or NULL */
	uint64_t shots;                  /* of each group of a part; 0: exact */
	const uint8_t *seed;             /* RNG_SEED_BYTES */
	bool undo_readout; /* errors of reading undone, qubit by qubit */
	bool extrapolate;  /* gates folded 1, 3, 5 times, followed to none;
			       * of vqe_sampled_values() alone */
	const struct pauli_sum *parts;
	size_t nparts;
	double perturb;         /* SPSA */
	uint32_t perturbations; /* 0: by the shift rule */
};

/* value[nparts] at theta; error[nparts]: standard errors, or NULL. -EDOM: an
 * error of reading that has no inverse; -EINVAL: a channel does not fit its
 * gate; -ENOMEM. */
int vqe_sampled_values(const struct vqe_sampled *s, const struct vqe_circuit *c,
    const double *theta, double *value, double *error);

/* grad[nparts * nparams], part by part. */
int vqe_sampled_gradients(const struct vqe_sampled *s,
    const struct vqe_circuit *c, const double *theta, double *grad);

#endif
