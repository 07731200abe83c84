#include "sim/learn/vqe_solve.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/optimiser.h"
#include "sim/learn/rng.h"
#include "sim/learn/vqe_lbfgs.h"
#include "sim/learn/vqe_model.h"
#include "sim/learn/vqe_sampled.h"
#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1
#define GRADIENT_MIN 1e-8

struct exact {
	const struct vqe_model *m;
	struct vqe_room room;
};

static double
energy(void *arg, const double *theta, double *grad)
{
	struct exact *e = arg;

	vqe_circuit_run(&e->m->c, theta, &e->room.psi);
	return vqe_circuit_gradient(&e->m->c, &e->m->h.sum, theta, &e->room,
	    grad);
}

static void
random_start(const struct vqe_model *m, const struct vqe_solve *o,
    uint32_t number, double *theta)
{
	uint8_t seed[RNG_SEED_BYTES] = {0};
	struct rng r;
	uint32_t i;

	memcpy(seed, &o->seed, sizeof(o->seed));
	rng_init(&r, seed, number);
	for (i = 0; i < m->c.nparams; i++)
		theta[i] =
		    PI * (2.0 * ((double)(rng_u64(&r) >> 11) * 0x1p-53) - 1.0);
}

void
vqe_start(const struct vqe_model *m, const struct vqe_solve *o, double *theta)
{
	uint32_t i;

	if (o->ansatz == VQE_HEA) {
		random_start(m, o, 0, theta);
		return;
	}
	for (i = 0; i < m->c.nparams; i++)
		theta[i] = m->found        ? m->found[i]
		    : o->ansatz == VQE_HVA ? 0.1
					   : 0.0;
}

static int
solve_exactly(struct exact *e, const struct vqe_solve *o, double *theta,
    struct vqe_solution *out)
{
	const struct lbfgs l = {.n = e->m->c.nparams,
	    .eval = energy,
	    .arg = e,
	    .gradient_min = GRADIENT_MIN,
	    .steps_max = o->steps};
	double *x = calloc(l.n, sizeof(*x));
	uint32_t i;
	int rc = x ? 0 : -ENOMEM;

	out->energy = INFINITY;
	for (i = 0; i < o->starts && rc == 0; i++) {
		struct lbfgs_result r;

		if (i == 0)
			vqe_start(e->m, o, x);
		else
			random_start(e->m, o, i, x);
		rc = lbfgs_minimize(&l, x, &r);
		if (rc < 0 || r.value >= out->energy)
			continue;
		memcpy(theta, x, l.n * sizeof(*x));
		out->energy = r.value;
		out->steps = r.steps;
		out->evals = r.evals;
		out->converged = r.converged;
	}
	free(x);
	return rc;
}

static int
descend(const struct vqe_model *m, const struct vqe_solve *o, double *theta,
    struct vqe_solution *out)
{
	struct vqe_sampled s = *o->sampled;
	size_t n = m->c.nparams;
	double *grad = calloc(n, sizeof(*grad));
	uint8_t seed[RNG_SEED_BYTES];
	struct moments moments = MOMENTS_INIT;
	struct optimiser_rate rate = {.kind = OPTIMISER_ADAM,
	    .beta1 = 0.9,
	    .beta2 = 0.99,
	    .eps = 1e-8};
	uint32_t i;
	int rc = grad ? moments_init(&moments, n) : -ENOMEM;

	s.parts = &m->h.sum;
	s.nparts = 1;
	memcpy(seed, s.seed, sizeof(seed));
	s.seed = seed;
	vqe_start(m, o, theta);
	for (i = 0; i < o->steps && rc == 0; i++) {
		double sine, cosine;

		memcpy(seed + 8, &i, sizeof(i));
		mathfun_sincos(PI * i / o->steps, &sine, &cosine);
		rate.lr = o->rate * (0.55 + 0.45 * cosine);
		rc = vqe_sampled_gradients(&s, &m->c, theta, grad);
		if (rc == 0)
			optimiser_step(&moments, &rate, grad, n, theta);
	}
	out->steps = i;
	moments_close(&moments);
	free(grad);
	return rc;
}

int
vqe_solve(const struct vqe_model *m, const struct vqe_solve *o, double *theta,
    struct vqe_solution *out)
{
	struct exact e = {.m = m};
	double *grad = calloc(m->c.nparams, sizeof(*grad));
	uint32_t i;
	int rc = grad ? vqe_room_init(&e.room, m->h.nqubits) : -ENOMEM;

	*out = (struct vqe_solution){.steps = 0};
	if (rc == 0)
		rc = o->sampled ? descend(m, o, theta, out)
				: solve_exactly(&e, o, theta, out);
	if (rc == 0) {
		out->energy = energy(&e, theta, grad);
		out->variance =
		    pauli_variance(&m->h.sum, &e.room.psi, &e.room.work);
		if (out->variance < 0.0)
			out->variance = 0.0; /* rounding */
		for (i = 0; i < m->c.nparams; i++)
			out->gradient += grad[i] * grad[i];
		out->gradient = sqrt(out->gradient);
	}
	vqe_room_close(&e.room);
	free(grad);
	return rc;
}
