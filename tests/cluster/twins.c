#include "tests/cluster/twins.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "consensus/bft/view.h"

#define HONEST 3 /* cores 0, 1, 2 */
/* Far apart, so that a clock can be moved to one timer and no further. */
#define PROPOSE_MS 1
#define PREVOTE_MS 1000
#define PRECOMMIT_MS 1000000

struct local {
	uint8_t core;
	struct bft_event ev;
};

static uint16_t
validator_of(uint8_t core)
{
	return core < TWINS_N ? core : TWINS_N - 1;
}

static void
fail(struct twins *t, const char *what, unsigned core)
{
	if (t->failure[0] == '\0')
		snprintf(t->failure, sizeof(t->failure),
		    "%s: core %u, round %u", what, core, t->index);
}

static struct hash
block_of(uint8_t label)
{
	struct hash h = {{0}};

	h.b[0] = 0xb0;
	h.b[1] = label;
	return h;
}

static uint8_t
label_of(const struct hash *block)
{
	return hash_is_zero(block) ? TWINS_NONE : block->b[1];
}

static unsigned
bits_of(unsigned x)
{
	return (unsigned)__builtin_popcount(x);
}

/* I4: after a precommit for another block only what a quorum prevoted in that
 * round or later. */
static void
check_lock(struct twins *t, uint8_t core, uint8_t label)
{
	const struct twins_fact *last = &t->precommitted[core];

	if (last->label == TWINS_NONE || last->label == label)
		return;
	for (unsigned r = last->round; r < t->index; r++)
		if (bits_of(t->polka[r][label]) >= 3)
			return;
	fail(t, "broke its lock (I4)", core);
}

static void
note_vote(struct twins *t, uint8_t core, const struct vote *v)
{
	uint8_t label = label_of(&v->block);

	if (label == TWINS_NONE)
		return;
	if (v->type == VOTE_PREVOTE) {
		if (core < HONEST)
			check_lock(t, core, label);
		t->polka[t->index][label] |=
		    (uint8_t)(1u << validator_of(core));
	} else {
		t->precommitted[core] = (struct twins_fact){label, t->index};
	}
}

static void
push(struct twins *t, const struct twins_msg *m)
{
	assert(t->tail < TWINS_QUEUE);
	t->queue[t->tail++] = *m;
}

static void
say_vote(struct twins *t, uint8_t core, const struct vote *v)
{
	struct twins_msg m = {.from = core, .is_vote = true, .vote = *v};

	note_vote(t, core, v);
	push(t, &m);
	assert(t->nsaid < TWINS_QUEUE);
	t->said[t->nsaid++] = m;
}

/* With the prevotes behind it, as a replica does. */
static void
say_proposal(struct twins *t, uint8_t core, const struct bft_action *a)
{
	struct twins_msg m = {.from = core};
	struct vote key = {.type = VOTE_PREVOTE, .round = 0};

	m.offer = (struct bft_offer){.p = {.height = a->height,
					 .round = a->round,
					 .valid_round = a->valid_round,
					 .block = a->block,
					 .proposer = validator_of(core)},
	    .block_round = a->block.b[2],
	    .timely = true};
	push(t, &m);
	if (a->valid_round < 0)
		return;
	key.round = (uint32_t)a->valid_round;
	m.is_vote = m.relayed = true;
	for (key.validator = 0; key.validator < TWINS_N; key.validator++)
		if (bft_vote(&t->core[core], &key, &a->block, &m.vote))
			push(t, &m);
}

static void
decide(struct twins *t, uint8_t core, const struct hash *block)
{
	t->decided[core] = label_of(block);
	for (unsigned i = 0; core < HONEST && i < HONEST; i++)
		if (t->decided[i] != TWINS_NONE &&
		    t->decided[i] != t->decided[core])
			fail(t, "decided another block (I1)", core);
}

