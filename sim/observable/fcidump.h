/*
 * fcidump.h - the integrals of a molecule, as FCIDUMP files carry them
 * (Knowles and Handy, Comput. Phys. Commun. 54 (1989) 75): a namelist &FCI ...
 * &END (or /), then lines "value p q r s", orbitals from 1: (pq|rs) of real
 * orbitals with eightfold symmetry, "value p q 0 0" h_pq, "value 0 0 0 0" the
 * core energy. Restricted orbitals only. Hartree.
 */
#ifndef QML_SIM_OBSERVABLE_FCIDUMP_H
#define QML_SIM_OBSERVABLE_FCIDUMP_H

#include <stddef.h>
#include <stdint.h>

#define FCIDUMP_MAX_ORBITALS 12
#define FCIDUMP_ERROR_LEN 160

struct fcidump {
	uint32_t norbitals;
	uint32_t alpha, beta; /* electrons, from NELEC and MS2 */
	double core;
	double *one; /* h_pq at p * norbitals + q; owned */
	double *two; /* (pq|rs) at ((p * n + q) * n + r) * n + s; owned */
};

#define FCIDUMP_INIT         \
	{                    \
		.one = NULL, \
	}

/* text need not end with a 0. -EINVAL, with "line N: ..." in err; -ENOMEM. */
int fcidump_read(struct fcidump *f, const char *text, size_t len,
    char err[static FCIDUMP_ERROR_LEN]);
void fcidump_close(struct fcidump *f);

#endif
