#include "swarm.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define GOSSIP_MS 300
#define LIMIT_MS 240000 /* of virtual time after healing */

static const struct bft_params params = {
    .propose_ms = 300,
    .propose_delta_ms = 100,
    .prevote_ms = 150,
    .prevote_delta_ms = 100,
    .precommit_ms = 150,
    .precommit_delta_ms = 100,
    .cap_ms = 6000,
};

static bool
healed(const struct swarm *s)
{
	return s->now_ms >= s->heal_ms;
}

static uint8_t
place(const struct swarm *s, const struct swarm_node *node)
{
	return (uint8_t)(node - s->nodes);
}

/* An event that a node gives itself. */
static void
later(struct swarm *s, const struct swarm_node *node, struct swarm_msg *m,
    uint64_t delay_ms)
{
	m->to = place(s, node);
	m->epoch = node->epoch;
	m->height = node->height;
	swarm_push(s, m, delay_ms);
}

static void
later_kind(struct swarm *s, const struct swarm_node *node, enum swarm_kind kind,
    uint64_t delay_ms)
{
	struct swarm_msg m = {.kind = kind};

	later(s, node, &m, delay_ms);
}

void
swarm_transmit(struct swarm *s, const struct swarm_node *from,
    const struct swarm_node *to, struct swarm_msg *m)
{
	unsigned copies = 1;

	if (!healed(s)) {
		if (from->group != to->group || swarm_random(s, 100) < s->loss)
			return;
		copies += swarm_random(s, 100) < s->twice;
	}
	m->to = place(s, to);
	for (; copies > 0; copies--) {
		uint64_t delay = 1 + swarm_random(s, 20);

		if (!healed(s) && swarm_random(s, 10) == 0)
			delay += swarm_random(s, s->late_ms);
		swarm_push(s, m, delay);
	}
}

static void
broadcast(struct swarm *s, const struct swarm_node *from, struct swarm_msg *m)
{
	for (unsigned i = 0; i < s->nnodes; i++) {
		if (&s->nodes[i] != from)
			swarm_transmit(s, from, &s->nodes[i], m);
	}
}

static void act(struct swarm *s, struct swarm_node *node);

static void
step(struct swarm *s, struct swarm_node *node, struct bft_event *ev)
{
	ev->now_ms = s->now_ms;
	bft_step(&node->b, ev, &s->out);
	s->steps++;
	bft_check(&node->b);
	assert_int_not_equal(s->out.verdict, BFT_IDLE);
	if (node->fault == FAULT_NONE)
		assert_int_not_equal(s->out.verdict, BFT_NOT_OURS);
	if (s->out.verdict == BFT_CONFLICT)
		s->conflicts++;
	if (node->b.round > 0 && (uint64_t)node->b.round > s->max_round)
		s->max_round = (uint64_t)node->b.round;
	node->timer_ms = s->out.deadline_ms;
	if (node->timer_ms != 0)
		later_kind(s, node, SWARM_TIMER,
		    node->timer_ms > s->now_ms ? node->timer_ms - s->now_ms
					       : 0);
	act(s, node);
}

/* Sign, send to all, and feed back to ourselves (A4). */
static void
send_out(struct swarm *s, struct swarm_node *node, const struct bft_action *a)
{
	struct swarm_msg m = {.kind = SWARM_VOTE, .epoch = node->epoch};

	oracle_send(s, node, a);
	if (a->type == BFT_SEND_VOTE) {
		m.vote = a->vote;
		m.vote.sig.b[0] = (uint8_t)(node->self + 1);
		m.vote.sig.b[1] = a->vote.type;
		oracle_vote(s, &m.vote);
	} else {
		m.kind = SWARM_OFFER;
		m.offer.p.height = a->height;
		m.offer.p.round = a->round;
		m.offer.p.valid_round = a->valid_round;
		m.offer.p.block = a->block;
		m.offer.p.proposer = node->self;
		m.offer.block_round = swarm_block_round(&a->block);
		m.offer.timely = true;
	}
	broadcast(s, node, &m);
	m.to = place(s, node);
	swarm_push(s, &m, 0);
}

/* What consensus/replica/polka.h does: who comes back with a lock must be able
 * to show why. */
static void
keep_polka(struct swarm *s, struct swarm_node *node, const struct bft_mark *v)
{
	struct vote key = {.type = VOTE_PREVOTE, .round = (uint32_t)v->round};
	struct swarm_polka *p = &node->polkas[node->npolkas];

	if (v->round < 0 || (node->npolkas > 0 && p[-1].round == v->round))
		return;
	assert_true(node->npolkas < SWARM_POLKAS);
	*p = (struct swarm_polka){.at = node->nlog, .round = v->round};
	for (; key.validator < s->n; key.validator++)
		p->n += bft_vote(&node->b, &key, &v->block, &p->votes[p->n]);
	node->npolkas++;
}

