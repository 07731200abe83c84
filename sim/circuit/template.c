#include "sim/circuit/template.h"

#include <errno.h>

#define PI 0x1.921fb54442d18p+1

static int
add_fixed(struct circuit *c, enum circuit_op op, uint32_t a, uint32_t b)
{
	struct circuit_gate g = {.op = op, .q = {a, b}};

	return circuit_add(c, &g);
}

static int
add_turn(struct circuit *c, enum circuit_op op, uint32_t q,
    struct circuit_angle angle)
{
	struct circuit_gate g = {.op = op, .q = {q, 0}, .angle = angle};

	return circuit_add(c, &g);
}

static int
add_param(struct circuit *c, enum circuit_op op, uint32_t q, uint32_t param)
{
	return add_turn(c, op, q,
	    (struct circuit_angle){.ref = CIRCUIT_PARAM,
		.index = param,
		.coef = 1.0});
}

int
template_angle(struct circuit *c, uint32_t count)
{
	const struct template_input in = {.count = count, .scale = PI};

	return count > c->nqubits ? -EINVAL : template_angles(c, &in);
}

int
template_amplitude(struct circuit *c, uint32_t count)
{
	if (count == 0 || count > UINT32_C(1) << c->nqubits || c->ngates > 0)
		return -EINVAL;
	c->start = CIRCUIT_AMPLITUDES;
	c->nfeatures = count;
	return 0;
}

/* theta x' + offset: two gates about the same axis, three with a shift. */
static int
add_trained(struct circuit *c, const struct template_input *in,
    enum circuit_op op, uint32_t i)
{
	struct circuit_angle a = {.ref = CIRCUIT_FEATURE,
	    .index = i,
	    .coef = in->scale,
	    .by = CIRCUIT_PARAM,
	    .by_index = in->factor0 + i};
	uint32_t q = i % c->nqubits;
	int rc = add_turn(c, op, q, a);

	a = (struct circuit_angle){.ref = CIRCUIT_PARAM,
	    .index = in->factor0 + i,
	    .coef = in->shift};
	if (rc == 0 && in->shift != 0.0)
		rc = add_turn(c, op, q, a);
	return rc < 0 ? rc : add_param(c, op, q, in->offset0 + i);
}

int
template_angles(struct circuit *c, const struct template_input *in)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < in->count && rc == 0; i++) {
		enum circuit_op op =
		    i / c->nqubits % 2 == 0 ? CIRCUIT_RY : CIRCUIT_RZ;

		if (in->trained)
			rc = add_trained(c, in, op, i);
		else
			rc = add_turn(c, op, i % c->nqubits,
			    (struct circuit_angle){.ref = CIRCUIT_FEATURE,
				.index = i,
				.coef = in->scale,
				.offset = in->shift});
	}
	return rc;
}

/* A pair's phase w (s x_i + t) (s x_j + t), by its four terms. */
struct product {
	double w, s, t;
};

static int
add_product(struct circuit *c, uint32_t i, uint32_t j, struct product p)
{
	struct circuit_gate g = {.op = CIRCUIT_RZZ, .q = {i, j}};
	int rc;

	g.angle = (struct circuit_angle){.ref = CIRCUIT_FEATURE,
	    .index = i,
	    .coef = p.w * p.s * p.s,
	    .offset = p.w * p.t * p.t,
	    .by = CIRCUIT_FEATURE,
	    .by_index = j};
	rc = circuit_add(c, &g);
	if (rc < 0 || p.t == 0.0)
		return rc;
	g.angle = (struct circuit_angle){.ref = CIRCUIT_FEATURE,
	    .index = i,
	    .coef = p.w * p.s * p.t};
	rc = circuit_add(c, &g);
	g.angle.index = j;
	return rc < 0 ? rc : circuit_add(c, &g);
}

/* Hadamards, phases w1 x'_i, and the products of all pairs. */
static int
add_phases(struct circuit *c, const struct template_input *in, double w1,
    struct product pair)
{
	uint32_t i, j;
	int rc = 0;

	if (in->count > c->nqubits)
		return -EINVAL;
	for (i = 0; i < in->count && rc == 0; i++)
		rc = add_fixed(c, CIRCUIT_H, i, 0);
	for (i = 0; i < in->count && rc == 0; i++)
		rc = add_turn(c, CIRCUIT_RZ, i,
		    (struct circuit_angle){.ref = CIRCUIT_FEATURE,
			.index = i,
			.coef = w1 * in->scale,
			.offset = w1 * in->shift});
	for (i = 0; i < in->count; i++) {
		for (j = i + 1; j < in->count && rc == 0; j++)
			rc = add_product(c, i, j, pair);
	}
	return rc;
}

