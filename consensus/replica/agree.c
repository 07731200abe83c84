#include "consensus/replica/agree.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "consensus/ledger/seats.h"
#include "consensus/replica/bodies.h"
#include "consensus/replica/gossip.h"
#include "consensus/replica/passage.h"
#include "consensus/replica/polka.h"
#include "consensus/replica/proofs.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/recv.h"
#include "consensus/replica/round.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/sync.h"
#include "consensus/replica/wallclock.h"

static void
store_record(struct replica *r, const struct bft_action *a)
{
	const struct bft_record *rec = &a->persist.record;
	const struct replica_pending wait = {.wait = WAIT_BFT,
	    .bft_seq = a->persist.seq};
	struct replica_action store = {.store = REPLICA_STORE_RECORD};
	struct replica_body *body;

	/* A proposal we sign must survive with its bytes. */
	if (rec->type == BFT_RECORD_PROPOSAL) {
		body = bodies_find(r, &rec->block);
		if (body != NULL)
			bodies_store(r, body);
	}
	polka_keep(r, &rec->valid);
	passage_keep(r);
	store.record = (struct votelog_record){.type = VOTELOG_BFT,
	    .has_bft = true,
	    .bft = *rec};
	(void)queue_store(r, &store, &wait);
}

/* A4, but not while we catch up: one signature must not lead to the next at a
 * height that others have left behind. It comes back with the repairs. */
static void
feed_own(struct replica *r, const struct bft_event *ev)
{
	if (!sync_active(r))
		agree_feed(r, ev);
}

static void
send_vote(struct replica *r, const struct bft_action *a)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct bft_event ev = {.type = BFT_EV_VOTE};

	if (r->twin)
		return;
	m.u.vote = a->vote;
	vote_sign(&m.u.vote, r->key, ledger_federation_id(r->ledger));
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_VOTE, &m);
	if (r->witness != NULL)
		r->witness(r->witness_arg, &m.u.vote);
	ev.vote = m.u.vote;
	feed_own(r, &ev);
}

static void
send_proposal(struct replica *r, const struct bft_action *a)
{
	struct replica_body *body = bodies_find(r, &a->block);
	struct wire_msg m = {.type = WIRE_PROPOSAL};
	struct bft_event ev = {.type = BFT_EV_PROPOSAL};

	if (body == NULL || r->twin)
		return; /* evicted: the round goes on without us */
	m.u.proposal.head = (struct proposal){.height = a->height,
	    .round = a->round,
	    .valid_round = a->valid_round,
	    .block = a->block,
	    .proposer = r->self};
	proposal_sign(&m.u.proposal.head, r->key,
	    ledger_federation_id(r->ledger));
	m.u.proposal.block = body->block;
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_VOTE, &m);
	/* L28: who has not seen the old prevotes could not prevote. */
	if (a->valid_round >= 0)
		gossip_send_polka(r, REPLICA_ALL, (uint32_t)a->valid_round);
	ev.proposal = (struct bft_offer){.p = m.u.proposal.head,
	    .block_round = body->block->header.round,
	    .timely = true};
	feed_own(r, &ev);
}

static void
commit(struct replica *r, const struct bft_action *a)
{
	struct replica_body *body = bodies_find(r, &a->block);
	struct commit *c;
	struct block *b;

	if (r->decided != NULL)
		return; /* block sync brought the same block first */
	/* After a restart the body may lack answers that only peers hold:
	 * then the decided block comes by block sync. */
	if (body == NULL || !body->checked || !body->valid)
		return;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		queue_notice(r, REPLICA_HALT, r->self,
		    "out of memory while committing a block");
		return;
	}
	bft_certificate(&r->bft, c);
	b = body->block;
	body->block = NULL;
	agree_decide(r, b, c);
}

static void
perform(struct replica *r, const struct bft_action *a)
{
	switch (a->type) {
	case BFT_PERSIST:
		store_record(r, a);
		break;
	case BFT_SEND_PROPOSAL:
		send_proposal(r, a);
		break;
	case BFT_SEND_VOTE:
		send_vote(r, a);
		break;
	case BFT_BUILD:
		r->build_wanted = true;
		r->build_height = a->height;
		r->build_round = a->round;
		agree_try_build(r);
		break;
	case BFT_VALIDATE:
	case BFT_FETCH:
		bodies_want(r, &a->block);
		break;
	case BFT_COMMIT:
		commit(r, a);
		break;
	case BFT_EVIDENCE:
		r->counts.equivocations++;
		proofs_of_core(r, a);
		queue_notice(r, REPLICA_NOTICE,
		    a->evidence.votes ? a->evidence.vote[0].validator
				      : a->evidence.proposal[0].proposer,
		    "signed two different things for one round");
		break;
	case BFT_HALT:
		queue_notice(r, REPLICA_HALT, r->self,
		    "a quorum decided a block that this node finds "
		    "invalid: it or more than a third is faulty");
		break;
	}
}

