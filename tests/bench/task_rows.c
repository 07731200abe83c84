/*
 * task_rows.c - the rows: data, models to choose from, bars.
 */
#include "tests/bench/task_rows.h"

#define PI 3.14159265358979323846

#define TRAINING .lr = 0.05, .rounds = 80, .steps = 5, .batch = 64

/* A qubit a feature. */
static const struct model angle4 = {.encoding = TASK_ENC_ANGLE,
    .qubits = 4,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 4,
    .reach = 4,
    .l2 = 1e-3,
    TRAINING};
static const struct model gentle4 = {.encoding = TASK_ENC_ANGLE,
    .ansatz = TASK_HARDWARE_EFFICIENT,
    .qubits = 4,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 2,
    .reach = 4,
    .l2 = 1e-3,
    TRAINING};
/* The same about 0: no feature, no turn. */
static const struct model centred4 = {.encoding = TASK_ENC_ANGLE,
    .qubits = 4,
    .layers = 4,
    .input_scale = PI,
    .input_shift = -PI / 2,
    .head_scale = 4,
    .reach = 4,
    .l2 = 1e-3,
    TRAINING};
/* Wider turns for what is near the middle. */
static const struct model wide4 = {.encoding = TASK_ENC_ANGLE,
    .ansatz = TASK_HARDWARE_EFFICIENT,
    .qubits = 4,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 2,
    .reach = 2.5,
    .l2 = 1e-3,
    TRAINING};
/* As the bars' plain VQC: the range of the training rows to +-pi/2, <Z>. */
static const struct model reference4 = {.encoding = TASK_ENC_ANGLE,
    .ansatz = TASK_HARDWARE_EFFICIENT,
    .readout = TASK_Z,
    .qubits = 4,
    .layers = 4,
    .input_scale = PI,
    .input_shift = -PI / 2,
    .head_scale = 1,
    .l2 = 1e-4,
    TRAINING};
/* Two features a qubit; four. */
static const struct model angle7 = {.encoding = TASK_ENC_ANGLE,
    .ansatz = TASK_HARDWARE_EFFICIENT,
    .qubits = 7,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 2,
    .reach = 4,
    .l2 = 3e-3,
    TRAINING};
static const struct model angle8 = {.encoding = TASK_ENC_ANGLE,
    .ansatz = TASK_HARDWARE_EFFICIENT,
    .qubits = 8,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 2,
    .reach = 4,
    .l2 = 3e-3,
    TRAINING};
static const struct model amplitude4 = {.encoding = TASK_ENC_AMPLITUDE,
    .qubits = 4,
    .layers = 8,
    .head_scale = 8,
    .reach = 2.5,
    .l2 = 1e-4,
    TRAINING};
static const struct model amplitude5 = {.encoding = TASK_ENC_AMPLITUDE,
    .qubits = 5,
    .layers = 8,
    .head_scale = 8,
    .reach = 2.5,
    .l2 = 1e-4,
    TRAINING};
static const struct model digits6 = {.encoding = TASK_ENC_AMPLITUDE,
    .qubits = 6,
    .layers = 12,
    .head_scale = 8,
    .lr = 0.04,
    .rounds = 400,
    .steps = 2,
    .batch = 64,
    .fixed = true};
/* As they are, from 0 to 1 over the training rows. */
static const struct model plain4 = {.encoding = TASK_ENC_ANGLE,
    .qubits = 4,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 4,
    .l2 = 1e-3,
    .starts = 3,
    TRAINING};
static const struct model plain8 = {.encoding = TASK_ENC_ANGLE,
    .qubits = 8,
    .layers = 4,
    .input_scale = PI,
    .head_scale = 4,
    .l2 = 1e-3,
    .starts = 3,
    TRAINING};
static const struct model again4 = {.encoding = TASK_ENC_REUPLOAD,
    .qubits = 4,
    .layers = 8,
    .input_scale = PI,
    .head_scale = 4,
    .l2 = 1e-3,
    .starts = 3,
    TRAINING};

static const struct model paper4 = {.encoding = TASK_ENC_REUPLOAD,
    .qubits = 4,
    .layers = 8,
    .input_scale = PI,
    .input_shift = -PI / 2,
    .head_scale = 4,
    .l2 = 1e-3,
    .starts = 3,
    TRAINING};
static const struct model pixels4 = {.encoding = TASK_ENC_AMPLITUDE,
    .qubits = 4,
    .layers = 8,
    .head_scale = 8,
    .reach = 2.5,
    .l2 = 1e-4,
    .starts = 3,
    TRAINING};

#define PLAIN                                                     \
	{                                                         \
		&angle4, &gentle4, &reference4, &centred4, &wide4 \
	}

const struct entry task_rows[] = {
    {"iris", "iris", {0, 0}, 0, {&angle4}, .9533, "plain VQC"},
    {"wine", "wine", {0, 0}, 0, {&angle7, &amplitude4}, .9632,
	"tuned SVC - 2 points"},
    {"breast_cancer", "breast_cancer", {0, 0}, 0, {&angle8, &amplitude5}, .9589,
	"tuned SVC - 2 points"},
    {"digits", "digits", {0, 0}, 0, {&digits6}, .95, "95 %"},
    {"iris-1v2", "iris", {1, 2}, 0, {&angle4}, .93, "plain VQC"},
    {"wine-pca4", "wine", {0, 0}, 4, PLAIN, .9608, "plain VQC"},
    {"breast_cancer-pca4", "breast_cancer", {0, 0}, 4, PLAIN, .9508,
	"plain VQC"},
    {"digits-3v5-pca4", "digits", {3, 5}, 4, PLAIN, .978, "plain VQC"},
    {"digits-0v1-pca4", "digits", {0, 1}, 4, PLAIN, .9972, "plain VQC"},
};

const struct entry task_rows_generated[] = {
    {"linearly_separable_4d", "linearly_separable_4d", {0, 0}, 0,
	{&plain4, &again4, &paper4}, 1.0, "data re-uploading"},
    {"two_curves_2d", "two_curves_2d", {0, 0}, 0, {&again4, &paper4}, .707,
	"data re-uploading"},
    {"two_curves_4d", "two_curves_4d", {0, 0}, 0, {&again4, &paper4}, .900,
	"data re-uploading"},
    {"hidden_manifold_m6_4d", "hidden_manifold_m6_4d", {0, 0}, 0,
	{&plain4, &again4, &paper4}, .620, "data re-uploading"},
    {"hyperplanes_parity_4d_from2d_3n", "hyperplanes_parity_4d_from2d_3n",
	{0, 0}, 0, {&again4, &paper4}, .9333, "mlp16"},
    {"bars_and_stripes_4x4", "bars_and_stripes_4x4", {0, 0}, 0,
	{&plain8, &pixels4}, .9833, "mlp16"},
};

const size_t task_rows_count = sizeof(task_rows) / sizeof(task_rows[0]);
const size_t task_rows_generated_count =
    sizeof(task_rows_generated) / sizeof(task_rows_generated[0]);
