#include "consensus/replica/round.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/bft/quorum.h"
#include "consensus/ledger/sealed.h"
#include "consensus/replica/agree.h"
#include "consensus/replica/bodies.h"
#include "consensus/replica/proofs.h"
#include "consensus/replica/promise.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/sync.h"

#define ROUND_TAKEN_MAX 16   /* answers of one member, one round */
#define ROUND_SLEEP_MS 60000 /* look at the wall clock at least this often */

static bool
is_mine(const struct replica *r, const struct answer *a)
{
	return a->member == r->self;
}

void
round_clear(struct replica *r)
{
	for (uint16_t i = 0; i < VOTE_MAX_VALIDATORS; i++) {
		answer_unref(r->answers[i][0]);
		answer_unref(r->answers[i][1]);
		r->answers[i][0] = r->answers[i][1] = NULL;
		free(r->attests[i]);
		r->attests[i] = NULL;
	}
	answer_unref(r->own);
	r->own = NULL;
	r->own_stored = false;
	promise_clear(r);
	memset(r->taken, 0, sizeof(r->taken));
	r->own_seq = 0;
	r->own_lost = false;
	r->attested_n = 0;
	r->attested_ms = 0;
}

/*
 * May an answer of ours be given to the open round? Not if one was, also before
 * a restart; and a round that others have left behind is not worth it.
 */
static bool
is_expected(const struct replica *r)
{
	return r->started && r->round_open && !r->halted && !r->own_lost &&
	    !silence_in_round(r) && !sync_active(r) && r->own == NULL &&
	    r->answers[r->self][0] == NULL && ledger_asked(r->ledger, r->self);
}

/* Is work on the model of this round still to be had from us? */
static bool
is_in_time(const struct replica *r, uint64_t round)
{
	const struct bases *b = &ledger_round(r->ledger)->bases;
	int age = bases_age_of(b, round);

	/* Who lost the seat meanwhile answers nothing. */
	return age >= 0 && r->self != REPLICA_NOBODY &&
	    !bases_used(b, r->self, age);
}

/* What came too late for its own round; else train. */
static void
start_training(struct replica *r)
{
	const struct bases *b = &ledger_round(r->ledger)->bases;
	struct replica_action *a;
	struct answer *late;

	if (!is_expected(r))
		return;
	if (r->carried != NULL) {
		late = answer_copy(r->carried);
		if (late != NULL)
			round_trained(r, late);
		return;
	}
	if (r->training)
		return;
	a = queue_add(r, REPLICA_TRAIN);
	if (a == NULL)
		return;
	a->fl_round = r->trained_on = b->one[0].round;
	r->training = true;
}

/* The ledger moved on: what of our work is of no use any more? */
static void
drop_late(struct replica *r)
{
	struct replica_action *a;

	if (r->carried != NULL &&
	    (!r->round_open || !is_in_time(r, r->carried->round))) {
		answer_unref(r->carried);
		r->carried = NULL;
	}
	if (!r->training || (r->round_open && is_in_time(r, r->trained_on)))
		return;
	a = queue_add(r, REPLICA_CANCEL);
	if (a != NULL)
		a->fl_round = r->trained_on;
	r->training = false;
}

/* The ledger's round changed, or we start. */
void
round_enter(struct replica *r)
{
	const struct ledger_round *lr = ledger_round(r->ledger);

	if (r->fl_round != lr->number || lr->finished)
		round_clear(r);
	if (r->fl_round != lr->number)
		r->round_height = ledger_height(r->ledger);
	r->fl_round = lr->number;
	r->round_open = !lr->finished;
	drop_late(r);
	start_training(r);
}

/* Our own trainer gave what nobody may accept, now or later: say that we have
 * no update, or, when even that is refused, stay silent in this round. */
static void
refuse(struct replica *r, struct answer *draft, enum answer_reason why)
{
	struct answer *no = draft->kind == ANSWER_UPDATE ? answer_new(0) : NULL;

	if (no != NULL) {
		no->kind = ANSWER_NO_UPDATE;
		no->reason = (uint8_t)why;
		no->round = ledger_round(r->ledger)->bases.one[0].round;
	} else {
		r->own_lost = true;
	}
	answer_unref(draft);
	answer_unref(r->carried);
	r->carried = NULL;
	if (no != NULL)
		round_trained(r, no);
}

/* A draft names the round whose model it is from. What can only count later
 * is kept, a failure on an old model is nothing to tell: the newest is tried.
 * True: it is for the open round. */
