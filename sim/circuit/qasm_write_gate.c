/*
 * qasm_write_gate.c - a gate with controls in plain gates.
 */
#include <errno.h>
#include <string.h>

#include "sim/circuit/qasm_text.h"

#define PI 3.14159265358979323846
#define WIRES PROGRAM_MAX_QUBITS

struct gate {
	const uint32_t *c; /* controls */
	uint32_t n;
	const uint32_t *t; /* targets */
};

static void
put_wires(struct qasm_text *x, const struct gate *g, uint32_t ntargets)
{
	uint32_t i;

	for (i = 0; i < g->n; i++)
		qasm_put(x, "%sq[%u]", i ? ", " : " ", g->c[i]);
	for (i = 0; i < ntargets; i++)
		qasm_put(x, "%sq[%u]", i + g->n ? ", " : " ", g->t[i]);
	qasm_put(x, ";\n");
}

/* name(a) wires */
static void
put_one(struct qasm_text *x, const char *name, const struct program_angle *a,
    const struct gate *g)
{
	qasm_put(x, "%s", name);
	if (a) {
		qasm_put(x, "(");
		qasm_put_angle(x, a);
		qasm_put(x, ")");
	}
	put_wires(x, g, 1);
}

static void
put_x(struct qasm_text *x, const struct gate *g)
{
	static const char *const names[] = {"x", "cx", "ccx", "c3x", "c4x"};

	if (g->n <= (x->style->dialect == QASM_DIALECT_2 ? 4 : 2)) {
		put_one(x, names[g->n], NULL, g);
		return;
	}
	if (x->style->dialect == QASM_DIALECT_2)
		qasm_put_fail(x, -ENOTSUP,
		    "an x with more than 4 controls cannot be written as "
		    "OpenQASM 2");
	qasm_put(x, "ctrl(%u) @ x", g->n);
	put_wires(x, g, 1);
}

/* OpenQASM 2: numbers only, so halves are numbers too. */
static struct program_angle
number(const struct qasm_text *x, const struct program_angle *a, double f)
{
	struct program_angle out = {.offset = a->offset};
	uint32_t i;

	for (i = a->term0; i < a->term0 + a->nterms; i++)
		out.offset += x->p->terms[i].coef *
		    x->p->inputs[x->p->terms[i].input].value;
	out.offset *= f;
	return out;
}

/* A phase of n + 1 qubits by phases of fewer; depth n, size 3^n. */
static void
put_phase(struct qasm_text *x, const struct program_angle *a,
    const struct gate *g)
{
	struct program_angle half = number(x, a, 0.5);
	struct program_angle minus = number(x, a, -0.5);
	struct gate last = {g->c + g->n - 1, 1, g->t};
	struct gate rest = {g->c, g->n - 1, g->t};
	struct gate flip = {g->c, g->n - 1, g->c + g->n - 1};

	if (g->n == 0 || g->n == 1) {
		put_one(x, g->n ? "cu1" : "u1", a, g);
		return;
	}
	put_one(x, "cu1", &half, &last);
	put_x(x, &flip);
	put_one(x, "cu1", &minus, &last);
	put_x(x, &flip);
	put_phase(x, &half, &rest);
}

/* rz and ry turn back under x. */
static void
put_rotation(struct qasm_text *x, const char *name,
    const struct program_angle *a, const struct gate *g)
{
	struct program_angle half = number(x, a, 0.5);
	struct program_angle minus = number(x, a, -0.5);
	struct gate bare = {NULL, 0, g->t};

	if (g->n == 0) {
		put_one(x, name, a, &bare);
		return;
	}
	put_one(x, name, &half, &bare);
	put_x(x, g);
	put_one(x, name, &minus, &bare);
	put_x(x, g);
}

static double
fixed_phase(enum program_gate g)
{
	switch ((int)g) {
	case PROGRAM_Z:
		return PI;
	case PROGRAM_S:
		return PI / 2;
	case PROGRAM_SDG:
		return -PI / 2;
	case PROGRAM_T:
		return PI / 4;
	case PROGRAM_TDG:
		return -PI / 4;
	default:
		return 0.0;
	}
}

