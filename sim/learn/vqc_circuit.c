#include "sim/learn/vqc_circuit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/task.h"
#include "sim/learn/vqc_qasm.h"

#define PI 0x1.921fb54442d18p+1

/* The ansatz as equal layers, or -1. */
static int
layers_of(const struct task_spec *s)
{
	switch (s->ansatz) {
	case TASK_STRONGLY_ENTANGLING:
		return TEMPLATE_STRONGLY_ENTANGLING;
	case TASK_HARDWARE_EFFICIENT:
		return TEMPLATE_HARDWARE_EFFICIENT;
	case TASK_RX_RZ_RX:
		return TEMPLATE_RX_RZ_RX;
	case TASK_CONVOLUTIONAL:
	case TASK_TREE:
	case TASK_QASM:
		break;
	}
	return -1;
}

static uint32_t
uploads_of(const struct task_spec *s)
{
	if (s->uploads != 0)
		return s->uploads;
	return s->encoding == TASK_ENC_REUPLOAD ? s->nlayers : 1;
}

static const char *
check_encoding(const struct task_spec *s)
{
	switch (s->encoding) {
	case TASK_ENC_AMPLITUDE:
		if (s->nfeatures > UINT32_C(1) << s->nqubits)
			return "amplitude encoding needs 2^qubits >= features";
		if (s->uploads > 1)
			return "amplitudes cannot be uploaded again";
		break;
	case TASK_ENC_IQP:
	case TASK_ENC_ZZ:
		if (s->nfeatures > s->nqubits)
			return "this encoding needs a qubit for each feature";
		break;
	case TASK_ENC_ANGLE:
	case TASK_ENC_REUPLOAD:
		break;
	case TASK_ENC_NONE:
		return "only a circuit in OpenQASM has its own encoding";
	}
	if (!(fabs(s->input_scale) <= 1000.0 && fabs(s->input_shift) <= 1000.0))
		return "input scale and shift must be -1000 to 1000";
	return NULL;
}

static const char *
check_narrow(const struct task_spec *s)
{
	if (s->nqubits < 2 || s->nqubits > TASK_MAX_QUBITS)
		return "qubits must be 2 to 12";
	if (s->nlayers < 1 || s->nlayers > 4 ||
	    s->nqubits <= UINT32_C(1) << (s->nlayers - 1))
		return "each layer halves the qubits: there are too many";
	if (uploads_of(s) > 1 || s->encoding == TASK_ENC_REUPLOAD)
		return "this ansatz has one encoding, at the start";
	if (s->start == TASK_START_IDENTITY || s->start == TASK_START_LAYERWISE)
		return "this start needs layers that are alike";
	return NULL;
}

static const char *
check_layers(const struct task_spec *s)
{
	if (s->nqubits < 1 || s->nqubits > TASK_MAX_QUBITS)
		return "qubits must be 1 to 12";
	if (s->nlayers < 1 || s->nlayers > TASK_MAX_LAYERS)
		return "layers must be 1 to 256";
	if (uploads_of(s) > s->nlayers)
		return "there are more uploads than layers";
	if (s->encoding == TASK_ENC_REUPLOAD && uploads_of(s) != s->nlayers &&
	    (s->start == TASK_START_IDENTITY ||
		s->start == TASK_START_LAYERWISE))
		return "this start needs layers that are alike";
	if (s->start == TASK_START_IDENTITY &&
	    (s->nlayers % 2 != 0 || s->encoding == TASK_ENC_REUPLOAD))
		return "an identity start needs pairs of layers, no more";
	return NULL;
}

static const char *
check_qasm(const struct task_spec *s)
{
	if (s->encoding != TASK_ENC_NONE)
		return "a circuit in OpenQASM has its own encoding";
	if (s->qasm == NULL || s->qasm_len < 1 || s->qasm_len > TASK_MAX_QASM)
		return "the circuit's text must be 1 to 65536 bytes";
	if (s->nqubits < 1 || s->nqubits > TASK_MAX_QUBITS)
		return "qubits must be 1 to 12";
	if (s->start == TASK_START_IDENTITY || s->start == TASK_START_LAYERWISE)
		return "this start needs layers that are alike";
	return NULL;
}

