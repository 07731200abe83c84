/*
 * fixture.h - a federation with real keys, its pool of answers and a ledger.
 *
 * Time is a number; nothing here is random but the seeded town_random.
 */
#ifndef QML_TESTS_CONSENSUS_LEDGER_FIXTURE_H
#define QML_TESTS_CONSENSUS_LEDGER_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ledger/leaves.h"
#include "consensus/ledger/ledger.h"
#include "proto/bytes.h"
#include "proto/sign.h"

#define TOWN_MAX 16
#define TOWN_POOL 64
#define TOWN_FOUNDED_MS 1700000000000u
#define TOWN_COLLECT_MS 1000
#define TOWN_STRAGGLER_MS 4000
#define TOWN_HEARTBEAT_MS 60000
#define TOWN_INTERVAL_MS 10

struct town_setup {
	uint16_t n;
	uint32_t rounds;
	uint8_t rule; /* 0: mean */
	uint16_t trim;
	uint16_t answers_min;
	bool weighted; /* member i of the YAML order has weight i + 1 */
	uint32_t powers[TOWN_MAX];     /* 0: 1 */
	void (*edit)(struct job *j);   /* last; sizes follow */
	const struct economy *economy; /* NULL: nothing is said */
};

struct town {
	struct federation f;
	struct hash fid;
	struct sign_key *keys[TOWN_MAX]; /* by member index, of founders */
	struct sign_key *more[TOWN_MAX]; /* of who came later; owned */
	unsigned nmore;
	struct ledger *l;
	struct ledger *image; /* read from what l was written as */
	struct answer *pool[TOWN_POOL];
	unsigned npool;
	struct attest attest[TOWN_MAX];
	const struct attest *given[TOWN_MAX]; /* NULL: none */
	struct commit commit;                 /* of the head */
	bool has_commit;
	uint64_t now_ms;
	uint64_t rng;
};

void town_open(struct town *t, const struct town_setup *s);
void town_close(struct town *t);
/* Block 1, an ordinary one: from now on rounds close by time, too. */
void town_begin(struct town *t);
uint64_t town_random(struct town *t);

/* A valid answer to the open round, not in the pool, unsigned: the caller
 * may spoil it first. */
struct answer *town_draft(struct town *t, uint16_t member, uint8_t kind);
/* Of who sits there at height + 1: a founder's, or one of `more`. */
struct sign_key *town_key(struct town *t, uint16_t seat);
/* The transaction that names a signed answer before it is shown. */
struct tx *town_name(struct town *t, const struct answer *a);
/* Signs and keeps it; returns the pool's index. */
unsigned town_keep(struct town *t, struct answer *a);
/* Both, for a valid one. */
unsigned town_answer(struct town *t, uint16_t member, uint8_t kind);
/* The attestation of the pool's answers whose bit is set, first one of a
 * member only, by a validator; at hand for the next block. */
void town_attest(struct town *t, uint16_t validator, uint64_t pool_bits);
/* Everybody answers with this kind, everybody attests all. */
void town_all(struct town *t, uint8_t kind);
struct ledger_inputs town_inputs(struct town *t, uint32_t bft_round);
/* ledger_build at now_ms, which must succeed. */
struct block *town_build(struct town *t);
/* Applies to t->l, makes the certificate, forgets pool and attestations. */
void town_commit(struct town *t, const struct block *b);
/* Build and commit; returns the kind. */
uint8_t town_step(struct town *t);
/* Of a proposal to combine the running job by this rule, clip 3. */
struct bytes_writer town_rule_body(const struct town *t, uint8_t rule);
void town_certify(struct town *t, struct commit *c, uint64_t height,
    const struct hash *block);

#endif
