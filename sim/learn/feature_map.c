#include "sim/learn/feature_map.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/adjoint.h"
#include "sim/learn/feature_map_pauli.h"
#include "sim/state/pool.h"

/* While a circuit makes states. */
struct making {
	const struct feature_map *m;
	struct qkernel_states *s;
	const struct lanes *lanes;
	struct feature_map_blocks blocks; /* of pauli */
	struct plan plan;
	struct bind bind;
	struct adjoint *workers; /* one a thread */
	double *rows;            /* prepared */
	size_t row_size, nworkers;
};

static const char *
check_strings(const struct feature_map *m)
{
	struct feature_map_blocks b;
	size_t i, len;
	int rc;

	if (m->nstrings < 1 || m->nstrings > FEATURE_MAP_MAX_STRINGS)
		return "want 1 to 16 strings of Paulis";
	for (i = 0; i < m->nstrings; i++) {
		len = strlen(m->strings[i]);
		if (len < 1 || strspn(m->strings[i], "XYZ") != len)
			return "a string of Paulis has letters X, Y, Z";
		if (len > m->nqubits)
			return "a string of Paulis is longer than the row";
	}
	rc = feature_map_blocks_init(&b, m);
	feature_map_blocks_close(&b);
	return rc == -E2BIG ? "there are over 4096 choices of qubits" : NULL;
}

const char *
feature_map_check(const struct feature_map *m)
{
	if (m->nqubits < 1 || m->nqubits > QKERNEL_MAX_QUBITS)
		return "want 1 to 16 qubits";
	if (m->reps < 1 || m->reps > QKERNEL_MAX_REPS)
		return "want 1 to 8 reps";
	if (m->kind == FEATURE_MAP_AMPLITUDE)
		return m->nfeatures < 1 ||
			m->nfeatures > UINT32_C(1) << m->nqubits
		    ? "want 1 to 2^qubits features"
		    : NULL;
	if (m->nfeatures != m->nqubits)
		return "want a qubit for each feature";
	if (m->kind == FEATURE_MAP_ANGLE &&
	    (!isfinite(m->scale) || m->axis < 'x' || m->axis > 'z'))
		return "an angle is a number times x, about x, y or z";
	if (m->kind != FEATURE_MAP_PAULI)
		return NULL;
	return isfinite(m->alpha) ? check_strings(m) : "alpha is a number";
}

static int
angle_circuit(const struct feature_map *m, struct circuit *c)
{
	struct circuit_gate g = {.op = m->axis == 'x' ? CIRCUIT_RX
		: m->axis == 'y'                      ? CIRCUIT_RY
						      : CIRCUIT_RZ};
	uint32_t q, r;
	int rc = 0;

	g.angle.ref = CIRCUIT_FEATURE;
	g.angle.coef = m->scale;
	for (r = 0; r < m->reps; r++) {
		for (q = 0; q < m->nqubits && rc == 0; q++) {
			g.q[0] = g.angle.index = q;
			rc = circuit_add(c, &g);
		}
	}
	return rc;
}

static int
compile(struct making *mk)
{
	const struct feature_map *m = mk->m;
	struct circuit c = CIRCUIT_INIT;
	int rc = circuit_init(&c, m->nqubits);

	if (rc == 0 && m->kind == FEATURE_MAP_AMPLITUDE)
		rc = template_amplitude(&c, m->nfeatures);
	else if (rc == 0 && m->kind == FEATURE_MAP_ANGLE)
		rc = angle_circuit(m, &c);
	else if (rc == 0)
		rc = feature_map_blocks_init(&mk->blocks, m);
	if (rc == 0 && m->kind == FEATURE_MAP_PAULI)
		rc = feature_map_blocks_circuit(&mk->blocks, m, &c);
	if (rc == 0)
		rc = plan_compile(&mk->plan, &c);
	circuit_close(&c);
	return rc;
}

static int
prepare(struct making *mk, const double *x, size_t n)
{
	size_t width = mk->plan.nfeatures, i;
	double *phi = NULL;

	mk->row_size = adjoint_row_size(&mk->plan);
	mk->rows = calloc(n * mk->row_size, sizeof(*mk->rows));
	if (mk->m->kind == FEATURE_MAP_PAULI)
		phi = calloc(n * width + 1, sizeof(*phi));
	if (mk->rows == NULL || (mk->m->kind == FEATURE_MAP_PAULI && !phi)) {
		free(phi);
		return -ENOMEM;
	}
	for (i = 0; phi != NULL && i < n; i++)
		feature_map_blocks_angles(&mk->blocks, x + i * mk->m->nfeatures,
		    phi + i * width);
	adjoint_prepare(&mk->plan, mk->lanes, phi ? phi : x, n, mk->rows);
	free(phi);
	return 0;
}

static int
open_workers(struct making *mk, size_t nthreads)
{
	int rc = bind_init(&mk->bind, &mk->plan);

	if (rc < 0)
		return rc;
	bind_set(&mk->bind, &mk->plan, mk->lanes, NULL);
	mk->workers = calloc(nthreads, sizeof(*mk->workers));
	if (mk->workers == NULL)
		return -ENOMEM;
	for (; mk->nworkers < nthreads && rc == 0; mk->nworkers++)
		rc = adjoint_init_whole(&mk->workers[mk->nworkers], &mk->plan,
		    mk->lanes);
	return rc;
}

