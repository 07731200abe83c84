#include "consensus/replica/recv.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/ledger/seats.h"
#include "consensus/replica/agree.h"
#include "consensus/replica/bodies.h"
#include "consensus/replica/gossip.h"
#include "consensus/replica/guest.h"
#include "consensus/replica/proofs.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/round.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/sync.h"
#include "consensus/replica/txgossip.h"

#define RECV_EARLY_PER_PEER 64
#define RECV_EARLY_BYTES (1u << 20)      /* of one message that is kept */
#define RECV_EARLY_PEER_BYTES (4u << 20) /* of all that are, of one peer */
#define RECV_EARLY_ALL_BYTES (16u << 20) /* of everybody; votes go beyond */
#define RECV_EARLY_SMALL 4096

/*
 * Each receiver judges one message. What it returns is a sentence about
 * something that no honest node sends, or NULL; late, early and repeated
 * messages are honest.
 */

static bool
is_blameworthy(enum ledger_verdict v)
{
	return v != LEDGER_OK && v != LEDGER_STALE && v != LEDGER_FUTURE &&
	    v != LEDGER_FINISHED && v != LEDGER_MISSING_ANSWER &&
	    v != LEDGER_NO_MEMORY;
}

static const char *
judge(struct replica *r, enum ledger_verdict v)
{
	if (is_blameworthy(v))
		return ledger_verdict_text(v);
	r->counts.stale++;
	return NULL;
}

static const char *
judge_bft(struct replica *r)
{
	switch (r->verdict) {
	case BFT_BAD_TYPE:
		return "vote of an unknown type";
	case BFT_BAD_INDEX:
		return "vote of an unknown validator";
	case BFT_BAD_ROUND:
		return "proposal with an impossible valid round";
	case BFT_NOT_PROPOSER:
		return "proposal by a validator whose turn it is not";
	case BFT_NOT_OURS:
		silence_twin(r,
		    "a vote with our key that this node never made: the key "
		    "is in use twice, so it signs nothing more");
		return NULL;
	case BFT_OK:
	case BFT_DUPLICATE:
	case BFT_OLD:
	case BFT_FUTURE:
	case BFT_CONFLICT: /* the signer's fault, not the link's */
	case BFT_BAD_BLOCK:
	case BFT_UNKNOWN:
	case BFT_IDLE:
	case BFT_NVERDICTS:
		break;
	}
	return NULL;
}

static const char *
recv_vote(struct replica *r, const struct vote *v)
{
	struct bft_event ev = {.type = BFT_EV_VOTE};
	enum ledger_verdict lv;
	struct vote held;

	if (bft_vote(&r->bft, v, &v->block, &held))
		return NULL;
	lv = ledger_check_vote(r->ledger, v);
	if (lv != LEDGER_OK)
		return judge(r, lv);
	if (r->witness != NULL)
		r->witness(r->witness_arg, v);
	if (sync_active(r))
		return NULL;
	ev.vote = *v;
	agree_feed(r, &ev);
	return judge_bft(r);
}

#define TIMELY_MAX_MS 30000

/*
 * PBTS: block time against our clock when the proposal came. A proposal may
 * take a tenth longer in each round, so that links slower than the federation
 * thought delay a block and do not stop it.
 */
static bool
is_timely(const struct replica *r, const struct block *b, uint32_t round)
{
	const struct timing *t = &ledger_params(r->ledger)->timing;
	uint64_t delay = t->delay + (uint64_t)t->delay * round / 10;
	uint64_t time = b->header.time_ms;

	if (delay > TIMELY_MAX_MS)
		delay = t->delay > TIMELY_MAX_MS ? t->delay : TIMELY_MAX_MS;
	return time <= r->now.wall + t->precision &&
	    r->now.wall <= time + delay + t->precision;
}

static const char *
recv_proposal(struct replica *r, struct wire_proposal *m)
{
	struct bft_event ev = {.type = BFT_EV_PROPOSAL};
	const struct proposal *p = &m->head;
	enum ledger_verdict v;

	if (p->proposer == r->self)
		return NULL;
	v = ledger_check_proposal(r->ledger, p);
	if (v != LEDGER_OK)
		return judge(r, v);
	if (!hash_equal(&p->block, &m->block->id) ||
	    m->block->header.height != p->height)
		return "proposal for another block than the one beside it";
	if (sync_active(r))
		return NULL;
	ev.proposal = (struct bft_offer){.p = *p,
	    .block_round = m->block->header.round,
	    .timely = is_timely(r, m->block, p->round)};
	if (bodies_add(r, m->block) == NULL) {
		m->block = NULL;
		return NULL;
	}
	m->block = NULL;
	agree_feed(r, &ev);
	return judge_bft(r);
}

