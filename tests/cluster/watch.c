#include "tests/cluster/watch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/merkle.h"
#include "proto/q24.h"
#include "tests/cluster/oracle.h"
#include "tests/cluster/state.h"

#define WATCH_ROUNDS_MAX 1000 /* of a height: a storm is some 100 long */

struct watch_found {
	struct world *world;
	uint16_t slot;
};

/* I3: one key, one thing. I5: durable before it leaves. */
static void
check_signed(struct world *w, const struct watch_fact *f,
    const struct watch_fact *durable)
{
	const struct watch_fact *old = watch_find(&w->watch, f, false);

	world_count(w, COUNT_CHECK_SIGNED);
	if (old != NULL && !hash_equal(&old->value, &f->value))
		world_fail(w,
		    "node %u signed two different things, kind %u of %" PRIu64
		    " / %" PRIu32 " (I3)",
		    f->who, f->kind, f->a, f->b);
	watch_add(&w->watch, f);
	world_count(w, COUNT_CHECK_DURABLE);
	if (watch_find(&w->watch, durable, true) == NULL)
		world_fail(w,
		    "node %u sent kind %u of %" PRIu64 " / %" PRIu32
		    " before it was durable (I5)",
		    f->who, f->kind, f->a, f->b);
}

static void
need_in_pool(struct world *w, uint16_t who, enum watch_kind kind,
    const struct hash *id)
{
	const struct watch_fact f = {.kind = (uint8_t)kind,
	    .who = who,
	    .value = *id};

	world_count(w, COUNT_CHECK_DURABLE);
	if (watch_find(&w->watch, &f, true) == NULL)
		world_fail(w,
		    "node %u vouched for what is not in its pool, kind %d (I5)",
		    who, (int)kind);
}

/* Did a quorum prevote this block in a round in [from, to)? */
static bool
has_polka(const struct world *w, const struct vote *v, uint32_t from)
{
	for (uint32_t r = from; r < v->round; r++) {
		const struct members_set *s = members_at(w, v->height);
		uint64_t power = 0;

		for (uint16_t i = 0; i < s->n; i++) {
			const struct watch_fact f = {.kind = WATCH_PREVOTER,
			    .who = i,
			    .a = v->height,
			    .b = r,
			    .value = v->block};

			if (watch_find(&w->watch, &f, true) != NULL)
				power += s->power[i];
		}
		if (members_quorum(w, v->height, power))
			return true;
	}
	return false;
}

/* I4: who precommitted b in round r prevotes another block later only if a
 * quorum prevoted that one in a round of [r, now). */
static void
check_lock(struct world *w, const struct vote *v)
{
	struct watch_fact f = {.kind = WATCH_SIGNED_PRECOMMIT,
	    .who = v->validator,
	    .a = v->height};
	const struct watch_fact *old;

	if (v->type != VOTE_PREVOTE || hash_is_zero(&v->block))
		return;
	for (uint32_t r = v->round; r-- > 0;) {
		f.b = r;
		old = watch_find(&w->watch, &f, false);
		if (old == NULL || hash_is_zero(&old->value))
			continue;
		world_count(w, COUNT_CHECK_LOCK);
		if (!hash_equal(&old->value, &v->block) && !has_polka(w, v, r))
			world_fail(w,
			    "node %u broke its lock at %" PRIu64 " / %" PRIu32
			    " (I4)",
			    v->validator, v->height, v->round);
		return;
	}
}

static void
note_vote(struct world *w, const struct vote *v)
{
	const struct watch_fact f = {.kind = WATCH_PREVOTER,
	    .who = v->validator,
	    .a = v->height,
	    .b = v->round,
	    .value = v->block};

	if (v->type == VOTE_PREVOTE && !hash_is_zero(&v->block))
		watch_add(&w->watch, &f);
}

static void
sent_vote(struct world *w, uint16_t slot, const struct vote *v)
{
	bool pre = v->type == VOTE_PREVOTE;
	struct watch_fact f = {.kind = pre ? WATCH_SIGNED_PREVOTE
					   : WATCH_SIGNED_PRECOMMIT,
	    .who = v->validator,
	    .a = v->height,
	    .b = v->round,
	    .value = v->block};
	struct watch_fact d = f;

	if (watch_find(&w->watch, &f, true) != NULL)
		return; /* said before */
	d.kind = pre ? WATCH_DURABLE_PREVOTE : WATCH_DURABLE_PRECOMMIT;
	d.who = slot;
	members_sent(w, slot, v->height, v->validator);
	check_signed(w, &f, &d);
	check_lock(w, v);
	note_vote(w, v);
	if (!pre && !hash_is_zero(&v->block))
		need_in_pool(w, slot, WATCH_POOL_BODY, &v->block);
}

