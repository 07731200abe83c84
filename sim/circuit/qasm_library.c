/*
 * qasm_library.c - qelib1.inc and stdgates.inc as tables.
 *
 * OpenQASM 3 fixes global phases: its U is exp(i theta / 2) times Qiskit's,
 * and u2, u3 are defined through it; under ctrl it shows. In OpenQASM 2 they
 * do not matter, there are no modifiers.
 */
#include "sim/circuit/qasm_gate.h"

#include <string.h>

#include "sim/circuit/qasm_modify.h"

#define PI 3.14159265358979323846

struct linear {
	double offset;
	double c[QASM_ANGLES_MAX];
};

/* offset + sum of c[i] * params[i] */
static int
mix(struct qasm_place at, const struct linear *l,
    const struct qasm_value *params, struct qasm_value *out)
{
	struct qasm_value sum = qasm_float(l->offset), part, c;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < QASM_ANGLES_MAX && rc == 0; i++) {
		if (l->c[i] == 0.0)
			continue;
		c = qasm_float(l->c[i]);
		rc = qasm_binary(at, '*', &params[i], &c, &part);
		if (rc == 0)
			rc = qasm_binary(at, '+', &sum, &part, &sum);
	}
	*out = sum;
	return rc;
}

/* One gate with angles that are linear in the parameters. */
static int
put(struct qasm_place at, enum program_gate gate, const uint32_t *qubits,
    const struct qasm_value *params, const struct linear *l)
{
	struct program_op op = {.gate = gate};
	struct qasm_value angles[3];
	uint32_t i;
	int rc = 0;

	op.ntargets = program_gate_targets(gate);
	for (i = 0; i < program_gate_angles(gate) && rc == 0; i++)
		rc = mix(at, &l[i], params, &angles[i]);
	return rc < 0 ? rc : qasm_emit(at, &op, qubits, angles);
}

static int
put_controlled(struct qasm_place at, enum program_gate gate, uint32_t ncontrols,
    const uint32_t *qubits)
{
	struct program_op op = {.gate = gate,
	    .ncontrols = ncontrols,
	    .ntargets = program_gate_targets(gate),
	    .when = (1u << ncontrols) - 1};

	return qasm_emit(at, &op, qubits, NULL);
}

static int
emit_u(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	static const struct linear angles[] = {{0, {1}}, {0, {0, 1}},
	    {0, {0, 0, 1}}};
	static const struct linear half = {0, {0.5}};
	int rc = put(at, PROGRAM_U, q, v, angles);

	if (rc == 0 && at.r->version == 3)
		rc = put(at, PROGRAM_GPHASE, q, v, &half);
	return rc;
}

static int
emit_u3(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	static const struct linear angles[] = {{0, {1}}, {0, {0, 1}},
	    {0, {0, 0, 1}}};
	static const struct linear shift = {0, {0, -0.5, -0.5}};
	int rc = put(at, PROGRAM_U, q, v, angles);

	if (rc == 0 && at.r->version == 3)
		rc = put(at, PROGRAM_GPHASE, q, v, &shift);
	return rc;
}

static int
emit_u2(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	static const struct linear angles[] = {{PI / 2, {0}}, {0, {1}},
	    {0, {0, 1}}};
	static const struct linear shift = {0, {-0.5, -0.5}};
	int rc = put(at, PROGRAM_U, q, v, angles);

	if (rc == 0 && at.r->version == 3)
		rc = put(at, PROGRAM_GPHASE, q, v, &shift);
	return rc;
}

static int
controlled_u(struct qasm_place at, const uint32_t *q,
    const struct qasm_value *v)
{
	static const struct linear angles[] = {{0, {1}}, {0, {0, 1}},
	    {0, {0, 0, 1}}};
	struct qasm_controls c = {q, 1, true};
	uint32_t start = at.r->p->nops;
	int rc = put(at, PROGRAM_U, q + 1, v, angles);

	return rc < 0 ? rc : qasm_control(at, start, &c);
}

