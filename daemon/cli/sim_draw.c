/*
 * sim_draw.c - qmlsim draw: wires and gates as text. Time runs to the right,
 * in pages as wide as a terminal; a gate with "?" depends on measured bits.
 */
#include "daemon/cli/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_job.h"
#include "sim/circuit/program_build.h"

#define LABEL_BYTES 40
#define PAGE_WIDTH 96
#define OPS_MAX 200000u

struct mark {
	char text[LABEL_BYTES]; /* ASCII, or one dot; "": the plain wire */
	bool dot, hollow;
	bool link; /* goes on to the wire below */
	bool pass; /* a vertical line crosses here */
};

struct picture {
	const struct program *p;
	struct mark *marks; /* marks[column * nqubits + q] */
	uint32_t ncolumns;
	uint32_t *width;   /* of each column */
	uint32_t *next;    /* each wire's first free column */
	uint32_t until;    /* ops before this one depend on bits */
	uint32_t measured; /* the first column after all measurements so far */
};

static void
angle_text(const struct program *p, uint32_t angle, char *out, size_t len)
{
	const struct program_angle *a = &p->angles[angle];
	const struct program_term *t = &p->terms[a->term0];
	size_t n = 0;

	if (a->nterms == 0) {
		snprintf(out, len, "%.4g", a->offset);
		return;
	}
	if (t->coef == -1.0)
		n = (size_t)snprintf(out, len, "-");
	else if (t->coef != 1.0)
		n = (size_t)snprintf(out, len, "%.4g*", t->coef);
	if (n < len)
		n += (size_t)snprintf(out + n, len - n, "%.12s%s",
		    p->inputs[t->input].name, a->nterms > 1 ? "+.." : "");
	if (a->offset != 0.0 && n < len)
		snprintf(out + n, len - n, "%+.4g", a->offset);
}

static void
gate_label(const struct program *p, const struct program_op *op, char *out)
{
	size_t n = (size_t)snprintf(out, LABEL_BYTES, "%s",
	    program_gate_name(op->gate));
	char text[24];
	uint32_t i;

	for (i = 0; i < op->nangles && n < LABEL_BYTES; i++) {
		angle_text(p, op->angle0 + i, text, sizeof(text));
		n += (size_t)snprintf(out + n, LABEL_BYTES - n, "%s%s",
		    i ? "," : "(", text);
	}
	if (op->nangles > 0 && n + 1 < LABEL_BYTES)
		snprintf(out + n, LABEL_BYTES - n, ")");
}

static void
bit_label(const struct program *p, uint32_t bit, char *out)
{
	uint32_t i;

	snprintf(out, LABEL_BYTES, "M");
	for (i = 0; i < p->nregisters; i++) {
		const struct program_register *r = &p->registers[i];

		if (!r->quantum && bit >= r->first && bit < r->first + r->size)
			snprintf(out, LABEL_BYTES, "M:%.24s[%u]", r->name,
			    bit - r->first);
	}
}

static void
op_label(const struct picture *d, uint32_t i, char *out)
{
	const struct program_op *op = &d->p->ops[i];
	size_t n;

	if (op->kind == PROGRAM_GATE)
		gate_label(d->p, op, out);
	else if (op->kind == PROGRAM_MEASURE)
		bit_label(d->p, op->bit, out);
	else
		snprintf(out, LABEL_BYTES,
		    op->kind == PROGRAM_RESET ? "|0>" : "::");
	n = strlen(out);
	if (i < d->until && n + 1 < LABEL_BYTES)
		memcpy(out + n, "?", 2);
}

static void
put_marks(struct picture *d, uint32_t i, uint32_t column, uint64_t span)
{
	const struct program_op *op = &d->p->ops[i];
	struct mark *row = d->marks + (size_t)column * d->p->nqubits;
	const uint32_t *w = d->p->wires + op->wire0;
	uint32_t k, q, n = op->ncontrols + op->ntargets;
	uint64_t mine = 0;

	for (k = 0; k < n; k++) {
		struct mark *m = &row[w[k]];

		mine |= UINT64_C(1) << w[k];
		m->dot = k < op->ncontrols;
		m->hollow = m->dot && !(op->when >> k & 1);
		if (!m->dot)
			op_label(d, i, m->text);
		if (!m->dot && op->ntargets > 1 && op->kind == PROGRAM_GATE &&
		    op->gate == PROGRAM_MATRIX)
			snprintf(m->text, LABEL_BYTES, "unitary:%u",
			    k - op->ncontrols);
		if (m->dot ? d->width[column] < 1
			   : d->width[column] < strlen(m->text))
			d->width[column] =
			    m->dot ? 1 : (uint32_t)strlen(m->text);
	}
	if (op->kind == PROGRAM_BARRIER)
		return;
	for (q = 0; q < d->p->nqubits; q++) {
		if (!(span >> q & 1))
			continue;
		row[q].link = span >> q >> 1 != 0;
		row[q].pass = !(mine >> q & 1);
	}
}

