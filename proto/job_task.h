/*
 * job_task.h - one task of a job: what is learnt, and by which circuit.
 *
 * The circuit is data: a template with sizes, or an OpenQASM 3 text. Sizes are
 * stated so that consensus needs no compiler; a trainer refuses a task whose
 * numbers are not what its own compiler gives. Fields that a kind does not
 * have are zero, or NULL. Texts are owned.
 *
 * Segment of the model: nangles angles with period 2 pi, nscales factors of
 * features that begin at one, then the rest; of a vqe instead nangles angles,
 * energy and variance. An update has the same shape, but a vqe's has `parts`
 * blocks of nangles + 1 (consensus/aggregate/group_median.h).
 */
#ifndef QML_PROTO_JOB_TASK_H
#define QML_PROTO_JOB_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/decimal.h"

#define JOB_TEXT_MAX 65536 /* bytes of each text */
#define JOB_QUBITS_MAX 16
#define JOB_LANDMARKS_MAX 256
#define JOB_PARTS_MAX 65 /* of a vqe, the variance included */

enum job_kind { JOB_VQC = 1, JOB_LINEAR, JOB_QSVM, JOB_QPCA, JOB_VQE };
/* A stage is learnt first, then frozen; its output are the main task's
 * features. The control arm sees the rows as the stage does. */
enum job_role { JOB_STAGE = 1, JOB_MAIN, JOB_CONTROL };
enum job_encoding {
	JOB_ANGLE = 1,
	JOB_AMPLITUDE,
	JOB_IQP,
	JOB_ZZ,
	JOB_REUPLOAD, /* angles with factors that are learnt */
	JOB_OWN,      /* the circuit's text has its own */
};
enum job_ansatz {
	JOB_STRONGLY_ENTANGLING = 1,
	JOB_HARDWARE_EFFICIENT,
	JOB_RX_RZ_RX, /* a chain of CNOTs, then RX RZ RX on each qubit */
	JOB_CONVOLUTIONAL,
	JOB_TREE,
	JOB_CIRCUIT, /* the text */
	JOB_UCCSD,   /* a vqe's, as the next */
	JOB_ADAPT,
	JOB_HAMILTONIAN, /* its own terms */
};
enum job_readout { JOB_Z = 1, JOB_Z_ZZ, JOB_PAULIS };
enum job_head { JOB_HEAD_LINEAR = 1, JOB_HEAD_DIRECT };
enum job_loss { JOB_CROSS_ENTROPY = 1, JOB_HINGE, JOB_SQUARED };
/* M_0's angles: uniform in [-init, init]; normal with deviation init; pairs of
 * layers that undo each other; the first layer uniform, then zero; zero. */
enum job_start {
	JOB_UNIFORM = 1,
	JOB_NORMAL,
	JOB_IDENTITY,
	JOB_LAYERWISE,
	JOB_ZERO
};
enum job_map { JOB_MAP_ZZ = 1, JOB_MAP_Z, JOB_MAP_IQP, JOB_MAP_RY };
enum job_rows { JOB_BALL = 1, JOB_UNIT };
enum job_mapping { JOB_JORDAN_WIGNER = 1, JOB_PARITY };

struct job_task {
	uint8_t kind;     /* enum job_kind; 0: no such task */
	uint32_t dim;     /* of its segment, 1..ANSWER_DIM_MAX */
	uint32_t update;  /* of its part of an update */
	uint32_t nangles; /* stated by whoever founds the job where it does
			   * not follow: text, tree, convolution, vqe */
	uint32_t nscales; /* with JOB_REUPLOAD, stated likewise */
	/* vqc and vqe; qubits and layers (repetitions) also qsvm */
	uint8_t encoding;
	uint8_t ansatz;
	uint8_t readout;
	uint8_t qubits;
	uint16_t layers;
	uint16_t uploads; /* layers that the encoding precedes; 0: usual */
	struct decimal input_scale, input_shift; /* both 0: usual */
	char *circuit; /* OpenQASM 3, with JOB_CIRCUIT */
	char *input;   /* vqe: the Hamiltonian; vqc with JOB_PAULIS: the
			* observables; qsvm: landmarks, a CSV of scaled rows;
			* NULL: drawn from the job's seed */
	/* vqc, qsvm, linear */
	uint8_t loss;
	uint8_t head;              /* vqc */
	char *class_weights;       /* a decimal per label and line, or NULL */
	struct decimal head_scale; /* vqc: observables times this */
	uint8_t start;             /* vqc, vqe */
	struct decimal init;
	/* all but qpca */
	struct decimal rate;      /* step size in the first round */
	struct decimal rate_last; /* the schedule leads from rate to this */
	struct decimal l2;        /* of the weights; 0: none */
	/* qsvm */
	uint8_t map;
	uint16_t landmarks;
	struct decimal map_scale; /* radians of a feature of 1 */
	char *map_scales;         /* of each feature, a line each, or NULL */
	/* qpca */
	uint8_t rows;
	uint16_t components;
	uint32_t min_rows;     /* of a member; fewer: it does not answer */
	struct decimal noise;  /* deviation, of each coordinate of the mean */
	char *means;           /* of scaled columns, a line each, or NULL */
	struct decimal radius; /* of the ball around them; 0: of the box */
	struct decimal spread; /* components reach so many deviations */
	/* vqe */
	uint8_t mapping;
	uint16_t alpha, beta; /* electrons; both 0: as the text says */
	uint16_t parts;       /* JOB_PARTS_MAX at most */
};

void job_task_put(struct bytes_writer *w, const struct job_task *t);
/* Texts are allocated; *out is to be closed also when r is bad. */
void job_task_get(struct bytes_reader *r, struct job_task *out);
void job_task_close(struct job_task *t); /* accepts zeros */
/* Texts are copied. -ENOMEM leaves *to closed. */
int job_task_copy(struct job_task *to, const struct job_task *from)
    __attribute__((warn_unused_result));
/* Ranges, and that fields of other kinds are zero. group is "job", "stage" or
 * "control": -EINVAL with a sentence that begins "group.field: ". */
struct job_errbuf {
	const char *group;
	char *text;
	size_t len;
};
int job_task_check(const struct job_task *t, struct job_errbuf e)
    __attribute__((warn_unused_result));
/* Fills dim, update and nangles for data of this shape (nlabels 0: a number is
 * learnt) as the trainer's compiler will. -EINVAL: the encoding cannot hold
 * nfeatures, or too large. */
int job_task_sizes(struct job_task *t, uint32_t nfeatures, uint32_t nlabels)
    __attribute__((warn_unused_result));

/* Printable ASCII lines, each with its end, the last not empty. */
bool job_text_ok(const char *text);
void job_text_put(struct bytes_writer *w, const char *text);
/* NULL: an empty text, or r is bad. */
char *job_text_get(struct bytes_reader *r);
/* NULL gives NULL. -ENOMEM. */
int job_text_copy(char **to, const char *from)
    __attribute__((warn_unused_result));
bool job_flag_get(struct bytes_reader *r);
const char *job_kind_name(uint8_t kind); /* as in federation.yaml */

#endif
