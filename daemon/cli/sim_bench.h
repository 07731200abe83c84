/*
 * sim_bench.h - the three workloads that qmlsim bench times.
 *
 * Circuit: RY(pi x_i) on all qubits; a layer is RZ, RY, RZ on each, then
 * CNOT(i, i+1 mod n). theta_k = 0.1 + 0.37 k mod 2 pi; sample s has features
 * x_i = 0.2 + 0.11 i + 0.013 s.
 */
#ifndef QML_DAEMON_CLI_SIM_BENCH_H
#define QML_DAEMON_CLI_SIM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/state/lanes.h"

struct bench_options {
	uint32_t nqubits;
	uint32_t nlayers;
	size_t nsamples;
	size_t nthreads;
	size_t repeats;
	enum lanes_isa isa;
	int executor; /* enum samples_executor */
	bool json;
};

/* The least and the middle of so many runs; what each took. */
struct bench_times {
	double best, median;
	double cpu;  /* the least of all threads' processor time */
	double bind; /* of best or less: putting parameters in, seconds */
};

/* All print their result and return an exit code. */
int bench_gradient(const struct bench_options *o);
int bench_forward(const struct bench_options *o);
int bench_kernel(const struct bench_options *o);

/* Seconds of a clock that only runs forward. */
double bench_now(void);

/* Seconds that this process's threads have run so far. */
double bench_cpu(void);

/* Sorts seconds[n]. */
struct bench_times bench_sum_up(double *seconds, size_t n);

/* madvise(MADV_HUGEPAGE); harmless where there are none. */
void bench_advise(void *mem, size_t bytes);

/* What the machine has free for us, or UINT64_MAX if it does not say. */
uint64_t bench_memory(void);

double bench_feature(uint32_t i, size_t sample);

#endif
