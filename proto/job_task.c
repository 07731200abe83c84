#include "proto/job_task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/answer.h"

const char *
job_kind_name(uint8_t kind)
{
	static const char *const names[] = {"none", "vqc", "linear", "qsvm",
	    "qpca", "vqe"};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

/* A text that is not there is an empty one; "" never is a text. */
void
job_text_put(struct bytes_writer *w, const char *text)
{
	bytes_put_blob(w, text, text != NULL ? strlen(text) : 0);
}

void
job_task_put(struct bytes_writer *w, const struct job_task *t)
{
	bytes_put_u8(w, t->kind);
	bytes_put_u32(w, t->dim);
	bytes_put_u32(w, t->update);
	bytes_put_u32(w, t->nangles);
	bytes_put_u32(w, t->nscales);
	bytes_put_u8(w, t->encoding);
	bytes_put_u8(w, t->ansatz);
	bytes_put_u8(w, t->readout);
	bytes_put_u8(w, t->qubits);
	bytes_put_u16(w, t->layers);
	bytes_put_u16(w, t->uploads);
	decimal_put(w, &t->input_scale);
	decimal_put(w, &t->input_shift);
	job_text_put(w, t->circuit);
	job_text_put(w, t->input);
	bytes_put_u8(w, t->loss);
	bytes_put_u8(w, t->head);
	job_text_put(w, t->class_weights);
	decimal_put(w, &t->head_scale);
	bytes_put_u8(w, t->start);
	decimal_put(w, &t->init);
	decimal_put(w, &t->rate);
	decimal_put(w, &t->rate_last);
	decimal_put(w, &t->l2);
	bytes_put_u8(w, t->map);
	bytes_put_u16(w, t->landmarks);
	decimal_put(w, &t->map_scale);
	job_text_put(w, t->map_scales);
	bytes_put_u8(w, t->rows);
	bytes_put_u16(w, t->components);
	bytes_put_u32(w, t->min_rows);
	decimal_put(w, &t->noise);
	decimal_put(w, &t->spread);
	if (t->kind == JOB_QPCA) {
		job_text_put(w, t->means);
		decimal_put(w, &t->radius);
	}
	bytes_put_u8(w, t->mapping);
	bytes_put_u16(w, t->alpha);
	bytes_put_u16(w, t->beta);
	bytes_put_u16(w, t->parts);
}

char *
job_text_get(struct bytes_reader *r)
{
	const uint8_t *from;
	size_t len;
	char *text;

	from = bytes_get_blob(r, JOB_TEXT_MAX, &len);
	if (from == NULL || len == 0)
		return NULL;
	if (memchr(from, 0, len) != NULL) {
		bytes_reader_fail(r);
		return NULL;
	}
	text = malloc(len + 1);
	if (text == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	memcpy(text, from, len);
	text[len] = '\0';
	return text;
}

bool
job_flag_get(struct bytes_reader *r)
{
	uint8_t v = bytes_get_u8(r);

	if (v > 1)
		bytes_reader_fail(r);
	return v == 1;
}

void
job_task_get(struct bytes_reader *r, struct job_task *out)
{
	*out = (struct job_task){0};
	out->kind = bytes_get_u8(r);
	out->dim = bytes_get_u32(r);
	out->update = bytes_get_u32(r);
	out->nangles = bytes_get_u32(r);
	out->nscales = bytes_get_u32(r);
	out->encoding = bytes_get_u8(r);
	out->ansatz = bytes_get_u8(r);
	out->readout = bytes_get_u8(r);
	out->qubits = bytes_get_u8(r);
	out->layers = bytes_get_u16(r);
	out->uploads = bytes_get_u16(r);
	decimal_get(r, &out->input_scale);
	decimal_get(r, &out->input_shift);
	out->circuit = job_text_get(r);
	out->input = job_text_get(r);
	out->loss = bytes_get_u8(r);
	out->head = bytes_get_u8(r);
	out->class_weights = job_text_get(r);
	decimal_get(r, &out->head_scale);
	out->start = bytes_get_u8(r);
	decimal_get(r, &out->init);
	decimal_get(r, &out->rate);
	decimal_get(r, &out->rate_last);
	decimal_get(r, &out->l2);
	out->map = bytes_get_u8(r);
	out->landmarks = bytes_get_u16(r);
	decimal_get(r, &out->map_scale);
	out->map_scales = job_text_get(r);
	out->rows = bytes_get_u8(r);
	out->components = bytes_get_u16(r);
	out->min_rows = bytes_get_u32(r);
	decimal_get(r, &out->noise);
	decimal_get(r, &out->spread);
	if (out->kind == JOB_QPCA) {
		out->means = job_text_get(r);
		decimal_get(r, &out->radius);
	}
	out->mapping = bytes_get_u8(r);
	out->alpha = bytes_get_u16(r);
	out->beta = bytes_get_u16(r);
	out->parts = bytes_get_u16(r);
}

void
job_task_close(struct job_task *t)
{
	free(t->circuit);
	free(t->input);
	free(t->class_weights);
	free(t->map_scales);
	free(t->means);
	*t = (struct job_task){0};
}

int
job_text_copy(char **to, const char *from)
{
	size_t len;

	*to = NULL;
	if (from == NULL)
		return 0;
	len = strlen(from) + 1;
	*to = malloc(len);
	if (*to == NULL)
		return -ENOMEM;
	memcpy(*to, from, len);
	return 0;
}

int
job_task_copy(struct job_task *to, const struct job_task *from)
{
	int rc;

	*to = *from;
	to->input = to->class_weights = to->map_scales = NULL;
	to->means = NULL;
	rc = job_text_copy(&to->circuit, from->circuit);
	if (rc == 0)
		rc = job_text_copy(&to->input, from->input);
	if (rc == 0)
		rc = job_text_copy(&to->class_weights, from->class_weights);
	if (rc == 0)
		rc = job_text_copy(&to->map_scales, from->map_scales);
	if (rc == 0)
		rc = job_text_copy(&to->means, from->means);
	if (rc != 0)
		job_task_close(to);
	return rc;
}

bool
job_text_ok(const char *text)
{
	size_t i, len = strlen(text);

	if (len == 0 || len > JOB_TEXT_MAX || text[len - 1] != '\n' ||
	    (len > 1 && text[len - 2] == '\n'))
		return false;
	for (i = 0; i < len; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' &&
		    text[i] != '\t')
			return false;
	return true;
}

/* How many strings a list of observables has: commas and one. */
static uint64_t
count_paulis(const char *text)
{
	uint64_t n = 1;

	for (; *text != '\0'; text++)
		n += *text == ',';
	return n;
}

static uint64_t
observables(const struct job_task *t)
{
	uint64_t q = t->qubits;
	unsigned i;

	/* In a layer of these two half of the qubits is left. */
	if (t->ansatz == JOB_CONVOLUTIONAL || t->ansatz == JOB_TREE)
		for (i = 0; i < t->layers && q > 1; i++)
			q = (q + 1) / 2;
	if (t->readout == JOB_PAULIS)
		return t->input != NULL ? count_paulis(t->input) : 0;
	return t->readout == JOB_Z_ZZ ? q + q * (q - 1) / 2 : q;
}

/* Of a template: its angles; of a text, those it says it has. A layer of
 * reupload has an angle more for each feature, also where it encodes none. */
static uint64_t
circuit_angles(const struct job_task *t, uint32_t nfeatures)
{
	uint64_t each = (uint64_t)t->qubits * t->layers, added = 0;

	if (t->encoding == JOB_REUPLOAD)
		added = (uint64_t)nfeatures * t->layers;
	if (t->kind == JOB_VQE)
		return t->nangles;
	switch ((enum job_ansatz)t->ansatz) {
	case JOB_STRONGLY_ENTANGLING:
	case JOB_RX_RZ_RX:
		return 3 * each + added;
	case JOB_HARDWARE_EFFICIENT:
		return 2 * each + added;
	case JOB_CONVOLUTIONAL:
	case JOB_TREE:
	case JOB_CIRCUIT:
	case JOB_UCCSD:
	case JOB_ADAPT:
	case JOB_HAMILTONIAN:
		break;
	}
	return t->nangles;
}

static uint64_t
circuit_scales(const struct job_task *t, uint32_t nfeatures)
{
	uint64_t uploads = t->uploads > 0 ? t->uploads : t->layers;

	return t->encoding == JOB_REUPLOAD ? uploads * nfeatures : 0;
}

static bool
holds(const struct job_task *t, uint32_t nfeatures)
{
	if (t->qubits < 1 || t->qubits > JOB_QUBITS_MAX)
		return false;
	switch ((enum job_encoding)t->encoding) {
	case JOB_AMPLITUDE:
		return nfeatures <= (uint32_t)1 << t->qubits;
	case JOB_IQP:
	case JOB_ZZ:
		return nfeatures <= t->qubits;
	case JOB_ANGLE:
	case JOB_REUPLOAD:
	case JOB_OWN:
		break;
	}
	return true;
}

/* What stands after the angles and factors. */
static uint64_t
vqc_head(const struct job_task *t, uint64_t outputs)
{
	return t->head == JOB_HEAD_LINEAR ? outputs * (observables(t) + 1) : 0;
}

int
job_task_sizes(struct job_task *t, uint32_t nfeatures, uint32_t nlabels)
{
	uint64_t outputs = nlabels > 0 ? nlabels : 1, angles = 0, rest = 0;
	uint64_t update = 0, scales = 0;

	if (t->kind != JOB_VQE && (nfeatures == 0 || nlabels == 1))
		return -EINVAL;
	switch ((enum job_kind)t->kind) {
	case JOB_VQC:
		if (!holds(t, nfeatures))
			return -EINVAL;
		angles = circuit_angles(t, nfeatures);
		scales = circuit_scales(t, nfeatures);
		rest = scales + vqc_head(t, outputs);
		break;
	case JOB_LINEAR:
		rest = outputs * ((uint64_t)nfeatures + 1);
		break;
	case JOB_QSVM:
		rest = outputs * ((uint64_t)t->landmarks + 1);
		break;
	case JOB_QPCA:
		if (t->components > nfeatures)
			return -EINVAL;
		rest = (uint64_t)nfeatures * (nfeatures + 1) / 2;
		break;
	case JOB_VQE:
		angles = circuit_angles(t, 0);
		rest = 2;
		update = t->parts * (angles + 1);
		break;
	}
	if (update == 0)
		update = angles + rest;
	if (angles + rest == 0 || angles + rest > ANSWER_DIM_MAX ||
	    update > ANSWER_DIM_MAX)
		return -EINVAL;
	t->dim = (uint32_t)(angles + rest);
	t->update = (uint32_t)update;
	t->nangles = (uint32_t)angles;
	t->nscales = (uint32_t)scales;
	return 0;
}
