/*
 * hamiltonian.h - a Hamiltonian from a file's text: lines of Pauli strings,
 * JSON, or a molecule's FCIDUMP; told apart by how it begins.
 *
 * Lines: "coefficient ops", ops like "X0 Y2" or "I"; # starts a comment.
 * JSON: {"n_qubits": 4, "terms": [{"coeff": 0.5, "pauli": "IXYZ"}, ...]}: the
 * last letter acts on qubit 0; "ops": "X0 Y2" instead of, or agreeing with,
 * "pauli". "name", "mapping" and "active": {"electrons": 2} are understood,
 * everything else is passed over. FCIDUMP: fcidump.h.
 */
#ifndef QML_SIM_OBSERVABLE_HAMILTONIAN_H
#define QML_SIM_OBSERVABLE_HAMILTONIAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/observable/mapping.h"
#include "sim/observable/pauli.h"

#define HAMILTONIAN_MAX_QUBITS 30
#define HAMILTONIAN_NAME_LEN 64
#define HAMILTONIAN_ERROR_LEN 160
#define HAMILTONIAN_BYTES_MAX (16u << 20)

struct vector;

/* What a file may leave open. */
struct hamiltonian_options {
	enum mapping_kind mapping;
	uint32_t alpha, beta; /* electrons; both 0: as the file says */
};

struct hamiltonian {
	struct pauli_sum sum; /* owned; strings in order of (x, z) */
	uint32_t nqubits;
	char name[HAMILTONIAN_NAME_LEN]; /* of JSON, else "" */
	bool electrons; /* known: the mapping's sector is meant */
	struct mapping mapping;
};

#define HAMILTONIAN_INIT          \
	{                         \
		.sum = {NULL, 0}, \
	}

/* text need not end with a 0. -EINVAL, a sentence with the line in err;
 * -ENOMEM. o may be NULL: Jordan-Wigner. */
int hamiltonian_read(struct hamiltonian *h, const char *text, size_t len,
    const struct hamiltonian_options *o,
    char err[static HAMILTONIAN_ERROR_LEN]);
void hamiltonian_close(struct hamiltonian *h);

/* The basis state of Hartree-Fock: the lowest orbitals of each spin. Only with
 * electrons. */
uint64_t hamiltonian_reference(const struct hamiltonian *h);

/* Lowest eigenvalue by Lanczos, of the sector if electrons are known (and
 * sector is asked for), to about 1e-12 of the norm. For a person to compare
 * with, not for updates. 48 B x 2^nqubits. -ENOMEM; -EDOM: an empty sector. */
int hamiltonian_ground(const struct hamiltonian *h, bool sector, double *out);

#endif