static bool
take_draft(struct replica *r, struct answer *draft)
{
	const struct bases *b = &ledger_round(r->ledger)->bases;
	bool update = draft->kind == ANSWER_UPDATE;

	if (draft->round == r->trained_on)
		r->training = false;
	if (!r->round_open || r->halted || !is_in_time(r, draft->round))
		return false;
	if (!update && draft->round != b->one[0].round) {
		start_training(r);
		return false;
	}
	if (update && b->carry > 0 && r->carried == NULL)
		r->carried = answer_copy(draft);
	return is_expected(r);
}

/* Sign what the trainer gave; it leaves when it is durable. */
void
round_trained(struct replica *r, struct answer *draft)
{
	const struct ledger_round *lr = ledger_round(r->ledger);
	const struct bases *b = &lr->bases;
	const struct replica_pending wait = {.wait = WAIT_ANSWER,
	    .fl_round = r->fl_round};
	struct replica_action store = {.store = REPLICA_STORE_ANSWER};
	struct bytes_writer w = BYTES_WRITER_INIT;
	enum ledger_verdict v;

	if (!take_draft(r, draft)) {
		answer_unref(draft);
		return;
	}
	draft->version = ANSWER_VERSION;
	draft->member = r->self;
	draft->job = lr->job;
	draft->base_model = b->one[bases_age_of(b, draft->round)].model;
	draft->round = r->fl_round;
	draft->clip_q24 = (uint64_t)ledger_clip_q24(r->ledger);
	answer_sign(draft, r->key, ledger_federation_id(r->ledger));
	v = ledger_check_answer(r->ledger, draft);
	if (v != LEDGER_OK && v != LEDGER_SEALED) {
		queue_notice(r, REPLICA_NOTICE, r->self,
		    ledger_verdict_text(v));
		/* Consent that ended is no fault of the numbers. */
		refuse(r, draft,
		    v == LEDGER_ASSET ? ANSWER_REASON_NO_DATA
				      : ANSWER_REASON_NUMERIC);
		return;
	}
	store.id = draft->id;
	answer_put(&w, draft);
	if (bytes_writer_take(&w, &store.data, &store.len) < 0) {
		answer_unref(draft);
		r->counts.dropped++;
		return;
	}
	r->own = draft;
	(void)queue_store(r, &store, NULL);
	store = (struct replica_action){.store = REPLICA_STORE_RECORD};
	store.record = (struct votelog_record){.type = VOTELOG_ANSWER,
	    .has_answer = true,
	    .answer = {.fl_round = r->fl_round, .id = draft->id}};
	(void)queue_store(r, &store, &wait);
}

void
round_answer_stored(struct replica *r, uint64_t fl_round)
{
	/* The round closed meanwhile; ours may be the next one's already, and
	 * that is not durable yet. */
	if (r->own == NULL || r->own->round != fl_round || r->twin)
		return;
	r->own_stored = true;
	if (ledger_federation(r->ledger)->economy.commit_updates)
		promise_step(r);
	else
		round_show(r);
}

void
round_show(struct replica *r)
{
	struct answer **slot = r->answers[r->self];
	struct wire_msg m = {.type = WIRE_ANSWER};

	r->own_stored = false;
	if (r->self == REPLICA_NOBODY) { /* the seat went meanwhile */
		answer_unref(r->own);
		r->own = NULL;
		return;
	}
	if (slot[0] != NULL) { /* our key is in use twice: the other's came */
		answer_unref(slot[1]);
		slot[1] = slot[0];
	}
	slot[0] = r->own;
	r->own = NULL;
	m.u.answer = slot[0];
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_ANSWER, &m);
	round_progress(r);
}

/*
 * A member that signs several answers can show two of them to us and the one
 * that enters the set to the others. So beyond the second only what a
 * proposed block names, or what an honest validator attests, is taken; blocks
 * hold their own references, so the slot may change hands.
 */
static bool
is_wanted(const struct replica *r, const struct answer *a)
{
	const uint32_t *power = ledger_powers(r->ledger);
	uint64_t sum = 0, total = 0;

	for (uint16_t v = 0; v < r->n; v++) {
		const struct attest *at = r->attests[v];

		total += power[v];
		for (uint16_t i = 0; at != NULL && i < at->nheld; i++)
			if (hash_equal(&at->held[i], &a->id))
				sum += power[v];
	}
	if (quorum_honest(sum, total))
		return true;
	/* A proposer and an author together could name one after another. */
	return r->taken[a->member] < ROUND_TAKEN_MAX && bodies_name(r, &a->id);
}

