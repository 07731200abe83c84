/*
 * server.h - what the federation does with the aggregate: the optimisers of
 * "Adaptive Federated Optimization" (arXiv:2003.00295), in integers.
 *
 * With d the aggregate, per coordinate:
 *   fedavg      step = rate d
 *   fedavgm     m = beta1 m + d;              step = rate m
 *   fedadagrad  m = beta1 m + (1 - beta1) d;  v = v + d^2
 *   fedadam     m likewise;                   v = beta2 v + (1 - beta2) d^2
 *   fedyogi     m likewise;     v = v - (1 - beta2) d^2 sign(v - d^2)
 *               the last three:               step = rate m / (sqrt v + tau)
 *
 * m has SERVER_M_BITS fraction bits, v SERVER_V_BITS; both are int64, saturate
 * and begin as server_start says. They are ledger state: hashed, replayed.
 * Pure; allocates nothing.
 */
#ifndef QML_CONSENSUS_AGGREGATE_SERVER_H
#define QML_CONSENSUS_AGGREGATE_SERVER_H

#include <stddef.h>
#include <stdint.h>

#define SERVER_M_BITS 40
#define SERVER_V_BITS 48

enum server_id {
	SERVER_FEDAVG = 1,
	SERVER_FEDAVGM = 2,
	SERVER_FEDADAGRAD = 3,
	SERVER_FEDADAM = 4,
	SERVER_FEDYOGI = 5,
};

struct server_settings { /* all numbers Q24 */
	uint8_t id;
	int64_t rate;  /* 1 .. 2^34 (1024.0) */
	int64_t beta1; /* 0 .. Q24_ONE - 1 */
	int64_t beta2; /* likewise */
	int64_t tau;   /* 1 .. Q24_ONE */
};

struct server_rule {
	uint8_t id;
	const char *name;  /* as in federation.yaml */
	unsigned nmoments; /* int64 per coordinate: 0, 1 (m) or 2 (m, v) */
};

const struct server_rule *server_find(uint8_t id); /* NULL: no such */
const struct server_rule *server_named(const char *name);
const struct server_rule *server_at(size_t i); /* NULL after the last */

/* 0, or -EINVAL: unknown or a number out of range. */
int server_check(const struct server_settings *s)
    __attribute__((warn_unused_result));
/* Moments of round 0: m = 0, v = tau^2. state[nmoments * dim]: all m first. */
void server_start(const struct server_settings *s, uint32_t dim,
    int64_t *state);
/* step[dim] from the aggregate d[dim], the moments moved on; step may be d.
 * The settings were checked. */
void server_step(const struct server_settings *s, uint32_t dim,
    const int64_t *d, int64_t *state, int64_t *step);

#endif