/* Controlled two-qubit gates: a change of basis needs no controls. */
static void
lower_two(struct qasm_text *x, const struct program_op *op,
    const struct gate *g)
{
	struct program_angle turn = {.offset = PI / 2},
			     back = {.offset = -PI / 2};
	struct gate a = {NULL, 0, g->t}, b = {NULL, 0, g->t + 1};
	struct gate pair = {g->t, 1, g->t + 1}, core = {g->c, g->n, g->t + 1};
	uint32_t flipped[WIRES];
	struct gate inner = {flipped, g->n + 1, g->t};
	struct gate outer = {g->t, 1, g->t + 1};
	const char *name = op->gate == PROGRAM_RXX ? "h" : "rx";
	bool turns = op->gate != PROGRAM_RZZ;

	if (op->gate == PROGRAM_SWAP) {
		memcpy(flipped, g->c, g->n * sizeof(*flipped));
		flipped[g->n] = g->t[1];
		put_x(x, &outer);
		put_x(x, &inner);
		put_x(x, &outer);
		return;
	}
	if (turns) {
		put_one(x, name, op->gate == PROGRAM_RXX ? NULL : &turn, &a);
		put_one(x, name, op->gate == PROGRAM_RXX ? NULL : &turn, &b);
	}
	put_x(x, &pair);
	put_rotation(x, "rz", &x->p->angles[op->angle0], &core);
	put_x(x, &pair);
	if (turns) {
		put_one(x, name, op->gate == PROGRAM_RXX ? NULL : &back, &a);
		put_one(x, name, op->gate == PROGRAM_RXX ? NULL : &back, &b);
	}
}

/* OpenQASM 2 beyond its library: phases, rotations and x with controls. */
static void
lower(struct qasm_text *x, const struct program_op *op, const struct gate *g)
{
	const struct program_angle *a = &x->p->angles[op->angle0];
	struct program_angle fix = {.offset = fixed_phase(op->gate)};
	struct program_angle turn = {.offset = PI / 4},
			     back = {.offset = -PI / 4};
	struct program_angle z = {.offset = PI};
	struct gate bare = {NULL, 0, g->t};

	if (op->gate == PROGRAM_ID)
		return;
	if (fix.offset != 0.0) {
		put_phase(x, &fix, g);
	} else if (op->gate == PROGRAM_X) {
		put_x(x, g);
	} else if (op->gate == PROGRAM_Y) {
		put_one(x, "sdg", NULL, &bare);
		put_x(x, g);
		put_one(x, "s", NULL, &bare);
	} else if (op->gate == PROGRAM_H) {
		put_one(x, "ry", &back, &bare);
		put_phase(x, &z, g);
		put_one(x, "ry", &turn, &bare);
	} else if (op->gate == PROGRAM_SX || op->gate == PROGRAM_SXDG) {
		fix.offset = op->gate == PROGRAM_SX ? PI / 2 : -PI / 2;
		put_one(x, "h", NULL, &bare);
		put_phase(x, &fix, g);
		put_one(x, "h", NULL, &bare);
	} else if (op->gate == PROGRAM_P) {
		put_phase(x, a, g);
	} else if (op->gate == PROGRAM_RX) {
		put_one(x, "h", NULL, &bare);
		put_rotation(x, "rz", a, g);
		put_one(x, "h", NULL, &bare);
	} else if (op->gate == PROGRAM_RY || op->gate == PROGRAM_RZ) {
		put_rotation(x, op->gate == PROGRAM_RY ? "ry" : "rz", a, g);
	} else if (op->gate == PROGRAM_U) {
		put_phase(x, &a[2], g);
		put_rotation(x, "ry", &a[0], g);
		put_phase(x, &a[1], g);
	} else {
		lower_two(x, op, g);
	}
}