int
template_iqp(struct circuit *c, const struct template_input *in)
{
	return add_phases(c, in, 1.0,
	    (struct product){1.0, in->scale, in->shift});
}

int
template_zz(struct circuit *c, const struct template_input *in)
{
	/* P(a) on the parity is RZZ(a) but for a global phase. */
	return add_phases(c, in, 2.0,
	    (struct product){2.0, -in->scale, PI - in->shift});
}

static int
add_ring(struct circuit *c, uint32_t range)
{
	uint32_t q;
	int rc = 0;

	for (q = 0; q < c->nqubits && c->nqubits > 1 && rc == 0; q++)
		rc = add_fixed(c, CIRCUIT_CNOT, q, (q + range) % c->nqubits);
	return rc;
}

static int
add_strong(struct circuit *c, const struct template_layer *l)
{
	uint32_t n = c->nqubits, q, p = l->param0;
	int rc = 0;

	for (q = 0; q < n && rc == 0; q++) {
		rc = add_param(c, CIRCUIT_RZ, q, p++);
		if (rc == 0)
			rc = add_param(c, CIRCUIT_RY, q, p++);
		if (rc == 0)
			rc = add_param(c, CIRCUIT_RZ, q, p++);
	}
	if (rc == 0)
		rc = add_ring(c, n > 1 ? 1 + l->index % (n - 1) : 0);
	return rc;
}

static int
add_efficient(struct circuit *c, const struct template_layer *l)
{
	uint32_t q, p = l->param0;
	int rc = 0;

	for (q = 0; q < c->nqubits && rc == 0; q++) {
		rc = add_param(c, CIRCUIT_RY, q, p++);
		if (rc == 0)
			rc = add_param(c, CIRCUIT_RZ, q, p++);
	}
	return rc < 0 ? rc : add_ring(c, 1);
}

static int
add_rx_rz_rx(struct circuit *c, const struct template_layer *l)
{
	uint32_t q, p = l->param0;
	int rc = 0;

	for (q = 0; q + 1 < c->nqubits && rc == 0; q++)
		rc = add_fixed(c, CIRCUIT_CNOT, q, q + 1);
	for (q = 0; q < c->nqubits && rc == 0; q++) {
		rc = add_param(c, CIRCUIT_RX, q, p++);
		if (rc == 0)
			rc = add_param(c, CIRCUIT_RZ, q, p++);
		if (rc == 0)
			rc = add_param(c, CIRCUIT_RX, q, p++);
	}
	return rc;
}

uint32_t
template_layer_size(enum template_kind kind, uint32_t nqubits)
{
	return (kind == TEMPLATE_HARDWARE_EFFICIENT ? 2 : 3) * nqubits;
}

static int
add_layer(struct circuit *c, const struct template_layer *l)
{
	switch (l->kind) {
	case TEMPLATE_STRONGLY_ENTANGLING:
		return add_strong(c, l);
	case TEMPLATE_HARDWARE_EFFICIENT:
		return add_efficient(c, l);
	case TEMPLATE_RX_RZ_RX:
		return add_rx_rz_rx(c, l);
	}
	return -EINVAL;
}

int
template_layer(struct circuit *c, const struct template_layer *l)
{
	uint32_t last =
	    2 * l->param0 - 1 + template_layer_size(l->kind, c->nqubits);
	struct circuit forward = CIRCUIT_INIT;
	size_t i;
	int rc;

	if (!l->mirrored)
		return add_layer(c, l);
	rc = circuit_init(&forward, c->nqubits);
	if (rc == 0)
		rc = add_layer(&forward, l);
	for (i = forward.ngates; i > 0 && rc == 0; i--) {
		struct circuit_gate *g = &forward.gates[i - 1];

		if (g->angle.ref == CIRCUIT_PARAM)
			g->angle.index = last - g->angle.index;
		rc = circuit_add(c, g);
	}
	circuit_close(&forward);
	return rc;
}

static int
add_layers(struct circuit *c, enum template_kind kind, uint32_t nlayers)
{
	struct template_layer l = {.kind = kind};
	int rc = 0;

	for (; l.index < nlayers && rc == 0; l.index++) {
		l.param0 = c->nparams;
		rc = template_layer(c, &l);
	}
	return rc;
}

int
template_strongly_entangling(struct circuit *c, uint32_t nlayers)
{
	return add_layers(c, TEMPLATE_STRONGLY_ENTANGLING, nlayers);
}

int
template_hardware_efficient(struct circuit *c, uint32_t nlayers)
{
	return add_layers(c, TEMPLATE_HARDWARE_EFFICIENT, nlayers);
}
