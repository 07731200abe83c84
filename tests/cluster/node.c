/*
 * node.c - one machine: start, stop, step, and its storage thread.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/state.h"
#include "tests/cluster/txs.h"
#include "tests/cluster/orders.h"

#define CHECKPOINT_BLOCKS 7

#define NODE_ACTIONS_MAX 8192 /* of one step (I10) */
#define NODE_JOBS_MAX 2048    /* waiting for the disk (I10) */

static int
open_node(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	const struct replica_config cfg = {.federation = &w->fed,
	    .key = world_key(w, slot),
	    .self = slot < w->n ? slot
		: w->has_twin   ? n->member
				: REPLICA_NOBODY,
	    .reckless = n->liar};
	struct store_report rep;
	uint64_t height;
	int rc;

	rc = store_open(&n->store, &n->disk.disk, &w->fed,
	    &world_machine(w, slot)->id, &rep);
	if (rc < 0)
		return rc;
	watch_found(w, slot);
	/* Half of them read their whole chain at a start. */
	n->store.every = slot % 2 ? CHECKPOINT_BLOCKS : 0;
	rc = replica_new(&cfg, &n->replica);
	assert(rc == 0);
	rc = store_load(&n->store, n->replica, &height);
	if (rc == 0) {
		watch_loaded(w, slot);
		members_follow(w, slot);
		return 0;
	}
	store_close(&n->store);
	replica_free(n->replica);
	n->replica = NULL;
	return rc;
}

/* What a node has when it comes back: no less than it ever reported. */
static void
check_kept(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	const struct ledger *l = replica_ledger(n->replica);
	struct wire_decided d;
	struct hash id;

	world_count(w, COUNT_CHECK_KEPT);
	if (n->rotten)
		n->head = ledger_height(l);
	n->rotten = false;
	if (ledger_height(l) < n->head)
		world_fail(w,
		    "node %u lost blocks: %" PRIu64 " of %" PRIu64 " (I7)",
		    slot, ledger_height(l), n->head);
	if (watch_decided(w, ledger_height(l), &id) &&
	    !hash_equal(&id, ledger_head(l)))
		world_fail(w, "node %u came back with another block (I7)",
		    slot);
	/* Written, and the process died before it could say so. */
	for (uint64_t h = n->head + 1; h <= ledger_height(l); h++) {
		if (store_block(&n->store, h, &d) < 0)
			continue; /* the audit finds it */
		watch_block(w, slot, d.block);
		block_free(d.block);
	}
}

void
node_start(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	struct replica_event ev = {.type = REPLICA_EV_START};
	bool crash;
	int rc;

	if (n->up || slot == world_dead(w))
		return;
	if (n->liar)
		liar_forget(w, slot);
	faults_damage(w, slot);
	crash = !world_is_calm(w) && n->life > 0 &&
	    rng_below(&w->rng, 1000) < w->faults.point / 4;
	if (crash) {
		n->disk.fail = SIMDISK_FAIL_ALL;
		n->disk.fail_in = rng_below(&w->rng, 900);
	}
	rc = open_node(w, slot);
	if (rc < 0 && n->disk.tripped) {
		world_count(w, COUNT_CRASH_AT_START);
		simdisk_crash(&n->disk, &w->rng);
		world_push(w,
		    (struct world_event){.type = WORLD_RESTART,
			.node = slot,
			.at = w->now + 1 + rng_below(&w->rng, 2000)});
		return;
	}
	/* What it could not read may be its word. */
	if (rc == 0 && n->disk.tripped && !n->liar)
		world_fail(w, "node %u starts on a disk that does not answer",
		    slot);
	if (n->disk.fail == SIMDISK_FAIL_ALL)
		n->disk.fail = SIMDISK_FAIL_NOT;
	if (rc < 0) {
		world_fail(w, "node %u does not start: %d", slot, rc);
		return;
	}
	if (w->setup.trace)
		printf("%8" PRIu64 " node %u starts at %" PRIu64 "\n", w->now,
		    slot, ledger_height(replica_ledger(n->replica)));
	check_kept(w, slot);
	watch_proofs(w, slot);
	n->up = true;
	n->timer = 0;
	node_step(w, slot, &ev);
	world_push(w, (struct world_event){.type = WORLD_LINKS, .at = w->now});
}

