#include "tests/cluster/faults.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/cluster/state.h"

#define HALVES_MS 600000
#define HOUR_MS INT64_C(3600000)

static void
draw_clocks(struct world *w)
{
	struct faults *f = &w->faults;
	struct rng *r = &w->rng;

	f->skew_ms = rng_chance(r, 500) ? 1 + (int64_t)rng_below(r, 240) : 0;
	for (uint16_t i = 0; i < w->nslots && f->skew_ms > 0; i++) {
		world_count(w, COUNT_CLOCK_SKEW);
		w->nodes[i].skew =
		    (int64_t)rng_below(r, (uint64_t)(2 * f->skew_ms)) -
		    f->skew_ms;
	}
	/* A wrong clock is a fault like another: no more than f have one. */
	f->jumps = w->nliars == 0 && !w->has_twin && w->nfaulty > 0 &&
	    !members_has(w) && rng_chance(r, 200);
	if (f->jumps)
		world_push(w,
		    (struct world_event){.type = WORLD_JUMP, .at = 3000});
}

static bool
without(const struct world *w, enum faults_kind kind)
{
	return (w->setup.without >> kind & 1u) != 0;
}

/* What was drawn stays drawn, so that the rest of the seed is the same. */
static void
do_without(struct world *w)
{
	struct faults *f = &w->faults;

	f->loss = without(w, FAULTS_LOSS) ? 0 : f->loss;
	f->twice = without(w, FAULTS_TWICE) ? 0 : f->twice;
	f->slow = without(w, FAULTS_SLOW) ? 0 : f->slow;
	f->delay_ms = without(w, FAULTS_DELAY) ? 0 : f->delay_ms;
	f->crash_ms = without(w, FAULTS_CRASH) ? 0 : f->crash_ms;
	f->split_ms = without(w, FAULTS_SPLIT) ? 0 : f->split_ms;
	f->point = without(w, FAULTS_POINT) ? 0 : f->point;
	f->disk_fail = without(w, FAULTS_DISK) ? 0 : f->disk_fail;
	f->disk_ms = without(w, FAULTS_SLOW_DISK) ? 0 : f->disk_ms;
	for (uint16_t i = 0; i < w->nslots && without(w, FAULTS_SKEW); i++)
		w->nodes[i].skew = 0;
}

void
faults_draw(struct world *w)
{
	struct faults *f = &w->faults;
	struct rng *r = &w->rng;

	if (w->setup.calm)
		return;
	if (w->setup.halves) {
		f->calm_at = 5000 + HALVES_MS;
		world_push(w,
		    (struct world_event){.type = WORLD_HALVES, .at = 5000});
		world_push(w,
		    (struct world_event){.type = WORLD_SPLIT,
			.at = f->calm_at});
		return;
	}
	f->calm_at = 8000 + rng_below(r, 25000);
	f->loss = rng_chance(r, 700) ? (uint32_t)rng_below(r, 300) : 0;
	f->twice = rng_chance(r, 500) ? (uint32_t)rng_below(r, 500) : 0;
	f->slow = rng_chance(r, 500) ? (uint32_t)rng_below(r, 200) : 0;
	f->delay_ms = rng_chance(r, 500) ? (uint32_t)rng_below(r, 400) : 0;
	f->crash_ms = rng_chance(r, 700) ? 500 + rng_below(r, 5000) : 0;
	f->split_ms = rng_chance(r, 500) ? 1000 + rng_below(r, 6000) : 0;
	f->point = rng_chance(r, 500) ? (uint32_t)rng_below(r, 800) : 0;
	f->disk_fail = rng_chance(r, 300) ? (uint32_t)rng_below(r, 800) : 0;
	f->disk_ms = rng_chance(r, 300) ? (uint32_t)rng_below(r, 400) : 0;
	draw_clocks(w);
	do_without(w);
	if (f->crash_ms > 0)
		world_push(w,
		    (struct world_event){.type = WORLD_CRASH, .at = 2000});
	if (w->has_twin && f->split_ms == 0)
		f->split_ms = 3000; /* twins need a partition */
	if (f->split_ms > 0)
		world_push(w,
		    (struct world_event){.type = WORLD_SPLIT, .at = 3000});
	world_push(w,
	    (struct world_event){.type = WORLD_SPLIT, .at = f->calm_at});
	world_push(w,
	    (struct world_event){.type = WORLD_JUMP, .at = f->calm_at});
}

void
faults_doom(struct world *w, uint16_t slot, bool power)
{
	struct world_node *n = &w->nodes[slot];

	if (n->doomed || !n->up)
		return;
	n->doomed = true;
	n->disk.lose = power;
	world_count(w, power ? COUNT_POWER : COUNT_KILL);
	world_push(w,
	    (struct world_event){.type = WORLD_RESTART,
		.node = slot,
		.at = w->now + 1 + rng_below(&w->rng, 4000)});
}

