/*
 * poll.h - proposals on a town's ledger: made, voted for, waited for.
 *
 * Its blocks are kept, so that the end can read them again from the first.
 */
#ifndef QML_TESTS_CONSENSUS_LEDGER_POLL_H
#define QML_TESTS_CONSENSUS_LEDGER_POLL_H

#include "consensus/books/view.h"
#include "consensus/votes/payload.h"
#include "tests/consensus/ledger/fixture.h"

/* A town with block 1, an ordinary one. */
void poll_begin(struct town *t, const struct town_setup *s);
/* Who reads the same blocks is where we are: restart and audit. Closes. */
void poll_end(struct town *t);

/* A transaction of this member; *w is closed. */
struct tx *poll_tx(struct town *t, uint16_t from, uint8_t kind,
    struct bytes_writer *w);
struct tx *poll_proposal(struct town *t, uint16_t from, uint8_t kind,
    const struct payload *p);
/* A stranger's keys and name; the key is the town's. */
struct payload poll_newcomer(struct town *t, uint8_t op, uint8_t seed);
/* Applies and takes b. */
void poll_keep(struct town *t, struct block *b);
const struct block *poll_last(void);
/* A block with exactly these; takes them. */
void poll_commit(struct town *t, struct tx **txs, size_t n);
/* The block of a heartbeat. */
void poll_beat(struct town *t);
/* Everybody says yes. */
void poll_vote(struct town *t, uint64_t id);
const struct motion *poll_motion(const struct town *t, uint64_t id);
/* Proposed and voted for; returns its id. */
uint64_t poll_pass(struct town *t, uint8_t kind, const struct payload *p);
/* Heartbeats until it is over. */
enum proposal_state poll_wait(struct town *t, uint64_t id);

#endif