void
node_stop(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	uint64_t before = n->disk.nlost;

	if (w->setup.trace)
		printf("%8" PRIu64 " node %u dies%s\n", w->now, slot,
		    n->disk.lose ? " by a power cut" : "");
	n->up = n->doomed = false;
	n->life++;
	replica_free(n->replica);
	n->replica = NULL;
	store_close(&n->store);
	for (size_t k = 0; k < n->njobs; k++)
		replica_action_close(&n->jobs[k].action);
	n->njobs = 0;
	memset(n->sees, 0, sizeof(n->sees));
	simdisk_crash(&n->disk, &w->rng);
	w->result->counts[COUNT_SECTORS] += n->disk.nlost - before;
	world_push(w, (struct world_event){.type = WORLD_LINKS, .at = w->now});
}

static void
queue_job(struct world *w, uint16_t slot, struct replica_action *a)
{
	struct world_node *n = &w->nodes[slot];
	uint64_t at = w->now + 1 + rng_below(&w->rng, 5);

	if (w->setup.steady || w->setup.dead)
		at = w->now + 2;
	if (w->setup.latency != NULL)
		at = latency_durable(w, slot, a->store);
	if (!world_is_calm(w) && w->faults.disk_ms > 0 &&
	    rng_chance(&w->rng, 100)) {
		world_count(w, COUNT_SLOW_DISK);
		at += rng_below(&w->rng, w->faults.disk_ms);
	}
	if (n->njobs == n->cap) {
		n->cap = n->cap > 0 ? 2 * n->cap : 32;
		n->jobs = realloc(n->jobs, n->cap * sizeof(*n->jobs));
		assert(n->jobs != NULL);
	}
	if (n->njobs > 0 && n->jobs[n->njobs - 1].at > at)
		at = n->jobs[n->njobs - 1].at;
	n->jobs[n->njobs++] = (struct world_job){*a, at};
	if (n->njobs > NODE_JOBS_MAX)
		world_fail(w, "node %u: %zu writes wait (I10)", slot, n->njobs);
	a->data = NULL;
	a->commit = NULL;
	world_push(w,
	    (struct world_event){.type = WORLD_STORED, .node = slot, .at = at});
}

static void
applied(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct world_node *n = &w->nodes[slot];

	watch_applied(w, slot, a);
	members_applied(w, slot, a->height);
	if (w->setup.latency != NULL)
		latency_applied(w, slot, a->block);
	txs_applied(w, slot, a->block);
	world_note(w, a->id.b, sizeof(a->id.b));
	if (a->height > n->head)
		n->head = a->height;
	(void)!store_checkpoint(&n->store, &w->fed, replica_ledger(n->replica));
	if (w->setup.trace)
		printf("%8" PRIu64 " node %u height %" PRIu64
		       " kind %u round %" PRIu32 " by %u\n",
		    w->now, slot, a->height, a->block->header.kind,
		    a->block->header.round, a->block->header.proposer);
}

/* I8: a sentence about a member must be about one that misbehaves. */
static void
blame(struct world *w, uint16_t slot, const struct replica_action *a)
{
	bool guilty = a->type == REPLICA_NOTICE && members_liar(w, a->peer);

	for (uint16_t i = 0; i < w->nslots && a->type == REPLICA_PUNISH; i++)
		guilty = guilty ||
		    (w->nodes[i].liar &&
			members_peer(w, slot, i) == (int)a->peer);
	if (w->nodes[slot].liar)
		return;
	if (!guilty) {
		world_fail(w, "node %u blames honest %u: %s (I8)", slot,
		    a->peer, a->text);
		return;
	}
	if (a->type != REPLICA_PUNISH)
		return;
	world_count(w, COUNT_PUNISHED);
	for (uint16_t i = 0; i < w->nslots && w->mute_liars; i++)
		if (members_peer(w, slot, i) == (int)a->peer)
			net_mute(w, slot, i);
}

static void
count_send(struct world *w, const struct replica_action *a)
{
	enum count c = COUNT_CRASH_SEND_OTHER;
	struct wire_msg m;

	if (wire_decode(a->data, a->len, WORLD_DIM, &m) != WIRE_OK)
		return;
	if (m.type == WIRE_PROPOSAL)
		c = COUNT_CRASH_SEND_PROPOSAL;
	else if (m.type == WIRE_VOTE)
		c = COUNT_CRASH_SEND_VOTE;
	else if (m.type == WIRE_ANSWER)
		c = COUNT_CRASH_SEND_OFFER;
	else if (m.type == WIRE_ATTEST)
		c = COUNT_CRASH_SEND_ATTEST;
	world_count(w, c);
	wire_msg_close(&m);
}

