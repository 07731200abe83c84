/*
 * hostile_bytes.h - what strangers say to a listener.
 *
 * To the port of a member: from noise of no form to a whole handshake with a
 * key that nobody knows. To the control socket: from noise to requests whose
 * answers nobody reads. From a seed, so that a run can be repeated.
 */
#ifndef QML_TESTS_E2E_HOSTILE_BYTES_H
#define QML_TESTS_E2E_HOSTILE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"

#define HOSTILE_NWAYS 14

enum hostile_end {
	HOSTILE_CLOSE, /* at once, when all is said */
	HOSTILE_RESET, /* with RST */
	HOSTILE_WAIT,  /* until the other side hangs up */
};

/* Whom a stranger believes to speak to. */
struct hostile_target {
	uint8_t network[32]; /* the member's public key */
	struct hash federation;
};

struct hostile_way {
	const char *name;
	/* malloc'd bytes; *len may be 0. NULL: no memory. */
	uint8_t *(
	    *make)(const struct hostile_target *t, uint64_t *rng, size_t *len);
	enum hostile_end end;
	bool slow; /* a byte at a time */
};

extern const struct hostile_way hostile_peer[HOSTILE_NWAYS];
extern const struct hostile_way hostile_local[HOSTILE_NWAYS];

uint64_t hostile_next(uint64_t *rng);

#endif