/* p(gamma) on the control, U in Qiskit's phase on the target. */
static int
emit_cu(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	static const struct linear gamma = {0, {0, 0, 0, 1}};
	int rc = put(at, PROGRAM_P, q, v, &gamma);

	return rc < 0 ? rc : controlled_u(at, q, v);
}

/* The relative-phase Toffoli of Maslov, as in qelib1.inc. */
static int
emit_rccx(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	static const struct linear u2[] = {{PI / 2, {0}}, {0, {0}}, {PI, {0}}};
	static const struct linear t[] = {{PI / 4, {0}}, {-PI / 4, {0}}};
	const uint32_t bc[2] = {q[1], q[2]}, ac[2] = {q[0], q[2]};
	uint32_t i;
	int rc = put(at, PROGRAM_U, q + 2, v, u2);

	for (i = 0; i < 4 && rc == 0; i++) {
		rc = put(at, PROGRAM_P, q + 2, v, &t[i % 2]);
		if (rc == 0 && i < 3)
			rc = put_controlled(at, PROGRAM_X, 1,
			    i % 2 == 0 ? bc : ac);
	}
	return rc < 0 ? rc : put(at, PROGRAM_U, q + 2, v, u2);
}

/* rc3x a, b, c, d: u2 u1 cx and so on, read as letters. */
static int
emit_rc3x(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	static const struct linear u2[] = {{PI / 2, {0}}, {0, {0}}, {PI, {0}}};
	static const struct linear t[] = {{PI / 4, {0}}, {-PI / 4, {0}}};
	static const char steps[] = "utcTu"
				    "atbTatbT"
				    "utcTu";
	const char *s;
	int rc = 0;

	for (s = steps; *s && rc == 0; s++) {
		uint32_t pair[2] = {q[*s == 'a' ? 0 : *s == 'b' ? 1 : 2], q[3]};

		if (*s == 'u')
			rc = put(at, PROGRAM_U, q + 3, v, u2);
		else if (*s == 't' || *s == 'T')
			rc = put(at, PROGRAM_P, q + 3, v, &t[*s == 'T']);
		else
			rc = put_controlled(at, PROGRAM_X, 1, pair);
	}
	return rc;
}

static int
emit_u0(struct qasm_place at, const uint32_t *q, const struct qasm_value *v)
{
	(void)v;
	return put_controlled(at, PROGRAM_ID, 0, q);
}

#define BOTH (1 | 4)
#define LATER (2 | 4) /* not in the first qelib1.inc */

