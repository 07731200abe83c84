/*
 * template_narrow.c - circuits of which fewer qubits are left layer by layer.
 */
#include "sim/circuit/template.h"

#include <errno.h>

static int
add(struct circuit *c, enum circuit_op op, const uint32_t *q, uint32_t param)
{
	struct circuit_gate g = {.op = op, .q = {q[0], q[1]}};

	if (circuit_turns(op))
		g.angle = (struct circuit_angle){.ref = CIRCUIT_PARAM,
		    .index = param,
		    .coef = 1.0};
	return circuit_add(c, &g);
}

/* RZ RY RZ with three parameters from *param on. */
static int
add_any(struct circuit *c, uint32_t q, uint32_t *param)
{
	const uint32_t on[2] = {q, 0};
	int rc = add(c, CIRCUIT_RZ, on, (*param)++);

	if (rc == 0)
		rc = add(c, CIRCUIT_RY, on, (*param)++);
	if (rc == 0)
		rc = add(c, CIRCUIT_RZ, on, (*param)++);
	return rc;
}

/* Any two-qubit gate: 15 angles. */
static int
add_block(struct circuit *c, uint32_t a, uint32_t b, uint32_t param)
{
	const uint32_t q[2] = {a, b};
	int rc = add_any(c, a, &param);

	if (rc == 0)
		rc = add_any(c, b, &param);
	if (rc == 0)
		rc = add(c, CIRCUIT_RXX, q, param++);
	if (rc == 0)
		rc = add(c, CIRCUIT_RYY, q, param++);
	if (rc == 0)
		rc = add(c, CIRCUIT_RZZ, q, param++);
	if (rc == 0)
		rc = add_any(c, a, &param);
	return rc < 0 ? rc : add_any(c, b, &param);
}

/* Controlled by a: RY(u) RZ(v) on b, a half turn, and back. */
static int
add_pool(struct circuit *c, uint32_t a, uint32_t b, uint32_t param)
{
	struct circuit_gate g = {.q = {b, 0},
	    .angle = {.ref = CIRCUIT_PARAM, .index = param, .coef = 1.0}};
	struct circuit_gate half = {.op = CIRCUIT_CNOT, .q = {a, b}};
	int rc;

	g.op = CIRCUIT_RY;
	rc = circuit_add(c, &g);
	g.op = CIRCUIT_RZ;
	g.angle.index = param + 1;
	if (rc == 0)
		rc = circuit_add(c, &g);
	if (rc == 0)
		rc = circuit_add(c, &half);
	g.angle.coef = -1.0;
	if (rc == 0)
		rc = circuit_add(c, &g);
	g.op = CIRCUIT_RY;
	g.angle.index = param;
	return rc < 0 ? rc : circuit_add(c, &g);
}

/* Of each pair the second stays, and the odd one. */
static void
halve(struct template_left *left)
{
	uint32_t i, n = 0;

	for (i = 1; i < left->n; i += 2)
		left->qubit[n++] = left->qubit[i];
	if (left->n % 2 == 1)
		left->qubit[n++] = left->qubit[left->n - 1];
	left->n = n;
}

int
template_convolution(struct circuit *c, struct template_left *left,
    uint32_t param0)
{
	uint32_t n = left->n, i, start;
	int rc = 0;

	if (n < 2)
		return -EINVAL;
	for (start = 0; start < (n > 2 ? 2 : 1); start++) {
		for (i = start; i < n && rc == 0; i += 2) {
			if (i + 1 == n && (start == 0 || n % 2 == 1))
				break; /* the odd one */
			rc = add_block(c, left->qubit[i],
			    left->qubit[(i + 1) % n], param0);
		}
	}
	for (i = 0; i + 1 < n && rc == 0; i += 2)
		rc = add_pool(c, left->qubit[i], left->qubit[i + 1],
		    param0 + 15);
	halve(left);
	return rc;
}

uint32_t
template_tree_size(uint32_t nleft)
{
	return nleft / 2 * 6;
}

int
template_tree(struct circuit *c, struct template_left *left, uint32_t param0)
{
	uint32_t i;
	int rc = 0;

	if (left->n < 2)
		return -EINVAL;
	for (i = 0; i + 1 < left->n && rc == 0; i += 2) {
		const uint32_t *q = &left->qubit[i];

		rc = add_any(c, q[0], &param0);
		if (rc == 0)
			rc = add_any(c, q[1], &param0);
		if (rc == 0)
			rc = add(c, CIRCUIT_CNOT, q, 0);
	}
	halve(left);
	return rc;
}