/* One of ours that we do not hold. After a restart it may be one that we made
 * and whose bytes were lost. */
static void
judge_own(struct replica *r)
{
	if (r->started && !r->own_lost && !silence_in_round(r))
		silence_twin(r,
		    "an answer with our key that this node never made: the "
		    "key is in use twice, so it signs nothing more");
}

/* Of another member, from a peer or from our pool after a restart. */
bool
round_accept(struct replica *r, struct answer *a, const char **why)
{
	struct replica_action store = {.store = REPLICA_STORE_ANSWER};
	struct bytes_writer w = BYTES_WRITER_INIT;
	enum ledger_verdict v;
	struct answer **slot;

	*why = NULL;
	if (a->round != r->fl_round || !r->round_open || a->member >= r->n) {
		r->counts.stale++;
		goto no;
	}
	if (round_find(r, &a->id) != NULL ||
	    (r->own != NULL && hash_equal(&r->own->id, &a->id)))
		goto no;
	slot = r->answers[a->member];
	if (slot[1] != NULL && !is_wanted(r, a))
		goto no;
	v = ledger_check_answer(r->ledger, a);
	if (v == LEDGER_OK && is_mine(r, a))
		judge_own(r);
	if (v == LEDGER_SEALED && !is_mine(r, a)) {
		promise_park(r, a);
		return false;
	}
	if (v == LEDGER_SEALED && !r->started && r->own == NULL) {
		r->own = a;
		r->own_stored = true;
		return false;
	}
	if (v != LEDGER_OK) {
		*why = v == LEDGER_SEALED ? NULL : ledger_verdict_text(v);
		goto no;
	}
	if (r->started) {
		store.id = a->id;
		answer_put(&w, a);
		if (bytes_writer_take(&w, &store.data, &store.len) < 0) {
			r->counts.dropped++;
			goto no;
		}
		(void)queue_store(r, &store, NULL);
	}
	if (r->taken[a->member] < UINT8_MAX)
		r->taken[a->member]++;
	/* Our own words come back after a restart with a lost pool entry. */
	if (is_mine(r, a))
		r->training = false;
	if (slot[0] == NULL) {
		slot[0] = a;
	} else {
		answer_unref(slot[1]);
		slot[1] = a;
	}
	/* Of our own in the pool, one may be left from before it was said. */
	if (slot[1] != NULL && r->started && !is_mine(r, a))
		proofs_of_answers(r, slot[0], slot[1]);
	if (slot[1] != NULL && r->started)
		queue_notice(r, REPLICA_NOTICE, a->member,
		    "signed two different answers for one round");
	round_progress(r);
	return true;
no:
	answer_unref(a);
	return false;
}

static bool
is_collected(const struct replica *r)
{
	for (uint16_t i = 0; i < r->n; i++)
		if (sealed_awaited(r->ledger, i) && r->answers[i][0] == NULL)
			return false;
	return true;
}

static uint16_t
count_held(const struct replica *r)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < r->n; i++)
		n = (uint16_t)(n + (r->answers[i][0] != NULL));
	return n;
}

/* Say which answers we hold: when all are here, when time is up, and again
 * when more came since. */
static void
attest(struct replica *r)
{
	const struct ledger_round *lr = ledger_round(r->ledger);
	struct replica_action store = {.store = REPLICA_STORE_RECORD};
	struct replica_pending wait = {.wait = WAIT_ATTEST};
	uint16_t held = count_held(r);
	struct attest *a;

	if (!r->round_open || lr->sealed || r->attesting || r->halted ||
	    !r->started || r->self == REPLICA_NOBODY || silence_in_round(r) ||
	    sync_active(r))
		return;
	/* A restart forgets ours, and alone nobody else has it. */
	if (r->own_seq > 0 && held <= r->attested_n &&
	    r->attests[r->self] != NULL)
		return;
	if (!is_collected(r)) {
		if (r->now.wall < lr->collect_at_ms)
			return;
		if (r->own_seq > 0 &&
		    r->now.mono < r->attested_ms + REPLICA_REATTEST_MS)
			return;
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return;
	a->job = lr->job;
	a->round = r->fl_round;
	a->seq = r->own_seq + 1;
	a->validator = r->self;
	for (uint16_t i = 0; i < r->n; i++) {
		if (r->answers[i][0] == NULL)
			continue;
		a->member[a->nheld] = i;
		a->held[a->nheld++] = r->answers[i][0]->id;
	}
	r->attesting = true;
	r->attested_ms = r->now.mono;
	store.record = (struct votelog_record){.type = VOTELOG_ATTEST,
	    .has_attest = true,
	    .attest = {.fl_round = r->fl_round,
		.seq = a->seq,
		.digest = attest_digest(a)}};
	wait.attest = a;
	(void)queue_store(r, &store, &wait);
}

void
round_attest_stored(struct replica *r, struct attest *a)
{
	struct wire_msg m = {.type = WIRE_ATTEST};

	r->attesting = false;
	if (!r->round_open || a->round != r->fl_round || r->twin) {
		free(a);
		round_progress(r);
		return;
	}
	attest_sign(a, r->key, ledger_federation_id(r->ledger));
	r->own_seq = a->seq;
	r->attested_n = a->nheld;
	m.u.attest = a;
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_ANSWER, &m);
	round_accept_attest(r, a);
}

