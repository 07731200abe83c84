#include "consensus/replica/gossip.h"

#include <string.h>

#include "consensus/replica/bodies.h"
#include "consensus/replica/passage.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/round.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/sync.h"
#include "consensus/replica/txgossip.h"
#include "consensus/replica/wallclock.h"

/*
 * Everything is pushed once to all when it is made. What gets lost, or comes
 * through a mesh with holes, is repaired here: a STATUS says what its sender
 * holds, and whoever hears it sends what is missing there.
 */

#define GOSSIP_ANSWERS_MAX 8 /* per STATUS heard */
/* Of a large federation not everybody helps everybody each time: what is under
 * way would come from all of them at once. Others do the next time; among so
 * many in a row there are honest ones. */
#define GOSSIP_HELPERS 16

static void
set_bit(uint8_t *bitmap, uint16_t i)
{
	bitmap[i / 8] = (uint8_t)(bitmap[i / 8] | 1u << (i % 8));
}

static bool
has_bit(const uint8_t *bitmap, uint16_t i)
{
	return (bitmap[i / 8] >> (i % 8) & 1) != 0;
}

static void
put_votes(const struct replica *r, enum vote_type type, uint8_t *bitmap)
{
	struct bft_bits bits;

	if (r->bft.round < 0)
		return;
	bits = bft_votes(&r->bft, (uint32_t)r->bft.round, type, NULL);
	for (uint16_t i = 0; i < r->n; i++)
		if (bft_bits_has(&bits, i))
			set_bit(bitmap, i);
}

static void
put_status(const struct replica *r, struct wire_status *s)
{
	struct bft_offer offer;

	*s = (struct wire_status){.head = ledger_height(r->ledger),
	    .head_id = *ledger_head(r->ledger),
	    .height = r->bft.height,
	    .round = r->bft.round,
	    .step = (uint8_t)r->bft.step,
	    .fl_round = r->fl_round,
	    .wall_ms = r->now.wall};
	if (r->bft.round >= 0)
		s->has_proposal =
		    bft_proposal(&r->bft, (uint32_t)r->bft.round, &offer) &&
		    bodies_find((struct replica *)r, &offer.p.block) != NULL;
	put_votes(r, VOTE_PREVOTE, s->prevotes);
	put_votes(r, VOTE_PRECOMMIT, s->precommits);
	for (uint16_t i = 0; i < r->n && r->round_open; i++) {
		if (r->answers[i][0] != NULL)
			set_bit(s->answers, i);
		if (r->attests[i] != NULL)
			set_bit(s->attests, i);
	}
}

/*
 * After a power cut of everybody each node knows its own prevote of an old
 * round and nobody the quorum of them, which L28 asks for. So we say which
 * round we miss prevotes of.
 */
static void
put_polka(const struct replica *r, struct wire_status *s)
{
	const struct hash *block = &r->bft.valid.block;
	int32_t round = r->bft.valid.round;
	struct bft_offer offer;
	struct bft_bits bits;

	if (r->bft.round >= 0 &&
	    bft_proposal(&r->bft, (uint32_t)r->bft.round, &offer) &&
	    offer.p.valid_round >= 0) {
		round = offer.p.valid_round;
		block = &offer.p.block;
	}
	s->polka_round = round;
	if (round < 0)
		return;
	bits = bft_votes(&r->bft, (uint32_t)round, VOTE_PREVOTE, block);
	for (uint16_t i = 0; i < r->n; i++)
		if (bft_bits_has(&bits, i))
			set_bit(s->polka, i);
}

void
gossip_tell(struct replica *r, uint16_t peer)
{
	struct wire_msg m = {.type = WIRE_STATUS};

	put_status(r, &m.u.status);
	put_polka(r, &m.u.status);
	queue_send(r, peer, REPLICA_CLASS_STATUS, &m);
	if (peer == REPLICA_ALL)
		r->status_ms = r->now.mono;
}

/*
 * What of key's round and type the peer lacks. Of a validator that voted twice
 * both votes go out, whatever the peer's bit says: it may lack just the one
 * that completes a quorum.
 */
static void
send_votes(struct replica *r, uint16_t peer, const struct vote *key,
    const uint8_t *held)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct vote k = *key, both[2];

	for (uint16_t i = 0; i < r->n; i++) {
		unsigned n;

		k.validator = i;
		n = bft_vote_both(&r->bft, &k, both);
		if (n == 1 && held != NULL && has_bit(held, i))
			continue;
		for (unsigned j = 0; j < n; j++) {
			m.u.vote = both[j];
			queue_send(r, peer, REPLICA_CLASS_VOTE, &m);
		}
	}
}

/* The prevotes that made a block valid in an earlier round. */
void
gossip_send_polka(struct replica *r, uint16_t peer, uint32_t round)
{
	const struct vote key = {.type = VOTE_PREVOTE,
	    .height = r->bft.height,
	    .round = round};

	send_votes(r, peer, &key, NULL);
}

/* A large block is on its way for longer than from one STATUS to the next. On a
 * slow line copies of it from everybody would fill it up until the links close,
 * and none would ever be there whole. */