/* The library's own names: NULL if it has none for so many controls. */
static const char *
library_name(bool three, enum program_gate g, uint32_t n)
{
	static const struct {
		enum program_gate gate;
		const char *name[3]; /* by number of controls */
		const char *two[2];  /* in OpenQASM 2, where it differs */
	} table[] = {{PROGRAM_X, {"x", "cx", "ccx"}, {0}},
	    {PROGRAM_Y, {"y", "cy"}, {0}}, {PROGRAM_Z, {"z", "cz"}, {0}},
	    {PROGRAM_H, {"h", "ch"}, {0}}, {PROGRAM_S, {"s"}, {0}},
	    {PROGRAM_SDG, {"sdg"}, {0}}, {PROGRAM_T, {"t"}, {0}},
	    {PROGRAM_TDG, {"tdg"}, {0}}, {PROGRAM_ID, {"id"}, {0}},
	    {PROGRAM_SX, {"sx"}, {0}}, {PROGRAM_SXDG, {"sxdg"}, {0}},
	    {PROGRAM_P, {"p", "cp"}, {"u1", "cu1"}},
	    {PROGRAM_RX, {"rx", "crx"}, {0}}, {PROGRAM_RY, {"ry", "cry"}, {0}},
	    {PROGRAM_RZ, {"rz", "crz"}, {0}},
	    {PROGRAM_SWAP, {"swap", "cswap"}, {0}}, {PROGRAM_RXX, {"rxx"}, {0}},
	    {PROGRAM_RYY, {"ryy"}, {0}}, {PROGRAM_RZZ, {"rzz"}, {0}},
	    {PROGRAM_U, {"U"}, {"u3", "cu3"}}};
	size_t i;

	for (i = 0; n < 3 && i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].gate != g)
			continue;
		if (!three && n < 2 && table[i].two[n])
			return table[i].two[n];
		return table[i].name[n];
	}
	return NULL;
}

/* The library's cu has one phase everywhere; U under ctrl has not: Qiskit
 * leaves out the exp(i theta / 2) that OpenQASM 3 gives it. */
static void
put_cu(struct qasm_text *x, const struct program_op *op, const struct gate *g)
{
	uint32_t i;

	if (g->n > 1)
		qasm_put(x, "ctrl(%u) @ ", g->n - 1);
	qasm_put(x, "cu(");
	for (i = 0; i < 3; i++) {
		qasm_put_angle(x, &x->p->angles[op->angle0 + i]);
		qasm_put(x, ", ");
	}
	qasm_put(x, "0)");
	put_wires(x, g, 1);
}

static void
put_positive(struct qasm_text *x, const struct program_op *op,
    const struct gate *g)
{
	bool three = x->style->dialect == QASM_DIALECT_3;
	const char *name = library_name(three, op->gate, g->n);
	uint32_t i;

	if (name == NULL && !three) {
		lower(x, op, g);
		return;
	}
	if (three && op->gate == PROGRAM_U && g->n > 0) {
		put_cu(x, op, g);
		return;
	}
	if (name == NULL) {
		name = library_name(three, op->gate, 0);
		qasm_put(x, g->n == 1 ? "ctrl @ " : "ctrl(%u) @ ", g->n);
	}
	qasm_put(x, "%s", name);
	for (i = 0; i < op->nangles; i++) {
		qasm_put(x, i ? ", " : "(");
		qasm_put_angle(x, &x->p->angles[op->angle0 + i]);
	}
	qasm_put(x, op->nangles ? ")" : "");
	put_wires(x, g, op->ntargets);
}

void
qasm_put_gate(struct qasm_text *x, const struct program_op *op)
{
	const uint32_t *w = x->p->wires + op->wire0;
	struct program_op plain = *op;
	struct gate g = {w, op->ncontrols, w + op->ncontrols};
	uint32_t i;

	if (op->gate == PROGRAM_MATRIX)
		qasm_put_fail(x, -ENOTSUP,
		    "a gate of several qubits given as a matrix cannot be "
		    "written");
	if (op->gate == PROGRAM_GPHASE && op->ncontrols == 0)
		return;
	for (i = 0; i < op->ncontrols; i++) {
		if (!(op->when >> i & 1))
			qasm_put(x, "x q[%u];\n", w[i]);
	}
	if (op->gate == PROGRAM_GPHASE) { /* P on the last control */
		plain.gate = PROGRAM_P;
		plain.ntargets = 1;
		g.n--;
		g.t--;
	}
	if (x->rc == 0)
		put_positive(x, &plain, &g);
	for (i = 0; i < op->ncontrols; i++) {
		if (!(op->when >> i & 1))
			qasm_put(x, "x q[%u];\n", w[i]);
	}
}