/* Checked by the caller; the newest of each validator counts. */
void
round_accept_attest(struct replica *r, struct attest *a)
{
	struct attest **slot = &r->attests[a->validator];

	if (*slot != NULL && (*slot)->seq >= a->seq) {
		free(a);
		return;
	}
	free(*slot);
	*slot = a;
	round_progress(r);
}

struct answer *
round_find(void *replica, const struct hash *id)
{
	struct replica *r = replica;

	for (uint16_t i = 0; i < r->n; i++)
		for (int k = 0; k < 2; k++)
			if (r->answers[i][k] != NULL &&
			    hash_equal(&r->answers[i][k]->id, id))
				return r->answers[i][k];
	return NULL;
}

static bool
names(const struct wire_ids *ids, const struct hash *id)
{
	for (uint16_t i = 0; i < ids->n; i++)
		if (hash_equal(&ids->ids[i], id))
			return true;
	return false;
}

/* Each once, however often it is named, and no more than so much until the next
 * tick: an id is small, an answer large. One always goes; who still lacks some
 * asks for those. */
void
round_send_answers(struct replica *r, uint16_t peer, const struct wire_ids *ids)
{
	struct wire_msg m = {.type = WIRE_ANSWER};
	size_t *sent = &r->peers[peer].asked_bytes;

	for (uint16_t i = 0; i < r->n; i++)
		for (int k = 0; k < 2 && *sent < REPLICA_ASKED_BYTES; k++) {
			m.u.answer = r->answers[i][k];
			if (m.u.answer == NULL || !names(ids, &m.u.answer->id))
				continue;
			*sent += sizeof(*m.u.answer) +
			    m.u.answer->dim * sizeof(m.u.answer->delta[0]);
			queue_send(r, peer, REPLICA_CLASS_ANSWER, &m);
		}
}

/* Something may have become possible: attest, validate, build, propose. */
void
round_progress(struct replica *r)
{
	struct ledger_inputs in = {.now_ms = r->now.wall,
	    .attests = (const struct attest *const *)r->attests,
	    .find = round_find,
	    .arg = r,
	    .txs = r->txpool.fit,
	    .ntxs = r->txpool.nfit};
	struct bft_event ev = {.type = BFT_EV_WORK};
	uint64_t when;

	if (!r->started || r->halted)
		return;
	start_training(r);
	promise_step(r);
	attest(r);
	bodies_retry(r);
	agree_try_build(r);
	/* What was due before a block is not waited for while it is stored: on
	 * a full disk that takes long, and the time is over. */
	r->due_wall = 0;
	if (r->decided != NULL || sync_active(r))
		return;
	if (ledger_due(r->ledger, &in, &when))
		agree_feed(r, &ev);
	else
		r->due_wall = when;
}

/* mono time of the next thing that only time brings about; 0: none. */
uint64_t
round_deadline(const struct replica *r)
{
	const struct ledger_round *lr = ledger_round(r->ledger);
	uint64_t wall = r->due_wall;

	if (r->round_open && lr->collect_at_ms > r->now.wall &&
	    (wall == 0 || lr->collect_at_ms < wall))
		wall = lr->collect_at_ms;
	if (wall == 0)
		return 0;
	if (wall <= r->now.wall)
		return r->now.mono + 1;
	wall -= r->now.wall;
	return r->now.mono + (wall < ROUND_SLEEP_MS ? wall : ROUND_SLEEP_MS);
}
