#include "sim/gradient/program_gradient.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/learn/rng.h"
#include "sim/state/mathfun.h"

#define PI 3.14159265358979323846
#define BRANCHES_MAX (UINT64_C(1) << 20)

struct ask {
	const struct program_problem *q;
	double value;
};

/* <v|S|v>; what there is of S. */
static double
value_of(const struct program_problem *q, const struct vector *v)
{
	double c[2];

	if (q->other == NULL)
		return pauli_expect(q->sum, v);
	vector_inner(q->other, v, c);
	return c[0] * c[0] + c[1] * c[1];
}

static int
ask_branch(void *arg, const struct program_branch *b)
{
	struct ask *a = arg;

	a->value += value_of(a->q, b->v);
	return 0;
}

static int
expect_with(const struct program_problem *q, struct vector *v, double *value)
{
	struct ask a = {.q = q};
	struct program_visitor visitor = {.visit = ask_branch,
	    .arg = &a,
	    .branches_max = BRANCHES_MAX,
	    .room = q->room};
	int rc = program_run(q->p, v);

	if (rc == 0)
		a.value = value_of(q, v);
	else
		rc = program_branches(q->p, v, &visitor);
	*value = a.value;
	return rc;
}

int
program_expect(const struct program_problem *q, double *value)
{
	struct vector v = VECTOR_INIT;
	int rc = vector_init(&v, q->p->nqubits, q->room);

	v.pool = q->pool;
	if (rc == 0)
		rc = expect_with(q, &v, value);
	vector_close(&v);
	return rc;
}

static void
conjugate(double *m, uint32_t dim)
{
	uint32_t i, j, part;

	for (i = 0; i < dim; i++) {
		m[2 * (i * dim + i) + 1] = -m[2 * (i * dim + i) + 1];
		for (j = i + 1; j < dim; j++) {
			double *a = m + 2 * (i * dim + j);
			double *b = m + 2 * (j * dim + i);

			for (part = 0; part < 2; part++) {
				double t = a[part];

				a[part] = part ? -b[part] : b[part];
				b[part] = part ? -t : t;
			}
		}
	}
}

/* Does entry (row, column) of the matrix turn with angle k as exp(i a)? */
static bool
turns(const struct program_op *op, uint32_t k, uint32_t row, uint32_t column)
{
	if (op->gate == PROGRAM_GPHASE)
		return true;
	if (op->gate == PROGRAM_P)
		return row == 1;
	return k == 1 ? row == 1 : column == 1; /* of U */
}

/* dM / d(angle k). A rotation by a + pi is twice the derivative at a; the
 * phases have the derivative i exp(i a) where they act. */
static void
derivative(const struct program *p, const struct program_op *op, uint32_t k,
    double *m)
{
	struct program_angle angles[3];
	struct program shifted = *p;
	struct program_op g = *op;
	uint32_t dim = 1u << op->ntargets, i;
	bool phase = op->gate == PROGRAM_P || op->gate == PROGRAM_GPHASE ||
	    (op->gate == PROGRAM_U && k > 0);

	for (i = 0; i < op->nangles; i++)
		angles[i] = p->angles[op->angle0 + i];
	angles[k].offset += phase ? PI / 2.0 : PI;
	shifted.angles = angles;
	shifted.nangles = 3;
	g.angle0 = 0;
	program_matrix(&shifted, &g, m);
	for (i = 0; i < dim * dim; i++) {
		bool keep = !phase || turns(op, k, i / dim, i % dim);
		double f = !keep ? 0.0 : phase ? 1.0 : 0.5;

		m[2 * i] *= f;
		m[2 * i + 1] *= f;
	}
}

static void
add_slope(const struct program *p, uint32_t angle, double by, double *grad)
{
	const struct program_angle *a = &p->angles[angle];
	uint32_t i;

	for (i = a->term0; i < a->term0 + a->nterms; i++)
		grad[p->terms[i].input] += by * p->terms[i].coef;
}

/* Undoes op in psi, adds its part of the gradient, undoes it in lambda. */
static void
step_back(const struct program *p, const struct program_op *op,
    struct vector pair[static 2], double *grad)
{
	double m[2u << 2 * PROGRAM_MAX_TARGETS], out[2];
	struct vector_gate g = {.ntargets = op->ntargets, .matrix = m};
	const uint32_t *w = p->wires + op->wire0;
	uint32_t i;

