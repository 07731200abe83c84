#include "sim/circuit/lower.h"

#include <assert.h>
#include <errno.h>

#define PI 0x1.921fb54442d18p+1

static struct circuit_angle
fixed(double offset)
{
	return (struct circuit_angle){.ref = CIRCUIT_CONST,
	    .coef = 1.0,
	    .offset = offset};
}

static int
add_rz(struct lower *b, uint32_t q, struct circuit_angle a)
{
	return lower_phase(b, b->p->row[q], b->p->flip[q], a);
}

static int
add_rzz(struct lower *b, const uint32_t *q, struct circuit_angle a)
{
	const struct plan *p = b->p;

	return lower_phase(b, p->row[q[0]] ^ p->row[q[1]],
	    p->flip[q[0]] != p->flip[q[1]], a);
}

/* RX(a) = RZ(-pi/2) RY(a) RZ(pi/2), the rightmost first. */
static int
add_rx(struct lower *b, uint32_t q, struct circuit_angle a)
{
	int rc = add_rz(b, q, fixed(PI / 2));

	if (rc == 0)
		rc = lower_rot(b, q, a);
	if (rc == 0)
		rc = add_rz(b, q, fixed(-PI / 2));
	return rc;
}

/* H = RY(pi/2) Z. */
static int
add_h(struct lower *b, uint32_t q)
{
	int rc = add_rz(b, q, fixed(PI));

	return rc == 0 ? lower_rot(b, q, fixed(PI / 2)) : rc;
}

/* CZ = exp(i pi/4 (1 - Za - Zb + Za Zb)). */
static int
add_cz(struct lower *b, const uint32_t *q)
{
	int rc = add_rz(b, q[0], fixed(PI / 2));

	if (rc == 0)
		rc = add_rz(b, q[1], fixed(PI / 2));
	if (rc == 0)
		rc = add_rzz(b, q, fixed(-PI / 2));
	return rc;
}

static void
map_cnot(struct lower *b, const uint32_t *q)
{
	struct plan *p = b->p;

	p->row[q[1]] ^= p->row[q[0]];
	p->flip[q[1]] = p->flip[q[1]] != p->flip[q[0]];
	b->col[q[0]] ^= b->col[q[1]];
}

static void
map_swap(struct lower *b, const uint32_t *q)
{
	const uint32_t back[2] = {q[1], q[0]};

	map_cnot(b, q);
	map_cnot(b, back);
	map_cnot(b, q);
}

static struct circuit_angle
half(struct circuit_angle a, bool minus)
{
	a.coef *= minus ? -0.5 : 0.5;
	a.offset *= minus ? -0.5 : 0.5;
	return a;
}

/* A CNOT turns X of its control into X X. */
static int
add_rxx(struct lower *b, const uint32_t *q, struct circuit_angle a)
{
	int rc;

	map_cnot(b, q);
	rc = add_rx(b, q[0], a);
	map_cnot(b, q);
	return rc;
}

/* Half a turn, and half a turn back by Z Y, which is Y behind a CNOT. */
static int
add_cry(struct lower *b, const uint32_t *q, struct circuit_angle a)
{
	int rc = lower_rot(b, q[1], half(a, false));

	if (rc < 0)
		return rc;
	map_cnot(b, q);
	rc = lower_rot(b, q[1], half(a, true));
	map_cnot(b, q);
	return rc;
}

static int
add_crz(struct lower *b, const uint32_t *q, struct circuit_angle a)
{
	int rc = add_rz(b, q[1], half(a, false));

	return rc == 0 ? add_rzz(b, q, half(a, true)) : rc;
}

static int
add_cphase(struct lower *b, const uint32_t *q, struct circuit_angle a)
{
	int rc = add_rz(b, q[0], half(a, false));

	return rc == 0 ? add_crz(b, q, a) : rc;
}

