/* Density matrices and channels against dense superoperators. */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/rng.h"
#include "sim/observable/pauli.h"
#include "sim/state/kraus.h"
#include "sim/state/density.h"
#include "sim/state/shots.h"
#include "tests/sim/state/oracle.h"

#define CASES 60
#define STEPS 24
#define HALF_SQRT 0.70710678118654752440

static double
draw(struct rng *r, double low, double high)
{
	return low + (high - low) * shots_uniform(r);
}

/* k different qubits of n, in any order. */
static void
draw_qubits(struct rng *r, uint32_t n, uint32_t *qubits)
{
	uint32_t all[3] = {0, 1, 2};

	rng_shuffle(r, all, n);
	memcpy(qubits, all, 2 * sizeof(*qubits));
}

/* cos - i sin P of a Pauli on one qubit, written out. */
static void
rotation(double complex m[4][4], char axis, double a)
{
	double complex c = cos(a / 2), s = sin(a / 2);

	m[0][0] = axis == 'z' ? c - I * s : c;
	m[1][1] = axis == 'z' ? c + I * s : c;
	m[0][1] = axis == 'x' ? -I * s : axis == 'y' ? -s : 0.0;
	m[1][0] = axis == 'x' ? -I * s : axis == 'y' ? s : 0.0;
}

/* A rotation, maybe controlled, on both. */
static void
step_gate(struct rng *r, struct density *d, struct oracle *o)
{
	struct oracle_kraus k = {.k = 1, .nops = 1};
	char axis = "xyz"[rng_below(r, 3)];
	double a = draw(r, -4.0, 4.0), m[8];
	struct vector_gate g = {.ntargets = 1, .matrix = m};
	uint32_t i, when = (uint32_t)rng_below(r, 2);

	draw_qubits(r, o->n, k.qubits);
	g.target[0] = k.qubits[0];
	rotation(k.m[0], axis, a);
	for (i = 0; i < 4; i++) {
		m[2 * i] = creal(k.m[0][i / 2][i % 2]);
		m[2 * i + 1] = cimag(k.m[0][i / 2][i % 2]);
	}
	if (o->n > 1 && rng_below(r, 2)) {
		double complex u[4][4] = {{0}};

		k.k = 2; /* the control is the second qubit, bit 1 */
		for (i = 0; i < 4; i++)
			u[i][i] = 1.0;
		for (i = 0; i < 4; i++)
			u[2 * when + i / 2][2 * when + i % 2] =
			    k.m[0][i / 2][i % 2];
		memcpy(k.m[0], u, sizeof(u));
		g.mask = UINT64_C(1) << k.qubits[1];
		g.value = (uint64_t)when << k.qubits[1];
	}
	density_apply(d, &g);
	oracle_apply(o, &k);
}

static void
damping(struct oracle_kraus *k, double g, double excited)
{
	k->nops = 4;
	k->m[0][0][0] = sqrt(1 - excited);
	k->m[0][1][1] = sqrt(1 - excited) * sqrt(1 - g);
	k->m[1][0][1] = sqrt(1 - excited) * sqrt(g);
	k->m[2][0][0] = sqrt(excited) * sqrt(1 - g);
	k->m[2][1][1] = sqrt(excited);
	k->m[3][1][0] = sqrt(excited) * sqrt(g);
}

/* The definition: populations go to excited, coherences shrink. As operators:
 * decay, then a flip of the phase. */
static void
thermal(struct oracle *o, struct oracle_kraus *k, const struct kraus_thermal *t)
{
	double keep = exp(-t->time / t->t2 + t->time / (2 * t->t1));

	damping(k, 1 - exp(-t->time / t->t1), t->excited);
	oracle_apply(o, k);
	memset(k->m, 0, sizeof(k->m));
	k->nops = 2;
	k->m[0][0][0] = k->m[0][1][1] = sqrt((1 + keep) / 2);
	k->m[1][0][0] = sqrt((1 - keep) / 2);
	k->m[1][1][1] = -sqrt((1 - keep) / 2);
}