	for (i = 0; i < op->ncontrols; i++) {
		g.mask |= UINT64_C(1) << w[i];
		g.value |= (uint64_t)(op->when >> i & 1) << w[i];
	}
	for (i = 0; i < op->ntargets; i++)
		g.target[i] = w[op->ncontrols + i];
	program_matrix(p, op, m);
	conjugate(m, 1u << op->ntargets);
	vector_apply(&pair[0], &g);
	for (i = 0; i < op->nangles; i++) {
		if (p->angles[op->angle0 + i].nterms == 0)
			continue;
		derivative(p, op, i, m);
		vector_inner_gate(&pair[1], &pair[0], &g, out);
		add_slope(p, op->angle0 + i, 2.0 * out[0], grad);
	}
	program_matrix(p, op, m);
	conjugate(m, 1u << op->ntargets);
	vector_apply(&pair[1], &g);
}

/* to = S v. */
static void
act(const struct program_problem *q, const struct vector *v, struct vector *to)
{
	size_t n = (size_t)1 << v->nqubits, i;
	double c[2];

	if (q->other == NULL) {
		pauli_apply(q->sum, v, to);
		return;
	}
	vector_inner(q->other, v, c);
	for (i = 0; i < n; i++) {
		double re = q->other->amp[0][i], im = q->other->amp[1][i];

		to->amp[0][i] = c[0] * re - c[1] * im;
		to->amp[1][i] = c[0] * im + c[1] * re;
	}
}

int
program_adjoint(const struct program_problem *q, double *value, double *grad)
{
	struct vector pair[2] = {VECTOR_INIT, VECTOR_INIT};
	const struct program *p = q->p;
	double mean[2];
	uint32_t i;
	int rc;

	if (!program_is_unitary(p))
		return -ENOTSUP;
	rc = vector_init(&pair[0], p->nqubits, q->room);
	if (rc == 0)
		rc = vector_init(&pair[1], p->nqubits, q->room);
	pair[0].pool = q->pool;
	pair[1].pool = q->pool;
	if (rc == 0)
		rc = program_run(p, &pair[0]);
	if (rc < 0)
		goto out;
	act(q, &pair[0], &pair[1]);
	vector_inner(&pair[0], &pair[1], mean);
	if (value)
		*value = mean[0];
	memset(grad, 0, p->ninputs * sizeof(*grad));
	for (i = p->nops; i > 0; i--) {
		if (p->ops[i - 1].kind == PROGRAM_GATE &&
		    p->ops[i - 1].gate != PROGRAM_ID)
			step_back(p, &p->ops[i - 1], pair, grad);
	}
out:
	vector_close(&pair[0]);
	vector_close(&pair[1]);
	return rc;
}

/*
 * f is a trigonometric polynomial of the angle with frequencies w, 2w, ..,
 * R w, the differences of the generator's eigenvalues (Wierichs et al. 2022,
 * equation 24). A control adds the eigenvalue 0 to a rotation's +-1/2.
 */
static uint32_t
frequencies(const struct program_op *op, uint32_t k, double *w)
{
	bool phase = op->gate == PROGRAM_P || op->gate == PROGRAM_GPHASE ||
	    (op->gate == PROGRAM_U && k > 0);

	*w = op->ncontrols > 0 && !phase ? 0.5 : 1.0;
	return op->ncontrols > 0 && !phase ? 2 : 1;
}

struct shift_rule {
	uint32_t nterms;
	double w;
};

static int
shift_angle(const struct program_problem *q, struct vector *v, uint32_t angle,
    const struct shift_rule *rule, double *out)
{
	uint32_t nterms = rule->nterms;
	struct program_angle *a = &q->p->angles[angle];
	double was = a->offset, f, s, c;
	uint32_t mu;
	int rc = 0;

	*out = 0.0;
	for (mu = 1; mu <= 2 * nterms && rc == 0; mu++) {
		double x = (2.0 * mu - 1.0) * PI / (2.0 * nterms);

		a->offset = was + x / rule->w;
		rc = expect_with(q, v, &f);
		mathfun_sincos(0.5 * x, &s, &c);
		*out +=
		    (mu % 2 ? rule->w : -rule->w) * f / (4.0 * nterms * s * s);
	}
	a->offset = was;
	return rc;
}

/* Ops may share angles: the one that is shifted gets its own for a while. */
static int
shift_op(const struct program_problem *q, struct vector *v, uint32_t i,
    double *grad)
{
	struct program *p = q->p;
	struct program_op was = p->ops[i];
	uint32_t nangles = p->nangles, k;
	struct shift_rule rule;
	double out;
	int rc = 0;

	if (was.kind != PROGRAM_GATE)
		return 0;
	for (k = 0; k < was.nangles && rc >= 0; k++) {
		struct program_angle value = {
		    .offset = program_angle_value(p, was.angle0 + k)};

		rc = program_add_angle(p, &value, NULL);
	}
	p->ops[i].angle0 = nangles;
	for (k = 0; k < was.nangles && rc >= 0; k++) {
		rule.nterms = frequencies(&was, k, &rule.w);

		if (p->angles[was.angle0 + k].nterms == 0)
			continue;
		rc = shift_angle(q, v, nangles + k, &rule, &out);
		add_slope(p, was.angle0 + k, out, grad);
	}
	p->ops[i] = was;
	p->nangles = nangles;
	return rc < 0 ? rc : 0;
}