static const char *
recv_answer(struct replica *r, struct wire_msg *m)
{
	const char *why;
	struct answer *a = m->u.answer;

	m->u.answer = NULL;
	(void)round_accept(r, a, &why);
	return why;
}

/* A newer one, or another one of the same number, which is an offence. */
static bool
is_news(const struct attest *held, const struct attest *a)
{
	struct hash x, y;

	if (held->seq != a->seq)
		return held->seq < a->seq;
	x = attest_digest(held);
	y = attest_digest(a);
	return !hash_equal(&x, &y);
}

/* Ours come back through others; a higher number than our last is another's. */
static void
judge_own_attest(struct replica *r, const struct attest *a)
{
	if (r->twin || silence_in_round(r) || a->seq <= r->own_seq ||
	    ledger_check_attest(r->ledger, a) != LEDGER_OK)
		return;
	silence_twin(r,
	    "an attestation with our key that this node never made: the key "
	    "is in use twice, so it signs nothing more");
}

static const char *
recv_attest(struct replica *r, struct wire_msg *m)
{
	struct attest *a = m->u.attest;
	const struct attest *held;
	enum ledger_verdict v;

	/* Of other rounds the validators may be others, too. */
	if (a->round != r->fl_round || !r->round_open)
		return NULL;
	if (a->validator >= r->n)
		return ledger_verdict_text(LEDGER_VALIDATOR);
	if (a->validator == r->self) {
		judge_own_attest(r, a);
		return NULL;
	}
	held = r->attests[a->validator];
	if (held != NULL && !is_news(held, a))
		return NULL;
	v = ledger_check_attest(r->ledger, a);
	if (v != LEDGER_OK)
		return judge(r, v);
	if (held != NULL && held->seq == a->seq) {
		proofs_of_attests(r, held, a);
		return NULL;
	}
	m->u.attest = NULL;
	round_accept_attest(r, a);
	return NULL;
}

static const char *
recv_block_req(struct replica *r, uint16_t peer, const struct wire_range *q)
{
	uint64_t head = ledger_height(r->ledger);
	struct replica_action *a;

	if (q->from == 0 && q->count == 1) {
		guest_welcome(r, peer);
		return NULL;
	}
	if (q->count == 0 || q->count > WIRE_BLOCKS_MAX || q->from == 0)
		return "request for an impossible range of blocks";
	if (q->from > head)
		return NULL;
	a = queue_add(r, REPLICA_SERVE);
	if (a == NULL)
		return NULL;
	a->peer = peer;
	a->height = q->from;
	a->count = q->count;
	if (head - q->from + 1 < a->count)
		a->count = (uint16_t)(head - q->from + 1);
	return NULL;
}

static const char *
recv_tx(struct replica *r, struct wire_msg *m)
{
	struct tx *t = m->u.tx;

	m->u.tx = NULL;
	return txgossip_recv(r, t);
}

static const char *
dispatch(struct replica *r, uint16_t peer, struct wire_msg *m, size_t len)
{
	struct evidence *e = m->type == WIRE_EVIDENCE ? m->u.evidence : NULL;

	switch (m->type) {
	case WIRE_STATUS:
		gossip_heard(r, peer, &m->u.status);
		return NULL;
	case WIRE_PROPOSAL:
		return recv_proposal(r, &m->u.proposal);
	case WIRE_VOTE:
		return recv_vote(r, &m->u.vote);
	case WIRE_ANSWER:
		return recv_answer(r, m);
	case WIRE_ATTEST:
		return recv_attest(r, m);
	case WIRE_ANSWER_REQ:
		round_send_answers(r, peer, &m->u.ids);
		return NULL;
	case WIRE_BLOCK_REQ:
		return recv_block_req(r, peer, &m->u.range);
	case WIRE_BLOCK:
		sync_block(r, peer, &m->u.decided, len);
		m->u.decided.block = NULL;
		return NULL;
	case WIRE_TX:
		return recv_tx(r, m);
	case WIRE_TX_IDS:
		txgossip_heard(r, peer, &m->u.ids);
		return NULL;
	case WIRE_TX_REQ:
		txgossip_send(r, peer, &m->u.ids);
		return NULL;
	case WIRE_EVIDENCE:
		m->u.evidence = NULL;
		return proofs_recv(r, e);
	case WIRE_FOUNDING: /* for who has no chain yet */
	case WIRE_JOIN:     /* from somebody who is nobody: the shell's */
	case WIRE_JOINED:
		return NULL;
	case WIRE_PING:
	case WIRE_PONG:
	case WIRE_BYE:
		break; /* the link's business */
	}
	return NULL;
}

