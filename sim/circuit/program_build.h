/*
 * program_build.h - append to a program, and ask it simple questions.
 *
 * Every append checks ranges: -EINVAL; -ENOMEM also when p->bytes_max is
 * reached.
 */
#ifndef QML_SIM_CIRCUIT_PROGRAM_BUILD_H
#define QML_SIM_CIRCUIT_PROGRAM_BUILD_H

#include "sim/circuit/program.h"

struct circuit;

/* Name (empty for PROGRAM_MATRIX's "unitary"), targets, angles. */
const char *program_gate_name(enum program_gate g);
uint32_t program_gate_targets(enum program_gate g); /* MATRIX: 0 */
uint32_t program_gate_angles(enum program_gate g);

int program_add_register(struct program *p, const char *name, uint32_t size,
    bool quantum);
/* The input's index, or an error. */
int program_add_input(struct program *p, const char *name);

/* angle0, or an error; terms are copied. */
int program_add_angle(struct program *p, const struct program_angle *a,
    const struct program_term *terms);

/* op's gate, ncontrols, ntargets, when, angle0, number0, line are read; qubits
 * hold controls, then targets, all different. */
int program_add_gate(struct program *p, const struct program_op *op,
    const uint32_t *qubits);
int program_add_measure(struct program *p, uint32_t qubit, uint32_t bit);
int program_add_reset(struct program *p, uint32_t qubit);
int program_add_barrier(struct program *p, const uint32_t *qubits, uint32_t n);
int program_add_assign(struct program *p, uint32_t bit, uint32_t cond);
/* The op's index, its jump to be filled in with program_land(). */
int program_add_jump_unless(struct program *p, uint32_t cond);
int program_add_jump(struct program *p);
void program_land(struct program *p, uint32_t op); /* to the next op */
/* The condition's index; constants fold, equal ones are not looked for. */
int program_add_cond(struct program *p, struct program_cond c);
/* numbers0, or an error. */
int program_add_numbers(struct program *p, const double *x, uint32_t n);

/* bits: classical memory, bit i at bits[i / 64] >> i % 64. */
bool program_cond_value(const struct program *p, uint32_t cond,
    const uint64_t *bits);

/* At the inputs' present values; one that is not set counts as 0. */
double program_angle_value(const struct program *p, uint32_t angle);

/* d angle / d input. */
double program_angle_slope(const struct program *p, uint32_t angle,
    uint32_t input);

/* Sets the input of that name; -ENOENT, -EDOM: an angle is linearised. */
int program_set(struct program *p, const char *name, double value);

/* 2^t x 2^t of op's targets, rows of re, im pairs; bit j of an index is
 * target j. m: 2 x 4^ntargets doubles (GPHASE: one number). */
void program_matrix(const struct program *p, const struct program_op *op,
    double *m);

/* No reset, condition, assignment, and no gate on a qubit after it was
 * measured: the state before the measurements says everything. */
bool program_is_unitary(const struct program *p);

/* For the batch engine; inputs become parameters. Measurements are left out,
 * global phases too. -ENOTSUP when it is not unitary or has a gate that
 * circuit.h has not; -EINVAL: too many qubits. c: CIRCUIT_INIT. */
int program_to_circuit(const struct program *p, struct circuit *c);

#endif