/*
 * Steps the core. Its actions may feed it again; those events wait until the
 * actions before them are done, so that out is never overwritten in use.
 */
void
agree_feed(struct replica *r, const struct bft_event *ev)
{
	size_t at = (r->ehead + r->elen) % REPLICA_MAX_EVENTS;
	bool first = true;

	assert(r->elen < REPLICA_MAX_EVENTS);
	r->events[at] = *ev;
	r->events[at].now_ms = r->now.mono;
	r->elen++;
	if (r->driving)
		return;
	r->driving = true;
	while (r->elen > 0) {
		bft_step(&r->bft, &r->events[r->ehead], &r->out);
		r->ehead = (r->ehead + 1) % REPLICA_MAX_EVENTS;
		r->elen--;
		if (first)
			r->verdict = r->out.verdict;
		first = false;
		for (size_t i = 0; i < r->out.nactions; i++)
			perform(r, &r->out.actions[i]);
	}
	r->driving = false;
}

void
agree_verdict(struct replica *r, const struct hash *id, bool valid)
{
	struct bft_event ev = {.type = BFT_EV_VERDICT};

	/* The height is decided elsewhere: its block comes by block sync. */
	if (sync_active(r))
		return;
	ev.verdict.block = *id;
	ev.verdict.valid = valid;
	agree_feed(r, &ev);
}

void
agree_persisted(struct replica *r, uint64_t bft_seq)
{
	struct bft_event ev = {.type = BFT_EV_PERSISTED};

	ev.seq = bft_seq;
	agree_feed(r, &ev);
}

/*
 * Our turn to propose. Other nodes may have started the round before the
 * attestations reached us, so a build that finds nothing is tried again until
 * the round is over.
 */
void
agree_try_build(struct replica *r)
{
	struct ledger_inputs in = {.now_ms = r->now.wall,
	    .round = r->build_round,
	    .proposer = r->self,
	    .last_commit = r->last_commit,
	    .attests = (const struct attest *const *)r->attests,
	    .find = round_find,
	    .arg = r,
	    .txs = r->txpool.txs,
	    .ntxs = r->txpool.nfit > 0 ? r->txpool.n : 0,
	    .evidence = r->proofs,
	    .nevidence = r->nproofs};
	struct bft_event ev = {.type = BFT_EV_BUILT};
	struct replica_body *body = NULL;
	struct block *b = NULL;
	struct hash missing;
	int rc;

	if (!r->build_wanted || r->decided != NULL || sync_active(r) ||
	    wallclock_off_ms(r) != 0)
		return;
	if (r->bft.height != r->build_height ||
	    r->bft.round != (int32_t)r->build_round ||
	    r->bft.step != BFT_STEP_PROPOSE) {
		r->build_wanted = false;
		return;
	}
	rc = ledger_build(r->ledger, &in, &b, &missing);
	if (rc == -ENOENT)
		bodies_ask(r, &missing);
	if (rc == -EAGAIN || rc == -ENOENT)
		return;
	r->build_wanted = false;
	if (rc == -ENOMEM)
		queue_notice(r, REPLICA_NOTICE, r->self,
		    "out of memory: no block is proposed in this turn");
	if (rc == 0) {
		body = bodies_add(r, b);
		if (body != NULL)
			body->checked = body->valid = true;
	}
	ev.built.height = r->build_height;
	ev.built.round = r->build_round;
	ev.built.ok = body != NULL;
	if (body != NULL)
		ev.built.block = body->block->id;
	agree_feed(r, &ev);
}

/* b is decided, resolved and checked; takes both. */
void
agree_decide(struct replica *r, struct block *b, struct commit *c)
{
	const struct replica_pending wait = {.wait = WAIT_BLOCK};
	struct replica_action store = {.store = REPLICA_STORE_BLOCK,
	    .height = b->header.height,
	    .id = b->id};
	struct bytes_writer w = BYTES_WRITER_INIT;

	assert(r->decided == NULL);
	r->decided = b;
	r->decided_commit = c;
	r->build_wanted = false;
	block_put_full(&w, b);
	store.commit = malloc(sizeof(*store.commit));
	if (bytes_writer_take(&w, &store.data, &store.len) < 0 ||
	    store.commit == NULL) {
		replica_action_close(&store);
		queue_notice(r, REPLICA_HALT, r->self,
		    "out of memory while writing a block");
		return;
	}
	*store.commit = *c;
	(void)queue_store(r, &store, &wait);
}