static void
accuse(struct twins *t, uint8_t core, const struct bft_action *a)
{
	uint16_t who = a->evidence.votes ? a->evidence.vote[0].validator
					 : a->evidence.proposal[0].proposer;

	if (who != TWINS_N - 1)
		fail(t, "accuses an honest validator (I8)", core);
}

/* What a core asks for; true: ev is to be fed to it. */
static bool
perform(struct twins *t, uint8_t core, const struct bft_action *a,
    struct bft_event *ev)
{
	*ev = (struct bft_event){.type = BFT_EV_VERDICT};
	switch (a->type) {
	case BFT_PERSIST:
		ev->type = BFT_EV_PERSISTED;
		ev->seq = a->persist.seq;
		return true;
	case BFT_SEND_PROPOSAL:
		if (!t->silent)
			say_proposal(t, core, a);
		return false;
	case BFT_SEND_VOTE:
		say_vote(t, core, &a->vote);
		return false;
	case BFT_BUILD:
		ev->type = BFT_EV_BUILT;
		ev->built.height = a->height;
		ev->built.round = a->round;
		ev->built.block =
		    block_of((uint8_t)(t->index * TWINS_CORES + core));
		ev->built.block.b[2] = (uint8_t)a->round;
		ev->built.ok = true;
		return !t->silent;
	case BFT_VALIDATE:
	case BFT_FETCH:
		ev->verdict.block = a->block;
		ev->verdict.valid = true;
		return true;
	case BFT_COMMIT:
		decide(t, core, &a->block);
		return false;
	case BFT_EVIDENCE:
		accuse(t, core, a);
		return false;
	case BFT_HALT:
		fail(t, "halts", core);
		return false;
	}
	return false;
}

static void
step(struct twins *t, uint8_t core, const struct bft_event *first)
{
	static struct bft_out out;
	struct bft_event todo[BFT_MAX_ACTIONS];
	size_t n = 1;

	todo[0] = *first;
	for (size_t at = 0; at < n; at++) {
		todo[at].now_ms = t->now[core];
		bft_step(&t->core[core], &todo[at], &out);
		bft_check(&t->core[core]);
		t->steps++;
		for (size_t i = 0; i < out.nactions; i++) {
			assert(n < BFT_MAX_ACTIONS);
			n += perform(t, core, &out.actions[i], &todo[n]);
		}
	}
}

static bool
is_done(const struct twins *t, uint8_t core)
{
	return t->decided[core] != TWINS_NONE;
}

static void
give(struct twins *t, uint8_t core, const struct twins_msg *m)
{
	struct bft_event ev = {
	    .type = m->is_vote ? BFT_EV_VOTE : BFT_EV_PROPOSAL};

	if (is_done(t, core))
		return;
	if (m->is_vote)
		ev.vote = m->vote;
	else
		ev.proposal = m->offer;
	step(t, core, &ev);
}

static void
carry(struct twins *t, const struct twins_msg *m)
{
	for (uint8_t c = 0; c < TWINS_CORES; c++) {
		bool twin =
		    c != m->from && validator_of(c) == validator_of(m->from);

		if (t->part[c] != t->part[m->from] || twin ||
		    (m->relayed && c == m->from))
			continue;
		give(t, c, m);
	}
}

/* Everything under way arrives at those who can hear it; precommits wait for
 * their half of the round. */
static void
deliver(struct twins *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->tail; i++) {
		struct twins_msg m = t->queue[i];

		if (m.is_vote && m.vote.type == VOTE_PRECOMMIT && !t->second)
			t->queue[kept++] = m;
		else
			carry(t, &m);
	}
	t->tail = kept;
}

/* Moves the core's clock to one timer, if that is armed. */
static bool
fire(struct twins *t, uint8_t core, enum bft_timer timer)
{
	const struct bft_event ev = {.type = BFT_EV_TIME};
	uint64_t at = t->core[core].deadline_ms[timer];

	if (is_done(t, core) || at == 0)
		return false;
	if (at > t->now[core])
		t->now[core] = at;
	step(t, core, &ev);
	return true;
}

