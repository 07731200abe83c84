/*
 * site.h - one replica of a small federation, driven by hand.
 *
 * The test is the clock, the disk and the other members, whose keys it has.
 */
#ifndef QML_TESTS_CONSENSUS_REPLICA_SITE_H
#define QML_TESTS_CONSENSUS_REPLICA_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/replica/replica.h"
#include "tests/consensus/replica/village.h"

#define SITE_WALL VILLAGE_FOUNDED_MS
#define SITE_DIM VILLAGE_DIM
#define SITE_SEEN_MAX 256

/* What lies in the pool, without the drops. */
struct site_item {
	enum replica_store store;
	uint8_t *data;
	size_t len;
};

struct site {
	uint16_t self;
	struct federation f;
	struct sign_key *keys[VILLAGE_MAX]; /* by member index */
	struct replica *r;
	uint64_t ms;
	uint64_t stored; /* highest STORE seq seen */
	struct replica_action
	    seen[SITE_SEEN_MAX];             /* of the last step, data freed */
	struct wire_msg sent[SITE_SEEN_MAX]; /* decoded SENDs of it */
	size_t nseen, nsent;
	struct votelog_record records[64];
	size_t nrecords;
	struct site_item pool[64];
	size_t npool;
};

/* n members, self 0; nothing runs yet. */
void site_open(struct site *s, uint16_t n);
/* A replica without memory; site_load gives it records and pool. */
void site_boot(struct site *s);
void site_load(struct site *s);
void site_close(struct site *s);
/* One event; leaves in seen and sent what came of it. */
void site_step(struct site *s, struct replica_event ev);
void site_simple(struct site *s, enum replica_event_type type);
/* Everything stored so far is on the disk. */
void site_durable(struct site *s);
/* Of the last step. */
size_t site_count(const struct site *s, enum replica_action_type type);
const struct wire_msg *site_sent(const struct site *s, enum wire_type type);
void site_peer(struct site *s, uint16_t i, bool up);
/* Of four, without memory: it runs, and the other three are there. */
void site_start(struct site *s);
void site_message(struct site *s, uint16_t from, const struct wire_msg *m);
/* What a trainer gives; the callee takes it. */
struct answer *site_draft(uint64_t round);

#endif
