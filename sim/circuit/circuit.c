#include "sim/circuit/circuit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int
circuit_init(struct circuit *c, uint32_t nqubits)
{
	*c = (struct circuit)CIRCUIT_INIT;
	if (nqubits < 1 || nqubits > CIRCUIT_MAX_QUBITS)
		return -EINVAL;
	c->nqubits = nqubits;
	return 0;
}

void
circuit_close(struct circuit *c)
{
	free(c->gates);
	*c = (struct circuit)CIRCUIT_INIT;
}

unsigned
circuit_arity(enum circuit_op op)
{
	switch (op) {
	case CIRCUIT_RZZ:
	case CIRCUIT_CNOT:
	case CIRCUIT_CZ:
	case CIRCUIT_SWAP:
	case CIRCUIT_RXX:
	case CIRCUIT_RYY:
	case CIRCUIT_CRX:
	case CIRCUIT_CRY:
	case CIRCUIT_CRZ:
	case CIRCUIT_CPHASE:
		return 2;
	case CIRCUIT_RX:
	case CIRCUIT_RY:
	case CIRCUIT_RZ:
	case CIRCUIT_H:
	case CIRCUIT_X:
	case CIRCUIT_Y:
	case CIRCUIT_Z:
	case CIRCUIT_S:
	case CIRCUIT_SDG:
	case CIRCUIT_T:
	case CIRCUIT_TDG:
	case CIRCUIT_NOPS:
		break;
	}
	return 1;
}

bool
circuit_turns(enum circuit_op op)
{
	return op <= CIRCUIT_RZZ || op >= CIRCUIT_RXX;
}

static int
grow(struct circuit *c)
{
	size_t capacity = c->capacity == 0 ? 64 : 2 * c->capacity;
	struct circuit_gate *gates;

	if (capacity > SIZE_MAX / sizeof(*gates))
		return -ENOMEM;
	gates = realloc(c->gates, capacity * sizeof(*gates));
	if (gates == NULL)
		return -ENOMEM;
	c->gates = gates;
	c->capacity = capacity;
	return 0;
}

static void
cover(struct circuit *c, enum circuit_ref ref, uint32_t index)
{
	if (ref == CIRCUIT_PARAM && index >= c->nparams)
		c->nparams = index + 1;
	if (ref == CIRCUIT_FEATURE && index >= c->nfeatures)
		c->nfeatures = index + 1;
}

static bool
beyond(const struct circuit *c, enum circuit_ref ref, uint32_t index)
{
	return ref == CIRCUIT_FEATURE && index >= c->nfeatures;
}

int
circuit_add(struct circuit *c, const struct circuit_gate *g)
{
	const struct circuit_angle *a = &g->angle;
	int rc;

	if (g->op >= CIRCUIT_NOPS || g->q[0] >= c->nqubits)
		return -EINVAL;
	if (circuit_arity(g->op) == 2 &&
	    (g->q[1] >= c->nqubits || g->q[1] == g->q[0]))
		return -EINVAL;
	if (!isfinite(a->coef) || !isfinite(a->offset) ||
	    a->index == UINT32_MAX || a->by_index == UINT32_MAX)
		return -EINVAL;
	if (a->ref == CIRCUIT_CONST && a->by != CIRCUIT_CONST)
		return -EINVAL;
	if (c->start == CIRCUIT_AMPLITUDES &&
	    (beyond(c, a->ref, a->index) || beyond(c, a->by, a->by_index)))
		return -EINVAL;
	if (c->ngates == c->capacity) {
		rc = grow(c);
		if (rc < 0)
			return rc;
	}
	cover(c, a->ref, a->index);
	cover(c, a->by, a->by_index);
	c->gates[c->ngates++] = *g;
	return 0;
}
