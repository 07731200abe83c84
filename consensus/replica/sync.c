#include "consensus/replica/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/bft/quorum.h"
#include "consensus/replica/agree.h"
#include "consensus/replica/queue.h"

/*
 * A claimed height is a hint and nothing more: only a block that verifies
 * moves us. While an honest part of the power claims to be two or more heights
 * ahead, we do not vote (SYNC xor VOTE).
 */

/* The largest height that more than a third of the power claims to have. */
uint64_t
sync_target(const struct replica *r)
{
	const uint32_t *power = ledger_powers(r->ledger);
	uint64_t best = 0, total = 0;

	for (uint16_t i = 0; i < r->n; i++)
		total += power[i];
	for (uint16_t i = 0; i < r->n; i++) {
		uint64_t h, sum = 0;

		if (!r->peers[i].heard)
			continue;
		h = r->peers[i].status.head;
		if (h <= best)
			continue;
		for (uint16_t j = 0; j < r->n; j++)
			if (r->peers[j].heard && r->peers[j].status.head >= h)
				sum += power[j];
		if (quorum_honest(sum, total))
			best = h;
	}
	return best;
}

bool
sync_active(const struct replica *r)
{
	const uint64_t next = ledger_height(r->ledger) + 1;

	/* Asked at every message: mostly nobody is that far. */
	for (uint16_t i = 0; i < r->n; i++)
		if (r->peers[i].heard && r->peers[i].status.head > next)
			return sync_target(r) > next;
	return false;
}

/* It claimed to have blocks and did not give them, or gave others. */
static bool
is_shirking(const struct replica *r, uint16_t peer)
{
	return r->now.mono < r->shirk_until[peer];
}

static void
shirked(struct replica *r, uint16_t peer)
{
	r->shirk_until[peer] = r->now.mono + REPLICA_SHIRK_MS;
}

/* A peer that claims more than we have, other than `not`; one that shirked
 * only where there is no other. */
static int
choose_peer(const struct replica *r, uint16_t not )
{
	int second = -1, third = -1;

	for (uint16_t k = 1; k <= r->n; k++) {
		uint16_t i = (uint16_t)((not +k) % r->n);
		const struct replica_peer *p = &r->peers[i];

		if (i == r->self || !p->up || !p->heard ||
		    p->status.head <= ledger_height(r->ledger))
			continue;
		if (is_shirking(r, i)) {
			third = third < 0 ? i : third;
			continue;
		}
		if (i != not )
			return i;
		second = i;
	}
	return second >= 0 ? second : third;
}

/* One block behind is the normal state of the slower half of a federation for
 * some milliseconds: the votes are on their way. */
static bool
is_behind(struct replica *r)
{
	const uint64_t height = ledger_height(r->ledger);

	if (sync_active(r))
		return true;
	if (r->behind_height != height) {
		r->behind_height = height;
		r->behind_ms = r->now.mono;
	}
	return r->now.mono >= r->behind_ms + REPLICA_BEHIND_MS;
}

void
sync_ask(struct replica *r)
{
	struct wire_msg m = {.type = WIRE_BLOCK_REQ};
	const uint64_t height = ledger_height(r->ledger);
	int peer;

	if (!r->started || r->nsyncq > 0 || r->decided != NULL)
		return;
	/* Not for one whose link is gone: of large blocks it may be long. */
	if (r->now.mono < r->sync_deadline && height < r->sync_until &&
	    r->peers[r->sync_peer].asked)
		return;
	if (r->sync_deadline != 0 && height < r->sync_until &&
	    r->sync_bytes == 0)
		shirked(r, r->sync_peer);
	r->sync_deadline = 0;
	peer = choose_peer(r, r->sync_peer);
	if (peer < 0 || !is_behind(r))
		return;
	r->sync_peer = (uint16_t)peer;
	r->peers[peer].asked = true;
	r->sync_bytes = 0;
	r->sync_deadline = r->now.mono + REPLICA_SYNC_MS;
	m.u.range.from = height + 1;
	m.u.range.count = WIRE_BLOCKS_MAX;
	r->sync_until = height + WIRE_BLOCKS_MAX;
	if (r->peers[peer].status.head < r->sync_until)
		r->sync_until = r->peers[peer].status.head;
	queue_send(r, r->sync_peer, REPLICA_CLASS_SYNC, &m);
}

