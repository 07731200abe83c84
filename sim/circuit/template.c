#include "sim/circuit/template.h"

#include <errno.h>

#include "sim/circuit/circuit.h"

#define PI 0x1.921fb54442d18p+1

int
template_angle(struct circuit *c, uint32_t count)
{
	struct circuit_gate g = {.op = CIRCUIT_RY};
	uint32_t i;
	int rc = 0;

	if (count > c->nqubits)
		return -EINVAL;
	for (i = 0; i < count && rc == 0; i++) {
		g.q[0] = i;
		g.angle = (struct circuit_angle){.ref = CIRCUIT_FEATURE,
		    .index = i,
		    .coef = PI};
		rc = circuit_add(c, &g);
	}
	return rc;
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

static int
add_param(struct circuit *c, enum circuit_op op, uint32_t q)
{
	struct circuit_gate g = {.op = op, .q = {q, 0}};

	g.angle = (struct circuit_angle){.ref = CIRCUIT_PARAM,
	    .index = c->nparams,
	    .coef = 1.0};
	return circuit_add(c, &g);
}

static int
add_ring(struct circuit *c, uint32_t range)
{
	struct circuit_gate g = {.op = CIRCUIT_CNOT};
	uint32_t q;
	int rc = 0;

	for (q = 0; q < c->nqubits && c->nqubits > 1 && rc == 0; q++) {
		g.q[0] = q;
		g.q[1] = (q + range) % c->nqubits;
		rc = circuit_add(c, &g);
	}
	return rc;
}

int
template_strongly_entangling(struct circuit *c, uint32_t nlayers)
{
	uint32_t n = c->nqubits, l, q;
	int rc = 0;

	for (l = 0; l < nlayers && rc == 0; l++) {
		for (q = 0; q < n && rc == 0; q++) {
			rc = add_param(c, CIRCUIT_RZ, q);
			if (rc == 0)
				rc = add_param(c, CIRCUIT_RY, q);
			if (rc == 0)
				rc = add_param(c, CIRCUIT_RZ, q);
		}
		if (rc == 0)
			rc = add_ring(c, n > 1 ? 1 + l % (n - 1) : 0);
	}
	return rc;
}

int
template_hardware_efficient(struct circuit *c, uint32_t nlayers)
{
	uint32_t l, q;
	int rc = 0;

	for (l = 0; l < nlayers && rc == 0; l++) {
		for (q = 0; q < c->nqubits && rc == 0; q++) {
			rc = add_param(c, CIRCUIT_RY, q);
			if (rc == 0)
				rc = add_param(c, CIRCUIT_RZ, q);
		}
		if (rc == 0)
			rc = add_ring(c, 1);
	}
	return rc;
}