/* The round after the open one; with no job running, the next one's first. */
static bool
is_next(const struct replica *r, uint64_t round)
{
	return round == r->fl_round + r->round_open;
}

/* Of the height or round that we reach with the block being stored? */
static bool
is_early(const struct replica *r, const struct wire_msg *m)
{
	switch (m->type) {
	case WIRE_VOTE:
		return m->u.vote.height == r->bft.height + 1;
	case WIRE_PROPOSAL:
		return m->u.proposal.head.height == r->bft.height + 1;
	case WIRE_ANSWER:
		return is_next(r, m->u.answer->round);
	case WIRE_ATTEST:
		return is_next(r, m->u.attest->round);
	case WIRE_STATUS:
	case WIRE_ANSWER_REQ:
	case WIRE_BLOCK_REQ:
	case WIRE_BLOCK:
	case WIRE_TX:
	case WIRE_TX_IDS:
	case WIRE_TX_REQ:
	case WIRE_EVIDENCE:
	case WIRE_FOUNDING:
	case WIRE_JOIN:
	case WIRE_JOINED:
	case WIRE_PING:
	case WIRE_PONG:
	case WIRE_BYE:
		break;
	}
	return false;
}

/* The machine at this seat, until the next block. */
static const uint8_t *
machine_at(const struct replica *r, uint16_t peer)
{
	return ledger_seats_now(r->ledger)->m[peer].network;
}

static void
keep_early(struct replica *r, uint16_t peer, const uint8_t *data, size_t len)
{
	size_t of_peer = 0, bytes = len, all = len;
	uint8_t *copy = NULL;

	for (size_t i = 0; i < r->nearly; i++) {
		all += r->early[i].len;
		if (r->early[i].peer != peer)
			continue;
		bytes += r->early[i].len;
		of_peer++;
	}
	if (r->nearly < REPLICA_MAX_EARLY && of_peer < RECV_EARLY_PER_PEER &&
	    len <= RECV_EARLY_BYTES && bytes <= RECV_EARLY_PEER_BYTES &&
	    (all <= RECV_EARLY_ALL_BYTES || len <= RECV_EARLY_SMALL))
		copy = malloc(len);
	if (copy == NULL) {
		r->counts.dropped++;
		return;
	}
	memcpy(copy, data, len);
	r->early[r->nearly] = (struct replica_early){peer, {0}, copy, len};
	memcpy(r->early[r->nearly++].network, machine_at(r, peer), 32);
}

void
recv_message(struct replica *r, uint16_t peer, const uint8_t *data, size_t len)
{
	struct wire_msg m;
	const char *blame = NULL;

	switch (wire_decode(data, len, ANSWER_DIM_MAX, &m)) {
	case WIRE_OK:
		break;
	case WIRE_UNKNOWN_TYPE:
		return;
	case WIRE_NO_MEMORY:
		r->counts.dropped++;
		return;
	case WIRE_TOO_LARGE:
	case WIRE_MALFORMED:
		r->counts.bad_messages++;
		queue_notice(r, REPLICA_PUNISH, peer, "malformed message");
		return;
	}
	if (is_early(r, &m))
		keep_early(r, peer, data, len);
	else
		blame = dispatch(r, peer, &m, len);
	wire_msg_close(&m);
	if (blame != NULL) {
		r->counts.bad_messages++;
		queue_notice(r, REPLICA_PUNISH, peer, blame);
	}
}

/* The head moved: what was early may be in time now. Not if the seat went to
 * another machine: it would answer for what the old one said. */
void
recv_early(struct replica *r)
{
	size_t n = r->nearly;
	struct replica_early kept[REPLICA_MAX_EARLY];

	memcpy(kept, r->early, n * sizeof(kept[0]));
	r->nearly = 0;
	for (size_t i = 0; i < n; i++) {
		if (memcmp(kept[i].network, machine_at(r, kept[i].peer), 32) ==
		    0)
			recv_message(r, kept[i].peer, kept[i].data,
			    kept[i].len);
		free(kept[i].data);
	}
}

void
recv_clear(struct replica *r)
{
	for (size_t i = 0; i < r->nearly; i++)
		free(r->early[i].data);
	r->nearly = 0;
}