static void
send(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct world_node *n = &w->nodes[slot];

	if (faults_point(w, slot)) {
		count_send(w, a);
		faults_doom(w, slot, rng_chance(&w->rng, 500));
		return;
	}
	if (liar_send(w, slot, a))
		return;
	if (w->setup.latency != NULL)
		latency_proposed(w, a);
	if (!n->liar && a->class != REPLICA_CLASS_STATUS &&
	    a->class != REPLICA_CLASS_SYNC && a->class != REPLICA_CLASS_TX)
		watch_sent(w, slot, a->data, a->len);
	if (n->liar)
		watch_twin(w, a);
	liar_overhear(w, a);
	net_broadcast(w, slot, a);
}

static void
notice(struct world *w, uint16_t slot, const struct replica_action *a)
{
	if (strstr(a->text, "two different") != NULL)
		blame(w, slot, a);
	if (strstr(a->text, "in use twice") != NULL && !w->nodes[slot].liar)
		world_fail(w, "node %u takes its own word for another's: %s",
		    slot, a->text);
	if (w->setup.trace)
		printf("%8" PRIu64 " node %u about %u: %s\n", w->now, slot,
		    a->peer, a->text);
}

/* Where late updates count, some are: the collection takes 2 s. */
static void
train(struct world *w, uint16_t slot, uint64_t round)
{
	uint64_t ms = 50 + rng_below(&w->rng, 500);

	if (w->fed.job.combine.stragglers == JOB_CARRY &&
	    rng_chance(&w->rng, 200))
		ms += rng_below(&w->rng, 8000);
	world_push(w,
	    (struct world_event){.type = WORLD_TRAINED,
		.node = slot,
		.number = round,
		.at = w->now + ms});
}

static void
act(struct world *w, uint16_t slot, struct replica_action *a)
{
	switch (a->type) {
	case REPLICA_SEND:
		send(w, slot, a);
		break;
	case REPLICA_STORE:
		watch_asked(w, slot, a);
		queue_job(w, slot, a);
		break;
	case REPLICA_SERVE:
		queue_job(w, slot, a);
		break;
	case REPLICA_TRAIN:
		train(w, slot, a->fl_round);
		break;
	case REPLICA_APPLIED:
		applied(w, slot, a);
		break;
	case REPLICA_PUNISH:
		notice(w, slot, a);
		blame(w, slot, a);
		break;
	case REPLICA_NOTICE:
		notice(w, slot, a);
		break;
	case REPLICA_HALT:
		if (w->nodes[slot].liar)
			faults_doom(w, slot, false);
		else
			world_fail(w, "node %u halts: %s", slot, a->text);
		break;
	case REPLICA_CANCEL:
		break;
	}
}

void
node_step(struct world *w, uint16_t slot, struct replica_event *ev)
{
	struct world_node *n = &w->nodes[slot];
	struct replica_action a;
	unsigned nactions = 0;

	if (n->doomed)
		return;
	ev->now.mono = w->now + 1;
	ev->now.wall = (uint64_t)((int64_t)(WORLD_WALL0 + w->now) + n->skew);
	if (w->setup.latency != NULL)
		latency_begin(w);
	replica_step(n->replica, ev);
	if (w->setup.latency != NULL)
		latency_end(w, slot);
	bft_check(replica_bft(n->replica));
	while (replica_next(n->replica, &a)) {
		if (!n->doomed)
			act(w, slot, &a);
		replica_action_close(&a);
		if (++nactions == NODE_ACTIONS_MAX)
			world_fail(w, "node %u does %u things at once (I10)",
			    slot, nactions);
	}
	if (n->moved)
		members_follow(w, slot);
	n->moved = false;
	if (replica_deadline(n->replica) == n->timer && n->timer > w->now + 1)
		return;
	n->timer = replica_deadline(n->replica);
	if (n->timer <= w->now + 1)
		n->timer = w->now + 2;
	world_push(w,
	    (struct world_event){.type = WORLD_TIMER,
		.node = slot,
		.number = n->timer,
		.at = n->timer - 1});
}

static void
serve(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct wire_msg m = {.type = WIRE_BLOCK};
	struct replica_action out = {.type = REPLICA_SEND, .peer = a->peer};

	for (uint16_t k = 0; k < a->count; k++) {
		if (store_block(&w->nodes[slot].store, a->height + k,
			&m.u.decided) < 0) {
			world_fail(w, "node %u cannot read block %" PRIu64,
			    slot, a->height + k);
			return;
		}
		liar_serve(w, slot, &m.u.decided);
		w->in_order = true;
		if (wire_encode(&m, &out.data, &out.len) == 0)
			net_broadcast(w, slot, &out);
		w->in_order = false;
		free(out.data);
		block_free(m.u.decided.block);
	}
}

