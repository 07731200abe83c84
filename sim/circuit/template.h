/*
 * template.h - named circuits: an encoding, then layers with parameters.
 *
 * Angle: RY(pi x_i) on qubit i. Amplitude: the register starts in the
 * normalised features.
 * Strongly entangling layer l: on each qubit q RZ, RY, RZ with parameters
 * 3 (l n + q) + 0, 1, 2 (the first acts first), then CNOT(q, q + r mod n) for
 * q = 0 .. n-1, the range r = 1 + l mod (n - 1).
 * Hardware efficient layer l: RY, RZ with parameters 2 (l n + q) + 0, 1, then
 * CNOT(q, q + 1 mod n).
 * One qubit has no ring; two have CNOT(0, 1) and CNOT(1, 0).
 */
#ifndef QML_SIM_CIRCUIT_TEMPLATE_H
#define QML_SIM_CIRCUIT_TEMPLATE_H

#include <stdint.h>

struct circuit;

/* Features 0 .. count-1 into qubits 0 .. count-1; count <= nqubits. */
int template_angle(struct circuit *c, uint32_t count);

/* The register starts in count <= 2^nqubits amplitudes; before any gate. */
int template_amplitude(struct circuit *c, uint32_t count);

/* Parameters continue after those c already has. */
int template_strongly_entangling(struct circuit *c, uint32_t nlayers);

int template_hardware_efficient(struct circuit *c, uint32_t nlayers);

#endif
