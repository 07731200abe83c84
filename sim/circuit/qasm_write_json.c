/*
 * qasm_write_json.c - a program as JSON: what struct program holds, by name.
 */
#include "sim/circuit/qasm_text.h"

static void
put_list(struct qasm_text *t, const uint32_t *x, uint32_t n)
{
	uint32_t i;

	qasm_put(t, "[");
	for (i = 0; i < n; i++)
		qasm_put(t, "%s%u", i ? "," : "", x[i]);
	qasm_put(t, "]");
}

static void
put_angles(struct qasm_text *t, const struct program_op *op)
{
	const struct program *p = t->p;
	uint32_t i, k;

	qasm_put(t, ",\"angles\":[");
	for (i = 0; i < op->nangles; i++) {
		const struct program_angle *a = &p->angles[op->angle0 + i];

		qasm_put(t, i ? "," : "");
		if (!t->style->symbolic || a->nterms == 0) {
			qasm_put_angle(t, a);
			continue;
		}
		qasm_put(t, "{\"offset\":%.17g,\"terms\":[", a->offset);
		for (k = a->term0; k < a->term0 + a->nterms; k++)
			qasm_put(t, "%s[\"%s\",%.17g]", k > a->term0 ? "," : "",
			    p->inputs[p->terms[k].input].name,
			    p->terms[k].coef);
		qasm_put(t, "]}");
	}
	qasm_put(t, "]");
}

static void
put_gate(struct qasm_text *t, const struct program_op *op)
{
	const struct program *p = t->p;
	const uint32_t *w = p->wires + op->wire0;
	uint32_t i;

	qasm_put(t, "{\"gate\":\"%s\"", program_gate_name(op->gate));
	if (op->ncontrols > 0) {
		qasm_put(t, ",\"controls\":");
		put_list(t, w, op->ncontrols);
		qasm_put(t, ",\"when\":[");
		for (i = 0; i < op->ncontrols; i++)
			qasm_put(t, "%s%u", i ? "," : "", op->when >> i & 1);
		qasm_put(t, "]");
	}
	qasm_put(t, ",\"targets\":");
	put_list(t, w + op->ncontrols, op->ntargets);
	if (op->nangles > 0)
		put_angles(t, op);
	if (op->gate == PROGRAM_MATRIX) {
		qasm_put(t, ",\"matrix\":[");
		for (i = 0; i < 2u << 2 * op->ntargets; i++)
			qasm_put(t, "%s%.17g", i ? "," : "",
			    p->numbers[op->number0 + i]);
		qasm_put(t, "]");
	}
	qasm_put(t, "}");
}

static void
put_op(struct qasm_text *t, const struct program_op *op)
{
	const uint32_t *w = t->p->wires + op->wire0;

	switch (op->kind) {
	case PROGRAM_GATE:
		put_gate(t, op);
		break;
	case PROGRAM_MEASURE:
		qasm_put(t, "{\"measure\":%u,\"bit\":", w[0]);
		if (op->bit == PROGRAM_NO_BIT)
			qasm_put(t, "null}");
		else
			qasm_put(t, "%u}", op->bit);
		break;
	case PROGRAM_RESET:
		qasm_put(t, "{\"reset\":%u}", w[0]);
		break;
	case PROGRAM_BARRIER:
		qasm_put(t, "{\"barrier\":");
		put_list(t, w, op->ntargets);
		qasm_put(t, "}");
		break;
	case PROGRAM_ASSIGN:
		qasm_put(t, "{\"assign\":%u,\"condition\":%u}", op->bit,
		    op->cond);
		break;
	case PROGRAM_JUMP_UNLESS:
		qasm_put(t, "{\"unless\":%u,\"jump\":%u}", op->cond, op->jump);
		break;
	case PROGRAM_JUMP:
		qasm_put(t, "{\"jump\":%u}", op->jump);
		break;
	}
}

static void
put_conds(struct qasm_text *t)
{
	static const char *const names[] = {[PROGRAM_FALSE] = "false",
	    [PROGRAM_TRUE] = "true",
	    [PROGRAM_BIT] = "bit",
	    [PROGRAM_NOT] = "not",
	    [PROGRAM_AND] = "and",
	    [PROGRAM_OR] = "or",
	    [PROGRAM_XOR] = "xor"};
	uint32_t i;

	for (i = 0; i < t->p->nconds; i++) {
		const struct program_cond *c = &t->p->conds[i];

		qasm_put(t, "%s[\"%s\"", i ? "," : "", names[c->logic]);
		if (c->logic >= PROGRAM_BIT)
			qasm_put(t, ",%u", c->a);
		if (c->logic >= PROGRAM_AND)
			qasm_put(t, ",%u", c->b);
		qasm_put(t, "]");
	}
}

void
qasm_put_json(struct qasm_text *t)
{
	const struct program *p = t->p;
	uint32_t i;

	qasm_put(t, "{\"format\":\"qml-program-1\",\"qubits\":%u,\"bits\":%u,",
	    p->nqubits, p->nbits);
	qasm_put(t, "\"order\":\"qubit 0 is the least significant bit\",");
	qasm_put(t, "\"registers\":[");
	for (i = 0; i < p->nregisters; i++)
		qasm_put(t,
		    "%s{\"name\":\"%s\",\"first\":%u,\"size\":%u,"
		    "\"quantum\":%s}",
		    i ? "," : "", p->registers[i].name, p->registers[i].first,
		    p->registers[i].size,
		    p->registers[i].quantum ? "true" : "false");
	qasm_put(t, "],\"inputs\":[");
	for (i = 0; t->style->symbolic && i < p->ninputs; i++)
		qasm_put(t, "%s\"%s\"", i ? "," : "", p->inputs[i].name);
	qasm_put(t, "],\"conditions\":[");
	put_conds(t);
	qasm_put(t, "],\"ops\":[");
	for (i = 0; i < p->nops; i++) {
		qasm_put(t, i ? ",\n" : "\n");
		put_op(t, &p->ops[i]);
	}
	qasm_put(t, "]}\n");
}