/* S X S^-1 = Y: from XX to YY, and from CRY back to CRX. */
static int
in_s_frame(struct lower *b, const struct circuit_gate *g,
    int (*add)(struct lower *, const uint32_t *, struct circuit_angle))
{
	double turn = g->op == CIRCUIT_CRX ? PI / 2 : -PI / 2;
	uint32_t from = g->op == CIRCUIT_CRX ? 1 : 0, i;
	int rc = 0;

	for (i = from; i < 2 && rc == 0; i++)
		rc = add_rz(b, g->q[i], fixed(turn));
	if (rc == 0)
		rc = add(b, g->q, g->angle);
	for (i = from; i < 2 && rc == 0; i++)
		rc = add_rz(b, g->q[i], fixed(-turn));
	return rc;
}

/* What a fresh qubit starts from: 1 if the gate is done with. */
static bool
start_from(struct lower *b, const struct circuit_gate *g)
{
	struct circuit_angle a = g->op == CIRCUIT_H ? fixed(PI / 2) : g->angle;

	if (b->touched[g->q[0]] || b->p->start != CIRCUIT_ZERO)
		return false;
	if (g->op != CIRCUIT_H && g->op != CIRCUIT_RY)
		return false;
	if (a.ref == CIRCUIT_PARAM || a.by != CIRCUIT_CONST)
		return false;
	b->p->input[g->q[0]] = a;
	b->p->inputs = b->p->inputs || a.ref == CIRCUIT_FEATURE;
	return true;
}

static int
add_gate(struct lower *b, const struct circuit_gate *g)
{
	switch (g->op) {
	case CIRCUIT_RX:
		return add_rx(b, g->q[0], g->angle);
	case CIRCUIT_RY:
		return lower_rot(b, g->q[0], g->angle);
	case CIRCUIT_RZ:
		return add_rz(b, g->q[0], g->angle);
	case CIRCUIT_RZZ:
		return add_rzz(b, g->q, g->angle);
	case CIRCUIT_H:
		return add_h(b, g->q[0]);
	case CIRCUIT_X:
		b->p->flip[g->q[0]] = !b->p->flip[g->q[0]];
		return 0;
	case CIRCUIT_Y:
		return lower_rot(b, g->q[0], fixed(PI));
	case CIRCUIT_Z:
		return add_rz(b, g->q[0], fixed(PI));
	case CIRCUIT_S:
		return add_rz(b, g->q[0], fixed(PI / 2));
	case CIRCUIT_SDG:
		return add_rz(b, g->q[0], fixed(-PI / 2));
	case CIRCUIT_T:
		return add_rz(b, g->q[0], fixed(PI / 4));
	case CIRCUIT_TDG:
		return add_rz(b, g->q[0], fixed(-PI / 4));
	case CIRCUIT_CZ:
		return add_cz(b, g->q);
	case CIRCUIT_CNOT:
		map_cnot(b, g->q);
		return 0;
	case CIRCUIT_SWAP:
		map_swap(b, g->q);
		return 0;
	case CIRCUIT_RXX:
		return add_rxx(b, g->q, g->angle);
	case CIRCUIT_RYY:
		return in_s_frame(b, g, add_rxx);
	case CIRCUIT_CRX:
		return in_s_frame(b, g, add_cry);
	case CIRCUIT_CRY:
		return add_cry(b, g->q, g->angle);
	case CIRCUIT_CRZ:
		return add_crz(b, g->q, g->angle);
	case CIRCUIT_CPHASE:
		return add_cphase(b, g->q, g->angle);
	case CIRCUIT_NOPS:
		break;
	}
	assert(false);
	return -EINVAL;
}

int
lower_gate(struct lower *b, const struct circuit_gate *g)
{
	unsigned k;
	int rc = start_from(b, g) ? 0 : add_gate(b, g);

	for (k = 0; k < circuit_arity(g->op); k++)
		b->touched[g->q[k]] = true;
	return rc;
}
