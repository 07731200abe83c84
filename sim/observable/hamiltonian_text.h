/*
 * hamiltonian_text.h - between the readers of Hamiltonians: a growing list of
 * terms, and where something is wrong.
 */
#ifndef QML_SIM_OBSERVABLE_HAMILTONIAN_TEXT_H
#define QML_SIM_OBSERVABLE_HAMILTONIAN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/observable/pauli.h"

struct hamiltonian_text {
	const char *at, *end; /* *end is 0 */
	size_t line;
	struct pauli_term *terms; /* owned by the reader of the file */
	size_t nterms, cap;
	uint32_t nqubits; /* highest qubit seen + 1, or what the file says */
	char name[64];
	bool parity;    /* "mapping" says so */
	long electrons; /* -1: not said */
	char *err;      /* HAMILTONIAN_ERROR_LEN */
};

__attribute__((format(printf, 2, 3))) int hamiltonian_fail(
    struct hamiltonian_text *t, const char *format, ...);

/* -ENOMEM; -EINVAL: too many. */
int hamiltonian_append(struct hamiltonian_text *t, const struct pauli_term *p);

/* "X0 Y2" or "I", [at, end); letters join p. */
int hamiltonian_ops(struct hamiltonian_text *t, const char *at, const char *end,
    struct pauli_term *p);

/* A decimal number at *at, which moves on. */
int hamiltonian_number(struct hamiltonian_text *t, const char **at,
    double *out);

/* All of a JSON file. */
int hamiltonian_json(struct hamiltonian_text *t);

#endif
