/*
 * program.h - a whole quantum program: gates with any controls, measurement,
 * reset, classical bits and conditions, named inputs. What OpenQASM is read
 * into and written from; data, never code.
 *
 * Qubits and classical bits count in order of declaration; qubit 0 is the
 * least significant bit of a basis state's index. Conditions are forward jumps,
 * so every program ends. Angles are offset + sum of coef * input; an angle that
 * is no affine form of the inputs is its tangent at the values they were set
 * to: right value, right derivative, no other point (linearised).
 */
#ifndef QML_SIM_CIRCUIT_PROGRAM_H
#define QML_SIM_CIRCUIT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_MAX_QUBITS 40
#define PROGRAM_MAX_BITS 1024
#define PROGRAM_MAX_INPUTS 65536
#define PROGRAM_MAX_TARGETS 5 /* of PROGRAM_MATRIX */
#define PROGRAM_NAME_BYTES 64
#define PROGRAM_NO_BIT UINT32_MAX /* a measurement nobody reads */

/* The gate on its targets; RP(a) = exp(-i a P / 2). */
enum program_gate {
	PROGRAM_GPHASE, /* exp(i a), no target; with controls a phase of them */
	PROGRAM_ID,
	PROGRAM_X,
	PROGRAM_Y,
	PROGRAM_Z,
	PROGRAM_H,
	PROGRAM_S,
	PROGRAM_SDG,
	PROGRAM_T,
	PROGRAM_TDG,
	PROGRAM_SX, /* the square root of X, (1 + i) / 2 at 0,0 */
	PROGRAM_SXDG,
	PROGRAM_P, /* diag(1, exp(i a)) */
	PROGRAM_RX,
	PROGRAM_RY,
	PROGRAM_RZ,
	PROGRAM_U, /* (t, phi, lambda), Qiskit's phase: cos(t/2) at 0,0 */
	PROGRAM_SWAP,
	PROGRAM_RXX,
	PROGRAM_RYY,
	PROGRAM_RZZ,
	PROGRAM_MATRIX, /* constant, from p->numbers */
	PROGRAM_NGATES
};

enum program_kind {
	PROGRAM_GATE,
	PROGRAM_MEASURE,     /* bit = outcome of its wire */
	PROGRAM_RESET,       /* its wire to |0> */
	PROGRAM_BARRIER,     /* no effect */
	PROGRAM_ASSIGN,      /* bit = condition cond */
	PROGRAM_JUMP_UNLESS, /* to op jump if condition cond is false */
	PROGRAM_JUMP         /* to op jump, which is later */
};

struct program_term {
	uint32_t input;
	double coef;
};

struct program_angle {
	double offset;
	uint32_t term0, nterms; /* in p->terms */
	bool linearised;
};

/* The qubits of an op: p->wires[wire0 ..]: ncontrols controls, then ntargets
 * targets. Control i acts when its qubit equals bit i of when. */
struct program_op {
	enum program_kind kind;
	enum program_gate gate;
	uint32_t wire0, ncontrols, ntargets;
	uint32_t when;
	uint32_t angle0, nangles; /* in p->angles */
	uint32_t number0;         /* MATRIX: 2 x 4^ntargets doubles, by rows;
				   * bit j of an index is target j */
	uint32_t bit, cond, jump;
	uint32_t line; /* of the source, 0: none */
};

enum program_logic {
	PROGRAM_FALSE,
	PROGRAM_TRUE,
	PROGRAM_BIT, /* a: the classical bit */
	PROGRAM_NOT, /* a, b: conditions earlier in p->conds */
	PROGRAM_AND,
	PROGRAM_OR,
	PROGRAM_XOR
};

struct program_cond {
	enum program_logic logic;
	uint32_t a, b;
};

struct program_input {
	char name[PROGRAM_NAME_BYTES];
	double value;
	bool set;
};

struct program_register {
	char name[PROGRAM_NAME_BYTES];
	uint32_t first, size;
	bool quantum;
};

/* All arrays are owned; n counts what is used, cap what there is room for. */
#define PROGRAM_LIST(type, name) \
	type *name;              \
	uint32_t n##name, cap##name

struct program {
	uint32_t nqubits, nbits; /* sizes of the two memories */
	PROGRAM_LIST(struct program_op, ops);
	PROGRAM_LIST(uint32_t, wires);
	PROGRAM_LIST(struct program_angle, angles);
	PROGRAM_LIST(struct program_term, terms);
	PROGRAM_LIST(double, numbers);
	PROGRAM_LIST(struct program_cond, conds);
	PROGRAM_LIST(struct program_input, inputs);
	PROGRAM_LIST(struct program_register, registers);
	size_t bytes, bytes_max; /* of the arrays; 0: 1 GiB */
};

#define PROGRAM_INIT       \
	{                  \
		.bytes = 0 \
	}

void program_close(struct program *p);

#endif
