/*
 * vqe_model.h - a problem made ready: Hamiltonian, circuit, and the parts that
 * nodes share among themselves. Read-only afterwards.
 *
 * Parts: terms that agree on every qubit make a group (pauli_groups_init);
 * groups, heaviest first, go one by one to the part with the fewest terms.
 */
#ifndef QML_SIM_LEARN_VQE_MODEL_H
#define QML_SIM_LEARN_VQE_MODEL_H

#include <stdint.h>

#include "sim/learn/vqe.h"
#include "sim/learn/vqe_circuit.h"
#include "sim/observable/hamiltonian.h"

#define VQE_MODEL_MAX_QUBITS 20 /* on the command line; a job has fewer */

struct vqe_model {
	struct hamiltonian h;
	struct vqe_circuit c;
	double *found; /* adapt: the angles it ended with; else NULL; owned */
	struct pauli_sum *parts; /* owned */
	uint32_t nparts;
};

#define VQE_MODEL_INIT       \
	{                    \
		.nparts = 0, \
	}

/* What a job may carry; VQE_MAX_* of vqe.h. -EINVAL, a sentence in err. */
int vqe_model_suits(const struct vqe_model *m, char err[static 160]);

/* struct vqe_shape's. */
double vqe_model_reach(const struct vqe_model *m);

/* -EINVAL with a sentence in err, -ENOMEM. */
int vqe_model_open(struct vqe_model *m, const struct vqe_spec *s,
    char err[static 160]);
void vqe_model_close(struct vqe_model *m);

#endif
