/*
 * vqe.h - the variational eigensolver as a task: angles that lower <H>.
 *
 * What JOB and the trainer do with it:
 * - The job carries the Hamiltonian's text, the ansatz, and three numbers that
 *   vqe_shape() gives whoever founds it: nqubits, nangles, nparts. A trainer
 *   whose vqe_shape() says otherwise refuses the job.
 * - Model segment, Q24: nangles angles, then energy and variance of the angles
 *   before the last step (task->nparams = nangles + 2). M_0: spec.start of
 *   task_spec.h for the angles (zero suits uccsd and adapt, small hva, uniform
 *   or small hea), 0 for the last two. No periods.
 * - Update segment, Q24: nparts blocks of nangles + 1 (task->nupdate): see
 *   consensus/aggregate/group_median.h, which is the segment's only rule, and
 *   whose result the ledger adds to the model. No clipping by norm, no weights,
 *   no server optimiser. A bound on coordinates holds for energies and the
 *   variance, too: the job's is to be above vqe_shape()'s reach.
 * - Before a round the trainer calls group_median_assign() with (job seed,
 *   round, member list) and hands its own row to vqe_assign(); the ledger does
 *   the same to read the updates.
 * - One plain step down the gradient with train_rate() a round; of train_hyper
 *   lr, schedule, method, shots, perturb, perturbations, bound, seed count,
 *   mitigation on evaluation. Proximal terms, worker momentum, control variates
 *   are refused (-ENOTSUP).
 * - There are no rows (output TASK_NOTHING, nfeatures 0, train_job.rows NULL).
 *   The energy stands for the loss: early stopping and plots read
 *   model[nangles].
 */
#ifndef QML_SIM_LEARN_VQE_H
#define QML_SIM_LEARN_VQE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/observable/mapping.h"

#define VQE_MAX_QUBITS 14
#define VQE_MAX_ANGLES 4096
#define VQE_MAX_PARTS 64 /* without the variance */
#define VQE_MAX_LAYERS 256
#define VQE_MAX_UPDATE (1u << 18)
#define VQE_PARTS 8        /* by default, at most */
#define VQE_TEXT_MAX 65536 /* of a Hamiltonian in a job */

struct task;
struct task_ops;

enum vqe_ansatz {
	VQE_HEA,   /* RY RZ a qubit, ring of CNOTs; a last RY RZ */
	VQE_UCCSD, /* from Hartree-Fock, one Trotter step */
	VQE_ADAPT, /* operators chosen by gradient, from the public text */
	VQE_HVA    /* the Hamiltonian's own terms, by letters */
};

struct vqe_spec {
	const char *hamiltonian; /* Pauli lines, JSON or FCIDUMP; copied */
	size_t len;
	enum vqe_ansatz ansatz;
	uint32_t layers;           /* hea, hva; adapt: most operators */
	enum mapping_kind mapping; /* what FCIDUMP becomes qubits by; of a
				    * Pauli sum, how it was made */
	uint32_t alpha, beta;      /* electrons; 0, 0: as the FCIDUMP says */
	uint32_t parts;            /* 0: at most VQE_PARTS */
};

struct vqe_shape {
	uint32_t nqubits, nangles;
	uint32_t nparts; /* the variance included */
	double reach;    /* no energy of a part, and not the variance, is
			  * larger */
};

/* -EINVAL with a sentence in err, -ENOMEM. */
int vqe_shape(const struct vqe_spec *s, struct vqe_shape *out,
    char err[static 160]);

/* Of an open task: which parts its updates report, assigned[nparts] 0 or 1;
 * NULL: all of them. The task must not be in use. */
void vqe_assign(struct task *t, const uint8_t *assigned);

extern const struct task_ops vqe_ops;

#endif
