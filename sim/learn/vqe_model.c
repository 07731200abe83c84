#include "sim/learn/vqe_model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/learn/adapt.h"
#include "sim/learn/uccsd.h"
#include "sim/learn/vqe_ansatz.h"

#define ADAPT_GRADIENT_MIN 1e-4
#define ERR_LEN 160

void
vqe_model_close(struct vqe_model *m)
{
	uint32_t i;

	for (i = 0; m->parts && i < m->nparts; i++)
		pauli_close(&m->parts[i]);
	free(m->parts);
	free(m->found);
	vqe_circuit_close(&m->c);
	hamiltonian_close(&m->h);
	*m = (struct vqe_model)VQE_MODEL_INIT;
}

static int
say(char *err, const char *what)
{
	snprintf(err, ERR_LEN, "%s", what);
	return -EINVAL;
}

static int
adapt(struct vqe_model *m, const struct vqe_spec *s)
{
	const struct adapt a = {.operators_max = s->layers,
	    .gradient_min = ADAPT_GRADIENT_MIN,
	    .energy_min = -INFINITY};

	return adapt_circuit(&a, &m->h, &m->c, &m->found);
}

static int
make_circuit(struct vqe_model *m, const struct vqe_spec *s, char *err)
{
	int rc = -EINVAL;

	switch (s->ansatz) {
	case VQE_HEA:
		rc = vqe_hea(&m->c, m->h.nqubits, s->layers);
		break;
	case VQE_UCCSD:
		rc = uccsd_circuit(&m->c, &m->h);
		if (rc == -EDOM)
			return say(err,
			    "uccsd wants to know the electrons, and empty "
			    "orbitals to excite them to");
		break;
	case VQE_ADAPT:
		rc = adapt(m, s);
		if (rc == -EDOM)
			return say(err,
			    "adapt finds no operator with a gradient");
		break;
	case VQE_HVA:
		rc = vqe_hva(&m->c, &m->h, s->layers);
		if (rc == -EDOM)
			return say(err,
			    "hva wants terms of one letter each: a field "
			    "along X or Z, or pairs");
		break;
	}
	if (rc == -EINVAL || rc == -E2BIG)
		return say(err, "the circuit is too large");
	return rc;
}

static void
add_term(struct pauli_sum *part, const struct pauli_term *t)
{
	part->terms[part->nterms++] = *t;
}

/* The part with the fewest terms, the first of equals. */
static uint32_t
smallest(const struct vqe_model *m)
{
	uint32_t best = 0, i;

	for (i = 1; i < m->nparts; i++) {
		if (m->parts[i].nterms < m->parts[best].nterms)
			best = i;
	}
	return best;
}

static int
share_groups(struct vqe_model *m, const struct pauli_groups *g, uint32_t most)
{
	const struct pauli_sum *s = &m->h.sum;
	uint32_t i;
	size_t k, t;

	m->nparts = g->ngroups < most ? (uint32_t)g->ngroups : most;
	m->parts = calloc(m->nparts, sizeof(*m->parts));
	if (m->parts == NULL)
		return -ENOMEM;
	for (i = 0; i < m->nparts; i++) {
		m->parts[i].terms = calloc(s->nterms, sizeof(*s->terms));
		if (m->parts[i].terms == NULL)
			return -ENOMEM;
	}
	for (k = 0; k < g->ngroups; k++) {
		struct pauli_sum *to = &m->parts[smallest(m)];

		for (t = 0; t < g->groups[k].nterms; t++)
			add_term(to,
			    &s->terms[g->order[g->groups[k].first + t]]);
	}
	return 0;
}

static int
make_parts(struct vqe_model *m, const struct vqe_spec *s)
{
	struct pauli_groups g;
	int rc = pauli_groups_init(&g, &m->h.sum);

	if (rc < 0)
		return rc;
	rc = share_groups(m, &g, s->parts ? s->parts : VQE_PARTS);
	pauli_groups_close(&g);
	return rc;
}

static int
check_spec(const struct vqe_spec *s, char *err)
{
	if (s->hamiltonian == NULL)
		return say(err, "there is no Hamiltonian");
	if (s->layers > VQE_MAX_LAYERS ||
	    (s->layers == 0 && s->ansatz != VQE_UCCSD && s->ansatz != VQE_HEA))
		return say(err, "layers must be 1 to 256");
	if (s->parts > VQE_MAX_PARTS)
		return say(err, "parts must be 0 to 64");
	return 0;
}

int
vqe_model_open(struct vqe_model *m, const struct vqe_spec *s,
    char err[static 160])
{
	const struct hamiltonian_options o = {.mapping = s->mapping,
	    .alpha = s->alpha,
	    .beta = s->beta};
	int rc;

	*m = (struct vqe_model)VQE_MODEL_INIT;
	rc = check_spec(s, err);
	if (rc == 0)
		rc = hamiltonian_read(&m->h, s->hamiltonian, s->len, &o, err);
	if (rc == 0 && m->h.nqubits > VQE_MODEL_MAX_QUBITS)
		rc = say(err, "qubits must be 1 to 20");
	if (rc == 0)
		rc = make_circuit(m, s, err);
	if (rc == 0)
		rc = make_parts(m, s);
	if (rc == 0 && m->c.nparams < 1)
		rc = say(err, "the circuit has no angle");
	if (rc == -ENOMEM)
		say(err, "no memory");
	if (rc < 0)
		vqe_model_close(m);
	return rc;
}

int
vqe_model_suits(const struct vqe_model *m, char err[static 160])
{
	if (m->h.nqubits > VQE_MAX_QUBITS)
		return say(err, "qubits must be 1 to 14");
	if (m->c.nparams > VQE_MAX_ANGLES)
		return say(err, "angles must be 1 to 4096");
	if (((uint64_t)m->nparts + 1) * (m->c.nparams + 1) > VQE_MAX_UPDATE)
		return say(err, "parts times angles must be at most 262144");
	return 0;
}

/* |<P>| <= 1; the identity does not vary. */
double
vqe_model_reach(const struct vqe_model *m)
{
	double most = 0.0, all = 0.0;
	uint32_t i;
	size_t k;

	for (i = 0; i < m->nparts; i++) {
		double sum = 0.0;

		for (k = 0; k < m->parts[i].nterms; k++) {
			const struct pauli_term *t = &m->parts[i].terms[k];

			sum += fabs(t->coef);
			all += (t->x | t->z) ? fabs(t->coef) : 0.0;
		}
		if (sum > most)
			most = sum;
	}
	return most > all * all ? most : all * all;
}

int
vqe_shape(const struct vqe_spec *s, struct vqe_shape *out, char err[static 160])
{
	struct vqe_model m = VQE_MODEL_INIT;
	int rc = s->len > VQE_TEXT_MAX
	    ? say(err, "a Hamiltonian has at most 65536 bytes")
	    : vqe_model_open(&m, s, err);

	if (rc == 0)
		rc = vqe_model_suits(&m, err);
	if (rc < 0) {
		vqe_model_close(&m);
		return rc;
	}
	*out = (struct vqe_shape){m.h.nqubits, m.c.nparams, m.nparts + 1,
	    vqe_model_reach(&m)};
	vqe_model_close(&m);
	return 0;
}
