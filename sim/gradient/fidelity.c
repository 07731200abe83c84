#include "sim/gradient/fidelity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/plan.h"
#include "sim/state/lanes.h"

int
fidelity_init(struct fidelity *f, const struct plan *p,
    const struct lanes *lanes)
{
	size_t i;
	int rc = 0;

	*f = (struct fidelity)FIDELITY_INIT;
	for (i = 0; i < 2 && rc == 0; i++) {
		rc = adjoint_init_whole(&f->side[i], p, lanes);
		if (rc == 0)
			rc = adjoint_want_inputs(&f->side[i]);
	}
	if (rc == 0) {
		f->work = lanes_alloc((2 + (size_t)p->nparams) * LANES);
		rc = f->work == NULL ? -ENOMEM : 0;
	}
	if (rc < 0)
		fidelity_close(f);
	return rc;
}

void
fidelity_close(struct fidelity *f)
{
	adjoint_close(&f->side[0]);
	adjoint_close(&f->side[1]);
	free(f->work);
	*f = (struct fidelity)FIDELITY_INIT;
}

/* Two rows: real and imaginary part of <y|x>. */
static void
overlap(const struct fidelity *f, double *out)
{
	double *const *x = f->side[0].psi.amp, *const *y = f->side[1].psi.amp;
	size_t n = (size_t)LANES << f->side[0].plan->nqubits, i;

	memset(out, 0, 2 * LANES * sizeof(*out));
	for (i = 0; i < n; i++) {
		out[i % LANES] += x[0][i] * y[0][i] + x[1][i] * y[1][i];
		out[LANES + i % LANES] += x[1][i] * y[0][i] - x[0][i] * y[1][i];
	}
}

void
fidelity_value(struct fidelity *f, const struct bind *b,
    const struct fidelity_pair *pair)
{
	const double *re = f->work, *im = f->work + LANES;
	size_t i;

	adjoint_forward(&f->side[0], b, pair->x);
	adjoint_forward(&f->side[1], b, pair->y);
	overlap(f, f->work);
	for (i = 0; i < LANES; i++)
		pair->value[i] = re[i] * re[i] + im[i] * im[i];
}

/* lambda = |other> <other|own>; sign: -1 for the conjugate of the overlap. */
static void
project(struct fidelity *f, size_t own, double sign)
{
	double *const *from = f->side[1 - own].psi.amp;
	double *const *to = f->side[own].lambda;
	size_t n = (size_t)LANES << f->side[0].plan->nqubits, i;

	for (i = 0; i < n; i++) {
		double re = f->work[i % LANES];
		double im = sign * f->work[LANES + i % LANES];

		to[0][i] = re * from[0][i] - im * from[1][i];
		to[1][i] = re * from[1][i] + im * from[0][i];
	}
}

void
fidelity_gradient(struct fidelity *f, const struct bind *b,
    const struct fidelity_pair *pair, double *grad)
{
	size_t n = (size_t)f->side[0].plan->nparams * LANES, i;
	double *more = f->work + 2 * LANES;

	fidelity_value(f, b, pair);
	project(f, 0, 1.0);
	project(f, 1, -1.0);
	adjoint_sweep(&f->side[0], b);
	adjoint_sweep(&f->side[1], b);
	adjoint_collect_lanes(&f->side[0], b, grad);
	adjoint_collect_lanes(&f->side[1], b, more);
	for (i = 0; i < n; i++)
		grad[i] += more[i];
}
