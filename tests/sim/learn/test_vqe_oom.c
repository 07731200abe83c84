/*
 * Memory that runs out at the k-th request, k = 1, 2, ..., on every way from a
 * Hamiltonian's text to an update or an energy: each time a clean -ENOMEM, and
 * afterwards nothing is left allocated.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/rng.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqe.h"
#include "sim/learn/vqe_model.h"
#include "sim/learn/vqe_sampled.h"
#include "sim/learn/vqe_solve.h"
#include "sim/state/noise_model.h"
#include "tests/oom.h"

#define PARAMS_MAX 64

/* Two electrons in two orbitals. */
static const char molecule[] =
    "&FCI NORB=2,NELEC=2 &END\n.7 1 1 1 1\n.2 2 1 2 1\n.6 2 2 1 1\n"
    ".7 2 2 2 2\n-1.2 1 1 0 0\n-.4 2 2 0 0\n";
static const char json[] =
    "{\"n_qubits\": 3, \"terms\": [{\"coeff\": -1, \"pauli\": \"IZZ\"},"
    "{\"coeff\": -1, \"ops\": \"Z1 Z2\"}, {\"coeff\": 1, \"ops\": \"X0\"},"
    "{\"coeff\": 1, \"ops\": \"X1\"}, {\"coeff\": 1, \"ops\": \"X2\"}]}";
static const char lines[] = "1 X0 X1\n1 Y0 Y1\n1 Z0 Z1\n1 Z1 Z2\n1 X1 X2\n";

struct way {
	const char *text;
	enum vqe_ansatz ansatz;
	enum train_method method;
	uint32_t shots;
	int noisy, mitigated;
};

static int
update(const struct way *w, const struct vqe_spec *v)
{
	const struct task_spec s = {.name = "vqe",
	    .output = TASK_NOTHING,
	    .vqe = v};
	int64_t params[PARAMS_MAX] = {0}, delta[9 * PARAMS_MAX];
	struct train_metrics m;
	struct train_hyper h;
	struct task t;
	const struct train_job job = {.task = &t,
	    .params = params,
	    .hyper = &h};
	int rc = task_init(&t, &s);

	if (rc < 0)
		return rc;
	assert_true(t.nparams <= PARAMS_MAX && t.nupdate <= 9 * PARAMS_MAX);
	train_hyper_default(&h);
	h.method = w->method;
	h.shots = w->shots;
	rc = train_local(&job, delta, &m);
	task_close(&t);
	return rc;
}

static int
make_noise(struct noise_model *n)
{
	const struct noise_rule rule = {.gate = "cx"};
	struct kraus k;
	int rc = kraus_depolarizing(&k, 1, 0.01);

	if (rc == 0)
		rc = noise_model_add_channel(n, &k);
	if (rc >= 0)
		rc = noise_model_add_rule(n, &rule);
	if (rc == 0)
		rc =
		    noise_model_add_step(n, (struct noise_step){0, NOISE_EACH});
	n->readout[0].p1_given_0 = 0.1;
	return rc;
}

static int
solve(const struct way *w, const struct vqe_model *m, double *theta)
{
	static const uint8_t seed[RNG_SEED_BYTES] = {0};
	struct noise_model noise = NOISE_MODEL_INIT;
	struct vqe_sampled s = {.seed = seed,
	    .shots = w->shots,
	    .parts = &m->h.sum,
	    .nparts = 1,
	    .perturb = 0.1,
	    .perturbations = w->method == TRAIN_PERTURB,
	    .undo_readout = w->mitigated,
	    .extrapolate = w->mitigated};
	const struct vqe_solve o = {.ansatz = w->ansatz,
	    .starts = 2,
	    .steps = 3,
	    .rate = 0.1,
	    .sampled = w->method == TRAIN_ADJOINT ? NULL : &s};
	struct vqe_solution found;
	double value, error;
	int rc = w->noisy ? make_noise(&noise) : 0;

	if (w->noisy)
		s.noise = &noise;
	if (rc == 0)
		rc = vqe_solve(m, &o, theta, &found);
	if (rc == 0)
		rc = vqe_sampled_values(&s, &m->c, theta, &value, &error);
	noise_model_close(&noise);
	return rc;
}

static int
go(const struct way *w)
{
	const struct vqe_spec v = {.hamiltonian = w->text,
	    .len = strlen(w->text),
	    .ansatz = w->ansatz,
	    .layers = 2,
	    .mapping = MAPPING_PARITY};
	double theta[PARAMS_MAX], exact;
	struct vqe_model m;
	char err[160];
	int rc = vqe_model_open(&m, &v, err);

	if (rc < 0) {
		assert_string_equal(err, "no memory");
		return rc;
	}
	rc = hamiltonian_ground(&m.h, true, &exact);
	if (rc == 0)
		rc = solve(w, &m, theta);
	vqe_model_close(&m);
	return rc == 0 && !w->noisy ? update(w, &v) : rc;
}

static void
test_all(void **state)
{
	static const struct way ways[] = {{molecule, VQE_UCCSD, TRAIN_ADJOINT,
					      0, 0, 0},
	    {molecule, VQE_UCCSD, TRAIN_SHIFT, 20, 1, 1},
	    {json, VQE_HVA, TRAIN_PERTURB, 20, 0, 0},
	    {json, VQE_HEA, TRAIN_SHIFT, 0, 1, 0},
	    {lines, VQE_ADAPT, TRAIN_ADJOINT, 0, 0, 0}};
	size_t i, k;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		for (k = 1, rc = -ENOMEM; rc != 0 && k < 20000; k++) {
			oom_arm(k);
			rc = go(&ways[i]);
			oom_disarm();
			if (rc != 0 && rc != -ENOMEM)
				fail_msg("way %zu, request %zu: %d", i, k, rc);
		}
		assert_int_equal(rc, 0);
		assert_true(k > 20);
		print_message("way %zu: %zu requests\n", i, k - 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