const char *
vqc_circuit_check(const struct task_spec *s)
{
	const char *why;

	if (s->readout == TASK_PAULIS &&
	    (s->paulis == NULL || strlen(s->paulis) > TASK_MAX_PAULIS))
		return "the list of Pauli strings must be 1 to 4096 bytes";
	if (s->ansatz == TASK_QASM)
		return check_qasm(s);
	why = layers_of(s) >= 0 ? check_layers(s) : check_narrow(s);
	return why != NULL ? why : check_encoding(s);
}

static struct template_input
input_of(const struct vqc_circuit *v, const struct task_spec *s, uint32_t layer)
{
	struct template_input in = {.count = s->nfeatures,
	    .scale = s->input_scale,
	    .shift = s->input_shift};
	uint32_t each = v->nangles / s->nlayers;

	if (in.scale == 0.0 && in.shift == 0.0) {
		in.scale = s->encoding == TASK_ENC_ZZ ? 1.0 : PI;
		in.shift = s->encoding == TASK_ENC_IQP ? -0.5 * PI : 0.0;
	}
	in.trained = s->encoding == TASK_ENC_REUPLOAD;
	in.factor0 = v->nangles + layer * s->nfeatures;
	in.offset0 = layer * each;
	return in;
}

static int
encode(struct vqc_circuit *v, const struct task_spec *s, uint32_t layer)
{
	struct template_input in = input_of(v, s, layer);

	switch (s->encoding) {
	case TASK_ENC_ANGLE:
	case TASK_ENC_REUPLOAD:
		return template_angles(&v->circuit, &in);
	case TASK_ENC_AMPLITUDE:
		return template_amplitude(&v->circuit, s->nfeatures);
	case TASK_ENC_IQP:
		return template_iqp(&v->circuit, &in);
	case TASK_ENC_ZZ:
		return template_zz(&v->circuit, &in);
	case TASK_ENC_NONE:
		break;
	}
	return 0;
}

/* Angles of layers that are alike: those of an upload, then the layer's. */
static int
build_layers(struct vqc_circuit *v, const struct task_spec *s, bool bare)
{
	struct template_layer l = {.kind = (enum template_kind)layers_of(s)};
	uint32_t own = s->encoding == TASK_ENC_REUPLOAD ? s->nfeatures : 0;
	uint32_t each = own + template_layer_size(l.kind, s->nqubits), i;
	int rc = 0;

	v->nangles = s->nlayers * each;
	v->nscales = uploads_of(s) * own;
	for (i = 0; i < s->nlayers && rc == 0; i++) {
		l.mirrored = s->start == TASK_START_IDENTITY && i % 2 == 1;
		l.index = l.mirrored ? i - 1 : i;
		l.param0 = i * each + own;
		if (i < uploads_of(s) && !bare)
			rc = encode(v, s, i);
		if (rc == 0)
			rc = template_layer(&v->circuit, &l);
	}
	return rc;
}

static int
build_narrow(struct vqc_circuit *v, const struct task_spec *s, bool bare)
{
	uint32_t i, at = 0;
	int rc = bare ? 0 : encode(v, s, 0);

	for (i = 0; i < s->nlayers && rc == 0; i++) {
		if (s->ansatz == TASK_CONVOLUTIONAL) {
			rc = template_convolution(&v->circuit, &v->left, at);
			at += TEMPLATE_CONVOLUTION_SIZE;
		} else {
			uint32_t size = template_tree_size(v->left.n);

			rc = template_tree(&v->circuit, &v->left, at);
			at += size;
		}
	}
	v->nangles = at;
	return rc;
}