/* Each op goes as far left as the wires it spans allow. */
static void
place(struct picture *d, uint32_t i)
{
	const struct program_op *op = &d->p->ops[i];
	const uint32_t *w = d->p->wires + op->wire0;
	uint32_t k, q, low = UINT32_MAX, high = 0, column = 0;
	uint64_t span;

	for (k = 0; k < op->ncontrols + op->ntargets; k++) {
		low = w[k] < low ? w[k] : low;
		high = w[k] > high ? w[k] : high;
	}
	if (low == UINT32_MAX)
		return;
	span = ((UINT64_C(2) << high) - 1) & ~((UINT64_C(1) << low) - 1);
	for (q = low; q <= high; q++)
		column = d->next[q] > column ? d->next[q] : column;
	if (i < d->until && d->measured > column)
		column = d->measured;
	if (op->kind == PROGRAM_MEASURE && column + 1 > d->measured)
		d->measured = column + 1;
	for (q = low; q <= high; q++)
		d->next[q] = column + 1;
	if (column + 1 > d->ncolumns)
		d->ncolumns = column + 1;
	put_marks(d, i, column, span);
}

static void
repeat(const char *s, uint32_t n)
{
	for (; n > 0; n--)
		fputs(s, stdout);
}

static void
print_wire(const struct picture *d, uint32_t q, uint32_t from, uint32_t to)
{
	uint32_t c;

	for (c = from; c < to; c++) {
		const struct mark *m = &d->marks[(size_t)c * d->p->nqubits + q];
		uint32_t n = m->dot || m->pass ? 1 : (uint32_t)strlen(m->text);

		fputs("─", stdout);
		if (m->dot)
			fputs(m->hollow ? "○" : "●", stdout);
		else if (m->pass)
			fputs("┼", stdout);
		else
			fputs(m->text, stdout);
		repeat("─", d->width[c] - n + 1);
	}
	putchar('\n');
}

static void
print_links(const struct picture *d, uint32_t q, uint32_t from, uint32_t to)
{
	uint32_t c, blank = 0;

	for (c = from; c < to; c++) {
		if (d->marks[(size_t)c * d->p->nqubits + q].link) {
			repeat(" ", blank + 1);
			fputs("│", stdout);
			blank = d->width[c];
		} else {
			blank += d->width[c] + 2;
		}
	}
	putchar('\n');
}

/* "name[3]", padded so that all are equally long. */
static void
print_name(const struct program *p, uint32_t q, int width)
{
	char text[PROGRAM_NAME_BYTES + 16] = "";
	uint32_t i;

	for (i = 0; i < p->nregisters; i++) {
		const struct program_register *r = &p->registers[i];

		if (r->quantum && q >= r->first && q < r->first + r->size)
			snprintf(text, sizeof(text), "%s[%u]", r->name,
			    q - r->first);
	}
	printf("%*s ", width, text);
}

static int
name_width(const struct program *p)
{
	size_t width = 0;
	uint32_t i;

	for (i = 0; i < p->nregisters; i++) {
		const struct program_register *r = &p->registers[i];
		size_t n = strlen(r->name) + 3 + (r->size > 10);

		if (r->quantum && n > width)
			width = n;
	}
	return (int)width;
}

static void
print_picture(const struct picture *d)
{
	uint32_t from = 0, to, q, sum;
	int names = name_width(d->p);

	do {
		sum = (uint32_t)names;
		for (to = from; to < d->ncolumns &&
		     (to == from || sum + d->width[to] + 2 < PAGE_WIDTH);
		     to++)
			sum += d->width[to] + 2;
		if (from > 0)
			printf("\n");
		for (q = 0; q < d->p->nqubits; q++) {
			print_name(d->p, q, names);
			print_wire(d, q, from, to);
			if (q + 1 < d->p->nqubits) {
				printf("%*s ", names, "");
				print_links(d, q, from, to);
			}
		}
		from = to;
	} while (from < d->ncolumns);
}

static int
draw(const struct program *p)
{
	struct picture d = {.p = p};
	uint32_t i;
	int rc = CLI_OK;

	if (p->nops > OPS_MAX)
		return cli_error(CLI_FAILED, "over %u gates: too many to draw",
		    OPS_MAX);
	d.marks = calloc(((size_t)p->nops + 1) * p->nqubits, sizeof(*d.marks));
	d.width = calloc((size_t)p->nops + 1, sizeof(*d.width));
	d.next = calloc(p->nqubits, sizeof(*d.next));
	if (!d.marks || !d.width || !d.next) {
		rc = cli_error(CLI_FAILED, "no memory");
		goto out;
	}
	for (i = 0; i < p->nops; i++) {
		const struct program_op *op = &p->ops[i];
		bool jump =
		    op->kind == PROGRAM_JUMP || op->kind == PROGRAM_JUMP_UNLESS;

		if (jump && op->jump > d.until)
			d.until = op->jump;
		else if (!jump && op->kind != PROGRAM_ASSIGN)
			place(&d, i);
	}
	print_picture(&d);
out:
	free(d.marks);
	free(d.width);
	free(d.next);
	return rc;
}

int
sim_draw(int argc, char **argv)
{
	struct sim_job *j = calloc(1, sizeof(*j));
	int rc;

	if (j == NULL)
		return cli_error(CLI_FAILED, "no memory");
	j->usage = "usage: qmlsim draw FILE.qasm [--set NAME=VALUE]...\n";
	rc = sim_job_parse(j, argc, argv);
	if (rc == CLI_OK)
		rc = sim_job_load(j, false);
	if (rc == CLI_OK)
		rc = draw(&j->program);
	sim_job_close(j);
	free(j);
	return rc < 0 ? CLI_OK : rc;
}