static void
sent_proposal(struct world *w, uint16_t slot, const struct proposal *p)
{
	const struct watch_fact f = {.kind = WATCH_SIGNED_PROPOSAL,
	    .who = p->proposer,
	    .a = p->height,
	    .b = p->round,
	    .value = proposal_digest(p)};
	const struct watch_fact d = {.kind = WATCH_DURABLE_PROPOSAL,
	    .who = slot,
	    .a = p->height,
	    .b = p->round,
	    .value = p->block};

	members_sent(w, slot, p->height, p->proposer);
	check_signed(w, &f, &d);
	need_in_pool(w, slot, WATCH_POOL_BODY, &p->block);
}

static void
sent_answer(struct world *w, uint16_t slot, const struct answer *a)
{
	const struct watch_fact f = {.kind = WATCH_SIGNED_ANSWER,
	    .who = a->member,
	    .a = a->round,
	    .value = a->id};
	struct watch_fact d = f;

	d.kind = WATCH_DURABLE_ANSWER;
	d.who = slot;
	check_signed(w, &f, &d);
	need_in_pool(w, slot, WATCH_POOL_ANSWER, &a->id);
}

/* I12 wants to know what every honest attestation named. */
static void
sent_attest(struct world *w, uint16_t slot, const struct attest *a)
{
	const uint64_t next =
	    ledger_height(replica_ledger(w->nodes[slot].replica)) + 1;
	struct watch_fact f = {.kind = WATCH_SIGNED_ATTEST,
	    .who = a->validator,
	    .a = a->round,
	    .b = a->seq,
	    .value = attest_digest(a)};
	struct watch_fact d = f;
	bool named[WORLD_MAX] = {false};

	if (watch_find(&w->watch, &f, true) != NULL)
		return;
	d.kind = WATCH_DURABLE_ATTEST;
	d.who = slot;
	check_signed(w, &f, &d);
	f = (struct watch_fact){.kind = WATCH_HELD, .a = a->round};
	for (uint16_t i = 0; i < a->nheld; i++) {
		need_in_pool(w, slot, WATCH_POOL_ANSWER, &a->held[i]);
		f.value = a->held[i];
		watch_add(&w->watch, &f);
		named[a->member[i]] = true;
	}
	f.value = (struct hash){{0}};
	for (uint16_t i = 0; i < members_at(w, next)->n; i++) {
		f.kind = named[i] ? WATCH_OPEN : WATCH_LEFT_OUT;
		f.who = i;
		watch_add(&w->watch, &f);
	}
}

void
watch_sent(struct world *w, uint16_t slot, const uint8_t *data, size_t len)
{
	const uint16_t self = replica_self(w->nodes[slot].replica);
	struct wire_msg m;

	if (wire_decode(data, len, WORLD_DIM, &m) != WIRE_OK) {
		world_fail(w, "node %u sent what it cannot decode", slot);
		return;
	}
	if (m.type == WIRE_VOTE && m.u.vote.validator == self)
		sent_vote(w, slot, &m.u.vote);
	if (m.type == WIRE_PROPOSAL && m.u.proposal.head.proposer == self)
		sent_proposal(w, slot, &m.u.proposal.head);
	if (m.type == WIRE_ANSWER && m.u.answer->member == self)
		sent_answer(w, slot, m.u.answer);
	if (m.type == WIRE_ATTEST && m.u.attest->validator == self)
		sent_attest(w, slot, m.u.attest);
	wire_msg_close(&m);
}

void
watch_lied(struct world *w, const struct wire_msg *m)
{
	if (m->type == WIRE_VOTE &&
	    !watch_is_honest(w, m->u.vote.height, m->u.vote.validator))
		note_vote(w, &m->u.vote);
}

void
watch_twin(struct world *w, const struct replica_action *a)
{
	struct wire_msg m;

	if (a->class != REPLICA_CLASS_VOTE ||
	    wire_decode(a->data, a->len, WORLD_DIM, &m) != WIRE_OK)
		return;
	watch_lied(w, &m);
	wire_msg_close(&m);
}

