/*
 * decision.c - what is checked of a block when it is decided first.
 */
#include <inttypes.h>

#include "proto/merkle.h"
#include "tests/cluster/oracle.h"
#include "tests/cluster/state.h"

/* I12: what all honest validators held when they attested is in, and nothing
 * is in that no honest one held or that its member did not sign. */
static void
check_included(struct world *w, const struct block *b)
{
	const uint64_t round = b->header.fl_round;
	bool in[WORLD_MAX] = {false};
	struct watch_fact f = {.a = round};

	if (b->header.kind == BLOCK_ORDINARY)
		return;
	world_count(w, COUNT_CHECK_INCLUDED);
	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		uint16_t who = b->answers[i]->member;

		in[who] = true;
		f.kind = WATCH_HELD;
		f.who = 0;
		f.value = b->answer_ids[i];
		if (watch_find(&w->watch, &f, true) == NULL)
			world_fail(w,
			    "round %" PRIu64
			    " has an answer that no honest node attested (I12)",
			    round);
		f.kind = WATCH_DURABLE_ANSWER;
		f.who = members_slot(w, b->header.height, who);
		if (watch_is_honest(w, b->header.height, who) &&
		    watch_find(&w->watch, &f, true) == NULL)
			world_fail(w,
			    "round %" PRIu64
			    " has an answer that %u never gave (I12)",
			    round, who);
	}
	f.value = (struct hash){{0}};
	for (uint16_t i = 0; i < members_at(w, b->header.height)->n; i++) {
		bool open, left_out;

		f.who = i;
		f.kind = WATCH_OPEN;
		open = watch_find(&w->watch, &f, true) != NULL;
		f.kind = WATCH_LEFT_OUT;
		left_out = watch_find(&w->watch, &f, true) != NULL;
		if (watch_is_honest(w, b->header.height, i) && open &&
		    !left_out && !in[i])
			world_fail(w,
			    "round %" PRIu64
			    " leaves out %u, whom all attested (I12)",
			    round, i);
	}
}

/*
 * I14: every header shows a checkpoint. Each is the root over the ids of the
 * blocks before it as they were decided, so of any two the shorter one is a
 * beginning of the longer one.
 */
static void
check_history(struct world *w, const struct block *b)
{
	struct hash root;

	world_count(w, COUNT_CHECK_HISTORY);
	if (b->header.height == 1)
		merkle_append(&w->history, &w->fed_id);
	root = merkle_root(&w->history);
	if (b->header.history_size != b->header.height ||
	    !hash_equal(&root, &b->header.history_root))
		world_fail(w,
		    "the checkpoint of block %" PRIu64
		    " does not continue the one before (I14)",
		    b->header.height);
	merkle_append(&w->history, &b->id);
}

static bool
evidence_is_of_height(const struct evidence *e)
{
	return e->kind == EVIDENCE_VOTES || e->kind == EVIDENCE_PROPOSALS;
}

/* I8: what is on record is of one that misbehaves. */
static void
check_evidence(struct world *w, const struct block *b)
{
	for (uint16_t i = 0; i < b->header.nevidence; i++) {
		const struct evidence *e = b->evidence[i];
		const struct watch_fact f = {.kind = WATCH_ACCUSED,
		    .who = e->who,
		    .a = e->at,
		    .b = e->kind};

		if (watch_find(&w->watch, &f, false) != NULL)
			world_fail(w,
			    "block %" PRIu64 " accuses %u of the same again",
			    b->header.height, e->who);
		watch_add(&w->watch, &f);
		world_count(w,
		    (enum count)(COUNT_EVIDENCE_VOTES + e->kind - 1));
		if (!members_liar(w, e->who) ||
		    (evidence_is_of_height(e) &&
			watch_is_honest(w, e->at, e->who)))
			world_fail(w,
			    "block %" PRIu64 " says that honest %u signed two "
			    "different %s (I8)",
			    b->header.height, e->who,
			    evidence_kind_name(e->kind));
	}
}

void
watch_decision(struct world *w, const struct block *b)
{
	check_history(w, b);
	check_evidence(w, b);
	check_included(w, b);
}

bool
watch_is_honest(const struct world *w, uint64_t height, uint16_t seat)
{
	uint16_t slot = members_slot(w, height, seat);

	return slot != MEMBERS_NO_SLOT && !w->nodes[slot].liar;
}
