/*
 * vqc_noisy.h - a circuit's observables with noise and with finite shots, and
 * their gradients by shift rules.
 *
 * Density matrices where there is noise, state vectors where not. Each row has
 * draws of its own, given by the seed, the number of the evaluation and the
 * row: any number of threads gives the same bits. Gradient: two evaluations for
 * each gate with a trained angle, four for a controlled rotation.
 */
#ifndef QML_SIM_LEARN_VQC_NOISY_H
#define QML_SIM_LEARN_VQC_NOISY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/vqc_circuit.h"

#define VQC_NOISY_MAX_QUBITS 8 /* of density matrices */

struct fit_noise;

struct vqc_noisy; /* one thread's scratch */

/* Keeps both. -ENOTSUP: too many qubits for noise; -ENOMEM. */
int vqc_noisy_new(struct vqc_noisy **v, const struct vqc_circuit *c,
    const struct fit_noise *noise);
void vqc_noisy_free(struct vqc_noisy *v);

struct vqc_noisy_row {
	const double *theta;
	const double *features;
	uint64_t stream; /* of the first evaluation; others follow it */
};

/* Streams that one row may use. */
uint64_t vqc_noisy_streams(const struct vqc_circuit *c);

/* obs[nobs]; with the mitigation asked for. -ENOMEM; -EDOM: the readout cannot
 * be undone; -EINVAL: the model's channels do not fit the gates. */
int vqc_noisy_expect(struct vqc_noisy *v, const struct vqc_noisy_row *row,
    double *obs);

/* grad[nangles + nscales] += d(sum weight[k] obs[k]) / d theta; not mitigated.
 */
int vqc_noisy_gradient(struct vqc_noisy *v, const struct vqc_noisy_row *row,
    const double *weight, double *grad);

#endif