static bool
is_under_way(struct replica_peer *p, uint64_t now, const struct bft_offer *o,
    const struct block *b)
{
	if (p->given_round == o->p.round && hash_equal(&p->given, &b->id) &&
	    now < p->given_until)
		return true;
	p->given_round = o->p.round;
	p->given = b->id;
	p->given_until = now + b->header.body_bytes / REPLICA_GIVEN_RATE;
	return false;
}

static void
send_proposal(struct replica *r, uint16_t peer, uint32_t round)
{
	struct wire_msg m = {.type = WIRE_PROPOSAL};
	struct replica_body *body;
	struct bft_offer offer;

	if (!bft_proposal(&r->bft, round, &offer))
		return;
	body = bodies_find(r, &offer.p.block);
	if (body == NULL ||
	    is_under_way(&r->peers[peer], r->now.mono, &offer, body->block))
		return;
	m.u.proposal.head = offer.p;
	m.u.proposal.block = body->block;
	queue_send(r, peer, REPLICA_CLASS_VOTE, &m);
	if (offer.p.valid_round >= 0)
		gossip_send_polka(r, peer, (uint32_t)offer.p.valid_round);
}

/* The peer is at our height and not ahead of our round. */
static void
repair_agreement(struct replica *r, uint16_t peer, const struct wire_status *s)
{
	bool same = s->round == r->bft.round;
	struct vote key = {.height = r->bft.height, .type = VOTE_PREVOTE};

	if (s->polka_round >= 0) {
		key.round = (uint32_t)s->polka_round;
		send_votes(r, peer, &key, s->polka);
	}
	if (r->bft.round < 0 || s->round > r->bft.round)
		return;
	/* Who is behind may lack just our votes there to go on, or what led us
	 * here: a third of the power or less that is ahead does not pull. */
	if (!same)
		passage_show(r, peer, s->round);
	if (!same && s->round >= 0) {
		key.round = (uint32_t)s->round;
		send_votes(r, peer, &key, s->prevotes);
		key.type = VOTE_PRECOMMIT;
		send_votes(r, peer, &key, s->precommits);
	}
	key.round = (uint32_t)r->bft.round;
	if (!same || !s->has_proposal)
		send_proposal(r, peer, key.round);
	key.type = VOTE_PREVOTE;
	send_votes(r, peer, &key, same ? s->prevotes : NULL);
	key.type = VOTE_PRECOMMIT;
	send_votes(r, peer, &key, same ? s->precommits : NULL);
}

static void
repair_round(struct replica *r, uint16_t peer, const struct wire_status *s)
{
	struct wire_msg answer = {.type = WIRE_ANSWER};
	struct wire_msg attest = {.type = WIRE_ATTEST};
	unsigned sent = 0;

	for (uint16_t i = 0; i < r->n && r->round_open; i++) {
		answer.u.answer = r->answers[i][0];
		attest.u.attest = r->attests[i];
		if (answer.u.answer != NULL && !has_bit(s->answers, i) &&
		    i != peer && sent++ < GOSSIP_ANSWERS_MAX)
			queue_send(r, peer, REPLICA_CLASS_ANSWER, &answer);
		/* Ours may have grown since; a bit cannot say so. */
		if (attest.u.attest != NULL && i != peer &&
		    (i == r->self || !has_bit(s->attests, i)))
			queue_send(r, peer, REPLICA_CLASS_ANSWER, &attest);
	}
}

/* Is it our turn to send this peer what it lacks? */
static bool
is_helper(const struct replica *r, uint16_t peer)
{
	const uint64_t turn = r->now.mono / REPLICA_STATUS_MS * GOSSIP_HELPERS;

	return r->n <= GOSSIP_HELPERS || r->self == REPLICA_NOBODY ||
	    (r->self + peer + turn) % r->n < GOSSIP_HELPERS;
}

void
gossip_heard(struct replica *r, uint16_t peer, const struct wire_status *s)
{
	struct replica_peer *p = &r->peers[peer];

	p->status = *s;
	p->heard = true;
	wallclock_heard(r, p, s);
	silence_heard(r, peer, s->head);
	if (s->head > ledger_height(r->ledger))
		sync_ask(r);
	/* Else a peer that asks without end makes us send without end. */
	if ((p->repaired_ms != 0 &&
		r->now.mono < p->repaired_ms + REPLICA_REPAIR_MS) ||
	    !is_helper(r, peer))
		return;
	p->repaired_ms = r->now.mono;
	if (r->decided == NULL && s->height == r->bft.height)
		repair_agreement(r, peer, s);
	if (s->fl_round == r->fl_round)
		repair_round(r, peer, s);
	round_progress(r);
}

void
gossip_tick(struct replica *r)
{
	if (r->now.mono < r->status_ms + REPLICA_STATUS_MS)
		return;
	for (uint16_t i = 0; i < r->n; i++)
		r->peers[i].asked_bytes = 0;
	gossip_tell(r, REPLICA_ALL);
	txgossip_tick(r);
}