/* How many validators of a type a core has heard of, and of one value. */
static unsigned
count_heard(const struct twins *t, uint8_t core, uint8_t type,
    const struct hash *block)
{
	struct bft_bits b = bft_votes(&t->core[core], (uint32_t)t->round,
	    (enum vote_type)type, block);

	return bits_of((unsigned)b.w[0]);
}

/*
 * A core that waits for votes it cannot hear would wait for ever; time goes on
 * when late ones arrive. The network is as bad as it can be: of those that were
 * said it passes on the fewest, and such as agree least with what is there.
 */
static bool
pass_late(struct twins *t, uint8_t core, uint8_t type)
{
	size_t best = TWINS_QUEUE;
	unsigned least = TWINS_N + 1;

	if (is_done(t, core) || count_heard(t, core, type, NULL) >= 3)
		return false;
	for (size_t i = 0; i < t->nsaid; i++) {
		const struct vote *v = &t->said[i].vote;
		struct bft_bits have = bft_votes(&t->core[core],
		    (uint32_t)t->round, (enum vote_type)type, NULL);
		unsigned n;

		if (v->type != type || bft_bits_has(&have, v->validator) ||
		    v->validator == validator_of(core))
			continue;
		n = hash_is_zero(&v->block)
		    ? 0
		    : 1 + count_heard(t, core, type, &v->block);
		if (n < least) {
			least = n;
			best = i;
		}
	}
	if (best == TWINS_QUEUE)
		return false;
	give(t, core, &t->said[best]);
	return true;
}

/* Votes of one type come to an end everywhere: late ones, then the timer. */
static void
close_votes(struct twins *t, uint8_t type)
{
	for (uint8_t c = 0; c < TWINS_CORES; c++)
		while (pass_late(t, c, type))
			;
	for (uint8_t c = 0; c < TWINS_CORES && type == VOTE_PREVOTE; c++)
		if (t->core[c].step == BFT_STEP_PREVOTE)
			(void)fire(t, c, BFT_T_PREVOTE);
	deliver(t);
}

/* To the next round of the core; what proposers say waits in the queue. False:
 * somebody cannot go on. */
static bool
turn(struct twins *t)
{
	bool all = true;

	t->nsaid = 0;
	t->round++;
	for (uint8_t c = 0; c < TWINS_CORES; c++)
		if (!is_done(t, c) && !fire(t, c, BFT_T_PRECOMMIT) &&
		    c < HONEST)
			all = false;
	return all;
}

static void
play_prevotes(struct twins *t)
{
	t->second = false;
	deliver(t);
	for (uint8_t c = 0; c < TWINS_CORES; c++)
		if (t->core[c].step == BFT_STEP_PROPOSE)
			(void)fire(t, c, BFT_T_PROPOSE);
	deliver(t);
	close_votes(t, VOTE_PREVOTE);
}

static void
play_precommits(struct twins *t)
{
	t->second = true;
	deliver(t);
	close_votes(t, VOTE_PRECOMMIT);
}

void
twins_init(struct twins *t)
{
	static const uint32_t power[TWINS_N] = {1, 1, 1, 1};
	const struct bft_params params = {.propose_ms = PROPOSE_MS,
	    .prevote_ms = PREVOTE_MS,
	    .precommit_ms = PRECOMMIT_MS,
	    .cap_ms = PRECOMMIT_MS};
	struct bft_event ev = {.type = BFT_EV_HEIGHT};

	memset(t, 0, offsetof(struct twins, queue));
	t->tail = t->nsaid = 0;
	t->steps = 0;
	t->failure[0] = '\0';
	t->round = -1;
	ev.enter.height = TWINS_N;
	ev.enter.n = TWINS_N;
	ev.enter.power = power;
	memset(t->decided, TWINS_NONE, sizeof(t->decided));
	memset(t->precommitted, TWINS_NONE, sizeof(t->precommitted));
	for (uint8_t c = 0; c < TWINS_CORES; c++) {
		int rc = bft_init(&t->core[c], &params);

		assert(rc == 0);
		ev.enter.self = validator_of(c);
		step(t, c, &ev);
	}
}