static const struct qasm_library gates[] = {
    {"U", 3, 1, 8 | 16, PROGRAM_U, 0, emit_u},
    {"CX", 0, 2, 8 | 4, PROGRAM_X, 1, NULL},
    {"gphase", 1, 0, 16, PROGRAM_GPHASE, 0, NULL},
    {"u3", 3, 1, BOTH, PROGRAM_U, 0, emit_u3},
    {"u2", 2, 1, BOTH, PROGRAM_U, 0, emit_u2},
    {"u1", 1, 1, BOTH, PROGRAM_P, 0, NULL},
    {"u0", 1, 1, 2, PROGRAM_ID, 0, emit_u0},
    {"u", 3, 1, 2, PROGRAM_U, 0, emit_u3},
    {"p", 1, 1, LATER, PROGRAM_P, 0, NULL},
    {"phase", 1, 1, 4, PROGRAM_P, 0, NULL},
    {"id", 0, 1, BOTH, PROGRAM_ID, 0, NULL},
    {"x", 0, 1, BOTH, PROGRAM_X, 0, NULL},
    {"y", 0, 1, BOTH, PROGRAM_Y, 0, NULL},
    {"z", 0, 1, BOTH, PROGRAM_Z, 0, NULL},
    {"h", 0, 1, BOTH, PROGRAM_H, 0, NULL},
    {"s", 0, 1, BOTH, PROGRAM_S, 0, NULL},
    {"sdg", 0, 1, BOTH, PROGRAM_SDG, 0, NULL},
    {"t", 0, 1, BOTH, PROGRAM_T, 0, NULL},
    {"tdg", 0, 1, BOTH, PROGRAM_TDG, 0, NULL},
    {"sx", 0, 1, LATER, PROGRAM_SX, 0, NULL},
    {"sxdg", 0, 1, 2, PROGRAM_SXDG, 0, NULL},
    {"rx", 1, 1, BOTH, PROGRAM_RX, 0, NULL},
    {"ry", 1, 1, BOTH, PROGRAM_RY, 0, NULL},
    {"rz", 1, 1, BOTH, PROGRAM_RZ, 0, NULL},
    {"cx", 0, 2, BOTH, PROGRAM_X, 1, NULL},
    {"cy", 0, 2, BOTH, PROGRAM_Y, 1, NULL},
    {"cz", 0, 2, BOTH, PROGRAM_Z, 1, NULL},
    {"ch", 0, 2, BOTH, PROGRAM_H, 1, NULL},
    {"csx", 0, 2, 2, PROGRAM_SX, 1, NULL},
    {"swap", 0, 2, LATER, PROGRAM_SWAP, 0, NULL},
    {"ccx", 0, 3, BOTH, PROGRAM_X, 2, NULL},
    {"cswap", 0, 3, LATER, PROGRAM_SWAP, 1, NULL},
    {"crx", 1, 2, LATER, PROGRAM_RX, 1, NULL},
    {"cry", 1, 2, LATER, PROGRAM_RY, 1, NULL},
    {"crz", 1, 2, BOTH, PROGRAM_RZ, 1, NULL},
    {"cu1", 1, 2, 1, PROGRAM_P, 1, NULL},
    {"cp", 1, 2, LATER, PROGRAM_P, 1, NULL},
    {"cphase", 1, 2, 4, PROGRAM_P, 1, NULL},
    {"cu3", 3, 2, 1, PROGRAM_U, 1, controlled_u},
    {"cu", 4, 2, LATER, PROGRAM_U, 1, emit_cu},
    {"rxx", 1, 2, 2, PROGRAM_RXX, 0, NULL},
    {"ryy", 1, 2, 2, PROGRAM_RYY, 0, NULL},
    {"rzz", 1, 2, 2, PROGRAM_RZZ, 0, NULL},
    {"rccx", 0, 3, 2, PROGRAM_X, 0, emit_rccx},
    {"rc3x", 0, 4, 2, PROGRAM_X, 0, emit_rc3x},
    {"rcccx", 0, 4, 2, PROGRAM_X, 0, emit_rc3x},
    {"c3x", 0, 4, 2, PROGRAM_X, 3, NULL},
    {"c3sx", 0, 4, 2, PROGRAM_SX, 3, NULL},
    {"c3sqrtx", 0, 4, 2, PROGRAM_SX, 3, NULL},
    {"c4x", 0, 5, 2, PROGRAM_X, 4, NULL},
};

static const struct qasm_library *
find(const struct qasm *r, uint32_t token, uint32_t in)
{
	size_t i;

	for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		if ((gates[i].in & in) &&
		    qasm_token_is(r, token, gates[i].name))
			return &gates[i];
	}
	return NULL;
}

const struct qasm_library *
qasm_library_find(const struct qasm *r, uint32_t token)
{
	uint32_t in = r->version == 2 ? 8 : 16;

	if (r->library)
		in |= r->version == 2 ? 1 | 2 : 4;
	return find(r, token, in);
}

bool
qasm_library_owns(const struct qasm *r, uint32_t token)
{
	/* Files for the first qelib1.inc define what came later themselves. */
	return find(r, token,
		   r->version == 2 ? (r->library ? 1 | 8 : 8)
				   : (r->library ? 4 | 16 : 16)) != NULL;
}

int
qasm_library_emit(struct qasm_place at, const struct qasm_library *g,
    const uint32_t *qubits, const struct qasm_value *params)
{
	struct program_op op = {.gate = g->gate,
	    .ncontrols = g->ncontrols,
	    .ntargets = program_gate_targets(g->gate),
	    .when = (1u << g->ncontrols) - 1};

	if (g->emit)
		return g->emit(at, qubits, params);
	return qasm_emit(at, &op, qubits, params);
}