/* The basis state that index x of the plan's registers stands for. */
static size_t
basis_state(const struct plan *p, uint32_t x)
{
	size_t y = 0;
	uint32_t q;

	for (q = 0; q < p->nqubits; q++) {
		bool bit = __builtin_parity(p->row[q] & x);

		y |= (size_t)(bit != p->flip[q]) << q;
	}
	return y;
}

static void
make_group(void *arg, size_t worker, size_t group)
{
	const struct making *mk = arg;
	struct adjoint *a = &mk->workers[worker];
	uint32_t n = UINT32_C(1) << mk->plan.nqubits, x;
	double *out = mk->s->amp + group * 2 * n * LANES;
	const double *rows[LANES];
	size_t i, c;

	for (i = 0; i < LANES; i++) {
		size_t row = group * LANES + i;

		rows[i] = row < mk->s->n ? mk->rows + row * mk->row_size : NULL;
	}
	adjoint_forward(a, &mk->bind, rows);
	for (x = 0; x < n; x++) {
		size_t to = basis_state(&mk->plan, x ^ mk->bind.moved);

		for (c = 0; c < 2; c++)
			memcpy(out + (c * n + to) * LANES,
			    a->psi.amp[c] + (size_t)x * LANES,
			    LANES * sizeof(*out));
	}
}

static void
close_making(struct making *mk)
{
	while (mk->nworkers > 0)
		adjoint_close(&mk->workers[--mk->nworkers]);
	free(mk->workers);
	free(mk->rows);
	bind_close(&mk->bind);
	plan_close(&mk->plan);
	feature_map_blocks_close(&mk->blocks);
}

/* By a circuit: normalised, so that to qkernel_gram() there are no reps. */
static int
run_circuit(struct making *mk, const double *x, size_t n, struct pool *pool)
{
	struct qkernel_states *s = mk->s;
	size_t ngroups = (n + LANES - 1) / LANES;
	size_t size = (size_t)(2 * LANES) << mk->m->nqubits;
	int rc = compile(mk);

	if (rc == 0)
		rc = prepare(mk, x, n);
	if (rc == 0)
		rc = open_workers(mk, pool_threads(pool));
	if (rc < 0)
		return rc;
	s->map =
	    (struct qkernel_map){.nqubits = mk->m->nqubits, .isa = mk->m->isa};
	s->n = n;
	s->amp = aligned_alloc(LANES_ALIGN, ngroups * size * sizeof(*s->amp));
	if (s->amp == NULL)
		return -ENOMEM;
	pool_run(pool, ngroups, make_group, mk);
	return 0;
}

int
feature_map_states(const struct feature_map *m, const double *x, size_t n,
    struct pool *pool, struct qkernel_states *s)
{
	const struct qkernel_map plain = {m->kind == FEATURE_MAP_ZZ ? QKERNEL_ZZ
		: m->kind == FEATURE_MAP_Z                          ? QKERNEL_Z
					   : QKERNEL_IQP,
	    m->nqubits, m->reps, m->isa};
	struct making mk = {.m = m, .s = s, .lanes = lanes_pick(m->isa)};
	size_t i;
	int rc;

	*s = (struct qkernel_states)QKERNEL_STATES_INIT;
	if (feature_map_check(m) != NULL || n < 1 ||
	    feature_map_bytes(m, n, 1) == SIZE_MAX)
		return -EINVAL;
	for (i = 0; i < n * m->nfeatures; i++) {
		if (!isfinite(x[i]))
			return -EINVAL;
	}
	if (m->kind == FEATURE_MAP_ZZ || m->kind == FEATURE_MAP_Z ||
	    m->kind == FEATURE_MAP_IQP)
		return qkernel_states_init(s, &plain, x, n, pool);
	if (mk.lanes == NULL)
		return -ENOTSUP;
	rc = run_circuit(&mk, x, n, pool);
	close_making(&mk);
	if (rc < 0)
		qkernel_states_close(s);
	return rc;
}

static bool
turns_any(const char *letters)
{
	for (; *letters != '\0'; letters++) {
		if (*letters == 'X' || *letters == 'Y')
			return true;
	}
	return false;
}

/* One for each H, and for each turn to X or Y and back. */
static size_t
count_layers(const struct feature_map *m)
{
	struct feature_map_blocks b;
	size_t layers = 1, i;

	if (m->kind != FEATURE_MAP_PAULI || feature_map_blocks_init(&b, m) < 0)
		return m->reps;
	for (i = 0; i < b.n; i++)
		layers += turns_any(b.items[i].letters) ? 2 : 0;
	feature_map_blocks_close(&b);
	return layers * m->reps;
}

size_t
feature_map_bytes(const struct feature_map *m, size_t n, size_t nthreads)
{
	size_t state = (size_t)16 << m->nqubits;

	if (n > SIZE_MAX / 4 / state || nthreads > POOL_MAX_THREADS)
		return SIZE_MAX;
	return state * (n + LANES) +
	    state * LANES * (count_layers(m) + 8) * nthreads;
}