static void
copy_round(struct bft_round *to, const struct bft_round *from)
{
	memcpy(to, from, offsetof(struct bft_round, votes));
	for (unsigned k = 0; k < 2 && from->round != BFT_NO_ROUND; k++) {
		const struct bft_tally *f = &from->votes[k];

		memcpy(&to->votes[k], f, offsetof(struct bft_tally, ballots));
		for (unsigned i = 0; i < 2; i++)
			memcpy(to->votes[k].ballots[i], f->ballots[i],
			    TWINS_N * sizeof(f->ballots[i][0]));
	}
}

static void
copy_core(struct bft *to, const struct bft *from)
{
	const size_t after =
	    offsetof(struct bft, rounds) + sizeof(from->rounds);

	memcpy(to, from, offsetof(struct bft, rounds));
	memcpy((char *)to + after, (const char *)from + after,
	    sizeof(*from) - after);
	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++)
		copy_round(&to->rounds[i], &from->rounds[i]);
}

void
twins_copy(struct twins *to, const struct twins *from)
{
	for (unsigned c = 0; c < TWINS_CORES; c++)
		copy_core(&to->core[c], &from->core[c]);
	memcpy(to->now, from->now,
	    offsetof(struct twins, queue) - offsetof(struct twins, now));
	memcpy(to->queue, from->queue, from->tail * sizeof(from->queue[0]));
	to->tail = from->tail;
	memcpy(to->said, from->said, from->nsaid * sizeof(from->said[0]));
	to->nsaid = from->nsaid;
	memcpy(to->failure, from->failure, sizeof(to->failure));
}

/* The next round of the core; the first one begins with work to do. */
static bool
enter(struct twins *t)
{
	const struct bft_event work = {.type = BFT_EV_WORK};

	if (t->round >= 0)
		return turn(t);
	t->round = 0;
	for (uint8_t c = 0; c < TWINS_CORES; c++)
		step(t, c, &work);
	return true;
}

bool
twins_lead(struct twins *t, uint8_t leader)
{
	bool on = true;

	memset(t->part, 0, sizeof(t->part));
	t->silent = true;
	while (on && (t->round + 1) % TWINS_N != leader) {
		on = enter(t);
		if (!on)
			break;
		play_prevotes(t);
		play_precommits(t);
	}
	t->silent = false;
	return on;
}

/* Over: nobody can be waited for any more, because an honest core has decided
 * and is silent; it answers with its block (A5). */
static bool
is_over(struct twins *t)
{
	bool decided = false, stuck = false;

	for (uint8_t c = 0; c < HONEST; c++) {
		decided |= is_done(t, c);
		stuck |= !is_done(t, c) &&
		    t->core[c].deadline_ms[BFT_T_PRECOMMIT] == 0;
	}
	if (stuck && !decided)
		fail(t, "nobody decided, and time stands still", 0);
	return stuck || (is_done(t, 0) && is_done(t, 1) && is_done(t, 2));
}

bool
twins_prevotes(struct twins *t, const uint8_t part[TWINS_CORES])
{
	memcpy(t->part, part, sizeof(t->part));
	if (!enter(t))
		return false;
	t->number[t->index] = t->round;
	play_prevotes(t);
	return true;
}

bool
twins_precommits(struct twins *t, const uint8_t part[TWINS_CORES])
{
	memcpy(t->part, part, sizeof(t->part));
	play_precommits(t);
	t->index++;
	return !is_over(t);
}

bool
twins_heals(struct twins *t)
{
	static const uint8_t whole[TWINS_CORES];

	for (unsigned r = 0; r < TWINS_HEAL; r++) {
		for (uint8_t c = 0; c < HONEST; c++)
			if (is_done(t, c))
				return true;
		if (!twins_prevotes(t, whole) || !twins_precommits(t, whole))
			break;
	}
	for (uint8_t c = 0; c < HONEST; c++)
		if (is_done(t, c))
			return true;
	return false;
}
