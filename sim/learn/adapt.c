#include "sim/learn/adapt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/uccsd.h"
#include "sim/learn/vqe_circuit.h"
#include "sim/learn/vqe_lbfgs.h"
#include "sim/observable/hamiltonian.h"

#define GRADIENT_MIN 1e-7 /* of the angles, between operators */
#define STEPS_MAX 400

struct growth {
	const struct hamiltonian *h;
	struct vqe_circuit *c;
	struct vqe_room room;
	struct uccsd_pool pool;
	double *theta;
};

static int
add_string(struct uccsd_pool *p, const struct pauli_term *t)
{
	struct pauli_sum g = PAULI_SUM_INIT;

	g.terms = malloc(sizeof(*g.terms));
	if (g.terms == NULL)
		return -ENOMEM;
	g.terms[0] = *t;
	g.nterms = 1;
	return uccsd_pool_add(p, &g);
}

/* X or Z on qubit q as well. */
static struct pauli_term
with(const struct pauli_term *t, uint32_t q, bool is_x)
{
	struct pauli_term out = *t;

	if (is_x)
		out.x |= UINT64_C(1) << q;
	else
		out.z |= UINT64_C(1) << q;
	return out;
}

/* y, a Y on qubit i, times Z or X on j, and those times Z or X on k > j. */
static int
strings_from(struct uccsd_pool *p, uint32_t n, uint32_t i,
    const struct pauli_term *y)
{
	uint32_t j, k;
	int rc = 0;

	for (j = 0; j < 2 * n && rc == 0; j++) {
		const struct pauli_term two = with(y, j / 2, j & 1);

		if (j / 2 == i)
			continue;
		rc = add_string(p, &two);
		for (k = 2 * (j / 2 + 1); k < 2 * n && rc == 0; k++) {
			const struct pauli_term three =
			    with(&two, k / 2, k & 1);

			if (k / 2 != i)
				rc = add_string(p, &three);
		}
	}
	return rc;
}

static int
qubit_pool(struct uccsd_pool *p, uint32_t nqubits)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < nqubits && rc == 0; i++) {
		const uint64_t bit = UINT64_C(1) << i;
		const struct pauli_term y = {.x = bit, .z = bit, .coef = 0.5};

		rc = add_string(p, &y);
		if (rc == 0)
			rc = strings_from(p, nqubits, i, &y);
	}
	return rc;
}

/* The first basis state of lowest energy: only diagonal terms see it. */
static uint64_t
lowest_state(const struct hamiltonian *h)
{
	uint64_t i, best = 0;
	double least = INFINITY;
	size_t k;

	for (i = 0; i < UINT64_C(1) << h->nqubits; i++) {
		double e = 0.0;

		for (k = 0; k < h->sum.nterms; k++) {
			const struct pauli_term *t = &h->sum.terms[k];

			if (t->x == 0)
				e += __builtin_parityll(t->z & i) ? -t->coef
								  : t->coef;
		}
		if (e < least) {
			least = e;
			best = i;
		}
	}
	return best;
}

static double
energy(void *arg, const double *theta, double *grad)
{
	struct growth *g = arg;

	vqe_circuit_run(g->c, theta, &g->room.psi);
	return vqe_circuit_gradient(g->c, &g->h->sum, theta, &g->room, grad);
}

/* d<H>/d theta of exp(i theta G) appended at 0: -2 Im <H psi| G |psi>. */
static double
pool_gradient(const struct growth *g, const struct pauli_sum *item)
{
	double sum = 0.0;
	size_t k;

	for (k = 0; k < item->nterms; k++)
		sum -= 2.0 * item->terms[k].coef *
		    vqe_string_imag(&item->terms[k], &g->room.lambda,
			&g->room.psi);
	return sum;
}

/* The largest gradient's operator; *size its gradient. */
static size_t
choose(struct growth *g, double *size)
{
	size_t best = 0, i;

	vqe_circuit_run(g->c, g->theta, &g->room.psi);
	pauli_apply(&g->h->sum, &g->room.psi, &g->room.lambda);
	*size = 0.0;
	for (i = 0; i < g->pool.n; i++) {
		double d = fabs(pool_gradient(g, &g->pool.items[i]));

		/* Equal but for rounding: the earlier one. */
		if (d > *size * (1.0 + 1e-9)) {
			*size = d;
			best = i;
		}
	}
	return best;
}

static int
grow(const struct adapt *a, struct growth *g)
{
	struct lbfgs_result r = {.value = INFINITY};
	uint32_t k;
	int rc = 0;

	for (k = 0; k < a->operators_max && rc == 0; k++) {
		struct lbfgs l = {.eval = energy,
		    .arg = g,
		    .gradient_min = GRADIENT_MIN,
		    .steps_max = STEPS_MAX};
		double size;
		size_t best = choose(g, &size);

		if (size < a->gradient_min || r.value <= a->energy_min)
			break;
		rc = vqe_circuit_exponential(g->c, g->c->nparams,
		    &g->pool.items[best]);
		l.n = g->c->nparams;
		if (rc == 0)
			rc = lbfgs_minimize(&l, g->theta, &r);
		if (rc == 0 && a->grown)
			a->grown(a->arg, k + 1, size, r.value);
	}
	return rc == 0 && g->c->nparams == 0 ? -EDOM : rc;
}

int
adapt_circuit(const struct adapt *a, const struct hamiltonian *h,
    struct vqe_circuit *c, double **theta)
{
	double *x = calloc((size_t)a->operators_max + 1, sizeof(*x));
	struct growth g = {.h = h, .c = c, .theta = x};
	int rc = x ? vqe_room_init(&g.room, h->nqubits) : -ENOMEM;

	c->nqubits = h->nqubits;
	if (rc == 0)
		rc = h->electrons ? uccsd_pool_init(&g.pool, h)
				  : qubit_pool(&g.pool, h->nqubits);
	if (rc == 0) {
		c->start =
		    h->electrons ? hamiltonian_reference(h) : lowest_state(h);
		rc = grow(a, &g);
	}
	vqe_room_close(&g.room);
	uccsd_pool_close(&g.pool);
	if (rc < 0) {
		free(x);
		x = NULL;
	}
	*theta = x;
	return rc;
}