void
agree_seat(struct replica *r)
{
	const struct sign_public own = sign_key_public(r->key);
	uint16_t before = r->self, seats = ledger_seats(r->ledger)->n;
	int seat;

	r->n = ledger_nmembers(r->ledger);
	if (seats > r->n)
		r->n = seats;
	seat = ledger_seat_of(r->ledger, &own);
	r->self = seat < 0 ? REPLICA_NOBODY : (uint16_t)seat;
	if (r->self != before)
		queue_notice(r, REPLICA_NOTICE,
		    r->self == REPLICA_NOBODY ? before : r->self,
		    r->self == REPLICA_NOBODY
			? "has no seat any more: this node follows and signs "
			  "nothing"
			: "this node has a seat now and votes");
}

/* An upgrade was decided that this program will not follow. */
static void
warn_of_version(struct replica *r)
{
	const struct ledger_params *p = ledger_params(r->ledger);

	if (p->next_version <= r->rules)
		return;
	snprintf(r->text, sizeof(r->text),
	    "from height %llu on the members run rules of version %u; this "
	    "program knows up to %u and will stop there",
	    (unsigned long long)p->next_version_at, p->next_version, r->rules);
	queue_notice(r, REPLICA_NOTICE, r->self, r->text);
}

/* The block is durable: from here on we may say that we have it. */
void
agree_block_stored(struct replica *r)
{
	struct block *b = r->decided;
	struct replica_action *a;
	uint64_t before = ledger_round(r->ledger)->number;
	uint64_t version_at = ledger_params(r->ledger)->next_version_at;
	int rc;

	if (r->deciding != NULL)
		r->deciding(r->witness_arg, r->ledger, b);
	rc = ledger_apply(r->ledger, b);
	if (rc < 0) {
		queue_notice(r, REPLICA_HALT, r->self,
		    rc == -ENOMEM
			? "out of memory while applying a decided block"
			: "a decided block does not apply to the ledger");
		return;
	}
	for (uint16_t i = 0; i < b->header.nevidence; i++)
		silence_accused(r, b->evidence[i]);
	agree_seat(r);
	txpool_turn(&r->txpool, r->ledger);
	proofs_turn(r);
	free(r->last_commit);
	r->last_commit = r->decided_commit;
	r->decided_commit = NULL;
	a = queue_add(r, REPLICA_APPLIED);
	if (a != NULL) {
		a->height = b->header.height;
		a->id = b->id;
	}
	r->decided = NULL;
	bodies_clear(r);
	block_free(r->applied);
	r->applied = b;
	if (a != NULL)
		a->block = b;
	if (ledger_round(r->ledger)->number != before ||
	    ledger_round(r->ledger)->finished || !r->round_open)
		round_enter(r);
	if (ledger_params(r->ledger)->next_version_at != version_at)
		warn_of_version(r);
	agree_enter(r);
	if (r->halted)
		return;
	sync_next(r);
	recv_early(r);
	round_progress(r);
	gossip_tell(r, REPLICA_ALL);
}

struct bft_params
agree_params(const struct replica *r)
{
	const struct timing *t = &ledger_params(r->ledger)->timing;

	return (struct bft_params){
	    .propose_ms = t->propose,
	    .propose_delta_ms = t->round_step,
	    .prevote_ms = t->prevote,
	    .prevote_delta_ms = t->round_step,
	    .precommit_ms = t->precommit,
	    .precommit_delta_ms = t->round_step,
	    .cap_ms = t->timeout_max,
	};
}

/* The members agreed on rules that this program does not have: it stops before
 * it could sign anything under others. */
static bool
is_too_old(struct replica *r)
{
	if (ledger_version_known(r->ledger))
		return false;
	snprintf(r->text, sizeof(r->text),
	    "from height %llu on the members run rules of version %u; this "
	    "program knows up to %u: install a newer one",
	    (unsigned long long)ledger_height(r->ledger) + 1,
	    ledger_version(r->ledger), r->rules);
	queue_notice(r, REPLICA_HALT, r->self, r->text);
	return true;
}

void
agree_enter(struct replica *r)
{
	struct bft_event ev = {.type = BFT_EV_HEIGHT};
	const struct bft_params params = agree_params(r);
	int rc;

	r->build_wanted = false;
	if (is_too_old(r))
		return;
	rc = bft_set_params(&r->bft, &params);
	assert(rc == 0); /* the ledger keeps the order of the timings */
	ev.enter.height = ledger_height(r->ledger) + 1;
	ev.enter.power = ledger_powers(r->ledger);
	ev.enter.turns = ledger_turns(r->ledger);
	ev.enter.n = r->n;
	ev.enter.self = silence_now(r) || r->self == REPLICA_NOBODY
	    ? BFT_NOT_VALIDATOR
	    : r->self;
	agree_feed(r, &ev);
	if (r->nrecords == 0 || r->records[0].height != ev.enter.height)
		return;
	ev = (struct bft_event){.type = BFT_EV_RESTORE};
	ev.restore.records = r->records;
	ev.restore.nrecords = r->nrecords;
	agree_feed(r, &ev);
	r->nrecords = 0;
}