static void
persist(struct swarm *s, struct swarm_node *node, const struct bft_action *a)
{
	struct swarm_msg m = {.kind = SWARM_PERSISTED};
	uint64_t ms = swarm_random(s, 8);

	if (!healed(s) && swarm_random(s, 40) == 0)
		ms += swarm_random(s, 1500);
	keep_polka(s, node, &a->persist.record.valid);
	assert_true(node->nlog < SWARM_LOG);
	node->log[node->nlog] = a->persist.record;
	node->seq[node->nlog++] = a->persist.seq;
	if (node->disk_ms < s->now_ms + ms) /* the disk keeps the order */
		node->disk_ms = s->now_ms + ms;
	m.seq = a->persist.seq;
	later(s, node, &m, node->disk_ms - s->now_ms);
}

static void
answer_block(struct swarm *s, struct swarm_node *node,
    const struct bft_action *a)
{
	struct swarm_msg m = {.kind = SWARM_VERDICT, .block = a->block};
	uint64_t ms = swarm_random(s, 15);

	if (!healed(s) && swarm_random(s, 10) == 0)
		ms += swarm_random(s, 1500);
	m.flag = swarm_block_valid(&a->block, a->height);
	if (a->type == BFT_BUILD) {
		m.kind = SWARM_BUILT;
		m.round = a->round;
		m.flag = healed(s) || swarm_random(s, 20) != 0;
		m.block = swarm_block(s, a->height, a->round, true);
	}
	later(s, node, &m, ms);
}

static void
act(struct swarm *s, struct swarm_node *node)
{
	/* Nothing below steps a core, so s->out stays as it is. */
	for (size_t i = 0; i < s->out.nactions; i++) {
		const struct bft_action *a = &s->out.actions[i];

		switch (a->type) {
		case BFT_PERSIST:
			persist(s, node, a);
			break;
		case BFT_SEND_PROPOSAL:
		case BFT_SEND_VOTE:
			send_out(s, node, a);
			break;
		case BFT_BUILD:
		case BFT_VALIDATE:
		case BFT_FETCH:
			answer_block(s, node, a);
			break;
		case BFT_COMMIT:
			oracle_commit(s, node, a);
			node->height++;
			later_kind(s, node, SWARM_ENTER, swarm_random(s, 40));
			break;
		case BFT_EVIDENCE:
			oracle_evidence(s, a);
			break;
		case BFT_HALT:
			fail_msg("seed %" PRIu64 ": halted", s->seed);
			break;
		}
	}
}

/* After the last height there is no more work; a faulty node may still start
 * the next one. */
static void
enter(struct swarm *s, struct swarm_node *node)
{
	struct bft_event ev = {.type = BFT_EV_HEIGHT};

	ev.enter.height = node->height;
	ev.enter.n = s->n;
	ev.enter.self = node->self;
	ev.enter.power = s->power;
	step(s, node, &ev);
	if (node->height <= SWARM_HEIGHTS)
		later_kind(s, node, SWARM_WORK,
		    swarm_random(s, swarm_random(s, 3) == 0 ? 3000 : 50));
}

static void
enter_next(struct swarm *s, struct swarm_node *node)
{
	/* Records of the past are of no use. */
	node->nlog = node->ndurable = node->npolkas = 0;
	enter(s, node);
}

static void
show_polkas(struct swarm *s, struct swarm_node *node)
{
	struct bft_event ev = {.type = BFT_EV_VOTE};

	while (node->npolkas > 0 &&
	    node->polkas[node->npolkas - 1].at >= node->nlog)
		node->npolkas--; /* was not on the disk yet */
	for (size_t i = 0; i < node->npolkas; i++)
		for (size_t k = 0; k < node->polkas[i].n; k++) {
			ev.vote = node->polkas[i].votes[k];
			step(s, node, &ev);
		}
}

static void
restart(struct swarm *s, struct swarm_node *node)
{
	struct bft_event ev = {.type = BFT_EV_RESTORE};

	node->up = true;
	assert_int_equal(bft_init(&node->b, &params), 0);
	enter(s, node);
	ev.restore.records = node->log;
	ev.restore.nrecords = node->nlog;
	s->restored += node->nlog;
	step(s, node, &ev);
	show_polkas(s, node);
	later_kind(s, node, SWARM_GOSSIP, swarm_random(s, GOSSIP_MS));
}

static void
crash(struct swarm *s, struct swarm_node *node)
{
	if (healed(s) || !node->up)
		return;
	s->crashes++;
	node->up = false;
	node->epoch++;
	/* Any prefix of what was queued may have reached the disk. */
	node->nlog =
	    node->ndurable + swarm_random(s, node->nlog - node->ndurable + 1);
	node->ndurable = node->nlog;
	node->disk_ms = 0;
	later_kind(s, node, SWARM_RESTART, swarm_random(s, 2000));
}

