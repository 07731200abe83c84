/*
 * ledger.h - what a block means: rounds, members, the model.
 *
 * The deterministic application under the BFT core. Integers only; no clock,
 * no IO. ledger_check is all that stands between a proposal and a prevote but
 * the proposal's signature and its timeliness. Reference 2.7 and 2.8 say why
 * each rule is there. One thread at a time per ledger: a const ledger still
 * remembers what it verified.
 */
#ifndef QML_CONSENSUS_LEDGER_LEDGER_H
#define QML_CONSENSUS_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/books/books.h"
#include "consensus/ledger/bench.h"
#include "consensus/ledger/conduct.h"
#include "consensus/ledger/included.h"
#include "consensus/ledger/params.h"
#include "consensus/ledger/round.h"
#include "consensus/ledger/summary.h"
#include "consensus/ledger/verdict.h"
#include "proto/answer.h"
#include "proto/attest.h"
#include "proto/block.h"
#include "proto/federation.h"
#include "proto/tx.h"
#include "proto/vote.h"

struct ledger;

/* State after block 0, the federation's. Copies *f. -ENOMEM, -EINVAL. */
int ledger_new(const struct federation *f, struct ledger **out)
    __attribute__((warn_unused_result));
int ledger_clone(const struct ledger *l, struct ledger **out)
    __attribute__((warn_unused_result));
void ledger_free(struct ledger *l); /* NULL is fine */

/* Views; pointers live until the next ledger_apply or ledger_free. */
uint64_t ledger_height(const struct ledger *l);
const struct hash *ledger_head(const struct ledger *l);
uint64_t ledger_time_ms(const struct ledger *l); /* of the head */
const struct ledger_round *ledger_round(const struct ledger *l);
const int64_t *ledger_model(const struct ledger *l); /* [ledger_dim] */
uint32_t ledger_dim(const struct ledger *l);
uint32_t ledger_update_dim(const struct ledger *l); /* of an update */
uint16_t ledger_nmembers(const struct ledger *l);   /* = validators */
const struct member *ledger_member(const struct ledger *l, uint16_t i);
bool ledger_active(const struct ledger *l, uint16_t i);
/* Active, and asked in the open round: others have no answer. */
bool ledger_asked(const struct ledger *l, uint16_t i);
const uint32_t *ledger_powers(const struct ledger *l); /* [nmembers] */
const struct hash *ledger_validators(const struct ledger *l);
const struct hash *ledger_federation_id(const struct ledger *l);
/* As it stands now: its job is that of the open round, not the first one. */
const struct federation *ledger_federation(const struct ledger *l);
/* Of the open round or, when finished, of the last one; without the model that
 * an order gave it to start from, which round->start names. */
const struct job *ledger_job(const struct ledger *l);
/* Number of the open round within its job: trainers and rules count so. */
uint64_t ledger_job_round(const struct ledger *l);
const struct hash *ledger_job_id(const struct ledger *l);
int64_t ledger_clip_q24(const struct ledger *l);
int64_t ledger_bound_q24(const struct ledger *l);
const uint32_t *ledger_turns(const struct ledger *l); /* 0: on the bench */
/* Whose turn it is at height + 1 in this BFT round. */
uint16_t ledger_proposer(const struct ledger *l, uint32_t bft_round);
/* A version that was minted, if it is one of the last: [*dim], or NULL. */
const int64_t *ledger_version_params(const struct ledger *l,
    const struct hash *model, uint32_t *dim);
/* What members own, allowed and decided. */
const struct books *ledger_books(const struct ledger *l);
/* Of the last closed round; NULL before the first. */
const struct ledger_round_summary *ledger_last_round(const struct ledger *l);

/* Objects on arrival. Answers and attestations against the open round, votes
 * and proposals of any height against the validators; whose turn it is, only at
 * height + 1.
 * What passed is remembered, so a block that carries it costs nothing more. */
enum ledger_verdict ledger_check_answer(const struct ledger *l,
    const struct answer *a);
enum ledger_verdict ledger_check_attest(const struct ledger *l,
    const struct attest *a);
enum ledger_verdict ledger_check_vote(const struct ledger *l,
    const struct vote *v);
enum ledger_verdict ledger_check_proposal(const struct ledger *l,
    const struct proposal *p);
/* A certificate for this block: quorum, all signatures. Height > 0. */
enum ledger_verdict ledger_check_commit(const struct ledger *l,
    const struct commit *c, uint64_t height, const struct hash *block);

/* A transaction's signature. */
enum ledger_verdict ledger_check_tx(const struct ledger *l, const struct tx *t);
/* Would it apply in the next block, as its first? */
enum books_verdict ledger_tx_fits(const struct ledger *l, const struct tx *t);

/* What a proposer knows. */
struct ledger_inputs {
	uint64_t now_ms; /* wall clock; becomes the block's time */
	uint32_t round;  /* of the BFT core, for header.round */
	uint16_t proposer;
	const struct commit *last_commit; /* for the head; NULL at height 0 */
	/* [nmembers] by validator, NULL: none. Each passed
	 * ledger_check_attest; those of another round are passed over. */
	const struct attest *const *attests;
	/* The answer held under this id, borrowed; NULL: not held. */
	struct answer *(*find)(void *arg, const struct hash *id);
	void *arg;
	/* [ntxs], waiting, in order of arrival, signatures verified. */
	struct tx *const *txs;
	size_t ntxs;
	/* [nevidence]; what is new and proves something goes in. */
	struct evidence *const *evidence;
	size_t nevidence;
};

/* The included set that these attestations ([nmembers], NULL: none) give. */
void ledger_included(const struct ledger *l,
    const struct attest *const *attests, struct included *out);
/* Could a block be proposed at in->now_ms? *when_ms: from when on, if nothing
 * new arrives. round, proposer and last_commit are not looked at. */
bool ledger_due(const struct ledger *l, const struct ledger_inputs *in,
    uint64_t *when_ms);
/* A sealed block at height + 1 that passes ledger_check. -EAGAIN: none is
 * admissible yet; -ENOENT: the set's answer *missing is not held; -EBADMSG:
 * an answer in the set is invalid (over a third of the power is faulty);
 * -EINVAL: not our turn, or no certificate; -ENOMEM. */
int ledger_build(const struct ledger *l, const struct ledger_inputs *in,
    struct block **out, struct hash *missing)
    __attribute__((warn_unused_result));

/* All of reference 2.8 but the proposal's signature and `timely`. */
enum ledger_verdict ledger_check(const struct ledger *l, const struct block *b);
/* Decided: the block becomes the head. Checks it first unless it was the last
 * that passed ledger_check or came out of ledger_build. -EBADMSG (its verdict)
 * and -ENOMEM change nothing; at a re-founding -ENOMEM is the ledger's end. */
int ledger_apply(struct ledger *l, const struct block *b)
    __attribute__((warn_unused_result));

/* The same for a block that this node verified, stored and reads back from its
 * own chain: signatures, norms and the seal are not verified again. skim: nor
 * the roots of state and history, a third of the time, of many blocks in a row
 * of which the last is replayed: its roots tell what went wrong before. */
int ledger_replay(struct ledger *l, const struct block *b)
    __attribute__((warn_unused_result));
int ledger_skim(struct ledger *l, const struct block *b)
    __attribute__((warn_unused_result));

#endif