static void
decided_close(struct wire_decided *d)
{
	block_free(d->block);
	d->block = NULL;
}

/* How long we wait for the block after one of so many bytes. */
static uint64_t
patience(size_t len)
{
	const uint64_t ms = len / REPLICA_SYNC_RATE;

	return ms < REPLICA_SYNC_LONG_MS ? ms : REPLICA_SYNC_LONG_MS;
}

/* A decided block in full, of so many bytes. Takes *d. Blocks come in order and
 * from peers that were asked, who answer for them; others are dropped, and
 * what is more than anybody sends for one request. Whom we gave up on may still
 * be first: on a slow line one large block takes longer than we wait, and who
 * took it from the last one asked only would never have it. */
void
sync_block(struct replica *r, uint16_t peer, struct wire_decided *d, size_t len)
{
	uint64_t next = ledger_height(r->ledger) + 1 + r->nsyncq;

	if (r->decided != NULL)
		next++;
	if (!r->peers[peer].asked || r->sync_deadline == 0 ||
	    d->block->header.height != next || r->nsyncq == WIRE_BLOCKS_MAX ||
	    r->sync_bytes >= REPLICA_SERVE_BYTES) {
		r->counts.stale++;
		decided_close(d);
		return;
	}
	if (r->sync_deadline < r->now.mono + patience(len))
		r->sync_deadline = r->now.mono + patience(len);
	r->sync_bytes += len;
	if (r->sync_bytes >= REPLICA_SERVE_BYTES)
		r->sync_until = d->block->header.height; /* that was all */
	r->syncq_peer[r->nsyncq] = peer;
	r->syncq[r->nsyncq++] = *d;
	sync_next(r);
}

/* -ENOMEM is nobody's fault. */
static int
verify(struct replica *r, const struct wire_decided *d, uint16_t from)
{
	const uint64_t height = ledger_height(r->ledger) + 1;
	enum ledger_verdict v;

	v = ledger_check_commit(r->ledger, &d->commit, height, &d->block->id);
	if (v == LEDGER_OK)
		v = ledger_check(r->ledger, d->block);
	if (v == LEDGER_OK)
		return 0;
	if (v == LEDGER_NO_MEMORY)
		return -ENOMEM;
	r->counts.bad_messages++;
	queue_notice(r, REPLICA_PUNISH, from, ledger_verdict_text(v));
	return -EBADMSG;
}

/* None of what came is taken; it is asked for again. */
static void
refuse(struct replica *r, uint16_t from, int why)
{
	sync_clear(r);
	r->sync_deadline = 0;
	if (why != -ENOMEM) {
		shirked(r, from); /* somebody else is asked */
		return;
	}
	queue_notice(r, REPLICA_NOTICE, r->self,
	    "out of memory: a block of a peer is not looked at, it is asked "
	    "for again");
	r->sync_deadline = r->now.mono + REPLICA_SYNC_MS;
}

/* The head moved, or a block came: take the next one. */
void
sync_next(struct replica *r)
{
	struct wire_decided d;
	struct commit *c;
	uint16_t from;
	int rc;

	while (r->decided == NULL && r->nsyncq > 0) {
		d = r->syncq[0];
		from = r->syncq_peer[0];
		r->nsyncq--;
		memmove(&r->syncq[0], &r->syncq[1],
		    r->nsyncq * sizeof(r->syncq[0]));
		memmove(&r->syncq_peer[0], &r->syncq_peer[1],
		    r->nsyncq * sizeof(r->syncq_peer[0]));
		if (d.block->header.height != ledger_height(r->ledger) + 1) {
			decided_close(&d);
			continue;
		}
		c = malloc(sizeof(*c));
		rc = c == NULL ? -ENOMEM : verify(r, &d, from);
		if (rc < 0) {
			free(c);
			decided_close(&d);
			refuse(r, from, rc);
			break;
		}
		r->shirk_until[from] = 0; /* late is not never */
		*c = d.commit;
		r->counts.synced++;
		agree_decide(r, d.block, c);
	}
	if (r->nsyncq == 0 && r->decided == NULL)
		sync_ask(r);
}

void
sync_clear(struct replica *r)
{
	for (size_t i = 0; i < r->nsyncq; i++)
		decided_close(&r->syncq[i]);
	r->nsyncq = 0;
}
