#include "sim/learn/uccsd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/learn/vqe_circuit.h"
#include "sim/observable/fermion.h"
#include "sim/observable/hamiltonian.h"

void
uccsd_pool_close(struct uccsd_pool *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		pauli_close(&p->items[i]);
	free(p->items);
	*p = (struct uccsd_pool)UCCSD_POOL_INIT;
}

int
uccsd_pool_add(struct uccsd_pool *p, struct pauli_sum *item)
{
	struct pauli_sum *grown;
	int rc = p->n < UCCSD_MAX ? 0 : -E2BIG;

	if (rc == 0 && p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 32;
		grown = realloc(p->items, p->cap * sizeof(*grown));
		if (grown == NULL)
			rc = -ENOMEM;
		else
			p->items = grown;
	}
	if (rc < 0)
		pauli_close(item);
	else
		p->items[p->n++] = *item;
	*item = (struct pauli_sum)PAULI_SUM_INIT;
	return rc;
}

/* T = a+_to .. a_from .., n of each: T minus its conjugate. */
static int
add_excitation(struct uccsd_pool *p, const struct mapping *m,
    const uint32_t *from, const uint32_t *to, uint32_t n)
{
	struct fermion_op up[4], down[4];
	struct fermion f = FERMION_INIT;
	struct pauli_sum g = PAULI_SUM_INIT;
	uint32_t i;
	int rc;

	for (i = 0; i < n; i++) {
		up[i] = (struct fermion_op){to[i], true};
		up[2 * n - 1 - i] = (struct fermion_op){from[i], false};
	}
	for (i = 0; i < 2 * n; i++)
		down[i] = (struct fermion_op){up[2 * n - 1 - i].orbital,
		    !up[2 * n - 1 - i].creates};
	rc = fermion_add(&f, up, 2 * n, 1.0);
	if (rc == 0)
		rc = fermion_add(&f, down, 2 * n, -1.0);
	if (rc == 0)
		rc = fermion_antihermitian(&f, m, &g);
	if (rc == 0)
		rc = uccsd_pool_add(p, &g);
	fermion_close(&f);
	return rc;
}

/* Occupied and empty orbitals of one spin. */
struct side {
	uint32_t base, occupied, all;
};

static int
singles(struct uccsd_pool *p, const struct mapping *m, const struct side *s)
{
	uint32_t i, a;
	int rc = 0;

	for (i = 0; i < s->occupied && rc == 0; i++) {
		for (a = s->occupied; a < s->all && rc == 0; a++)
			rc = add_excitation(p, m, &(uint32_t){s->base + i},
			    &(uint32_t){s->base + a}, 1);
	}
	return rc;
}

/* Two electrons from i, j to a, b: of one spin, or one of each. */
static int
doubles_from(struct uccsd_pool *p, const struct mapping *m,
    const struct side *one, const struct side *two, const uint32_t *from)
{
	bool same = one == two;
	uint32_t a, b;
	int rc = 0;

	for (a = one->occupied; a < one->all && rc == 0; a++) {
		for (b = same ? a + 1 : two->occupied; b < two->all && rc == 0;
		     b++) {
			const uint32_t to[2] = {one->base + a, two->base + b};

			rc = add_excitation(p, m, from, to, 2);
		}
	}
	return rc;
}

static int
doubles(struct uccsd_pool *p, const struct mapping *m, const struct side *one,
    const struct side *two)
{
	bool same = one == two;
	uint32_t i, j;
	int rc = 0;

	for (i = 0; i < one->occupied && rc == 0; i++) {
		for (j = same ? i + 1 : 0; j < two->occupied && rc == 0; j++) {
			const uint32_t from[2] = {one->base + i, two->base + j};

			rc = doubles_from(p, m, one, two, from);
		}
	}
	return rc;
}

int
uccsd_pool_init(struct uccsd_pool *p, const struct hamiltonian *h)
{
	const struct mapping *m = &h->mapping;
	const struct side up = {0, m->alpha, m->norbitals};
	const struct side down = {m->norbitals, m->beta, m->norbitals};
	int rc = h->electrons ? 0 : -EDOM;

	if (rc == 0)
		rc = singles(p, m, &up);
	if (rc == 0)
		rc = singles(p, m, &down);
	if (rc == 0)
		rc = doubles(p, m, &up, &up);
	if (rc == 0)
		rc = doubles(p, m, &down, &down);
	if (rc == 0)
		rc = doubles(p, m, &up, &down);
	if (rc < 0)
		uccsd_pool_close(p);
	return rc;
}

int
uccsd_circuit(struct vqe_circuit *c, const struct hamiltonian *h)
{
	struct uccsd_pool p = UCCSD_POOL_INIT;
	size_t i;
	int rc = uccsd_pool_init(&p, h);

	if (rc == 0 && p.n == 0)
		rc = -EDOM;
	if (rc == 0) {
		c->nqubits = h->nqubits;
		c->start = hamiltonian_reference(h);
	}
	for (i = 0; i < p.n && rc == 0; i++)
		rc = vqe_circuit_exponential(c, c->nparams, &p.items[i]);
	uccsd_pool_close(&p);
	return rc;
}