bool
faults_point(struct world *w, uint16_t slot)
{
	return !world_is_calm(w) && w->nodes[slot].up &&
	    !w->nodes[slot].doomed && w->faults.point > 0 &&
	    rng_below(&w->rng, 100000) < w->faults.point;
}

bool
faults_store_point(struct world *w, uint16_t slot, enum replica_store store)
{
	static const uint8_t times[] = {[REPLICA_STORE_RECORD] = 1,
	    [REPLICA_STORE_ANSWER] = 3,
	    [REPLICA_STORE_BODY] = 3,
	    [REPLICA_STORE_POLKA] = 20,
	    [REPLICA_STORE_PASSAGE] = 20,
	    [REPLICA_STORE_BLOCK] = 6,
	    [REPLICA_STORE_PROOF] = 20,
	    [REPLICA_STORE_PROVED] = 0};

	for (unsigned k = 0; k < times[store]; k++)
		if (faults_point(w, slot))
			return true;
	return false;
}

/* Kill one node, or now and then all of them at once; each comes back. */
void
faults_crash(struct world *w)
{
	bool all = rng_chance(&w->rng, 100);
	uint16_t one = (uint16_t)rng_below(&w->rng, w->nslots);

	if (world_is_calm(w))
		return;
	if (all)
		world_count(w, COUNT_POWER_ALL);
	for (uint16_t i = 0; i < w->nslots; i++)
		if (all || i == one)
			faults_doom(w, i, all || rng_chance(&w->rng, 700));
	world_push(w,
	    (struct world_event){.type = WORLD_CRASH,
		.at = w->now + 1 + rng_below(&w->rng, 2 * w->faults.crash_ms)});
}

/*
 * A member that lost what it had stored is one of those that may be faulty: no
 * more than one in a run. One that lost its vote log gives no votes for a
 * while, so it takes the place of a liar; what was cut off a chain comes back
 * from any honest member.
 */
static bool
may_lose(struct world *w, uint16_t slot, bool votes)
{
	if (w->nfaulty == 0 || (votes && (w->nliars > 0 || w->has_twin)) ||
	    members_has(w) || w->nodes[slot].liar || w->faults.jumps ||
	    (w->has_loser && w->loser != slot))
		return false;
	w->has_loser = true;
	w->loser = slot;
	return true;
}

/* The first of its round, by one that did not precommit in the round before? */
static bool
is_first_ahead(struct world *w, uint16_t slot, const struct votelog_record *rec)
{
	const struct bft *b = replica_bft(w->nodes[slot].replica);
	struct vote key = {.type = VOTE_PRECOMMIT,
	    .validator = w->nodes[slot].member};
	struct vote own;

	if (rec->type != VOTELOG_BFT || rec->bft.round == 0 ||
	    b->height != rec->bft.height || w->nodes[slot].liar)
		return false;
	key.round = rec->bft.round - 1;
	if (bft_vote(b, &key, NULL, &own))
		return false;
	for (uint16_t i = 0; i < w->nslots; i++) {
		const struct bft *other = w->nodes[i].replica != NULL
		    ? replica_bft(w->nodes[i].replica)
		    : NULL;

		if (i != slot && other != NULL &&
		    other->height == rec->bft.height &&
		    other->signed_round >= (int32_t)rec->bft.round)
			return false;
	}
	return true;
}

/* One that may, or those that misbehave anyway; then nobody else loses what
 * would make it silent, too. */
static bool
forget_some(struct world *w, uint16_t slot)
{
	uint16_t other;

	if ((w->nliars > 0 || w->has_twin) && w->has_loser)
		return false;
	for (uint16_t i = 0; i < w->nslots; i++) {
		if (!w->nodes[i].liar)
			continue;
		w->nodes[i].forgets = w->has_loser = true;
		w->loser = i;
	}
	if (w->nliars > 0 || w->has_twin)
		return true;
	other = (uint16_t)((slot + 1 + rng_below(&w->rng, w->n - 1)) % w->n);
	w->nodes[other].forgets = may_lose(w, other, true);
	return w->nodes[other].forgets;
}

/*
 * Somebody left a round by the votes of others alone. Now and then the power
 * fails everywhere, and one of those who gave them loses its vote log: nobody
 * can say again what led on, unless it was kept.
 */
void
faults_signed(struct world *w, uint16_t slot, const struct votelog_record *rec)
{
	if (world_is_calm(w) || w->setup.calm || w->setup.halves || w->n < 4 ||
	    without(w, FAULTS_DAMAGE) || !is_first_ahead(w, slot, rec) ||
	    !rng_chance(&w->rng, 700) || !forget_some(w, slot))
		return;
	world_count(w, COUNT_LEFT_BEHIND);
	for (uint16_t i = 0; i < w->nslots; i++)
		faults_doom(w, i, true);
}