static void
flip(struct oracle_kraus *k, char axis, double p)
{
	k->nops = 2;
	k->m[0][0][0] = k->m[0][1][1] = sqrt(1 - p);
	k->m[1][0][0] = axis == 'z' ? sqrt(p) : 0.0;
	k->m[1][1][1] = axis == 'z' ? -sqrt(p) : 0.0;
	k->m[1][0][1] = k->m[1][1][0] = axis == 'x' ? sqrt(p) : 0.0;
}

/* Makes the same channel twice; the oracle's is applied here. */
static int
step_single(struct rng *r, struct kraus *c, struct oracle *o, uint32_t *qubits)
{
	struct oracle_kraus k = {.k = 1, .nops = 1, .qubits = {qubits[0]}};
	double p = shots_uniform(r), q = shots_uniform(r);
	struct kraus_thermal t = {.t1 = draw(r, 0.2, 3.0),
	    .time = draw(r, 0.0, 2.0),
	    .excited = q};
	int rc = 0;

	t.t2 = draw(r, 0.05, 2.0) * t.t1;
	switch (rng_below(r, 8)) {
	case 0:
		oracle_mix(o, qubits, 1, p);
		return kraus_depolarizing(c, 1, p);
	case 1:
		damping(&k, p, 0.0);
		rc = kraus_amplitude_damping(c, p);
		break;
	case 2:
		damping(&k, p, q);
		rc = kraus_generalized_damping(c, p, q);
		break;
	case 3:
		k.nops = 2;
		k.m[0][0][0] = 1.0;
		k.m[0][1][1] = sqrt(1 - p);
		k.m[1][1][1] = sqrt(p);
		rc = kraus_phase_damping(c, p);
		break;
	case 4:
		flip(&k, 'x', p);
		rc = kraus_bit_flip(c, p);
		break;
	case 5:
		flip(&k, 'z', p);
		rc = kraus_phase_flip(c, p);
		break;
	case 6:
		thermal(o, &k, &t);
		rc = kraus_thermal(c, &t);
		break;
	default:
		rotation(k.m[0], 'y', 7 * p - 3);
		rc = kraus_rotation(c, 1, 'y', 7 * p - 3);
		break;
	}
	oracle_apply(o, &k);
	return rc;
}

/* Probabilities p[16] of Pauli pairs, low letter first. */
static void
pauli_pair(struct rng *r, struct oracle_kraus *k, double *p)
{
	static const double complex m[4][2][2] = {{{1, 0}, {0, 1}},
	    {{0, 1}, {1, 0}}, {{0, -I}, {I, 0}}, {{1, 0}, {0, -1}}};
	double sum = 0.0;
	uint32_t i, j;

	for (i = 0; i < 16; i++)
		sum += p[i] = shots_uniform(r);
	k->nops = 16;
	for (i = 0; i < 16; i++) {
		p[i] /= sum;
		for (j = 0; j < 16; j++) {
			uint32_t row = j / 4, col = j % 4;

			k->m[i][row][col] = sqrt(p[i]) *
			    m[i & 3][row & 1][col & 1] *
			    m[i >> 2][row >> 1][col >> 1];
		}
	}
}

static int
step_pair(struct rng *r, struct kraus *c, struct oracle *o, uint32_t *qubits)
{
	struct oracle_kraus k = {.k = 2, .qubits = {qubits[0], qubits[1]}};
	double p[16], a = draw(r, -3.0, 3.0);
	uint32_t i;
	int rc;

	switch (rng_below(r, 3)) {
	case 0:
		a = shots_uniform(r);
		oracle_mix(o, qubits, 2, a);
		return kraus_depolarizing(c, 2, a);
	case 1:
		pauli_pair(r, &k, p);
		rc = kraus_pauli(c, 2, p);
		break;
	default:
		k.nops = 1;
		for (i = 0; i < 4; i++)
			k.m[0][i][i] =
			    cexp(-I * a / 2 * (i == 0 || i == 3 ? 1 : -1));
		rc = kraus_rotation(c, 2, 'z', a);
		break;
	}
	oracle_apply(o, &k);
	return rc;
}