static void
stored_record(struct world *w, uint16_t who, const struct votelog_record *r)
{
	struct watch_fact f = {.who = who};

	switch (r->type) {
	case VOTELOG_BFT:
		f.kind = r->bft.type == BFT_RECORD_PROPOSAL
		    ? WATCH_DURABLE_PROPOSAL
		    : r->bft.type == BFT_RECORD_PREVOTE
		    ? WATCH_DURABLE_PREVOTE
		    : WATCH_DURABLE_PRECOMMIT;
		f.a = r->bft.height;
		f.b = r->bft.round;
		f.value = r->bft.block;
		break;
	case VOTELOG_ANSWER:
		f.kind = WATCH_DURABLE_ANSWER;
		f.a = r->answer.fl_round;
		f.value = r->answer.id;
		break;
	case VOTELOG_ATTEST:
		f.kind = WATCH_DURABLE_ATTEST;
		f.a = r->attest.fl_round;
		f.b = r->attest.seq;
		f.value = r->attest.digest;
		break;
	default:
		return;
	}
	watch_add(&w->watch, &f);
}

/* On return from the write, the file that it went to is durable. */
static void
check_synced(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct disk *d = &w->nodes[slot].disk.disk;
	char hex[HASH_HEX_LEN], name[DISK_NAME_MAX];
	unsigned number;

	(void)!votelog_newest(d, &number);
	votelog_name(number, name);
	hash_hex(&a->id, hex);
	if (a->store == REPLICA_STORE_BLOCK)
		snprintf(name, sizeof(name), "%s/", SEGMENTS_DIR);
	else if (a->store != REPLICA_STORE_RECORD)
		snprintf(name, sizeof(name), "%s/%c-%s", POOL_DIR,
		    a->store == REPLICA_STORE_ANSWER      ? POOL_ANSWER
			: a->store == REPLICA_STORE_BODY  ? POOL_BLOCK
			: a->store == REPLICA_STORE_PROOF ? POOL_PROOF
			: a->store == REPLICA_STORE_POLKA ? POOL_POLKA
							  : POOL_PASSAGE,
		    hex);
	if (simdisk_unsynced(&w->nodes[slot].disk, name) != NULL)
		world_fail(w, "node %u: %s is stored but not durable (I5)",
		    slot, name);
}

void
watch_stored(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct watch_fact f = {.who = slot, .value = a->id};

	if (w->nodes[slot].liar)
		return;
	if (a->store != REPLICA_STORE_PROVED)
		check_synced(w, slot, a);
	switch (a->store) {
	case REPLICA_STORE_RECORD:
		stored_record(w, slot, &a->record);
		return;
	case REPLICA_STORE_ANSWER:
		f.kind = WATCH_POOL_ANSWER;
		break;
	case REPLICA_STORE_BODY:
		f.kind = WATCH_POOL_BODY;
		break;
	case REPLICA_STORE_POLKA:
	case REPLICA_STORE_PASSAGE:
	case REPLICA_STORE_PROVED:
		return;
	case REPLICA_STORE_PROOF:
		watch_proof_stored(w, slot, a);
		return;
	case REPLICA_STORE_BLOCK:
		world_count(w, COUNT_CHECK_CERT);
		if (!members_certified(w, a->commit))
			world_fail(w,
			    "node %u holds block %" PRIu64
			    " as decided by others than its members",
			    slot, a->height);
		return;
	}
	watch_add(&w->watch, &f);
}

static int
found_item(void *arg, enum pool_kind kind, const struct hash *id)
{
	const struct watch_found *found = arg;
	struct world *w = found->world;
	struct world_node *n = &w->nodes[found->slot];
	const struct watch_fact f = {.kind = kind == POOL_ANSWER
		? WATCH_POOL_ANSWER
		: WATCH_POOL_BODY,
	    .who = found->slot,
	    .value = *id};
	uint8_t *data;
	uint32_t len;

	if ((kind != POOL_ANSWER && kind != POOL_BLOCK) ||
	    pool_get(&n->store.pool, kind, id, &data, &len) < 0)
		return 0;
	free(data);
	watch_add(&w->watch, &f);
	return 0;
}

/* A start finds what was written before the end, acknowledged or not. */
void
watch_found(struct world *w, uint16_t slot)
{
	struct store *s = &w->nodes[slot].store;
	struct watch_found found = {w, slot};

	if (w->nodes[slot].liar)
		return;
	for (size_t i = 0; i < s->nrecords; i++)
		stored_record(w, slot, &s->records[i]);
	(void)!pool_list(&s->pool, found_item, &found);
}

/* It must not build on what a power cut could still take away: a process that
 * was killed leaves its writes in the page cache. Garbage in the pool is
 * nothing to build on. */