/* All Zs of the qubits left, then all pairs of them. */
static int
read_z(struct vqc_circuit *v, bool pairs)
{
	uint32_t n = v->left.n, i, j;
	size_t k = 0;

	v->nobs = n + (pairs ? n * (n - 1) / 2 : 0);
	v->mask = calloc(v->nobs, sizeof(*v->mask));
	if (v->mask == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		v->mask[k++] = UINT32_C(1) << v->left.qubit[i];
	for (i = 0; i < n && pairs; i++) {
		for (j = i + 1; j < n; j++)
			v->mask[k++] = UINT32_C(1) << v->left.qubit[i] |
			    UINT32_C(1) << v->left.qubit[j];
	}
	return 0;
}

/* A letter and a number at *text: letter 0 where there is none. */
static char
next_letter(const char **text, uint32_t *qubit)
{
	const char *p = *text;
	char letter;

	while (*p == ' ')
		p++;
	letter = *p;
	if (letter != 'X' && letter != 'Y' && letter != 'Z') {
		*text = p;
		return 0;
	}
	for (*qubit = 0, p++; *p >= '0' && *p <= '9' && *qubit < 100; p++)
		*qubit = *qubit * 10 + (uint32_t)(*p - '0');
	*text = p;
	return p[-1] >= '0' && p[-1] <= '9' ? letter : '?';
}

static int
read_string(struct vqc_circuit *v, const char **text,
    char basis[static CIRCUIT_MAX_QUBITS])
{
	uint32_t mask = 0, q;
	char letter;

	while ((letter = next_letter(text, &q)) != 0) {
		if (letter == '?' || q >= v->circuit.nqubits || mask >> q & 1 ||
		    (basis[q] != 0 && basis[q] != letter))
			return -EINVAL;
		basis[q] = letter;
		mask |= UINT32_C(1) << q;
	}
	if (mask == 0)
		return -EINVAL;
	v->mask[v->nobs++] = mask;
	return 0;
}

/* Turns what is read as X or Y into Z. */
static int
turn_basis(struct circuit *c, const char *basis)
{
	struct circuit_gate g = {.op = CIRCUIT_H};
	int rc = 0;

	for (; g.q[0] < c->nqubits && rc == 0; g.q[0]++) {
		g.op = CIRCUIT_SDG;
		if (basis[g.q[0]] == 'Y')
			rc = circuit_add(c, &g);
		g.op = CIRCUIT_H;
		if (rc == 0 && (basis[g.q[0]] == 'X' || basis[g.q[0]] == 'Y'))
			rc = circuit_add(c, &g);
	}
	return rc;
}

static int
read_paulis(struct vqc_circuit *v, const char *text)
{
	char basis[CIRCUIT_MAX_QUBITS] = {0};
	int rc;

	v->mask = calloc(strlen(text) + 1, sizeof(*v->mask));
	if (v->mask == NULL)
		return -ENOMEM;
	do {
		rc = read_string(v, &text, basis);
	} while (rc == 0 && *text++ == ',');
	if (rc == 0 && text[-1] != '\0')
		rc = -EINVAL;
	return rc < 0 ? rc : turn_basis(&v->circuit, basis);
}

static int
init(struct vqc_circuit *v, const struct task_spec *s, bool bare)
{
	uint32_t q;
	int rc;

	*v = (struct vqc_circuit)VQC_CIRCUIT_INIT;
	rc = circuit_init(&v->circuit, s->nqubits);
	for (q = 0; q < s->nqubits; q++)
		v->left.qubit[v->left.n++] = q;
	if (rc == 0 && s->ansatz == TASK_QASM)
		rc = vqc_qasm_build(v, s);
	else if (rc == 0 && layers_of(s) >= 0)
		rc = build_layers(v, s, bare);
	else if (rc == 0)
		rc = build_narrow(v, s, bare);
	if (rc == 0 && s->readout == TASK_PAULIS)
		rc = read_paulis(v, s->paulis);
	else if (rc == 0)
		rc = read_z(v, s->readout == TASK_Z_ZZ);
	if (rc == 0 && s->head == TASK_HEAD_NONE &&
	    v->nobs < (s->output == TASK_CLASSES ? s->nclasses : 1))
		rc = -EINVAL;
	if (v->circuit.nparams < v->nangles + v->nscales)
		v->circuit.nparams = v->nangles + v->nscales;
	if (rc < 0)
		vqc_circuit_close(v);
	return rc;
}

int
vqc_circuit_init(struct vqc_circuit *v, const struct task_spec *s)
{
	return init(v, s, false);
}

int
vqc_circuit_init_bare(struct vqc_circuit *v, const struct task_spec *s)
{
	return init(v, s, true);
}

void
vqc_circuit_close(struct vqc_circuit *v)
{
	circuit_close(&v->circuit);
	free(v->mask);
	*v = (struct vqc_circuit)VQC_CIRCUIT_INIT;
}