static void
persisted(struct swarm *s, struct swarm_node *node, const struct swarm_msg *m)
{
	struct bft_event ev = {.type = BFT_EV_PERSISTED, .seq = m->seq};

	while (
	    node->ndurable < node->nlog && node->seq[node->ndurable] <= m->seq)
		node->ndurable++;
	step(s, node, &ev);
}

static void
gossip_votes(struct swarm *s, struct swarm_node *node,
    const struct swarm_node *peer, uint32_t round)
{
	struct swarm_msg m = {.kind = SWARM_OFFER};
	struct vote votes[2];

	if (bft_proposal(&node->b, round, &m.offer)) {
		m.offer.timely = m.offer.timely || healed(s);
		swarm_transmit(s, node, peer, &m);
	}
	m.kind = SWARM_VOTE;
	for (uint16_t i = 0; i < 2 * s->n; i++) {
		struct vote key = {.type = (uint8_t)(1 + i % 2),
		    .round = round,
		    .validator = i / 2};
		unsigned n = bft_vote_both(&node->b, &key, votes);

		while (n-- > 0) {
			m.vote = votes[n];
			swarm_transmit(s, node, peer, &m);
		}
	}
}

static void
gossip(struct swarm *s, struct swarm_node *node)
{
	const struct swarm_node *peer = &s->nodes[swarm_random(s, s->nnodes)];
	struct swarm_msg m = {.kind = SWARM_CATCHUP};
	uint32_t rounds[BFT_MAX_ROUNDS];
	unsigned n = bft_rounds(&node->b, rounds);

	later_kind(s, node, SWARM_GOSSIP,
	    GOSSIP_MS / 2 + swarm_random(s, GOSSIP_MS));
	if (peer == node || !peer->up || peer->height > node->height)
		return;
	if (peer->height < node->height) {
		m.height = peer->height;
		m.flag = true;
		swarm_transmit(s, node, peer, &m);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		gossip_votes(s, node, peer, rounds[i]);
}

/* Cut the nodes into random groups, or join them. */
static void
partition(struct swarm *s)
{
	bool cut = swarm_random(s, 2) == 0 && !healed(s);

	for (unsigned i = 0; i < s->nnodes; i++)
		s->nodes[i].group = cut ? (uint8_t)swarm_random(s, 2) : 0;
	if (!healed(s))
		later_kind(s, &s->nodes[0], SWARM_PARTITION,
		    500 + swarm_random(s, 6000));
}

static void
deliver(struct swarm *s, struct swarm_node *node, const struct swarm_msg *m)
{
	struct bft_event ev = {.type = BFT_EV_VOTE, .vote = m->vote};

	if (m->kind == SWARM_OFFER) {
		ev.type = BFT_EV_PROPOSAL;
		ev.proposal = m->offer;
		if (!healed(s) && swarm_random(s, 30) == 0)
			ev.proposal.timely = false;
	}
	step(s, node, &ev);
}

static void
answer(struct swarm *s, struct swarm_node *node, const struct swarm_msg *m)
{
	struct bft_event ev = {.type = BFT_EV_VERDICT};

	if (m->height != node->height)
		return;
	ev.verdict.block = m->block;
	ev.verdict.valid = m->flag;
	if (m->kind == SWARM_BUILT) {
		ev.type = BFT_EV_BUILT;
		ev.built.height = m->height;
		ev.built.round = m->round;
		ev.built.block = m->block;
		ev.built.ok = m->flag;
	}
	step(s, node, &ev);
}

static void
handle_local(struct swarm *s, struct swarm_node *node,
    const struct swarm_msg *m)
{
	struct bft_event ev = {.type = BFT_EV_WORK};

	if (m->epoch != node->epoch)
		return;
	if (m->kind == SWARM_RESTART) {
		restart(s, node);
	} else if (!node->up) {
		return;
	} else if (m->kind == SWARM_PERSISTED) {
		persisted(s, node, m);
	} else if (m->kind == SWARM_VERDICT || m->kind == SWARM_BUILT) {
		answer(s, node, m);
	} else if (m->kind == SWARM_GOSSIP) {
		gossip(s, node);
	} else if (m->kind == SWARM_ENTER) {
		/* unless catching up or a crash was quicker */
		if (node->b.height < node->height)
			enter_next(s, node);
	} else if (m->kind == SWARM_WORK) {
		step(s, node, &ev);
	} else if (m->at_ms == node->timer_ms) {
		ev.type = BFT_EV_TIME;
		step(s, node, &ev);
	}
}

static void
handle(struct swarm *s, const struct swarm_msg *m)
{
	struct swarm_node *node = &s->nodes[m->to];

	switch (m->kind) {
	case SWARM_VOTE:
	case SWARM_OFFER:
		if (node->up)
			deliver(s, node, m);
		break;
	case SWARM_CATCHUP:
		if (!node->up || node->height != m->height)
			break;
		node->height++;
		enter_next(s, node);
		break;
	case SWARM_EVIL:
		swarm_evil(s, node);
		break;
	case SWARM_CRASH:
		crash(s, node);
		break;
	case SWARM_PARTITION:
		partition(s);
		break;
	case SWARM_PERSISTED:
	case SWARM_VERDICT:
	case SWARM_BUILT:
	case SWARM_ENTER:
	case SWARM_WORK:
	case SWARM_TIMER:
	case SWARM_GOSSIP:
	case SWARM_RESTART:
		handle_local(s, node, m);
		break;
	}
}

static void
make_node(struct swarm *s, uint16_t self, enum swarm_fault fault)
{
	struct swarm_node *node = &s->nodes[s->nnodes++];

	node->self = self;
	node->fault = fault;
	node->up = false;
	node->group = 0;
	node->epoch = 0;
	node->height = 1;
	node->disk_ms = 0;
	node->nlog = node->ndurable = node->npolkas = 0;
	node->lock_height = 0;
	assert_int_equal(bft_init(&node->b, &params), 0);
}

/* Less than a third of the power becomes faulty; then the nodes start. */
static void
populate(struct swarm *s)
{
	enum swarm_fault faults[BFT_MAX_VALIDATORS] = {FAULT_NONE};
	bool equal = swarm_random(s, 2) == 0;
	uint64_t faulty = 0;

	s->total = 0;
	for (uint16_t i = 0; i < s->n; i++) {
		s->power[i] = equal ? 1 : 1 + (uint32_t)swarm_random(s, 4);
		s->total += s->power[i];
	}
	for (unsigned k = 0; k < 3; k++) {
		uint16_t i = (uint16_t)swarm_random(s, s->n);

		if (faults[i] != FAULT_NONE ||
		    3 * (faulty + s->power[i]) >= s->total)
			continue;
		faulty += s->power[i];
		faults[i] = (enum swarm_fault)(1 + swarm_random(s, 3));
	}
	s->nnodes = 0;
	for (uint16_t i = 0; i < s->n; i++)
		make_node(s, i, faults[i]);
	for (uint16_t i = 0; i < s->n; i++) {
		if (faults[i] == FAULT_TWIN)
			make_node(s, i, FAULT_TWIN);
	}
	for (unsigned i = 0; i < s->nnodes; i++) {
		struct swarm_node *node = &s->nodes[i];

		if (node->fault == FAULT_RANDOM)
			later_kind(s, node, SWARM_EVIL, swarm_random(s, 100));
		else if (node->fault != FAULT_SILENT)
			later_kind(s, node, SWARM_RESTART, swarm_random(s, 9));
	}
}

static bool
finished(const struct swarm *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->nodes[i].fault == FAULT_NONE &&
		    s->nodes[i].height <= SWARM_HEIGHTS)
			return false;
	}
	return true;
}

