#include "sim/learn/feature_map_pauli.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/circuit.h"

#define PI 0x1.921fb54442d18p+1

static int
add_block(struct feature_map_blocks *b, const char *letters,
    const uint32_t *qubit)
{
	struct feature_map_block *item = &b->items[b->n];

	if (b->n == FEATURE_MAP_MAX_BLOCKS)
		return -E2BIG;
	b->n++;
	item->letters = letters;
	item->len = (uint32_t)strlen(letters);
	memcpy(item->qubit, qubit, item->len * sizeof(*qubit));
	return 0;
}

/* The next choice of k of n in lexicographic order; false after the last. */
static bool
next_choice(uint32_t *c, uint32_t k, uint32_t n)
{
	uint32_t i = k;

	while (i > 0 && c[i - 1] == n - k + i - 1)
		i--;
	if (i == 0)
		return false;
	c[i - 1]++;
	for (; i < k; i++)
		c[i] = c[i - 1] + 1;
	return true;
}

static int
add_full(struct feature_map_blocks *b, const char *letters, uint32_t n)
{
	uint32_t c[QKERNEL_MAX_QUBITS], k = (uint32_t)strlen(letters), i;
	int rc;

	for (i = 0; i < k; i++)
		c[i] = i;
	do {
		rc = add_block(b, letters, c);
	} while (rc == 0 && next_choice(c, k, n));
	return rc;
}

static int
add_neighbours(struct feature_map_blocks *b, const char *letters, uint32_t n,
    bool circular)
{
	uint32_t c[QKERNEL_MAX_QUBITS], k = (uint32_t)strlen(letters), i, j;
	uint32_t wraps = circular && n > k ? k - 1 : 0;
	int rc = 0;

	assert(n > 0); /* feature_map_check() */
	for (i = 0; i < wraps + n - k + 1 && rc == 0; i++) {
		for (j = 0; j < k; j++)
			c[j] = (n - wraps + i + j) % n;
		rc = add_block(b, letters, c);
	}
	return rc;
}

int
feature_map_blocks_init(struct feature_map_blocks *b,
    const struct feature_map *m)
{
	size_t i;
	int rc = 0;

	*b = (struct feature_map_blocks)FEATURE_MAP_BLOCKS_INIT;
	b->items = calloc(FEATURE_MAP_MAX_BLOCKS, sizeof(*b->items));
	if (b->items == NULL)
		return -ENOMEM;
	for (i = 0; i < m->nstrings && rc == 0; i++) {
		if (m->choice == FEATURE_MAP_FULL)
			rc = add_full(b, m->strings[i], m->nqubits);
		else
			rc = add_neighbours(b, m->strings[i], m->nqubits,
			    m->choice == FEATURE_MAP_CIRCULAR);
	}
	if (rc < 0)
		feature_map_blocks_close(b);
	return rc;
}

void
feature_map_blocks_close(struct feature_map_blocks *b)
{
	free(b->items);
	*b = (struct feature_map_blocks)FEATURE_MAP_BLOCKS_INIT;
}

void
feature_map_blocks_angles(const struct feature_map_blocks *b, const double *x,
    double *out)
{
	size_t k, i;

	for (k = 0; k < b->n; k++) {
		const struct feature_map_block *item = &b->items[k];

		out[k] = item->len == 1 ? x[item->qubit[0]] : 1.0;
		for (i = 0; i < item->len && item->len > 1; i++)
			out[k] *= PI - x[item->qubit[i]];
	}
}

static int
add(struct circuit *c, enum circuit_op op, uint32_t q0, uint32_t q1)
{
	const struct circuit_gate g = {.op = op, .q = {q0, q1}};

	return circuit_add(c, &g);
}

/* To the letters' basis, or back. */
static int
turn(struct circuit *c, const struct feature_map_block *b, double way)
{
	struct circuit_gate g = {.op = CIRCUIT_RX,
	    .angle = {.offset = way * PI / 2.0}};
	uint32_t i;
	int rc = 0;

	for (i = 0; i < b->len && rc == 0; i++) {
		char letter = b->letters[b->len - 1 - i];

		g.q[0] = b->qubit[i];
		if (letter == 'X')
			rc = add(c, CIRCUIT_H, b->qubit[i], 0);
		else if (letter == 'Y')
			rc = circuit_add(c, &g);
	}
	return rc;
}

static int
add_exponential(struct circuit *c, const struct feature_map_block *b,
    const struct circuit_angle *a)
{
	struct circuit_gate g = {.op = CIRCUIT_RZ, .angle = *a};
	uint32_t i, last = b->len - 1;
	int rc = turn(c, b, 1.0);

	for (i = 0; i < last && rc == 0; i++)
		rc = add(c, CIRCUIT_CNOT, b->qubit[i], b->qubit[i + 1]);
	g.q[0] = b->qubit[last];
	if (rc == 0)
		rc = circuit_add(c, &g);
	for (i = last; i > 0 && rc == 0; i--)
		rc = add(c, CIRCUIT_CNOT, b->qubit[i - 1], b->qubit[i]);
	return rc == 0 ? turn(c, b, -1.0) : rc;
}

int
feature_map_blocks_circuit(const struct feature_map_blocks *b,
    const struct feature_map *m, struct circuit *c)
{
	struct circuit_angle a = {.ref = CIRCUIT_FEATURE, .coef = m->alpha};
	uint32_t r, q;
	size_t k;
	int rc = 0;

	for (r = 0; r < m->reps; r++) {
		for (q = 0; q < m->nqubits && rc == 0; q++)
			rc = add(c, CIRCUIT_H, q, 0);
		for (k = 0; k < b->n && rc == 0; k++) {
			a.index = (uint32_t)k;
			rc = add_exponential(c, &b->items[k], &a);
		}
	}
	return rc;
}