int
program_shift(const struct program_problem *q, double *grad)
{
	struct vector v = VECTOR_INIT;
	int rc = vector_init(&v, q->p->nqubits, q->room);
	uint32_t i;

	v.pool = q->pool;
	memset(grad, 0, q->p->ninputs * sizeof(*grad));
	for (i = 0; i < q->p->nops && rc == 0; i++)
		rc = shift_op(q, &v, i, grad);
	vector_close(&v);
	return rc;
}

int
program_difference(const struct program_problem *q, double h, double *grad)
{
	struct vector v = VECTOR_INIT;
	int rc = vector_init(&v, q->p->nqubits, q->room);
	uint32_t i;

	v.pool = q->pool;
	for (i = 0; i < q->p->ninputs && rc == 0; i++) {
		struct program_input *in = &q->p->inputs[i];
		double was = in->value, up = 0.0, down = 0.0;

		in->value = was + h;
		rc = expect_with(q, &v, &up);
		in->value = was - h;
		if (rc == 0)
			rc = expect_with(q, &v, &down);
		in->value = was;
		grad[i] = (up - down) / (2.0 * h);
	}
	vector_close(&v);
	return rc;
}

static void
start_draw(struct rng *rng, const struct program_spsa *how, uint32_t draw)
{
	uint8_t key[RNG_SEED_BYTES] = {0};
	uint32_t i;

	for (i = 0; i < 8; i++)
		key[i] = (uint8_t)(how->seed >> 8 * i);
	rng_init(rng, key, draw);
}

/* Adds sign * h to every input, by the draw's bits. */
static void
perturb(struct program *p, const struct program_spsa *how, uint32_t draw,
    double sign)
{
	struct rng rng;
	uint32_t i;

	start_draw(&rng, how, draw);
	for (i = 0; i < p->ninputs; i++)
		p->inputs[i].value += rng_u64(&rng) & 1 ? sign : -sign;
}

static int
spsa_draw(const struct program_problem *q, const struct program_spsa *how,
    uint32_t draw, struct vector *v, double *grad)
{
	struct program *p = q->p;
	struct rng rng;
	double up = 0.0, down = 0.0, slope;
	uint32_t i;
	int rc;

	perturb(p, how, draw, how->h);
	rc = expect_with(q, v, &up);
	perturb(p, how, draw, -2.0 * how->h);
	if (rc == 0)
		rc = expect_with(q, v, &down);
	perturb(p, how, draw, how->h);
	start_draw(&rng, how, draw);
	slope = (up - down) / (2.0 * how->h * how->draws);
	for (i = 0; i < p->ninputs; i++)
		grad[i] += rng_u64(&rng) & 1 ? slope : -slope;
	return rc;
}

int
program_spsa(const struct program_problem *q, const struct program_spsa *how,
    double *grad)
{
	struct vector v = VECTOR_INIT;
	struct program *p = q->p;
	uint32_t i;
	int rc = vector_init(&v, p->nqubits, q->room);

	v.pool = q->pool;
	memset(grad, 0, p->ninputs * sizeof(*grad));
	for (i = 0; i < how->draws && rc == 0; i++)
		rc = spsa_draw(q, how, i, &v, grad);
	vector_close(&v);
	return rc;
}

int
program_free_angles(struct program *p)
{
	uint32_t i, k, nops = p->nops;
	char name[PROGRAM_NAME_BYTES];

	for (i = 0; i < nops; i++) {
		struct program_op *op = &p->ops[i];
		int first = 0;

		for (k = 0; op->kind == PROGRAM_GATE && k < op->nangles; k++) {
			struct program_angle a = {.nterms = 1};
			struct program_term t = {.coef = 1.0};
			double value = program_angle_value(p, op->angle0 + k);
			int in, rc;

			snprintf(name, sizeof(name), "%s_%u",
			    program_gate_name(op->gate), p->ninputs);
			in = program_add_input(p, name);
			if (in < 0)
				return in;
			p->inputs[in].value = value;
			p->inputs[in].set = true;
			t.input = (uint32_t)in;
			rc = program_add_angle(p, &a, &t);
			if (rc < 0)
				return rc;
			if (k == 0)
				first = rc;
		}
		if (k > 0)
			op->angle0 = (uint32_t)first;
	}
	return 0;
}