/* A failed assert inside the core must name its seed, too. */
static char last_words[64];

static void
on_abort(int sig)
{
	ssize_t n = write(STDERR_FILENO, last_words, strlen(last_words));

	(void)n;
	(void)signal(sig, SIG_DFL);
}

void
swarm_run(struct swarm *s, uint64_t seed, unsigned n)
{
	struct swarm_msg m;

	(void)snprintf(last_words, sizeof(last_words),
	    "swarm: seed %" PRIu64 " n %u\n", seed, n);
	(void)signal(SIGABRT, on_abort);
	s->seed = seed;
	s->rng = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ n;
	s->n = (uint16_t)n;
	s->now_ms = 1000;
	s->nqueue = 0;
	memset(s->facts, 0, sizeof(s->facts));
	s->heal_ms = 1000 + swarm_random(s, 30000);
	s->loss = (unsigned)swarm_random(s, 30);
	s->twice = (unsigned)swarm_random(s, 30);
	s->late_ms = (unsigned)swarm_random(s, 3000);
	populate(s);
	later_kind(s, &s->nodes[0], SWARM_PARTITION, swarm_random(s, 8000));
	for (uint64_t k = swarm_random(s, 12); k > 0; k--) {
		struct swarm_msg c = {.kind = SWARM_CRASH};

		c.to = (uint8_t)swarm_random(s, s->nnodes);
		swarm_push(s, &c, swarm_random(s, s->heal_ms));
	}
	while (!finished(s)) {
		if (!swarm_pop(s, &m) || m.at_ms > s->heal_ms + LIMIT_MS)
			fail_msg("seed %" PRIu64 " n %u: no end", seed, n);
		s->now_ms = m.at_ms;
		handle(s, &m);
	}
}

void
swarm_free(struct swarm *s)
{
	free(s->queue);
	s->queue = NULL;
}
