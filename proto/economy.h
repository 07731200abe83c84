/*
 * economy.h - what a federation agreed on about tokens, votes and worth.
 *
 * Units are the consortium's own credits, times are blocks. A federation that
 * says nothing has ECONOMY_DEFAULT, and its bytes are those of one that says
 * just that: the section is written only where something differs.
 *
 * To add a field: here (at the end), its default, fields and widths, get, the
 * range in economy_check, a row in config/federation_rows.c and its entry in
 * federation.yaml(5).
 */
#ifndef QML_PROTO_ECONOMY_H
#define QML_PROTO_ECONOMY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"

#define ECONOMY_PPM 1000000u /* of a round's mint: the shares' sum */
#define ECONOMY_SHARDS_MAX (1u << 20)
#define ECONOMY_UNITS_MAX UINT64_C(1000000000000000000)

struct economy {
	uint64_t cap;       /* never more units; 0: nothing was said at all */
	uint64_t opening;   /* every founder's account */
	uint64_t mint;      /* of the first round */
	uint64_t half_life; /* rounds until the mint is half */
	uint64_t fee;       /* least of a transaction */
	/* Millionths of the mint. */
	uint32_t contributors, signers, assets, treasury;
	uint32_t voting_period; /* blocks a proposal is open */
	uint32_t voting_extension;
	uint32_t voting_grace;
	uint32_t voting_lock;  /* percent of the kinds' time locks */
	uint32_t worth_blocks; /* a round's utilities are waited for so long */
	bool assets_needed;    /* updates count only with registered data */
	/* Sealed public rows that tell what updates are worth. */
	uint32_t validation_shards;  /* 0: none, and nothing is valued */
	uint32_t validation_every;   /* one round of so many is, by lot */
	struct hash validation_root; /* Merkle root over them */
	bool commit_updates; /* a hash on the chain before an update is shown */
};

#define ECONOMY_DEFAULT                                      \
	((struct economy){.cap = UINT64_C(1000000000000000), \
	    .opening = UINT64_C(1000000000),                 \
	    .mint = UINT64_C(100000000),                     \
	    .half_life = 1000,                               \
	    .fee = 1000,                                     \
	    .contributors = 700000,                          \
	    .signers = 100000,                               \
	    .assets = 100000,                                \
	    .treasury = 100000,                              \
	    .voting_period = 100,                            \
	    .voting_extension = 20,                          \
	    .voting_grace = 1000,                            \
	    .voting_lock = 100,                              \
	    .worth_blocks = 20,                              \
	    .validation_every = 1})

/* Is it the default, said or not? */
bool economy_is_default(const struct economy *e);
/* -EINVAL with a sentence that names the key. */
int economy_check(const struct economy *e, uint16_t nmembers, char *err,
    size_t errlen) __attribute__((warn_unused_result));

/* Nothing for the default. */
void economy_put(struct bytes_writer *w, const struct economy *e);
/* The rest of the bytes; none: the default. Bad where it is written out. */
void economy_get(struct bytes_reader *r, struct economy *out);

#endif
