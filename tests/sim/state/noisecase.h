/*
 * noisecase.h - the cases of tests/data/channels/reference.txt.
 */
#ifndef QML_TESTS_SIM_STATE_NOISECASE_H
#define QML_TESTS_SIM_STATE_NOISECASE_H

#include "sim/circuit/program.h"
#include "sim/state/noise_model.h"

#define NOISECASE_MAX 16
#define NOISECASE_QUBITS 4

struct noisecase {
	char circuit[16], noise[16];
	uint32_t nqubits;
	struct program program;
	struct noise_model model;
	double z[4], zz[3], x[4], y[4], probs[16], zall, purity, fidelity;
	double readout[2], read_probs[16], read_z[4], read_zall, shots[6];
	double zne[3][5], zne_linear[5], zne_richardson[5], zne_ideal[5];
	bool has_zne;
};

/* Ends the test when the file is missing or has a line it does not know. */
size_t noisecase_read(struct noisecase *c);
void noisecase_close(struct noisecase *c, size_t n);

#endif
