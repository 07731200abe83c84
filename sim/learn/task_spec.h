/*
 * task_spec.h - the public description of a task: data, never code. All zero
 * but the name, the shape and the circuit's size is the plainest choice.
 */
#ifndef QML_SIM_LEARN_TASK_SPEC_H
#define QML_SIM_LEARN_TASK_SPEC_H

#include <stddef.h>
#include <stdint.h>

#define TASK_MAX_QUBITS 12
#define TASK_MAX_LAYERS 256
#define TASK_MAX_CLASSES 256
#define TASK_MAX_FEATURES 4096
#define TASK_MAX_QASM 65536               /* bytes */
#define TASK_MAX_PAULIS 4096              /* bytes of the list */
#define TASK_INIT_RANGE INT64_C(52707178) /* pi 2^24, rounded down */
#define TASK_MAX_START (INT64_C(1) << 34) /* 1024 */
#define TASK_SMALL_RANGE INT64_C(1677721) /* 0.1 */

/* x' = input_scale x + input_shift; both 0: what stands in brackets. */
enum task_encoding {
	TASK_ENC_ANGLE,     /* feature i: RY(x'_i) on qubit i mod n, those
			     * after the first n RZ, RY, ... in turns
			     * [x' = pi x] */
	TASK_ENC_AMPLITUDE, /* normalised x; needs d <= 2^n */
	TASK_ENC_IQP,       /* H, RZ(x'_i), RZZ(x'_i x'_j) [pi x - pi/2] */
	TASK_ENC_ZZ,        /* H, P(2 x'_i), ZZ phases 2 (pi - x'_i)
			     * (pi - x'_j) [x] */
	TASK_ENC_REUPLOAD,  /* as angle, RY(s x'_i + b): s, b trainable */
	TASK_ENC_NONE       /* the ansatz has its own: TASK_QASM */
};

enum task_ansatz {
	TASK_STRONGLY_ENTANGLING, /* RZ RY RZ a qubit, then a ring of CNOTs */
	TASK_HARDWARE_EFFICIENT,  /* RY RZ a qubit, then a ring of CNOTs */
	TASK_RX_RZ_RX,            /* CNOTs (i, i+1), then RX RZ RX a qubit */
	TASK_CONVOLUTIONAL,       /* a layer: blocks on neighbours with the same
				   * angles, then half of the qubits is left */
	TASK_TREE, /* a layer: blocks on pairs, one of two left */
	TASK_QASM  /* the whole circuit in spec.qasm */
};

/* What the head reads; of the qubits that are left. */
enum task_readout {
	TASK_Z_ZZ,  /* all <Z_i>, then all <Z_i Z_j>, i < j */
	TASK_Z,     /* all <Z_i> */
	TASK_PAULIS /* spec.paulis */
};

enum task_output {
	TASK_CLASSES,    /* labels 0 .. nclasses-1 */
	TASK_REGRESSION, /* dataset.targets; nclasses 0 */
	TASK_NOTHING     /* no labels: qpca, vqe; nclasses 0 */
};

enum task_loss {
	TASK_CROSS_ENTROPY, /* of the softmax; classes only */
	TASK_HINGE,         /* sum over c != y of max(0, 1 - z_y + z_c) */
	TASK_SQUARED        /* sum (z_c - [c = y])^2; (z - target)^2 */
};

enum task_head {
	TASK_HEAD_LINEAR, /* logits are linear in head_scale x observables */
	TASK_HEAD_NONE    /* logit c is head_scale x observable c */
};

/*
 * Angles of M_0. Range: start_range in Q24, 0: what stands in brackets.
 * IDENTITY: odd layers are the mirror image of the layer before, their angles
 * the same ones backwards with the other sign: each pair is no gate at all.
 * LAYERWISE: the first layer SMALL, the others 0; training releases them in
 * turn over the first half of the rounds (train_hyper.layerwise).
 */
enum task_start {
	TASK_START_UNIFORM,   /* +-range [TASK_INIT_RANGE] */
	TASK_START_SMALL,     /* +-range [TASK_SMALL_RANGE]: near identity */
	TASK_START_NORMAL,    /* sum of 12 integers uniform in 0 .. 2^24-1,
			       * + 6 - 6 2^24, times range / 2^24, towards 0
			       * [1.0, its deviation] */
	TASK_START_IDENTITY,  /* pairs of layers; even layers +-range
			       * [TASK_INIT_RANGE] */
	TASK_START_LAYERWISE, /* [TASK_SMALL_RANGE] */
	TASK_START_ZERO
};

struct qsvm_spec; /* sim/learn/qsvm.h */
struct qpca_spec; /* sim/learn/qpca.h */
struct vqe_spec;  /* sim/learn/vqe.h */

struct task_spec {
	const char *name; /* a row of the task table, borrowed for the call */
	uint32_t nfeatures;
	uint32_t nclasses; /* >= 2 of TASK_CLASSES, else 0 */
	/* Of vqc; linear has head_scale, and those after it. */
	enum task_encoding encoding;
	enum task_ansatz ansatz;
	enum task_readout readout;
	uint32_t nqubits;
	uint32_t nlayers;
	double head_scale; /* observables are multiplied by it; > 0 */
	enum task_output output;
	enum task_loss loss;
	enum task_head head;
	enum task_start start;
	int64_t start_range;         /* Q24; 0: the start's own */
	const double *class_weights; /* nclasses, >= 0, a row's loss is times
				      * that of its class; NULL: all 1 */
	uint32_t uploads;            /* the encoding stands before each of the
				      * first so many layers; 0: 1, of
				      * TASK_ENC_REUPLOAD all */
	double input_scale;
	double input_shift;
	/* OpenQASM 3: inputs x0, x1, ... are features as scaled, in [0, 1], all
	 * other float inputs are angles in order of declaration. */
	const char *qasm;
	size_t qasm_len;
	/* "Z0, X1 X2": strings separated by commas, which read every qubit
	 * they share in the same basis. */
	const char *paulis;
	const struct qsvm_spec *qsvm;
	const struct qpca_spec *qpca;
	const struct vqe_spec *vqe;
};

#endif