void
watch_loaded(struct world *w, uint16_t slot)
{
	const char *name = simdisk_unsynced(&w->nodes[slot].disk, "");
	char newest[DISK_NAME_MAX];
	unsigned number;
	struct hash id;
	uint8_t *data;
	uint32_t len;

	if (w->nodes[slot].liar || name == NULL)
		return;
	/* An older vote log has been put aside. */
	if (strncmp(name, VOTELOG_NAME, sizeof(VOTELOG_NAME) - 1) == 0 &&
	    votelog_newest(&w->nodes[slot].disk.disk, &number) == 0) {
		votelog_name(number, newest);
		if (strcmp(name, newest) != 0)
			return;
	}
	if (strncmp(name, POOL_DIR "/", sizeof(POOL_DIR)) == 0) {
		const char *base = name + sizeof(POOL_DIR);

		if (hash_from_hex(base + 2, &id) < 0 ||
		    pool_get(&w->nodes[slot].store.pool,
			(enum pool_kind)base[0], &id, &data, &len) < 0)
			return;
		free(data);
	}
	world_fail(w, "node %u starts on %s, which is not durable (I5)", slot,
	    name);
}

void
watch_asked(struct world *w, uint16_t slot, const struct replica_action *a)
{
	const struct world_node *n = &w->nodes[slot];

	if (n->liar || a->store != REPLICA_STORE_RECORD ||
	    a->record.type != VOTELOG_BFT)
		return;
	world_count(w, COUNT_CHECK_QUIET);
	if (replica_progress(n->replica).syncing)
		world_fail(w,
		    "node %u signs for height %" PRIu64
		    " while it catches up (I15)",
		    slot, a->record.bft.height);
}

void
watch_block(struct world *w, uint16_t slot, const struct block *b)
{
	const struct watch_fact f = {.kind = WATCH_DECIDED,
	    .a = b->header.height,
	    .value = b->id};
	const struct watch_fact *old = watch_find(&w->watch, &f, false);

	if (old != NULL && !hash_equal(&old->value, &b->id))
		world_fail(w, "fork at height %" PRIu64 " seen by node %u (I1)",
		    b->header.height, slot);
	if (old == NULL) {
		w->progress_ms = w->now;
		if (b->header.kind != BLOCK_ORDINARY)
			w->closed_ms = w->now;
		w->result->heights++;
		w->result->slow += b->header.round > 0;
		if (b->header.round > WATCH_ROUNDS_MAX)
			world_fail(w,
			    "block %" PRIu64 " in round %" PRIu32
			    ": a liar pulls (I11)",
			    b->header.height, b->header.round);
		if (b->header.height == WORLD_PACE_FROM)
			w->pace_from = w->now;
		if (b->header.height > WORLD_PACE_FROM)
			w->result->pace_ms = w->now - w->pace_from;
		members_block(w, b);
		watch_decision(w, b);
		oracle_block(w, b);
	}
	watch_add(&w->watch, &f);
}

/* Less than a third of the power has no turn (reference 2.6). */
static void
check_bench(struct world *w, const struct ledger *l)
{
	const uint32_t *turns = ledger_turns(l);
	const struct members_set *s = members_at(w, ledger_height(l) + 1);
	uint64_t out = 0;

	world_count(w, COUNT_CHECK_BENCH);
	for (uint16_t i = 0; i < s->n; i++)
		out += turns[i] == 0 ? s->power[i] : 0;
	if (out > 0 && 3 * out >= s->total)
		world_fail(w,
		    "%" PRIu64 " of %" PRIu64 " sit out at height %" PRIu64,
		    out, s->total, ledger_height(l));
	if (out > 0)
		world_count(w, COUNT_BENCHED);
}

void
watch_applied(struct world *w, uint16_t slot, const struct replica_action *a)
{
	const struct ledger *l = replica_ledger(w->nodes[slot].replica);
	struct watch_fact f = {.a = a->height};
	const struct watch_fact *old;

	watch_block(w, slot, a->block);
	if (ledger_height(l) != a->height)
		return;
	check_bench(w, l);
	if (!w->nodes[slot].liar)
		watch_proof_waits(w, slot, a->height);
	world_count(w, COUNT_CHECK_STATE);
	f.kind = WATCH_MODEL;
	f.value = q24_hash("qml.model", ledger_model(l), ledger_dim(l));
	old = watch_find(&w->watch, &f, false);
	if ((old != NULL && !hash_equal(&old->value, &f.value)) ||
	    !hash_equal(&f.value, &a->block->header.model))
		world_fail(w, "another model at height %" PRIu64 " (I6)",
		    a->height);
	watch_add(&w->watch, &f);
}

bool
watch_decided(const struct world *w, uint64_t height, struct hash *out)
{
	const struct watch_fact f = {.kind = WATCH_DECIDED, .a = height};
	const struct watch_fact *old = watch_find(&w->watch, &f, false);

	if (old != NULL)
		*out = old->value;
	return old != NULL;
}