/* A disk that fails in the next operations of this write. */
static void
draw_disk(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct simdisk *d = &w->nodes[slot].disk;

	if (faults_store_point(w, slot, a->store)) {
		d->fail = SIMDISK_FAIL_ALL;
		d->fail_in = rng_below(&w->rng, 6);
	} else if (!world_is_calm(w) && w->faults.disk_fail > 0 &&
	    rng_below(&w->rng, 100000) < w->faults.disk_fail) {
		d->fail = rng_chance(&w->rng, 500) ? SIMDISK_FAIL_SYNC
						   : SIMDISK_FAIL_FULL;
		d->fail_in = 0;
	}
}

/* A write that failed ends the process: nothing after it may be believed. */
static void
job_failed(struct world *w, uint16_t slot, const struct replica_action *a,
    int rc)
{
	struct simdisk *d = &w->nodes[slot].disk;

	if (!d->tripped) {
		world_fail(w, "node %u: store %d of kind %d", slot, rc,
		    (int)a->store);
		return;
	}
	if (d->fail == SIMDISK_FAIL_ALL) {
		world_count(w,
		    (enum count)(COUNT_CRASH_IN_RECORD + (int)a->store));
	} else {
		world_count(w, rc == -ENOSPC ? COUNT_ENOSPC : COUNT_SYNC_EIO);
	}
	faults_doom(w, slot, rng_chance(&w->rng, 500));
}

void
node_job(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	struct replica_event ev = {.type = REPLICA_EV_STORED};
	struct replica_action a = n->jobs[0].action;
	const enum replica_store store = a.store;
	int rc;

	n->njobs--;
	memmove(&n->jobs[0], &n->jobs[1], n->njobs * sizeof(n->jobs[0]));
	if (a.type == REPLICA_SERVE) {
		serve(w, slot, &a);
		return;
	}
	if (faults_store_point(w, slot, a.store)) {
		world_count(w,
		    (enum count)(COUNT_CRASH_BEFORE_RECORD + (int)a.store));
		faults_doom(w, slot, rng_chance(&w->rng, 500));
		replica_action_close(&a);
		return;
	}
	draw_disk(w, slot, &a);
	rc = store_perform(&n->store, &a);
	/* The daemon's storage thread waits for room; so may this one. */
	if (rc == -ENOSPC && rng_chance(&w->rng, 500)) {
		world_count(w, COUNT_FULL_MENDED);
		n->disk.fail = SIMDISK_FAIL_NOT;
		rc = store_perform(&n->store, &a);
	}
	if (rc < 0) {
		job_failed(w, slot, &a, rc);
	} else {
		n->disk.fail = SIMDISK_FAIL_NOT;
		watch_stored(w, slot, &a);
	}
	ev.seq = a.seq;
	replica_action_close(&a);
	if (rc < 0)
		return;
	if (store == REPLICA_STORE_RECORD)
		faults_signed(w, slot, &a.record);
	if (faults_store_point(w, slot, store)) {
		world_count(w,
		    (enum count)(COUNT_CRASH_AFTER_RECORD + (int)store));
		faults_doom(w, slot, rng_chance(&w->rng, 500));
		return;
	}
	node_step(w, slot, &ev);
}

void
node_trained(struct world *w, uint16_t slot, uint64_t round)
{
	struct replica_event ev = {.type = REPLICA_EV_TRAINED};
	bool sick = rng_chance(&w->rng, 50);

	ev.answer = answer_new(sick ? 0 : WORLD_DIM);
	assert(ev.answer != NULL);
	ev.answer->kind = sick ? ANSWER_NO_UPDATE : ANSWER_UPDATE;
	ev.answer->reason = sick ? ANSWER_REASON_TRAINER : ANSWER_REASON_NONE;
	ev.answer->round = round;
	ev.answer->rows = sick ? 0 : 1;
	if (orders_has(w))
		ev.answer->data_asset = orders_root(w->nodes[slot].member);
	for (uint32_t k = 0; k < WORLD_DIM && !sick; k++)
		ev.answer->delta[k] =
		    (int64_t)rng_below(&w->rng, 2000001) - 1000000;
	node_step(w, slot, &ev);
}