static void
step_channel(struct rng *r, struct density *d, struct oracle *o)
{
	uint32_t qubits[2];
	struct kraus c;

	draw_qubits(r, o->n, qubits);
	if (o->n > 1 && rng_below(r, 3) == 0)
		assert_int_equal(step_pair(r, &c, o, qubits), 0);
	else
		assert_int_equal(step_single(r, &c, o, qubits), 0);
	density_channel(d, &c, qubits);
	kraus_close(&c);
}

static void
compare(const struct density *d, const struct oracle *o)
{
	uint32_t dim = 1u << o->n, r, c;
	double purity = 0.0;

	for (c = 0; c < dim; c++) {
		for (r = 0; r < dim; r++) {
			double complex got = d->state.amp[0][r + c * dim] +
			    I * d->state.amp[1][r + c * dim];

			purity += cabs(got) * cabs(got);
			if (!(cabs(got - o->rho[r][c]) < 1e-12))
				fail_msg("rho[%u][%u] is off by %g", r, c,
				    cabs(got - o->rho[r][c]));
		}
	}
	assert_true(fabs(density_trace(d) - 1.0) < 1e-12);
	assert_true(fabs(density_purity(d) - purity) < 1e-12);
	for (r = 0; r < dim * dim; r++) {
		struct pauli_term t = {.x = r % dim, .z = r / dim};

		assert_true(fabs(density_string_expect(&t, d) -
				oracle_expect(o, t.x, t.z)) < 1e-12);
	}
}

static void
test_oracle(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {7};
	struct density d;
	struct oracle o;
	struct rng r;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < CASES; i++) {
		rng_init(&r, seed, i);
		oracle_init(&o, 1 + i % 3);
		assert_int_equal(density_init(&d, o.n, NULL), 0);
		for (k = 0; k < STEPS; k++) {
			if (rng_below(&r, 2))
				step_gate(&r, &d, &o);
			else
				step_channel(&r, &d, &o);
		}
		compare(&d, &o);
		density_close(&d);
	}
}

static void
test_read_and_reset(void **state)
{
	const double h[8] = {HALF_SQRT, 0, HALF_SQRT, 0, HALF_SQRT, 0,
	    -HALF_SQRT, 0};
	const double x[8] = {[2] = 1.0, [4] = 1.0}, seen[2] = {0.9, 0.2};
	struct vector_gate g = {.ntargets = 1, .matrix = h};
	struct pauli_term zz = {.z = 3}, xx = {.x = 3};
	struct density d, e;

	(void)state;
	assert_int_equal(density_init(&d, 2, NULL), 0);
	assert_int_equal(density_init(&e, 2, NULL), 0);
	density_apply(&d, &g); /* then CX: a Bell pair */
	g = (struct vector_gate){.ntargets = 1,
	    .target = {1},
	    .mask = 1,
	    .value = 1,
	    .matrix = x};
	density_apply(&d, &g);
	assert_true(fabs(density_string_expect(&xx, &d) - 1.0) < 1e-15);
	density_copy(&e, &d);
	density_read(&e, 0, seen);
	assert_true(fabs(density_trace(&e) - 0.55) < 1e-15);
	assert_true(fabs(density_one(&e, 1) - 0.1) < 1e-15);
	assert_true(fabs(density_string_expect(&zz, &e) - 0.55) < 1e-15);
	assert_true(density_string_expect(&xx, &e) == 0.0);
	density_reset(&d, 0);
	assert_true(density_one(&d, 0) == 0.0);
	assert_true(fabs(density_one(&d, 1) - 0.5) < 1e-15);
	assert_true(fabs(density_purity(&d) - 0.5) < 1e-15);
	density_close(&d);
	density_close(&e);
}

static void
test_refusals(void **state)
{
	struct vector_room room = {.bytes_max = 16u << 8};
	struct density d;

	(void)state;
	assert_int_equal(density_init(&d, 4, &room), 0);
	density_close(&d);
	assert_int_equal(density_init(&d, 5, &room), -EFBIG);
	density_close(&d);
	assert_int_equal(density_init(&d, DENSITY_MAX_QUBITS + 1, NULL),
	    -EINVAL);
	density_close(&d);
	assert_true(density_bytes(12) == UINT64_C(16) << 24);
	assert_true(density_bytes(99) == UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_oracle),
	    cmocka_unit_test(test_read_and_reset),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("density", tests, NULL, NULL);
}
