/*
 * fuzz_hamiltonian.c - the three readers of Hamiltonians: no crash, a sentence
 * for what is refused; what is accepted is sorted, finite, and its terms are
 * read again as lines.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/hamiltonian.h"

#define TERMS_MAX 500 /* read again */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_sum(const struct hamiltonian *h)
{
	uint64_t all = (UINT64_C(1) << h->nqubits) - 1;
	size_t i;

	assert(h->nqubits >= 1 && h->nqubits <= HAMILTONIAN_MAX_QUBITS);
	for (i = 0; i < h->sum.nterms; i++) {
		const struct pauli_term *t = &h->sum.terms[i];

		assert(((t->x | t->z) & ~all) == 0 && isfinite(t->coef));
		if (i > 0)
			assert(t[-1].x < t->x ||
			    (t[-1].x == t->x && t[-1].z < t->z));
	}
	for (i = 0; i < sizeof(h->name) && h->name[i]; i++)
		assert(h->name[i] >= ' ' && h->name[i] != '"');
	assert(i < sizeof(h->name));
	if (h->electrons)
		assert(hamiltonian_reference(h) <= all);
}

/* "+0.5*X0 Z2" as a line: a blank for the star; a number alone is I. */
static void
read_again(const struct hamiltonian *h)
{
	char *text = malloc(TERMS_MAX * 256 + 1), err[HAMILTONIAN_ERROR_LEN];
	struct hamiltonian again;
	size_t n = 0, i;

	assert(text);
	for (i = 0; i < h->sum.nterms; i++) {
		char line[200], *star;

		pauli_print(&h->sum.terms[i], line, sizeof(line));
		star = strchr(line, '*');
		if (star)
			*star = ' ';
		n += (size_t)snprintf(text + n, 256, "%s%s\n", line,
		    star ? "" : " I");
	}
	if (hamiltonian_read(&again, text, n, NULL, err) == 0) {
		assert(again.sum.nterms == h->sum.nterms);
		assert(memcmp(again.sum.terms, h->sum.terms,
			   n ? h->sum.nterms * sizeof(*h->sum.terms) : 0) == 0);
		hamiltonian_close(&again);
	} else {
		/* Only the identity, or sums beyond the bound of a number. */
		assert(strstr(err, "no term") || strstr(err, "a number"));
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hamiltonian_options o = {.mapping = MAPPING_JW};
	char err[HAMILTONIAN_ERROR_LEN];
	struct hamiltonian h;
	int rc;

	if (len == 0)
		return 0;
	o.mapping = data[0] & 1 ? MAPPING_PARITY : MAPPING_JW;
	o.alpha = data[0] >> 1 & 3;
	o.beta = data[0] >> 3 & 3;
	rc = hamiltonian_read(&h, (const char *)data + 1, len - 1, &o, err);
	if (rc < 0) {
		assert(rc == -ENOMEM || err[0] != '\0');
		assert(h.sum.terms == NULL);
		return 0;
	}
	check_sum(&h);
	if (h.sum.nterms <= TERMS_MAX)
		read_again(&h);
	hamiltonian_close(&h);
	return 0;
}
