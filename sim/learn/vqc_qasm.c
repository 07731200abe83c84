#include "sim/learn/vqc_qasm.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/qasm.h"
#include "sim/learn/task.h"
#include "sim/learn/vqc_circuit.h"

#define STEPS_MAX 1000000
#define BYTES_MAX (64u << 20)
/* Gates x 2^qubits: what a trainer's tables are proportional to. */
#define WORK_MAX (UINT64_C(1) << 24)

/* What an input of the program is in the model. */
struct meaning {
	bool feature;
	bool halved;
	uint32_t index;
};

struct reading {
	struct program program;
	struct meaning *inputs;
	struct vqc_shape shape;
	char *err; /* 256 bytes */
};

/* "x7", "x_7". */
static bool
feature_number(const char *name, uint32_t *index)
{
	uint32_t n = 0, digits = 0;

	if (*name++ != 'x')
		return false;
	if (*name == '_')
		name++;
	for (; *name >= '0' && *name <= '9' && digits < 5; name++, digits++)
		n = n * 10 + (uint32_t)(*name - '0');
	*index = n;
	return *name == '\0' && digits > 0;
}

static int
name_inputs(struct reading *r)
{
	const struct program *p = &r->program;
	uint32_t i, n;

	r->inputs = calloc(p->ninputs + 1, sizeof(*r->inputs));
	if (r->inputs == NULL)
		return -ENOMEM;
	for (i = 0; i < p->ninputs; i++) {
		struct meaning *m = &r->inputs[i];

		m->feature = feature_number(p->inputs[i].name, &n);
		m->index = m->feature ? n : r->shape.nangles++;
		if (m->feature && n >= r->shape.nfeatures)
			r->shape.nfeatures = n + 1;
		if (m->feature && n >= TASK_MAX_FEATURES) {
			snprintf(r->err, 256, "there is no feature x%u", n);
			return -EINVAL;
		}
	}
	return 0;
}

static bool
is_whole(double x)
{
	return fabs(x) < 1e6 && floor(x) == x;
}

static bool
is_controlled(enum circuit_op op)
{
	return op == CIRCUIT_CRX || op == CIRCUIT_CRY || op == CIRCUIT_CRZ;
}

/* Which angles have period 4 pi. */
static int
find_periods(struct reading *r, const struct circuit *c)
{
	size_t i;

	for (i = 0; i < c->ngates; i++) {
		const struct circuit_angle *a = &c->gates[i].angle;
		double coef = a->coef;

		if (!circuit_turns(c->gates[i].op) || a->ref != CIRCUIT_PARAM ||
		    r->inputs[a->index].feature)
			continue;
		if (is_controlled(c->gates[i].op))
			coef *= 0.5;
		if (is_whole(coef))
			continue;
		if (!is_whole(2.0 * coef)) {
			snprintf(r->err, 256,
			    "input %s: its factor is no multiple of one half",
			    r->program.inputs[a->index].name);
			return -EINVAL;
		}
		r->inputs[a->index].halved = true;
	}
	return 0;
}

static void
rename_inputs(struct reading *r, struct circuit *c)
{
	size_t i;

	for (i = 0; i < c->ngates; i++) {
		struct circuit_angle *a = &c->gates[i].angle;
		const struct meaning *m;

		if (!circuit_turns(c->gates[i].op) || a->ref != CIRCUIT_PARAM)
			continue;
		m = &r->inputs[a->index];
		a->ref = m->feature ? CIRCUIT_FEATURE : CIRCUIT_PARAM;
		a->index = m->index;
		if (m->halved)
			a->coef *= 2.0;
	}
	c->nparams = r->shape.nangles;
	c->nfeatures = r->shape.nfeatures;
}

static int
read_text(struct reading *r, const char *text, size_t len, struct circuit *c)
{
	const struct qasm_options o = {.steps_max = STEPS_MAX,
	    .bytes_max = BYTES_MAX};
	struct qasm_error e = {.text = ""};
	int rc = qasm_read(&r->program, text, len, &o, &e);

	if (rc < 0) {
		snprintf(r->err, 256, "line %u: %s", e.line, e.text);
		return rc;
	}
	r->shape.nqubits = r->program.nqubits;
	rc = name_inputs(r);
	if (rc == 0)
		rc = program_to_circuit(&r->program, c);
	if (rc == -ENOTSUP || rc == -EINVAL) {
		if (r->err[0] == '\0')
			snprintf(r->err, 256,
			    "it must be unitary but for measurements, with at "
			    "most two controls a gate and angles that are "
			    "affine in its inputs");
		rc = -EINVAL;
	}
	return rc < 0 ? rc : find_periods(r, c);
}

/* A loop in a short text can be a long circuit. */
static int
check_shape(const struct reading *r, const struct circuit *c)
{
	uint32_t n = r->shape.nqubits;

	if (n < 1 || n > TASK_MAX_QUBITS) {
		snprintf(r->err, 256, "qubits must be 1 to 12");
		return -EINVAL;
	}
	if (c->ngates > WORK_MAX >> n) {
		snprintf(r->err, 256, "there are more than %u gates",
		    (unsigned)(WORK_MAX >> n));
		return -EINVAL;
	}
	return 0;
}

static int
read_circuit(const char *text, size_t len, struct circuit *c,
    struct vqc_shape *shape, char *err)
{
	struct reading r = {.program = PROGRAM_INIT, .err = err};
	int rc = read_text(&r, text, len, c);

	if (rc == 0)
		rc = check_shape(&r, c);
	if (rc == 0)
		rename_inputs(&r, c);
	*shape = r.shape;
	program_close(&r.program);
	free(r.inputs);
	return rc;
}

int
vqc_qasm_shape(const char *text, size_t len, struct vqc_shape *out,
    char err[static 256])
{
	struct circuit c = CIRCUIT_INIT;
	int rc;

	err[0] = '\0';
	*out = (struct vqc_shape){.nqubits = 0};
	if (len < 1 || len > TASK_MAX_QASM) {
		snprintf(err, 256, "the text must be 1 to 65536 bytes");
		return -EINVAL;
	}
	rc = read_circuit(text, len, &c, out, err);
	circuit_close(&c);
	return rc;
}

int
vqc_qasm_build(struct vqc_circuit *v, const struct task_spec *s)
{
	struct vqc_shape shape;
	char err[256] = "";
	int rc;

	circuit_close(&v->circuit);
	rc = read_circuit(s->qasm, s->qasm_len, &v->circuit, &shape, err);
	if (rc < 0)
		return rc;
	v->nangles = shape.nangles;
	if (shape.nqubits != s->nqubits || shape.nfeatures > s->nfeatures)
		return -EINVAL;
	v->circuit.nfeatures = s->nfeatures;
	return 0;
}