/* One clock goes wrong by up to an hour; when all is calm all are set. */
void
faults_jump(struct world *w)
{
	struct world_node *n = &w->nodes[w->setup.seed % w->n];

	if (!w->faults.jumps)
		return;
	if (world_is_calm(w)) {
		n->skew = 0;
		return;
	}
	world_count(w, COUNT_CLOCK_JUMP);
	n->skew = (int64_t)rng_below(&w->rng, 2 * HOUR_MS) - HOUR_MS;
	world_push(w,
	    (struct world_event){.type = WORLD_JUMP,
		.at = w->now + 1 + rng_below(&w->rng, 8000)});
}

/* Flips one bit that is not padding, in place; again: mends it. */
static void
flip(struct simfile *f, uint64_t at)
{
	simdisk_flip(f, at, 4);
}

static uint64_t
page_seq(const struct simfile *f, uint64_t page)
{
	uint64_t seq = 0;

	for (unsigned i = 8; i < 16; i++)
		seq = seq << 8 | simdisk_byte(f, page * DISK_PAGE + i);
	return seq;
}

/* Damages a record that is not the newest. False: there is none yet. */
static bool
rot_log(struct world *w, uint16_t slot, struct simfile *f)
{
	uint64_t page = 1 + rng_below(&w->rng, VOTELOG_SLOTS);
	uint64_t at = page * DISK_PAGE + rng_below(&w->rng, 32);
	bool both = rng_chance(&w->rng, 500);
	uint64_t seq = page_seq(f, page);

	if (seq == 0 || page_seq(f, page % VOTELOG_SLOTS + 1) != seq + 1)
		return false;
	flip(f, at);
	if (!both || !may_lose(w, slot, true)) {
		world_count(w, COUNT_LOG_MENDED);
		return true; /* the start that follows mends it */
	}
	flip(f, at + VOTELOG_HALF_BYTES);
	world_count(w, COUNT_LOG_ROTTEN);
	return true;
}

/* Any byte that was written, block 0 included: the chain is cut there. */
static void
rot_chain(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	struct simfile *f = simdisk_find(&n->disk, SEGMENTS_DIR "/000001.seg");
	uint64_t at;

	if (f == NULL || n->head < 2)
		return;
	at = rng_below(&w->rng, 2) == 0
	    ? rng_below(&w->rng, 512)
	    : rng_below(&w->rng, n->head * DISK_PAGE);
	if (simdisk_byte(f, at) == 0 || !may_lose(w, slot, false))
		return;
	flip(f, at);
	n->rotten = true;
	world_count(w, COUNT_CHAIN_ROTTEN);
}

/*
 * The answers of the pool are gone, its own among them: it must not give a
 * second one. Whatever was attested has to stay with somebody else.
 */
static void
lose_answers(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	bool any = false;

	if (!rng_chance(&w->rng, 100) || !may_lose(w, slot, true))
		return;
	for (size_t i = 0; i < SIMDISK_FILES; i++) {
		struct simfile *f = &n->disk.files[i];
		static const char own[] = POOL_DIR "/a";

		if (f->gone || strncmp(f->name, own, sizeof(own) - 1) != 0)
			continue;
		any |= disk_unlink(&n->disk.disk, f->name) == 0;
	}
	if (any && disk_sync_dir(&n->disk.disk, POOL_DIR) == 0)
		world_count(w, COUNT_POOL_LOST);
}

static void
lose_log(struct world *w, uint16_t slot, const char *name)
{
	struct world_node *n = &w->nodes[slot];

	(void)!disk_unlink(&n->disk.disk, name);
	(void)!disk_sync_dir(&n->disk.disk, "");
	world_count(w, COUNT_LOG_LOST);
}

/*
 * Before a start in the stormy phase, now and then: take the vote log away,
 * or flip bits.
 */
void
faults_damage(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	char name[DISK_NAME_MAX];
	struct simfile *f;
	unsigned number;

	if (n->forgets && votelog_newest(&n->disk.disk, &number) == 0) {
		votelog_name(number, name);
		lose_log(w, slot, name);
	}
	n->forgets = false;
	if (world_is_calm(w) || w->setup.calm || w->setup.halves ||
	    n->life == 0 || without(w, FAULTS_DAMAGE))
		return;
	lose_answers(w, slot);
	if (!rng_chance(&w->rng, 100) ||
	    votelog_newest(&n->disk.disk, &number) < 0)
		return;
	votelog_name(number, name);
	f = simdisk_find(&n->disk, name);
	switch (rng_below(&w->rng, 4)) {
	case 0:
		if (!may_lose(w, slot, true))
			break;
		lose_log(w, slot, name);
		break;
	case 1:
	case 2:
		for (int i = 0; i < 64 && !rot_log(w, slot, f);)
			i++;
		break;
	default:
		rot_chain(w, slot);
		break;
	}
}
