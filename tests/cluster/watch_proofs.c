/*
 * watch_proofs.c - evidence comes to a block, whoever crashes meanwhile (I9).
 */
#include <inttypes.h>

#include "consensus/ledger/conduct.h"
#include "tests/cluster/state.h"

#define WATCH_PROOF_MAX 20 /* heights */

void
watch_proof_stored(struct world *w, uint16_t slot,
    const struct replica_action *a)
{
	struct bytes_reader r = bytes_reader_of(a->data, a->len);
	struct evidence *e = evidence_get(&r);
	struct watch_fact f = {.kind = WATCH_POOL_PROOF, .who = slot};

	if (e == NULL) {
		world_fail(w, "node %u stores evidence of nothing", slot);
		return;
	}
	f.a = e->at;
	f.b = (uint32_t)e->kind << 16 | e->who;
	f.value = e->id;
	watch_add(&w->watch, &f);
	evidence_unref(e);
}

static bool
holds_proof(const struct replica *r, const struct watch_fact *f)
{
	const struct evidence *e;

	for (size_t i = 0; (e = replica_proof(r, i)) != NULL; i++)
		if (e->at == f->a && ((uint32_t)e->kind << 16 | e->who) == f->b)
			return true;
	return false;
}

/* Not on record yet, and not too old for it? */
static bool
is_open_proof(const struct world *w, const struct ledger *l,
    const struct watch_fact *f)
{
	const struct watch_fact accused = {.kind = WATCH_ACCUSED,
	    .who = (uint16_t)f->b,
	    .a = f->a,
	    .b = f->b >> 16};
	const uint64_t now =
	    f->b >> 16 == EVIDENCE_VOTES || f->b >> 16 == EVIDENCE_PROPOSALS
	    ? ledger_height(l) + 1
	    : ledger_round(l)->number;

	return f->a <= now && now - f->a < CONDUCT_WINDOW &&
	    watch_find(&w->watch, &accused, false) == NULL;
}

void
watch_proofs(struct world *w, uint16_t slot)
{
	const struct replica *r = w->nodes[slot].replica;
	const struct watch *t = &w->watch;

	if (w->nodes[slot].liar)
		return;
	for (size_t i = 0; i < t->cap; i++) {
		const struct watch_fact *f = &t->facts[i];

		if (f->kind != WATCH_POOL_PROOF || f->who != slot ||
		    !is_open_proof(w, replica_ledger(r), f))
			continue;
		world_count(w, COUNT_CHECK_PROOF_KEPT);
		if (!holds_proof(r, f))
			world_fail(w,
			    "node %u forgot the evidence of %" PRIu64 " (I9)",
			    slot, f->a);
	}
}

/* I9: in good weather it does not wait for more than 20 heights. */
void
watch_proof_waits(struct world *w, uint16_t slot, uint64_t height)
{
	struct world_node *n = &w->nodes[slot];
	const struct evidence *e = replica_proof(n->replica, 0);

	/* Who catches up has no turn to propose, and may not have come to the
	 * block that has it. */
	if (e == NULL || !hash_equal(&e->id, &n->proof) ||
	    height + 1 < w->result->heights) {
		n->proof = e != NULL ? e->id : (struct hash){{0}};
		n->proof_since = height;
	}
	if (e == NULL || !world_is_calm(w))
		return;
	world_count(w, COUNT_CHECK_PROOF);
	if (height > n->proof_since + WATCH_PROOF_MAX &&
	    height > w->calm_head + WATCH_PROOF_MAX)
		world_fail(w,
		    "node %u waits with two %s of %u since height %" PRIu64
		    " (I9)",
		    slot, evidence_kind_name(e->kind), e->who, n->proof_since);
}
